"""What is told of an agent once, when it appears, and not again while it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tmux_orch.domain.states import AgentState, Condition, Fused, Reading
from tmux_orch.watch.readings import Readings
from tmux_orch.watch.restored import Known
from tmux_orch.watch.seen import one_line

#: States whose evidence is worth telling when it changes (an exit status, a dialog's text).
_TELLING = frozenset(
    {
        AgentState.EXITED,
        AgentState.ERROR,
        AgentState.NEEDS_TRUST,
        AgentState.NEEDS_LOGIN,
        AgentState.WAITING_PERMISSION,
        AgentState.WAITING_ANSWER,
    }
)
_NUMBER = re.compile(r"\d+")


def is_news(before: Fused, after: Fused) -> bool:
    """Whether a state is worth telling after the one before: another, or known by other words."""
    if after.state is not before.state:
        return True
    return after.state in _TELLING and after.evidence != before.evidence


class Edges:
    """The conditions and limits that were told of one agent."""

    def __init__(self) -> None:
        self._condition: tuple[Condition, str] = (Condition.NONE, "")
        self._limit: tuple[str, datetime | None] | None = None
        self._inside: tuple[str, datetime | None] | None = None

    @classmethod
    def told(cls, known: Known, readings: Readings) -> Edges:
        """With what was told before the daemon was started again."""
        edges, said = cls(), known.condition
        if said:
            words = _NUMBER.sub("0", str(said["evidence"]))
            edges._condition = (Condition(said["condition"]), words)
        if (limit := readings.limit_said()) is not None:
            edges._limit = (limit.rule, limit.until_at)
        return edges

    def condition(self, condition: Condition, said: Reading) -> Mapping[str, Any] | None:
        """The payload of ``condition_seen`` when this condition is news."""
        evidence = one_line(said.detail)
        # "retrying in 18s" counts down: the same condition with every look.
        now_is = (condition, _NUMBER.sub("0", evidence))
        if now_is == self._condition:
            return None
        self._condition = now_is
        if condition is Condition.NONE:
            return None
        return {
            "condition": str(condition),
            "source": str(said.source),
            "rule": said.rule,
            "evidence": evidence,
        }

    def limit(self, fused: Fused, readings: Readings) -> Mapping[str, Any] | None:
        """The payload of ``limit_seen`` when an agent is newly held, or its end is another."""
        limit = readings.limit_said() if fused.state is AgentState.USAGE_LIMITED else None
        if limit is None:
            self._limit = None
            return None
        if self._limit == (limit.rule, limit.until_at):
            return None
        self._limit = (limit.rule, limit.until_at)
        return _told(limit)

    def inside(self, condition: Condition, said: Reading) -> Mapping[str, Any] | None:
        """The payload of ``limit_inside`` when a helper inside the agent met a limit: once for
        all that met the same one."""
        if condition is not Condition.USAGE_LIMIT:
            return None
        now_is = (one_line(said.detail), said.until_at)
        if now_is == self._inside:
            return None
        self._inside = now_is
        return _told(said)


def _told(limit: Reading) -> Mapping[str, Any]:
    return {
        "source": str(limit.source),
        "rule": limit.rule,
        "evidence": limit.detail,
        "until_at": limit.until_at.isoformat() if limit.until_at else None,
    }
