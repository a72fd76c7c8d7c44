"""A daemon that is killed and started again tells nobody twice, and forgets nothing that stands."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import make_repository
from tests.whole.conftest import Place, wait_until

CONFIG = "attention: {unanswered_s: 1, silent_s: 2}\n"
NEWS = ("agent.state", "dialog.", "attention.", "limit_seen", "condition_seen", "message.accepted")


@contextmanager
def a_place() -> Iterator[Place]:
    """A place with short thresholds, whose agents do as they are told."""
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    (root / "config/tmux-orch").mkdir(parents=True)
    (root / "config/tmux-orch/config.yaml").write_text(CONFIG)
    place = Place(root, make_repository(root / "p" / "sample"))
    place.extra = {
        "XDG_CONFIG_HOME": str(root / "config"),
        "REHEARSAL_ON_BRIEF": '{"say": "ready"}',
        "REHEARSAL_ON_MESSAGE": '{"say": "heard"}',
    }
    try:
        yield place
    finally:
        place.close()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def team() -> Iterator[Place]:
    """Two agents ask; the hub does nothing."""
    with a_place() as place:
        place.up("--roles", "developer,tester")
        do(place, "developer", permission="rm -rf build")
        do(place, "tester", ask={"question": "Which database?", "options": ["postgres", "sqlite"]})
        wait_until(lambda: len(dialogs(place)) == 2, what="two dialogs")
        wait_until(lambda: len(alerts(place)) >= 2, what="their alerts")
        wait_until(lambda: len(told(place)) == 2, what="the hub was told")
        yield place


def do(place: Place, agent: str, **directive: Any) -> None:
    place.run("scm", "--no-wait", agent, f"REHEARSAL{json.dumps(directive)}")


def dialogs(place: Place) -> dict[str, dict[str, Any]]:
    found = json.loads(place.run("tmux-orch", "dialogs", "--json").stdout)["dialogs"]
    return {one["agent"]: one for one in found}


def alerts(place: Place) -> list[tuple[str, str]]:
    found = place.agents().items()
    return [(name, alert["kind"]) for name, agent in found for alert in agent["attention"]]


def told(place: Place) -> list[str]:
    return [m["text"] for m in place.messages() if " waits (" in m["text"]]


def states(place: Place) -> dict[str, tuple[str, str]]:
    found = place.agents().items()
    return {name: (agent["state"], agent["state_since_at"]) for name, agent in found}


def news(place: Place, after: int) -> list[tuple[str, str]]:
    done = place.run("tmux-orch", "log", "--since", str(after), "--limit", "1000", "--json")
    return [
        (event["kind"], event["agent"])
        for event in json.loads(done.stdout)["events"]
        if event["kind"].startswith(NEWS) and event["agent"] != "sample/orchestrator"
    ]


def number(place: Place) -> int:
    events = json.loads(place.run("tmux-orch", "log", "--json").stdout)["events"]
    return int(events[-1]["seq"])


def settled(place: Place) -> None:
    """The watch has looked at every screen twice, and a round of attention has passed."""
    wait_until(lambda: all(d["cursor"] is not None for d in dialogs(place).values()), what="read")
    began = number(place)
    do(place, "orchestrator", work_s=3.5)
    wait_until(
        lambda: (
            [k for k, _ in everything(place, began) if k == "agent.state"][-1:]
            and place.agents()["orchestrator"]["state"] == "working"
        ),
        what="it works",
    )
    wait_until(lambda: place.agents()["orchestrator"]["state"] == "idle", what="it is done")


def everything(place: Place, after: int) -> list[tuple[str, str]]:
    done = place.run("tmux-orch", "log", "--since", str(after), "--limit", "1000", "--json")
    return [(event["kind"], event["agent"]) for event in json.loads(done.stdout)["events"]]


def test_what_stands_is_neither_forgotten_nor_told_again(team: Place) -> None:
    before, asked, raised = states(team), dialogs(team), alerts(team)
    ids = {name: dialog["id"] for name, dialog in asked.items()}
    last = number(team)
    team.kill_daemon()
    settled(team)
    after = states(team)
    assert {n: after[n] for n in asked} == {n: before[n] for n in asked}
    assert {name: dialog["id"] for name, dialog in dialogs(team).items()} == ids
    assert set(raised) <= set(alerts(team))
    assert news(team, last) == []
    assert len(told(team)) == 2


def test_an_agent_at_its_limit_is_shown_with_the_words_of_the_limit() -> None:
    with a_place() as place:
        place.up("--roles", "developer")
        do(place, "developer", limit="You've hit your limit · resets 9pm (UTC)", limit_menu=True)
        wait_until(lambda: limited(place), what="it is shown")
        wait_until(lambda: dialogs(place) == {}, what="its menu is answered: it waits")
        since = states(place)["developer"]
        place.kill_daemon()
        assert states(place)["developer"] == since
        (alert,) = limited(place)
        assert alert["detail"] == "You've hit your limit · resets 9pm (UTC)"


def limited(place: Place) -> list[dict[str, Any]]:
    """The alerts of a developer that is at its limit."""
    found = place.agents()["developer"]
    alerts = [one for one in found["attention"] if one["kind"] == "limit"]
    return alerts if found["state"] == "usage_limited" else []


def test_the_hub_is_told_what_is_asked_and_not_only_that_something_is(team: Place) -> None:
    found = told(team)
    assert any('tester waits (question): "Question Which database?' in text for text in found)
    assert any('developer waits (permission): "rm -rf build"' in text for text in found)


def test_what_ended_while_nobody_watched_is_told_when_somebody_does(team: Place) -> None:
    window = team.agents()["tester"]["window_id"]
    assert team.tmux("show-options", "-wv", "-t", window, "@orch_dialog").strip() == "1"
    last = number(team)
    team.kill_daemon()
    team.tmux("send-keys", "-t", window, "Enter")
    wait_until(lambda: "tester" not in dialogs(team), what="it is closed")
    wait_until(lambda: states(team)["tester"][0] == "idle", what="it is idle")
    wait_until(lambda: ("tester", "unanswered") not in alerts(team), what="nothing is unanswered")
    kinds = [kind for kind, agent in news(team, last) if agent == "sample/tester"]
    assert kinds.count("dialog.closed") == 1
    assert "dialog.opened" not in kinds
    assert team.tmux("show-options", "-wv", "-t", window, "@orch_dialog").strip() == ""
