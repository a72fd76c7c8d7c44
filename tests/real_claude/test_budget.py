"""Money as the real Claude Code tells it holds its agent; a stop asks it for its checkpoint."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.real_claude.conftest import VERSIONS
from tests.real_claude.team import Team
from tests.standin.anthropic_standin import State
from tests.whole.conftest import wait_until

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(180)]


# Both versions tell their cost the same way; --full has the older one too.
@pytest.mark.parametrize(
    "version", [VERSIONS[0], pytest.param(VERSIONS[1], marks=pytest.mark.full)], indirect=True
)
def test_what_the_program_says_it_cost_holds_it_and_a_stop_asks_it_to_save_its_work(
    version: str, api: tuple[str, State]
) -> None:
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    team = Team(root, api, version)
    run = team.place.run
    try:
        run("auto-orchestrate", "--spec", str(team.spec), "--permission-mode", "default",
            "--planner", "offline", "--roles", "developer", timeout=120)  # fmt: skip
        team.await_state("developer", "idle")
        run("tmux-orch", "budget", "set", "--agent", "developer", "--usd", "0.0001")

        def shown() -> dict[str, object]:
            found: dict[str, object] = json.loads(
                run("tmux-orch", "budget", "show", "--json").stdout
            )["budgets"][0]
            return found

        wait_until(lambda: shown()["stage"] == "held", 40, "its first turn cost more than that")
        assert shown()["blind"] == []
        before = len(team.requests("developer"))
        held = team.scm("developer", "MARK-HELD", "--wait", "1", check=False)
        assert held.returncode == 3
        assert "budget" in held.stdout
        assert team.scm("orchestrator", "you are free", check=False).returncode == 0
        assert len(team.requests("developer")) == before, "nothing was sent meanwhile"
        run("tmux-orch", "budget", "extend", "--agent", "developer", "--usd", "100")
        wait_until(lambda: team.asked_with("developer", "MARK-HELD"), 40, "it follows")
        team.await_state("developer", "idle")
        Path(team.agents()["developer"]["worktree"], "half.txt").write_text("x")
        done = run("tmux-orch", "stop", "--yes", "--checkpoint", "40", timeout=90)
        assert "developer: wrote no checkpoint" in done.stderr, "the stand-in writes no files"
        assert team.asked_with("developer", "_CHECKPOINT_") == 1
    finally:
        team.place.close()
        shutil.rmtree(root, ignore_errors=True)
