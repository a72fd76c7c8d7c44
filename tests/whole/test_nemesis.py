"""Bar B2: many messages while people, kernels and terminals disturb the team all the time."""

from __future__ import annotations

import json

import pytest

from tests.whole.conftest import Place, wait_until
from tests.whole.nemesis import Nemesis, resume
from tests.whole.test_many_messages import AGENTS, SENDERS, idle, team
from tests.whole.traffic import (
    Traffic,
    canaries,
    check,
    check_accepted,
    heard,
    outbox,
    scm,
    still_open,
)


def disturbed(place: Place, each: int, seed: int, deadline_s: float) -> None:
    # Every start of an agent swallows two Enters: what was pressed is not what was taken.
    team(place, REHEARSAL_SWALLOW_ENTERS="2")
    server = place.tmux("display-message", "-p", "#{pid}").strip()
    traffic = Traffic(place, AGENTS, SENDERS, each, ("--wait", "2"), pause_s=1.0).start()
    nemesis = Nemesis(place, AGENTS, seed).start()
    sent = traffic.join(deadline_s)
    nemesis.stop()
    resume(place)
    kept = check_accepted(place, sent)
    wait_until(lambda: not still_open(place), deadline_s, "everything has an end")
    tally = check(place)
    print(f"\nB2 seed {seed}: {SENDERS} senders x {each}, {len(kept)} accepted, {tally.line()}")
    print(f"B2: {len(nemesis.done)} disturbances: {', '.join(nemesis.done)}")
    faults = tally.faults()
    assert not faults, faults
    shown = {row["id"]: row for row in place.messages()}
    for row in outbox(place):
        if row.state != "delivered" and len(shown) < 1000:
            assert shown[row.id]["reason"], row
    assert place.tmux("display-message", "-p", "#{pid}").strip() == server
    assert not canaries(place)
    programs = place.tmux("list-panes", "-a", "-F", "#{pane_current_command}").split()
    assert not {"sh", "bash", "dash", "zsh"} & set(programs)


def test_a_disturbed_team_loses_doubles_and_misdirects_nothing(place: Place):
    disturbed(place, each=8, seed=1, deadline_s=60)


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3])
def test_a_long_disturbed_team_loses_doubles_and_misdirects_nothing(place: Place, seed: int):
    disturbed(place, each=125, seed=seed, deadline_s=400)


def test_messages_to_a_deaf_agent_are_held_with_a_reason_and_arrive_once_when_it_hears(
    place: Place,
):
    team(place)
    deaf_s = 12
    place.run("scm", "--wait", "20", "tester", f'REHEARSAL{{"deaf_s":{deaf_s},"say":"I go deaf"}}')
    wait_until(lambda: idle(place, "tester"), 10, "it is idle and deaf")
    held = scm(place, 80, 0, "tester", "--json", "--wait", "2")
    sent = Traffic(place, AGENTS, SENDERS, 4).start().join(60)
    assert (held.code, json.loads(held.out)["state"]) != (0, "delivered")
    tester = place.agents()["tester"]["conversation_id"]
    assert not any("msg" in text and "s80n000" in text for text in heard(place, tester))

    def others() -> bool:
        rows = [row for row in outbox(place) if not row.target.endswith("/tester")]
        return all(row.state == "delivered" for row in rows)

    wait_until(others, 30, "the others got theirs meanwhile")
    rows = [row for row in outbox(place) if row.target.endswith("/tester") and row.key]
    assert any(row.state != "delivered" and row.reason for row in rows)
    wait_until(lambda: not still_open(place), 60, "everything has an end")
    assert len(check_accepted(place, sent)) == SENDERS * 4
    tally = check(place)
    assert not tally.faults(), tally.faults()
    assert not tally.undelivered
    print(f"\nB2 deaf: {tally.line()}; while deaf: {held.out.strip()}")
