"""Limits of accounts with the real daemon, tmux and rehearsal agents: one hold, one resume each.

A reset is told two minutes before now or a little later: what was told has so long to come true.
"""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.whole.conftest import Place, wait_until
from tmux_orch.domain.holding import SETTLES_S

HUB = "orchestrator"


def limited(due_in_s: float) -> str:
    """An order to meet the limit of an account, whose agents may be woken in so long."""
    at = datetime.now(UTC) + timedelta(seconds=due_in_s - SETTLES_S)
    words = f"You've hit your 5-hour limit · resets {at:%Y-%m-%dT%H:%M:%SZ}"
    return "REHEARSAL" + json.dumps({"limit": words})


def holds(place: Place) -> dict[str, Any]:
    return {name: agent["hold"] for name, agent in place.agents().items()}


def to(place: Place, name: str) -> list[dict[str, Any]]:
    """Messages to an agent in the order in which they arrived, then those that wait."""
    found = [m for m in place.messages() if m["to"].endswith(f"/{name}")]
    return sorted(found, key=lambda m: (m["state"] != "delivered", m["state_at"]))


def woken(place: Place, name: str) -> list[dict[str, Any]]:
    return [m for m in to(place, name) if m["text"].startswith("Your plan's limit has reset.")]


def settled(place: Place) -> None:
    """Every agent has done what it was started for."""
    wait_until(lambda: all(a["state"] == "idle" for a in place.agents().values()), 30)
    wait_until(lambda: all(m["state"] == "delivered" for m in place.messages()), 30)


def test_a_daemon_killed_during_the_hold_and_after_the_resume_resumes_once_all_the_same(
    place: Place,
) -> None:
    place.up(env={"REHEARSAL_ON_MESSAGE": '{"work_s": 1.5, "say": "on it"}'})
    settled(place)
    place.run("scm", "--no-wait", HUB, limited(due_in_s=9))
    wait_until(lambda: all(holds(place).values()), 10, "all agents of the account are held")
    held = place.run("scm", "--wait", "1", HUB, "what was held", check=False)
    assert held.returncode == 3
    assert "held: the limit has reset, its turn to be woken comes" in held.stdout
    place.kill_daemon()
    wait_until(lambda: woken(place, HUB), 30, "the resume message")
    wait_until(lambda: woken(place, HUB)[0]["state"] != "held", 10, "it is on its way")
    place.kill_daemon()
    wait_until(lambda: not any(holds(place).values()), 40, "the end of the hold")
    settled(place)
    (message,) = woken(place, HUB)
    told = [m["text"] for m in to(place, HUB)]
    assert told.index(message["text"]) < told.index("what was held")
    for name in place.agents():
        assert name == HUB or woken(place, name) == []


def test_an_agent_that_talks_about_limits_is_never_held(place: Place) -> None:
    place.up()
    settled(place)
    words = "You've hit your 5-hour limit · resets 9pm (UTC)"
    talk = {"print": words, "say": f"The log says: {words}. I go on.", "work_s": 0.5}
    for _ in range(2):
        place.run("scm", "--until", "idle", "developer", "REHEARSAL" + json.dumps(talk))
    place.run("scm", "developer", words)
    place.kill_daemon()
    settled(place)
    assert not any(holds(place).values())


@pytest.mark.full
def test_a_program_started_again_during_a_hold_is_asked_nothing_before_its_end(
    place: Place,
) -> None:
    place.up()
    settled(place)
    place.run("scm", "--no-wait", HUB, limited(due_in_s=25))
    wait_until(lambda: all(holds(place).values()), 10)
    place.run("tmux-orch", "stop", HUB, "--yes")
    place.run("auto-orchestrate", "--resume", check=False)
    wait_until(lambda: place.agents()[HUB]["state"] in ("idle", "usage_limited"), 20)
    waiting = [m for m in to(place, HUB) if m["state"] == "held"]
    assert any("resume" in m["text"] for m in waiting)
    wait_until(lambda: not any(holds(place).values()), 60, "the end of the hold")
    settled(place)
    assert len(woken(place, HUB)) == 1


@pytest.mark.full
def test_five_agents_of_one_account_are_resumed_once_each_and_one_after_the_other(
    place: Place,
) -> None:
    place.up()
    settled(place)
    names = list(place.agents())
    for name in names[::-1]:
        place.run("scm", "--no-wait", name, limited(due_in_s=15))
    wait_until(lambda: all(holds(place).values()), 10)
    wait_until(lambda: not any(holds(place).values()), 180, "the end of the hold")
    settled(place)
    at = [datetime.fromisoformat(woken(place, name)[0]["state_at"]) for name in names]
    assert all(len(woken(place, name)) == 1 for name in names)
    assert at == sorted(at)
    assert min(b - a for a, b in itertools.pairwise(at)) > timedelta(seconds=12)
