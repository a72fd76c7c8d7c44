"""What docs/BUDGETS.md says of figures and programs is what the code does."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from tmux_orch.agents.memory import UNKNOWN_MB, needed_mb
from tmux_orch.agents.registry import adapters
from tmux_orch.cli.ending import CHECKPOINT_S
from tmux_orch.domain.budget import WARN_PERCENT
from tmux_orch.domain.checkpoint import EXPIRES_S, page_name
from tmux_orch.schedule.limits_met import LONG_S
from tmux_orch.team.rounds import USAGE_S

PAGE = (Path(__file__).parents[2] / "docs/BUDGETS.md").read_text("utf-8")
NAMES = {"claude": "Claude Code", "gemini": "Gemini CLI", "codex": "Codex"}


def test_the_page_tells_the_thresholds_and_spans_of_the_code() -> None:
    assert f"At {WARN_PERCENT} %" in PAGE
    assert f"every {USAGE_S:g} seconds" in PAGE
    assert f"at most {CHECKPOINT_S} seconds" in PAGE
    assert f"within {EXPIRES_S / 60:g} minutes is taken back" in PAGE
    assert LONG_S == 3600, "a hold of an hour or more"
    example = re.search(r"for instance `\.orch/(\w+_CHECKPOINT_(\d{8})_(\d{4})\.md)`", PAGE)
    assert example is not None
    at = datetime.strptime(f"{example[2]}{example[3]}", "%Y%m%d%H%M")
    assert page_name("developer", at) == example[1]


def test_the_page_tells_of_every_program_what_it_needs_and_tells() -> None:
    rows = re.findall(r"^\| ([\w .`]+?) \| (\d+) \|$", PAGE, re.MULTILINE)
    found = {name: int(mb) for name, mb in rows}
    assert found.pop("any other") == UNKNOWN_MB
    known = adapters()
    assert found == {NAMES.get(name, name): needed_mb(one) for name, one in known.items()}
    told = dict(re.findall(r"^\| ([\w .`]+?) \| (yes \| \w+|no \| no)", PAGE, re.MULTILINE))
    for name, one in known.items():
        cost = "yes" if "usd" in getattr(one, "tells_use", ()) else "no"
        assert told[NAMES.get(name, name)] == f"yes | {cost}", name
