"""The event log and its JSON lines."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tmux_orch.domain.message import MessageState
from tmux_orch.store.catch_up import catch_up
from tmux_orch.store.database import Database, open_database
from tmux_orch.store.events import Events
from tmux_orch.store.mirror import DayFile
from tmux_orch.store.outbox import NewMessage, Outbox

from .conftest import FixedClock

DAY = "2026-03-04"
NEW = NewMessage("shop", "shop/developer", "user", "hello")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines() if line]


def messages_file(place: Path, day: str = DAY) -> Path:
    return place / "logs/communications" / day / "messages.jsonl"


def events_file(place: Path, day: str = DAY) -> Path:
    return place / "logs/events" / f"{day}.jsonl"


def test_events_are_numbered_and_read_from_a_number_on(events: Events) -> None:
    numbers = [events.append("agent.ready", "shop", f"shop/a{n}", {"n": n}) for n in range(5)]
    events.append("team.up", "other")
    assert [e.seq for e in events.since(0, 3)] == numbers[:3]
    assert [e.payload["n"] for e in events.since(numbers[2], project="shop")] == [3, 4]
    assert events.since(events.last()) == []
    assert events.last() == numbers[-1] + 1


def test_an_event_of_no_project_is_shown_in_every_projects_log(events: Events) -> None:
    events.append("agent.state", "shop")
    events.append("agent.state", "other")
    events.append("server_lost")
    assert [e.kind for e in events.since(0, project="shop")] == ["agent.state", "server_lost"]
    assert [e.project for e in events.since(0, project="other")] == ["other", None]


def test_every_event_is_a_line_of_the_day(events: Events, place: Path) -> None:
    seq = events.append("agent.ready", "shop", "shop/developer", {"took_s": 1.5})
    assert lines(events_file(place)) == [
        {
            "seq": seq,
            "at": "2026-03-04T05:06:08.000000+00:00",
            "kind": "agent.ready",
            "project": "shop",
            "agent": "shop/developer",
            "payload": {"took_s": 1.5},
        }
    ]


def test_every_acceptance_and_move_is_a_line_of_the_day(outbox: Outbox, place: Path) -> None:
    message = outbox.accept(NewMessage("shop", "shop/developer", "user", "typed", original="given"))
    outbox.move(message.id, MessageState.HELD, "a dialog is open")
    first, second = lines(messages_file(place))
    assert (first["id"], first["state"], first["text"]) == (message.id, "accepted", "given")
    assert (second["id"], second["state"], second["reason"]) == (
        message.id,
        "held",
        "a dialog is open",
    )
    assert "text" not in second


def test_a_transaction_that_is_undone_leaves_no_line(
    database: Database, outbox: Outbox, place: Path
) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        outbox.accept(NEW, connection)
        raise ZeroDivisionError
    outbox.accept(NEW)
    assert len(lines(messages_file(place))) == 1
    assert len(lines(events_file(place))) == 1


def test_midnight_begins_a_new_file(outbox: Outbox, clock: FixedClock, place: Path) -> None:
    clock.at = datetime(2026, 3, 4, 23, 59, 58, tzinfo=UTC)
    outbox.accept(NEW)
    outbox.accept(NEW)
    assert len(lines(messages_file(place, "2026-03-04"))) == 1
    assert len(lines(messages_file(place, "2026-03-05"))) == 1


def test_a_line_after_a_torn_one_stands_alone(outbox: Outbox, place: Path) -> None:
    outbox.accept(NEW)
    with messages_file(place).open("ab") as file:
        file.write(b'{"event":7,"te')
    outbox.accept(NEW)
    whole = messages_file(place).read_bytes().split(b"\n")
    assert whole[1] == b'{"event":7,"te'
    assert json.loads(whole[2])["state"] == "accepted"
    assert whole[3:] == [b""]


def test_mirrors_can_be_read_by_nobody_else(outbox: Outbox, place: Path) -> None:
    old = os.umask(0)
    try:
        outbox.accept(NEW)
    finally:
        os.umask(old)
    for path in (place / "logs").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_file_that_was_taken_away_is_begun_anew(outbox: Outbox, place: Path) -> None:
    outbox.accept(NEW)
    messages_file(place).unlink()
    outbox.accept(NEW)
    assert len(lines(messages_file(place))) == 1


def test_a_mirror_that_cannot_be_written_does_not_fail_what_is_committed(
    outbox: Outbox, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (place / "logs/communications").mkdir(parents=True)
    (place / "logs/communications" / DAY).write_text("in the way")
    with caplog.at_level(logging.WARNING):
        message = outbox.accept(NEW)
    assert outbox.get(message.id) == message
    assert "messages.jsonl" in caplog.text


def test_a_mirror_is_not_written_through_a_link(outbox: Outbox, place: Path) -> None:
    aim = place / "aim"
    messages_file(place).parent.mkdir(parents=True)
    messages_file(place).symlink_to(aim)
    outbox.accept(NEW)
    assert not aim.exists()


def test_the_days_file_is_opened_once(
    outbox: Outbox, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.accept(NEW)
    real, opened = os.open, []
    monkeypatch.setattr(os, "open", lambda *a, **k: opened.append(a) or real(*a, **k))
    for _ in range(10):
        outbox.accept(NEW)
    assert opened == []


def test_many_writers_leave_whole_lines(tmp_path: Path) -> None:
    ready, go = os.pipe()
    children = []
    for number in range(8):
        pid = os.fork()
        if pid == 0:
            os.close(go)
            os.read(ready, 1)
            file = DayFile(tmp_path, "{day}.jsonl")
            for count in range(60):
                body = json.dumps({"writer": number, "count": count, "fill": "x" * 20_000})
                file.append(DAY, body.encode())
            os._exit(0)
        children.append(pid)
    os.close(go)  # all begin at once
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 8
    os.close(ready)
    seen = {(e["writer"], e["count"]) for e in lines(tmp_path / f"{DAY}.jsonl")}
    assert len(seen) == 480


def crashed(place: Path, clock: FixedClock) -> tuple[int, list[str]]:
    """A database with three messages of which the mirrors got the first only."""
    seen = open_database(place / "orch.db", place, place / "logs")
    blind = open_database(place / "orch.db", place)
    ids = [Outbox(seen, clock).accept(NEW).id]
    for _ in range(2):
        ids.append(Outbox(blind, clock).accept(NEW).id)
    Outbox(blind, clock).move(ids[1], MessageState.HELD, "a dialog is open")
    newest = Events(blind, clock).last()
    seen.close()
    blind.close()
    return newest, ids


def test_lines_lost_in_a_crash_are_written_at_the_next_start(
    place: Path, clock: FixedClock, reopen: Callable[[], Database]
) -> None:
    newest, ids = crashed(place, clock)
    database = reopen()
    assert catch_up(database) == 6
    assert [e["seq"] for e in lines(events_file(place))] == list(range(1, newest + 1))
    told = [(e["id"], e["state"], e.get("text")) for e in lines(messages_file(place))]
    assert told == [
        (ids[0], "accepted", "hello"),
        (ids[1], "accepted", "hello"),
        (ids[2], "accepted", "hello"),
        (ids[1], "held", None),
    ]
    assert lines(messages_file(place))[3]["reason"] == "a dialog is open"
    assert catch_up(database) == 0


def test_catching_up_looks_past_a_torn_last_line(
    place: Path, clock: FixedClock, reopen: Callable[[], Database]
) -> None:
    newest, _ = crashed(place, clock)
    with events_file(place).open("ab") as file:
        file.write(b'{"seq":2,"at":"20')
    catch_up(reopen())
    whole = [line for line in events_file(place).read_bytes().splitlines() if line[-1:] == b"}"]
    assert [json.loads(line)["seq"] for line in whole] == list(range(1, newest + 1))


def test_each_mirror_is_caught_up_from_its_own_last_line(
    place: Path, clock: FixedClock, reopen: Callable[[], Database]
) -> None:
    database = reopen()
    outbox = Outbox(database, clock)
    ids = [outbox.accept(NEW).id for _ in range(3)]
    database.close()
    kept = messages_file(place).read_bytes().splitlines(keepends=True)[:2]
    messages_file(place).write_bytes(b"".join(kept))
    assert catch_up(reopen()) == 1
    assert [e["id"] for e in lines(messages_file(place))] == ids
    assert len(lines(events_file(place))) == 3


def test_cleared_mirrors_are_not_filled_again(
    place: Path, clock: FixedClock, reopen: Callable[[], Database]
) -> None:
    crashed(place, clock)
    events_file(place).unlink()
    messages_file(place).unlink()
    assert catch_up(reopen()) == 0
