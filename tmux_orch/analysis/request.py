"""The roles a person asked for, read from ``developer:2,qa`` into role names and counts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tmux_orch.domain.errors import BadInput

_ITEM = re.compile(r"([a-z][a-z0-9_-]{0,40})(?::([0-9]{1,3}))?")
# 50 agents are the largest team measured (benchmarks/), whatever a plan's cap is.
MAX_AGENTS = 50


def read_roles(text: str, aliases: Mapping[str, str], option: str) -> dict[str, int]:
    """``developer:2,qa`` as ``{"developer": 2, "tester": 1}``, in the order given.

    Args:
        text: What the person typed.
        aliases: Every accepted word (role names included) → role name.
        option: The option it came from, for messages.

    Raises:
        BadInput: an item cannot be read, names no role, or asks for too many.
    """
    wanted: dict[str, int] = {}
    for item in (part.strip() for part in text.split(",")):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise BadInput(
                f"{option}: cannot read {item[:60]!r}",
                "write roles as developer,tester or developer:2",
            )
        role = aliases.get(match.group(1))
        if role is None:
            known = ", ".join(sorted(set(aliases.values())))
            raise BadInput(f"{option}: no role {match.group(1)!r}", f"the roles are {known}")
        count = int(match.group(2) or 1)
        if count < 1:
            raise BadInput(f"{option}: {item!r} asks for no agent", "leave the role out instead")
        wanted[role] = wanted.get(role, 0) + count
    if sum(wanted.values()) > MAX_AGENTS:
        raise BadInput(f"{option}: more than {MAX_AGENTS} agents", "ask for fewer")
    return wanted
