"""Notes and check-ins through the real daemon: once, also when it was killed, never to another."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest

from tmux_orch.clock import SystemClock
from tmux_orch.domain.job import Every
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.store.database import open_database
from tmux_orch.store.reminders import Reminders as Rows

from .conftest import Place, wait_until


def told(place: Place, text: str) -> list[dict[str, Any]]:
    """The messages of ours that hold ``text``."""
    found = place.ask("messages", project="sample", limit=1000)["messages"]
    return [m for m in found if m["sender"] == "orch" and text in m["text"]]


def arrived(place: Place, text: str) -> bool:
    return any(m["state"] == "delivered" for m in told(place, text))


def add(place: Place, note: str, in_s: float, to: str = "developer", **more: str) -> str:
    """A reminder sooner than one may ask for; its id."""
    at = datetime.now(UTC) + timedelta(seconds=in_s)
    body = {"act": "add", "id": token_hex(4), "kind": "once", "at": at.isoformat(), "note": note}
    return str(place.ask("schedule", **body, to=f"sample/{to}", **more)["id"])


def events(place: Place, kind: str) -> list[dict[str, Any]]:
    found = place.ask("log", project="sample", limit=1000)["events"]
    return [e for e in found if e["kind"] == kind]


def listed(place: Place) -> dict[str, Any]:
    return place.ask("schedule", act="list", project="sample")


def test_notes_arrive_once_when_they_are_due_and_are_listed_until_then(place: Place) -> None:
    place.up("--roles", "developer")
    done = place.run("tmux-orch", "schedule", "in", "30", "look again", "--to", "developer")
    assert "developer is reminded at " in done.stdout
    assert "(in 30m)" in done.stdout
    shown = place.run("tmux-orch", "schedule", "list").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert [(c["to"], c["every_s"]) for c in listed(place)["check_ins"]] == [
        ("sample/orchestrator", 2700), ("sample/developer", 3600),
    ]  # fmt: skip
    add(place, "now is the time", 0.5)
    wait_until(lambda: arrived(place, "now is the time"))
    tested = place.run("tmux-orch", "schedule", "test", "--to", "dev").stdout
    assert "the schedule works: the note for developer is message " in tested
    assert tested.endswith("and it was delivered\n")
    assert [row["note"] for row in listed(place)["reminders"]] == ["look again"]
    assert place.run("tmux-orch", "schedule", "cancel", "all").stdout.count("\n") == 1
    assert listed(place)["reminders"] == []
    refused = place.run("tmux-orch", "schedule", "in", "30", "x", check=False)
    assert refused.returncode == 2
    assert "add --to orchestrator | developer" in refused.stderr
    place.run("tmux-orch", "stop", "--all", "--yes")
    wait_until(lambda: listed(place)["check_ins"] == [])


def test_what_fell_due_while_the_daemon_was_dead_comes_once_or_is_told_why_not(
    place: Place,
) -> None:
    place.up("--roles", "developer,tester,devops")
    asks = "REHEARSAL" + json.dumps({"permission": "make release"})
    place.run("scm", "--no-wait", "devops", asks)
    wait_until(lambda: place.agents()["devops"]["state"] == "waiting_permission")
    add(place, "for the living", 2)
    gone = add(place, "for the gone", 4, to="tester")
    place.run("tmux-orch", "stop", "tester", "--yes")
    place.run("tmux-orch", "remove", "tester", "--force", "--yes")
    assert len(listed(place)["check_ins"]) == 3
    place.kill_daemon()
    due_at = make_due(place, "developer", "devops")
    wait_until(lambda: datetime.now(UTC) > due_at, what="the times to pass")
    place.run("tmux-orch", "daemon", "start")
    wait_until(lambda: arrived(place, "for the living") and arrived(place, "Check-in: one message"))
    assert len(told(place, "for the living")) == len(told(place, "Check-in")) == 1
    (dropped,) = wait_until(lambda: events(place, "schedule.dropped"))
    assert (dropped["agent"], dropped["payload"]["what"]) == ("sample/tester", f"reminder {gone}")
    assert told(place, "for the gone") == []
    (skipped,) = events(place, "schedule.skipped")
    assert skipped["agent"] == "sample/devops"
    assert skipped["payload"]["reason"] == "a dialog waits for an answer (waiting_permission)"
    place.kill_daemon()
    place.run("tmux-orch", "daemon", "start")
    row = next(c for c in listed(place)["check_ins"] if c["to"] == "sample/devops")
    assert (row["skips"], row["reason"]) == (1, skipped["payload"]["reason"])
    assert len(told(place, "for the living")) == len(told(place, "Check-in")) == 1
    assert {e["agent"] for e in events(place, "schedule.rang")} == {"sample/developer"}


def make_due(place: Place, *names: str) -> datetime:
    """Let the check-ins of these agents fall due when the last reminder does; when that is."""
    database = open_database(place.registry / "orch.db", place.registry / "backups")
    due_at = max(row.at for row in Rows(database).standing() if row.at)
    clockwork = Clockwork(database, SystemClock())
    when = {entry.id: entry.when for entry in clockwork.all()}
    for name in names:
        every = when[f"checkin:sample/{name}"]
        assert isinstance(every, Every)
        clockwork.put(f"checkin:sample/{name}", replace(every, first_at=due_at))
    database.close()
    return due_at


def test_an_agent_reminds_itself_with_the_commands_on_its_path(place: Place) -> None:
    """Its identity is its process, so the commands run below the agent's own."""
    place.up("--roles", "developer")
    script = "schedule_with_note.sh"
    assert "MINUTES" in place.run(script, "--help").stdout
    commands = [
        [script, "5", "my own note"],
        [script, "", "for the hub", "orchestrator"],
        [script, "0.5", "never"],
        ["tmux-orch", "schedule", "in", "0", "never"],
        ["tmux-orch", "schedule", "cancel", "ffffffff"],
        ["tmux-orch", "budget", "set", "--usd", "5"],  # only a person's
        ["tmux-orch", "schedule", "test"],
    ]
    work: dict[str, Any] = {}
    for words in reversed(commands):
        work = {"run": words, **({"then": work} if work else {})}
    place.run("scm", "--no-wait", "developer", "REHEARSAL" + json.dumps(work))
    wait_until(lambda: arrived(place, "there is nothing to do"))
    mine = listed(place)["reminders"]
    assert {(r["by"], r["to"], r["note"]) for r in mine} == {
        ("sample/developer", "sample/developer", "my own note"),
        ("sample/developer", "sample/orchestrator", "for the hub"),
    }  # fmt: skip
    assert place.ask("budget", project="sample")["budgets"] == []


@pytest.mark.full  # a hold ends 20 s after its agents were proved awake
def test_a_note_for_after_the_limit_comes_when_the_hold_has_ended(place: Place) -> None:
    place.up("--roles", "developer")
    limit = {"limit": "You've hit your limit · resets 9pm (UTC)"}
    place.run("scm", "--no-wait", "developer", "REHEARSAL" + json.dumps(limit))
    wait_until(lambda: place.agents()["developer"]["state"] == "usage_limited")
    asked = place.run("tmux-orch", "schedule", "after-reset", "go on", "--to", "developer")
    assert "when the next usage limit of its account has ended" in asked.stdout
    assert "after a limit" in place.run("tmux-orch", "schedule", "list").stdout
    assert told(place, "go on") == []
    place.run("tmux-orch", "credits", "wake", "developer")
    wait_until(lambda: arrived(place, "your usage limit has ended"))
    assert len(told(place, "go on")) == 1
