"""The outbox: accepted means durable, one row per message, only along the table."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.domain.message import FINAL, MOVES, OPEN, IllegalMove, MessageState, Priority
from tmux_orch.store.database import Database
from tmux_orch.store.events import Events
from tmux_orch.store.outbox import NewMessage, Outbox

from .conftest import FixedClock

S = MessageState


def new(text: str = "hello", target: str = "shop/developer", **more: object) -> NewMessage:
    return NewMessage(project="shop", target=target, sender="user", text=text, **more)  # type: ignore[arg-type]


def test_an_accepted_message_comes_back_whole(outbox: Outbox) -> None:
    text = "one\ntwo\t\u202f \U0001f600 'quoted' #{pane_id} " + "x" * 40_000
    message = outbox.accept(new(text, priority=Priority.HIGH, raw=True, client_key="k1"))
    assert message.state is S.ACCEPTED
    assert (message.text, message.priority, message.raw) == (text, Priority.HIGH, True)
    assert outbox.get(message.id) == message
    assert outbox.by_client_key("user", "k1") == message
    assert outbox.get("00000000") is None


def test_an_accepted_message_survives_the_death_of_its_process(place: Path) -> None:
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from tmux_orch.clock import SystemClock
        from tmux_orch.store.database import open_database
        from tmux_orch.store.outbox import NewMessage, Outbox
        place = Path(sys.argv[1])
        outbox = Outbox(open_database(place / "orch.db", place), SystemClock())
        for number in range(20):
            print(outbox.accept(NewMessage("shop", "shop/dev", "user", f"text {number}")).id)
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run(
        [sys.executable, "-c", program, str(place)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -9, done.stderr
    from tmux_orch.store.database import open_database

    database = open_database(place / "orch.db", place)
    kept = [m.id for m in Outbox(database, FixedClock()).open_for("shop/dev")]
    database.close()
    assert kept == done.stdout.split()
    assert len(kept) == 20


def test_the_same_key_and_text_give_the_first_message_again(outbox: Outbox) -> None:
    first = outbox.accept(new("do it", client_key="k"))
    outbox.move(first.id, S.GATE)
    again = outbox.accept(new("do it", client_key="k"))
    assert (again.id, again.seq, again.state) == (first.id, first.seq, S.GATE)
    assert len(outbox.recent("shop")) == 1


def test_the_same_key_with_another_text_or_target_is_refused(outbox: Outbox) -> None:
    outbox.accept(new("do it", client_key="k"))
    with pytest.raises(BadInput):
        outbox.accept(new("do that", client_key="k"))
    with pytest.raises(BadInput):
        outbox.accept(new("do it", target="shop/tester", client_key="k"))
    assert len(outbox.recent("shop")) == 1


def test_a_key_belongs_to_its_sender(outbox: Outbox) -> None:
    one = outbox.accept(new("do it", client_key="k"))
    other = outbox.accept(
        NewMessage("shop", "shop/developer", "shop/tester", "do that", client_key="k")
    )
    assert one.id != other.id


def test_a_repetition_is_compared_with_what_was_given_not_with_what_is_typed(
    outbox: Outbox,
) -> None:
    first = outbox.accept(new("see .orch/mailbox/aaaaaaaa.md", original="long", client_key="k"))
    again = outbox.accept(new("see .orch/mailbox/bbbbbbbb.md", original="long", client_key="k"))
    assert again.id == first.id


def test_a_finished_message_is_still_recognised_by_its_key(outbox: Outbox) -> None:
    secret = "use ghp_" + "a1B2" * 9
    first = outbox.accept(new(secret, client_key="k"))
    for state in (S.GATE, S.SUBMITTED, S.DELIVERED):
        outbox.move(first.id, state)
    assert outbox.accept(new(secret, client_key="k")).id == first.id


def test_text_that_is_not_text_is_refused(outbox: Outbox) -> None:
    with pytest.raises(BadInput):
        outbox.accept(new("caf\udce9"))
    assert outbox.recent("shop") == []


def test_an_id_made_beforehand_is_used_once(outbox: Outbox) -> None:
    assert outbox.accept(new(id="0badcafe")).id == "0badcafe"
    with pytest.raises(BadInput):
        outbox.accept(new(id="0badcafe"))


@pytest.mark.parametrize("old", list(MOVES))
@pytest.mark.parametrize("target", list(MOVES))
def test_only_the_moves_of_the_table_are_made(
    database: Database, outbox: Outbox, old: MessageState, target: MessageState
) -> None:
    message = outbox.accept(new())
    with database.write() as connection:
        connection.execute(text("UPDATE messages SET state = :s"), {"s": old.value})
    if target in MOVES[old]:
        moved = outbox.move(message.id, target, "why", "transcript", 2)
        assert (moved.state, moved.reason, moved.attempts) == (target, "why", 2)
        assert outbox.get(message.id) == moved
    else:
        with pytest.raises(IllegalMove):
            outbox.move(message.id, target)
        kept = outbox.get(message.id)
        assert kept is not None
        assert kept.state is old


def test_a_move_of_an_unknown_message_says_absent(outbox: Outbox) -> None:
    with pytest.raises(Absent):
        outbox.move("00000000", S.GATE)


def test_a_hold_can_be_explained_anew_without_a_move(outbox: Outbox, events: Events) -> None:
    message = outbox.move(outbox.accept(new()).id, S.HELD, "a dialog is open")
    before = events.last()
    told = outbox.explain(message.id, "a draft stands in the composer")
    assert (told.state, told.state_at) == (S.HELD, message.state_at)
    assert told.reason == "a draft stands in the composer"
    assert events.last() == before


def test_every_move_leaves_an_event(outbox: Outbox, events: Events) -> None:
    message = outbox.accept(new())
    outbox.move(message.id, S.GATE)
    outbox.move(message.id, S.HELD, "a dialog is open")
    kinds = [(e.kind, e.project, e.agent, e.payload["id"]) for e in events.since(0)]
    assert kinds == [
        (f"message.{state}", "shop", "shop/developer", message.id)
        for state in ("accepted", "gate", "held")
    ]


def test_open_messages_come_in_order_of_acceptance_and_final_ones_not_at_all(
    outbox: Outbox,
) -> None:
    ids = [outbox.accept(new(f"text {n}")).id for n in range(5)]
    other = outbox.accept(new(target="shop/tester"))
    outbox.move(ids[1], S.REFUSED, "rule")
    outbox.move(ids[0], S.HELD, "dialog")
    assert [m.id for m in outbox.open_for("shop/developer")] == [ids[0], *ids[2:]]
    assert outbox.targets_with_open() == ["shop/developer", "shop/tester"]
    assert outbox.count_held("shop") == {"shop/developer": 4, "shop/tester": 1}
    outbox.move(other.id, S.EXPIRED)
    assert outbox.targets_with_open() == ["shop/developer"]


def test_an_undecided_message_is_not_open_and_late_proof_still_counts(outbox: Outbox) -> None:
    message = outbox.accept(new())
    for state in (S.GATE, S.COMPOSING, S.UNKNOWN):
        outbox.move(message.id, state)
    assert outbox.open_for("shop/developer") == []
    assert outbox.move(message.id, S.DELIVERED).state is S.DELIVERED


def test_recent_messages_are_chosen_by_project_agent_state_and_number(outbox: Outbox) -> None:
    first = outbox.accept(new("1"))
    second = outbox.accept(new("2", target="shop/tester"))
    third = outbox.accept(NewMessage("shop", "shop/orchestrator", "shop/tester", "3"))
    outbox.accept(NewMessage("other", "other/developer", "user", "4"))
    assert [m.text for m in outbox.recent("shop")] == ["1", "2", "3"]
    assert [m.text for m in outbox.recent("shop", 2)] == ["2", "3"]
    assert [m.text for m in outbox.recent(None)] == ["1", "2", "3", "4"]
    assert [m.id for m in outbox.recent("shop", agent="shop/tester")] == [second.id, third.id]
    assert [m.id for m in outbox.recent("shop", after_seq=second.seq)] == [third.id]
    outbox.move(first.id, S.HELD)
    assert [m.id for m in outbox.recent("shop", states=[S.HELD])] == [first.id]


def test_how_many_a_pair_exchanged_is_counted_from_an_instant(
    outbox: Outbox, clock: FixedClock
) -> None:
    outbox.accept(new())
    since = clock.at
    clock.at += timedelta(seconds=1)
    outbox.accept(new())
    outbox.accept(new(target="shop/tester"))
    assert outbox.count_since("user", "shop/developer", since) == 1


def test_a_delivered_text_is_kept_without_its_secrets(
    reopen: Callable[[], Database], place: Path, clock: FixedClock
) -> None:
    secret = "sk-ant-api03-" + "Zq9" * 20
    outbox = Outbox(reopen(), clock)
    message = outbox.accept(new(f"the key is {secret}, keep it"))
    assert outbox.open_for("shop/developer")[0].text == f"the key is {secret}, keep it"
    for state in (S.GATE, S.SUBMITTED, S.DELIVERED):
        moved = outbox.move(message.id, state)
    assert moved.text == "the key is [redacted:anthropic-key], keep it"
    assert outbox.get(message.id) == moved
    reopen()
    assert not [p for p in place.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]


def test_the_scan_for_open_messages_uses_its_index(database: Database, outbox: Outbox) -> None:
    from tmux_orch.store.message_rows import OPEN_FOR, TARGETS

    for statement in (OPEN_FOR, TARGETS):
        sql = str(statement.compile(database.engine, compile_kwargs={"literal_binds": False}))
        with database.read() as connection:
            wanted = sql.count("?")
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {sql}", ("shop/developer",) * wanted
            ).all()
        assert any("ix_messages_is_open_target_seq" in str(row) for row in plan), plan


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(choices=st.lists(st.integers(0, 9), min_size=1, max_size=25))
def test_any_walk_along_the_table_keeps_row_and_openness_in_step(
    outbox: Outbox, events: Events, choices: list[int]
) -> None:
    start = events.last()
    message = outbox.accept(new())
    walked = [message.state]
    for choice in choices:
        ahead = sorted(MOVES[walked[-1]])
        if not ahead:
            break
        walked.append(outbox.move(message.id, ahead[choice % len(ahead)]).state)
    assert all(after in MOVES[before] for before, after in pairwise(walked))
    is_open = message.id in {m.id for m in outbox.open_for("shop/developer")}
    assert is_open == (walked[-1] in OPEN)
    assert (walked[-1] in FINAL) == (not MOVES[walked[-1]])
    assert [e.kind for e in events.since(start)] == [f"message.{s}" for s in walked]
