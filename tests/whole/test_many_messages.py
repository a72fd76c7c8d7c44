"""Bar B1: many senders at once to several agents: none lost, doubled, mixed or misdirected."""

from __future__ import annotations

import pytest

from tests.whole.conftest import Place, wait_until
from tests.whole.traffic import (
    QUIET,
    Traffic,
    canaries,
    check,
    check_accepted,
    outbox,
    pasted,
    receipts,
    scm,
    still_open,
)

AGENTS = ("orchestrator", "project_manager", "developer", "tester")
SENDERS = 8


def team(place: Place, **more: str) -> None:
    place.extra = {**QUIET, "REHEARSAL_BYTES": f"{place.root}/bytes/", **more}
    place.up("--roles", ",".join(AGENTS))
    wait_until(lambda: not still_open(place), 30, "the team has its first messages")


def many(place: Place, each: int, deadline_s: float) -> None:
    team(place)
    sent = Traffic(place, AGENTS, SENDERS, each).start().join(deadline_s)
    assert all(one.code == 0 for one in sent), [one for one in sent if one.code]
    assert len(check_accepted(place, sent)) == SENDERS * each
    wait_until(lambda: not still_open(place), deadline_s, "everything has an end")
    tally = check(place)
    assert not tally.faults(), tally.faults()
    assert not tally.undelivered
    typed = check_bytes(place)
    print(f"\nB1: {SENDERS} senders x {each}: {tally.line()}; {typed} typed, the rest handed over")
    print("B1: to an idle agent p50 {:.2f} s, p95 {:.2f} s".format(*when_idle(place)))
    assert not canaries(place)


def check_bytes(place: Place) -> int:
    """Byte for byte: one paste is one whole message, and besides pastes there is only Enter."""
    whole = {name: {row.typed for row in outbox(place) if row.target.endswith(f"/{name}")}
             for name in AGENTS}  # fmt: skip
    total = 0
    for path in (place.root / "bytes").iterdir():
        texts, rest = pasted(path)
        name = path.stem.partition("_")[2]
        assert set(texts) <= whole[name], set(texts) - whole[name]
        assert len(set(texts)) == len(texts), "pasted twice"
        assert rest.replace(b"\r", b"") == b"", rest[:200]
        total += len(texts)
    return total


def when_idle(place: Place) -> tuple[float, float]:
    """p50 and p95 of acceptance to delivery, each message to an agent that does nothing."""
    sent = []
    for number in range(24):
        name = AGENTS[number % len(AGENTS)]
        wait_until(lambda name=name: idle(place, name), 20, f"{name} is idle")
        sent.append(scm(place, 90, number, name, "--json", "--wait", "60"))
    assert [one.code for one in sent] == [0] * len(sent), [one for one in sent if one.code]
    took = sorted(receipts(sent))
    assert not check(place).faults()
    return took[len(took) // 2], took[int(len(took) * 0.95)]


def idle(place: Place, name: str) -> bool:
    agents = {agent["name"]: agent for agent in place.ask("status", project="sample")["agents"]}
    return agents[name]["state"] == "idle"


def test_eight_senders_at_once_reach_four_agents_each_message_once_and_whole(place: Place):
    many(place, each=15, deadline_s=60)


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_thousand_messages_of_eight_senders_arrive_each_once_and_whole(place: Place):
    many(place, each=125, deadline_s=300)
