"""The pages of a real team of rehearsal agents, from its start to a crash and a late comer."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.conftest import git
from tests.whole.conftest import Place, place, wait_until

__all__ = ["place"]


def page(agent: dict[str, str], name: str) -> str:
    return (Path(agent["worktree"]) / ".orch" / f"{name}.md").read_text("utf-8")


def test_a_start_a_late_comer_a_crash_and_a_new_briefing_each_have_their_page(place: Place):
    own = place.root / "config/tmux-orch/briefings"
    own.mkdir(parents=True)
    (own / "tester.md.j2").write_text(
        '{% extends "shipped/tester.md.j2" %}{% block work %}- Mine.\n{% endblock %}'
    )
    place.dead_stay_dead()
    git(place.project, "remote", "add", "origin", str(place.root / "nowhere"))
    place.up("--roles", "developer", "--planner", "offline")
    first = page(place.agents()["developer"], "briefing")
    assert "do the thing" in page(place.agents()["developer"], "plan")
    assert "git push -u origin BRANCH" in first
    assert "tester" not in first

    place.run("auto-orchestrate", "--resume", "--add-roles", "tester")
    joined = page(place.agents()["tester"], "briefing")
    assert "The team was at work before you came" in joined
    assert "- Mine." in joined
    assert "1 commit, 0 files not committed" in joined

    developer = place.agents()["developer"]
    (Path(developer["worktree"]) / "open.txt").write_text("x")
    os.kill(developer["pid"], signal.SIGKILL)
    wait_until(lambda: place.agents()["developer"]["state"] == "exited")
    place.run("auto-orchestrate", "--resume")
    resumed = page(developer, "resume")
    assert "Commits since your start: 1" in resumed
    assert "`open.txt`" in resumed
    assert page(developer, "briefing") == first

    place.run("auto-orchestrate", "--resume", "--rebrief-all")
    again = page(developer, "briefing")
    assert "This page was written anew" in again
    assert "`scm tester " in again
