"""Used-up plans with the real Claude Code: one hold, nothing sent, one resume each, in order.

By default the daemon's own delay after a reset is seconds; with ``--full`` also the real one.
How late each step was goes to the file that ``LIMITS_TABLE`` names.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.real_claude.conftest import VERSIONS
from tests.real_claude.limited import DEV, HUB, Limited, limited
from tests.real_claude.seat import directive
from tests.real_claude.team import user_texts

pytestmark = [pytest.mark.real_claude, pytest.mark.timeout(120)]
OLD, NEW = "2.1.197", "2.1.329"
FIVE = (HUB, "project_manager", DEV, "tester", "testrunner")
#: What an agent that works on this very subject writes, and what its tools print.
TALK = (
    "You've hit your 5-hour limit · resets 3pm (UTC)",
    "The test expects this:\n\n```python\nassert said == \"You've hit your session limit · resets"
    ' 3pm"\n```\nSo the limit reached|1760000400 form is read, too.',
    "Claude usage limit reached. Your limit will reset at 3pm (UTC).\n\n• /upgrade to increase it",
)


def meet(team: Limited, *agents: str) -> float:
    """Each is given work and refused; when the last request was refused."""
    refused = len(team.plan.refused)
    for name in agents:
        team.scm(name, "work on step 1", "--no-wait")
    for name in agents:
        team.await_state(name, "usage_limited")
    team.until(lambda: len(team.plan.refused) >= refused + len(agents), "all are refused")
    return team.plan.refused[-1]


def send_held(team: Limited, *agents: str) -> dict[str, list[str]]:
    """Three messages to each while it is held; their ids by agent."""
    sent: dict[str, list[str]] = {}
    for name in agents:
        for number in range(3):
            done = team.scm(name, f"HELD-{number}", "--no-wait", "--json")
            sent.setdefault(name, []).append(json.loads(done.stdout)["id"])

    def all_held() -> bool:
        known = {row["id"]: row for row in team.daemon.rows("messages", "seq")}
        held = [known[ident] for ids in sent.values() for ident in ids]
        return all(m["state"] == "held" and "held until" in m["reason"] for m in held)

    team.until(all_held, "all say until when they are held")
    return sent


def while_held(team: Limited, due_at: float) -> None:
    """Before anything else happens; what is sent to the agents then comes after the kill."""


def at_reset(team: Limited, due_at: float) -> None:
    team.until(lambda: time.time() >= due_at - 0.3, "its time has come")


def after_sent(team: Limited, due_at: float) -> None:
    team.until(
        lambda: any(wake["state"] == "sent" for wake in team.daemon.rows("wakes", "agent")),
        "one is sent",
    )


Moment = Callable[[Limited, float], None]


def resumed_once(
    team: Limited, agents: tuple[str, ...], refused_at: float, moment: Moment | None = None
) -> None:
    """The rest of the story: each is woken once, after that is given its messages in order.

    Args:
        team, agents: Who was refused.
        refused_at: When the last of them was.
        moment: Waits for the moment at which the daemon is killed; it is told when agents are due.
    """
    team.until(lambda: states(team) == ["held"], "a hold")
    if moment is while_held:
        team.daemon.kill_and_start()
    sent = send_held(team, *agents)
    refused = len(team.plan.refused)
    due_at = team.release()
    if moment is not None and moment is not while_held:
        moment(team, due_at)
        team.daemon.kill_and_start()
    team.until(lambda: states(team) == ["ended"], "the hold ends", 60)
    for name in agents:
        team.until(lambda name=name: all_delivered(team, sent[name]), f"{name} has its messages")
        team.await_state(name, "idle")
    hold, *others = team.daemon.rows("holds", "id")
    assert others == [], team.report("more than one hold")
    wakes = {row["agent"].partition("/")[2]: row for row in team.daemon.rows("wakes", "agent")}
    assert {name: wakes[name]["state"] for name in agents} == dict.fromkeys(agents, "verified")
    assert len(team.plan.refused) == refused, team.report("it was asked too early")
    woken_at = [stamp(event["at"]) for event in team.daemon.events("wake.sent")]
    assert min(woken_at) >= due_at, team.report("it was woken too early")
    for name in agents:
        early = [r for r in team.asked(name, refused_at + 0.01) if r["t"] < due_at - 1]
        assert early == [], team.report(f"{name} was asked while it was held")
        last = team.requests(name)[-1]
        assert user_texts(last, f"msg {wakes[name]['message']}]") == 1, team.report("resumes")
        order = [f"msg {ident}]" for ident in (wakes[name]["message"], *sent[name])]
        said = "\n".join(last["all_human"])
        places = [said.find(mark) for mark in order]
        assert -1 not in places and places == sorted(places), team.report(f"order {places}")
        assert [said.count(mark) for mark in order] == [1] * len(order)
    assert len(team.daemon.events("hold.begun")) == len(team.daemon.events("hold.ended")) == 1
    note(team, refused_at, due_at, hold["account"])


def states(team: Limited) -> list[str]:
    """Of every hold there was."""
    return [row["state"] for row in team.daemon.rows("holds", "id")]


def all_delivered(team: Limited, sent: list[str]) -> bool:
    known = {row["id"]: row["state"] for row in team.daemon.rows("messages", "seq")}
    return all(known[ident] == "delivered" for ident in sent)


def note(team: Limited, refused_at: float, due_at: float, account: str) -> None:
    """How late it was, for the table."""
    place = os.environ.get("LIMITS_TABLE")
    if not place:
        return
    at = {
        e["kind"]: stamp(e["at"]) for e in reversed(team.daemon.events("hold.begun", "wake.sent"))
    }
    first = [stamp(e["at"]) for e in team.daemon.events("wake.verified")]
    asked = min(r["t"] for name in team.agents() for r in team.asked(name, due_at - 1))
    row = {
        "test": os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0],
        "account": account.partition(":")[0],
        "limit_to_hold_s": round(at["hold.begun"] - refused_at, 2),
        "due_to_sent_s": round(at["wake.sent"] - due_at, 2),
        "due_to_model_asked_s": round(asked - due_at, 2),
        "due_to_verified_s": [round(one - due_at, 2) for one in first],
    }
    with Path(place).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(row) + "\n")


def stamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def talk(team: Limited, name: str) -> None:
    """It answers and runs tools whose words are those of a limit, and comes to rest each time."""
    worktree = Path(team.agents()[name]["worktree"])
    for number, text in enumerate(TALK):
        (worktree / "talk.md").write_text(text)
        before = len(team.requests(name))
        team.scm(name, directive("Bash", {"command": "cat talk.md", "description": "r"}, text))
        team.until(lambda before=before: len(team.requests(name)) >= before + 2, f"talk {number}")
        team.await_state(name, "idle")


# -- by default ------------------------------------------------------------------------------------


def test_two_agents_of_one_plan_are_held_once_and_woken_once_each() -> None:
    """One of them has talked about limits all the time; the daemon is killed while it holds."""
    with limited(NEW) as team:
        team.begin(HUB, DEV)
        talk(team, DEV)
        assert team.daemon.rows("holds", "id") == [] == team.daemon.events("limit_seen")
        team.limit("five_hour")
        refused_at = meet(team, HUB, DEV)
        resumed_once(team, (HUB, DEV), refused_at, while_held)


def test_the_older_version_waits_at_its_menu_and_is_woken_once() -> None:
    with limited(OLD) as team:
        team.begin(HUB)
        team.limit("seven_day")
        refused_at = meet(team, HUB)
        resumed_once(team, (HUB,), refused_at)
        answered = [e["payload"]["option"] for e in team.daemon.events("dialog.answered")]
        assert answered == ["Stop and wait for limit to reset"]


# -- whole -----------------------------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize("claim", ["five_hour", "seven_day", "seven_day_opus"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_kind_of_limit_ends_with_one_resume(version: str, claim: str) -> None:
    with limited(version) as team:
        team.begin(HUB)
        team.limit(claim)
        refused_at = meet(team, HUB)
        resumed_once(team, (HUB,), refused_at)


def of_helper(body: dict[str, Any]) -> bool:
    """Whether a request is a helper's: it has the task, and not the prompt that made the helper."""
    said = json.dumps(body["messages"])
    return "HELPER-TASK" in said and "STANDIN" not in said


@pytest.mark.full
@pytest.mark.parametrize("version", VERSIONS)
def test_a_limit_of_helpers_holds_nobody_and_their_agent_is_told_once_when_it_ends(
    version: str,
) -> None:
    with limited(version) as team:
        team.begin(HUB)
        team.limit("five_hour", of=of_helper)
        given = {"description": "help", "prompt": "HELPER-TASK", "subagent_type": "general-purpose"}
        team.scm(HUB, directive("Agent", given))
        team.until(lambda: team.plan.refused, "the helper is refused")
        team.until(lambda: states(team) == ["held"], "it is written down")
        team.await_state(HUB, "idle")
        sent = team.scm(HUB, "MARK-MEANWHILE", "--json")
        assert json.loads(sent.stdout)["state"] == "delivered"
        team.release()
        team.until(lambda: states(team) == ["ended"], "the hold ends")
        team.await_state(HUB, "idle")
        said = "\n".join(team.requests(HUB)[-1]["all_human"])
        assert said.count("stopped your helpers has reset") == 1, team.report("told")
        assert not [e for e in team.daemon.events("agent.state")
                    if e["payload"]["state"] == "usage_limited"]  # fmt: skip


@pytest.mark.full
@pytest.mark.timeout(240)
@pytest.mark.parametrize("version", VERSIONS)
def test_five_agents_of_one_plan_are_woken_one_after_the_other(version: str) -> None:
    with limited(version) as team:
        team.begin(*FIVE)
        team.limit("five_hour")
        refused_at = meet(team, *FIVE)
        resumed_once(team, FIVE, refused_at)
        sent = sorted(stamp(e["at"]) for e in team.daemon.events("wake.sent"))
        apart = [later - earlier for earlier, later in pairwise(sent)]
        assert min(apart) > 1, apart


@pytest.mark.full
@pytest.mark.parametrize("moment", [while_held, at_reset, after_sent])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_daemon_killed_at_any_moment_wakes_each_once(version: str, moment: Moment) -> None:
    with limited(version) as team:
        team.begin(HUB, DEV)
        team.limit("five_hour")
        refused_at = meet(team, HUB, DEV)
        resumed_once(team, (HUB, DEV), refused_at, moment)


def resumes(team: Limited) -> tuple[int, int]:
    """How often it was told to go on, by us and by its own program."""
    said = team.requests(HUB)[-1]["all_human"]
    ours = sum("limit has reset. Go on" in text and "msg " in text for text in said)
    # Its own prompt stands in no conversation; it tells of it by a hook.
    told = [event["payload"]["evidence"] for event in team.daemon.events("agent.state")]
    return ours, sum("quota_auto_resume_fired" in evidence for evidence in told)


@pytest.mark.full
@pytest.mark.timeout(400)
@pytest.mark.parametrize("version", VERSIONS)
def test_with_the_real_delays_there_is_one_resume(version: str) -> None:
    """A reset 75 s ahead, and the daemon as everybody has it."""
    with limited(version, quick=False) as team:
        team.begin(HUB)
        resets_at = int(time.time()) + 75
        team.plan.limit("five_hour", resets_at)
        refused_at = meet(team, HUB)
        team.until(lambda: states(team) == ["ended"], "the hold ends", 330)
        team.await_state(HUB, "idle")
        assert [r for r in team.asked(HUB, refused_at + 0.01) if r["t"] < resets_at] == []
        assert resumes(team) == (1, 0), team.report("resumes")


@pytest.mark.full
@pytest.mark.timeout(500)
@pytest.mark.parametrize(("second", "first"), [(0, "theirs"), (58, "ours")])
def test_a_program_that_goes_on_by_itself_is_not_woken_twice(second: int, first: str) -> None:
    """It goes on 75 s after the reset; we two minutes after the full minute that it tells."""
    with limited(NEW, quick=False, auto_continue=True) as team:
        team.begin(HUB)
        resets_at = (int(time.time() + 20 - second) // 60 + 1) * 60 + second
        team.plan.limit("five_hour", resets_at)
        meet(team, HUB)
        team.until(lambda: states(team) == ["ended"], "the hold ends", 330)
        team.until(lambda: time.time() > resets_at + 165, "nobody else goes on", 200)
        team.await_state(HUB, "idle")
        assert states(team) == ["ended"]
        assert resumes(team) == ((0, 1) if first == "theirs" else (1, 0)), team.report("resumes")
