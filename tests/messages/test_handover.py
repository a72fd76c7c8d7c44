from __future__ import annotations

from typing import Any

import pytest

from tests.messages.house import Agent, House, until
from tmux_orch.domain.message import SYSTEM, Message, MessageState, Priority, Proof
from tmux_orch.domain.states import AgentState
from tmux_orch.messages.compose import TOOL_CHARS, whole
from tmux_orch.messages.hands import Hands
from tmux_orch.messages.port import Handover, Moment
from tmux_orch.messages.record import HANDED

S = MessageState


def busy(house: House, *options: str) -> Agent:
    dev = house.agent("dev", *options)
    dev.tell("busy", "60")
    until(lambda: dev.port.refresh().state is AgentState.WORKING)
    dev.port.busy_hooks = True
    house.start()
    return dev


def idle(dev: Agent) -> None:
    dev.tell("busy", "0")
    until(lambda: dev.port.refresh().state is AgentState.IDLE)


def take(house: House, dev: Agent, moment: Moment = Moment.TURN_END) -> list[Handover]:
    """What a hook answer of this moment carries, all written whole."""
    assert house.courier is not None
    handed = house.courier.hand_over(dev.key, moment)
    house.courier.handed(dev.key, [h.id for h in handed], True)
    return handed


def test_all_waiting_messages_go_in_one_answer_in_order_and_none_is_typed(house: House) -> None:
    dev = busy(house)
    sent = [house.send(dev, f"message {n}") for n in range(12)]
    handed = take(house, dev)
    assert [h.id for h in handed] == [m.id for m in sent]
    assert [h.text for h in handed] == [whole(m) for m in sent]
    assert {house.get(m).state for m in sent} == {S.SUBMITTED}
    assert dev.bytes() == b""


def test_a_handed_message_is_delivered_only_when_the_model_answered(house: House) -> None:
    dev = busy(house)
    sent = house.send(dev, "x")
    [handed] = take(house, dev)
    dev.tell("handed", handed.text)
    assert house.courier is not None
    until(lambda: dev.log("transcript"))
    house.courier.kick(dev.key)
    assert house.delivered(sent, 2.0).state is S.SUBMITTED
    dev.tell("answer", "I see")
    got = house.delivered(sent)
    assert (got.state, got.proof) == (S.DELIVERED, Proof.ANSWERED)


def test_only_urgent_messages_are_handed_beside_a_tool_result_and_only_so_much(
    house: House,
) -> None:
    dev = busy(house)
    house.send(dev, "low", priority=Priority.LOW)
    first = house.send(dev, "u" * (TOOL_CHARS - 1000), priority=Priority.HIGH)
    second = house.send(dev, "v" * 2000, priority=Priority.HIGH)
    assert [h.id for h in take(house, dev, Moment.TOOL)] == [first.id]
    assert [h.id for h in take(house, dev, Moment.TOOL)] == [second.id]
    assert take(house, dev, Moment.TOOL) == []


def test_an_urgent_message_too_long_for_a_tool_result_waits_for_the_turns_end(
    house: House,
) -> None:
    dev = busy(house)
    sent = house.send(dev, "u" * (TOOL_CHARS + 1), priority=Priority.HIGH)
    assert take(house, dev, Moment.TOOL) == []
    assert [h.id for h in take(house, dev)] == [sent.id]


def test_after_six_answers_in_a_row_the_turn_may_end_and_its_own_turn_counts_anew(
    house: House,
) -> None:
    dev = busy(house)
    for number in range(6):
        house.send(dev, f"message {number}")
        assert len(take(house, dev)) == 1
    waiting = house.send(dev, "the seventh")
    assert take(house, dev) == []
    assert house.get(waiting).state is not S.SUBMITTED
    assert house.courier is not None
    house.courier.own_turn(dev.key)
    assert [h.id for h in take(house, dev)] == [waiting.id]


def test_an_answer_that_never_left_gives_the_messages_back(house: House) -> None:
    dev = busy(house)
    sent = house.send(dev, "x")
    assert house.courier is not None
    [handed] = house.courier.hand_over(dev.key, Moment.TURN_END)
    house.courier.handed(dev.key, [handed.id], False)
    until(lambda: house.get(sent).state is S.HELD)
    assert [h.id for h in take(house, dev)] == [sent.id]


def test_a_handed_message_that_provably_never_arrived_is_sent_again(house: House) -> None:
    dev = busy(house)
    sent = house.send(dev, "x")
    take(house, dev)
    idle(dev)  # the turn ended and the conversation has no trace of it
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]
    assert house.get(sent).attempts == 2


def test_a_handed_message_whose_agent_died_before_taking_it_is_held(house: House) -> None:
    dev = busy(house)
    sent = house.send(dev, "x")
    take(house, dev)
    dev.tell("exit")
    until(lambda: dev.port.refresh().state is AgentState.EXITED)
    got: Message = until(lambda: (m := house.get(sent)).state is S.HELD and m)
    assert got.reason in ("the agent is not running", "the agent did not take it; it is sent again")


def test_a_handed_message_in_the_conversation_is_never_sent_again_though_unanswered(
    house: House,
) -> None:
    dev = busy(house)
    sent = house.send(dev, "x")
    [handed] = take(house, dev)
    dev.tell("handed", handed.text)
    until(lambda: dev.log("transcript"))
    dev.tell("calm")  # as after the ninth answer in a row: no request followed
    until(lambda: dev.port.refresh().state is AgentState.IDLE)
    assert house.delivered(sent, 4.0).state is S.SUBMITTED
    assert (house.get(sent).reason, dev.bytes()) == (HANDED, b"")
    after = house.send(dev, "a later one")  # does not wait behind it, and makes the model answer
    for message in (after, sent):
        assert house.delivered(message).state is S.DELIVERED
    assert dev.submitted() == [whole(after)]


def test_nothing_overtakes_a_message_that_stands_typed_in_the_composer(house: House) -> None:
    dev = house.agent("dev", gap_s=0.1)
    house.start()
    dev.tell("dialog-after-paste", "Allow?")
    first = house.send(dev, "first")
    until(lambda: house.get(first).reason.startswith("typed, not sent"))
    second = house.send(dev, "second")
    assert take(house, dev) == []
    dev.tell("close")
    for message in (first, second):
        assert house.delivered(message).state is S.DELIVERED
    assert dev.submitted() == [whole(first), whole(second)]


def test_a_held_agent_is_handed_nothing(house: House) -> None:
    dev = busy(house)
    dev.port.holding = "paused"
    house.send(dev, "x")
    assert take(house, dev) == []


def test_a_raw_message_waits_for_the_composer(house: House) -> None:
    dev = busy(house)
    house.send(dev, "/compact", raw=True)
    assert take(house, dev) == []


def test_a_hook_that_asks_while_a_message_is_being_typed_does_not_get_that_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev")
    handed: list[Handover] = []
    original = Hands.paste

    def paste(self: Hands, *args: Any) -> bool:
        handed.extend(take(house, dev))
        return original(self, *args)

    monkeypatch.setattr(Hands, "paste", paste)
    monkeypatch.setattr("tmux_orch.messages.handover._LEASE_WAIT_S", 0.05)
    house.start()
    first, second = house.send(dev, "first"), house.send(dev, "second")
    for message in (first, second):
        assert house.delivered(message).state is S.DELIVERED
    assert handed == []
    assert dev.submitted() == [whole(first), whole(second)]


def test_a_held_agent_at_work_is_handed_a_request_for_its_checkpoint_and_nothing_else(
    house: House,
) -> None:
    dev = busy(house)
    dev.port.holding = "the weekly limit of its account is reached"
    assert house.courier is not None
    urgent = house.send(dev, "urgent", priority=Priority.HIGH)
    forged = house.courier.accept(
        "user", dev.key, "mine", priority=Priority.HIGH, client_key="checkpoint:x"
    )
    asked = house.courier.accept(
        SYSTEM, dev.key, "Checkpoint: …", priority=Priority.HIGH, client_key="checkpoint:x"
    )
    assert take(house, dev, Moment.TURN_END) == []
    assert [h.id for h in take(house, dev, Moment.TOOL)] == [asked.id]
    assert take(house, dev, Moment.TOOL) == []
    dev.port.holding = None
    assert [h.id for h in take(house, dev)] == [urgent.id, forged.id]
