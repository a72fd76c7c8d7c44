from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.messages.house import Agent, House, until
from tests.messages.receiver import START
from tmux_orch.domain.message import Message, MessageState, Proof, header
from tmux_orch.domain.states import AgentState
from tmux_orch.messages import receipt
from tmux_orch.messages.gate import TYPING_S
from tmux_orch.messages.hands import Hands

S = MessageState


def held(house: House, message: Message, reason: str) -> Message:
    """The message once it is held for a reason that begins so."""

    def found() -> Message | None:
        now = house.get(message)
        return now if now.state is S.HELD and now.reason.startswith(reason) else None

    got: Message = until(found)
    return got


def whole(message: Message) -> str:
    return f"{header(message.sender, message.id)} {message.text}"


def before(monkeypatch: pytest.MonkeyPatch, method: str, act: Callable[[], Any]) -> None:
    """Have ``act`` happen once, in the moment before the courier's next paste or Enter."""
    original = getattr(Hands, method)
    todo = [act]

    def wrapped(self: Hands, *args: Any) -> Any:
        while todo:
            todo.pop()()
        return original(self, *args)

    monkeypatch.setattr(Hands, method, wrapped)


def pastes(agent: Agent) -> int:
    return agent.bytes().count(START)


def test_a_message_to_an_idle_agent_is_delivered_once_and_whole(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    sent = house.send(dev, "hello; it's #{pid} $(touch x) — «ä» 🙂\nsecond line;")
    got = house.delivered(sent)
    assert (got.state, got.proof) == (S.DELIVERED, Proof.ANSWERED)
    assert dev.submitted() == [whole(sent)]
    assert house.states(sent) == ["accepted", "gate", "composing", "delivered"]


HOSTILE = [
    "-x", ";", "Enter", "C-c", "#(touch PWNED)", "~", "'\"\\", "%1", "a\tb", "x" * 5000, "é" * 3000,
    "\\;", "$HOME `id`", "!id", "/clear",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_tmux_or_a_composer_could_interpret_arrives_as_text(house: House, text: str) -> None:
    dev = house.agent("dev")
    house.start()
    sent = house.send(dev, text)
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == [f"{header('user', sent.id)} {text}"]


def test_the_row_says_composing_before_anything_is_typed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev")
    seen: list[str] = []
    house.start()
    before(monkeypatch, "paste", lambda: seen.append(house.outbox.open_for(dev.key)[0].state))
    house.delivered(house.send(dev, "x"))
    assert seen == [S.COMPOSING]


def test_a_swallowed_enter_is_pressed_again_and_the_text_not_pasted_again(house: House) -> None:
    dev = house.agent("dev", "--swallow", "1")
    house.start()
    sent = house.send(dev, "first enter is lost")
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]
    assert (pastes(dev), len(dev.log("swallowed"))) == (1, 1)


def test_enter_is_pressed_not_before_the_adapters_gap_after_the_paste(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev", gap_s=0.15)
    house.start()
    pasted_at: list[float] = []
    gaps: list[float] = []
    paste = Hands.paste

    def timed(self: Hands, *args: Any) -> bool:
        done = paste(self, *args)
        pasted_at.append(time.monotonic())
        return done

    monkeypatch.setattr(Hands, "paste", timed)
    for number in range(3):
        before(monkeypatch, "enter", lambda: gaps.append(time.monotonic() - pasted_at[-1]))
        assert house.delivered(house.send(dev, f"message {number}")).state is S.DELIVERED
    assert len(gaps) == 3
    assert all(0.149 <= gap < 1.0 for gap in gaps), gaps


def test_a_program_that_ignores_enter_for_a_while_after_a_paste_gets_it_again(
    house: House,
) -> None:
    dev = house.agent("dev", "--window", "0.3")
    house.start()
    sent = house.send(dev, "x")
    assert house.delivered(sent).state is S.DELIVERED
    assert (dev.submitted(), pastes(dev)) == ([whole(sent)], 1)


def test_a_program_that_never_takes_enter_strands_the_message_and_late_proof_counts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmux_orch.messages.deliver.SWALLOWED_S", 0.05)
    monkeypatch.setattr("tmux_orch.messages.courier.SCAN_S", 0.2)
    monkeypatch.setattr("tmux_orch.messages.courier.LATE_SCAN_S", 0.3)
    dev = house.agent("dev", "--swallow", "4")
    house.start()
    sent = house.send(dev, "nobody takes it")
    after = house.send(dev, "the next one")
    got = house.delivered(sent)
    assert got.state is S.STRANDED
    assert receipt.exit_code(got) == 5
    assert (pastes(dev), len(dev.log("swallowed"))) == (1, 4)
    held(house, after, "draft in the composer")
    house.tmux("send-keys", "-t", dev.seat.pane_id, "Enter")  # a person looks
    until(lambda: house.get(sent).state is S.DELIVERED)
    until(lambda: house.get(after).state is S.DELIVERED)
    assert dev.submitted() == [whole(sent), whole(after)]


def test_copy_mode_that_nobody_looks_at_is_left_and_the_message_delivered(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    house.tmux("copy-mode", "-t", dev.seat.pane_id)
    assert house.delivered(house.send(dev, "x")).state is S.DELIVERED


def test_a_person_who_reads_in_copy_mode_is_not_disturbed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmux_orch.messages.gate.TYPING_S", 0.0)
    dev = house.agent("dev")
    house.start()
    with house.attach():
        house.tmux("copy-mode", "-t", dev.seat.pane_id)
        sent = house.send(dev, "x")
        held(house, sent, "a person reads the window")
        assert (
            house.tmux("display-message", "-p", "-t", dev.seat.pane_id, "#{pane_in_mode}") == "1\n"
        )
        assert dev.bytes() == b""
        house.tmux("copy-mode", "-q", "-t", dev.seat.pane_id)
        until(lambda: house.get(sent).state is S.DELIVERED)


def test_copy_mode_entered_between_paste_and_enter_loses_no_enter(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev")
    house.start()
    before(monkeypatch, "enter", lambda: house.tmux("copy-mode", "-t", dev.seat.pane_id))
    sent = house.send(dev, "x")
    assert house.delivered(sent).state is S.DELIVERED
    assert (dev.submitted(), pastes(dev)) == ([whole(sent)], 1)


def test_a_person_at_the_keyboard_holds_the_message_until_he_rests(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    with house.attach() as person:
        person.type(b"a\x15")
        until(lambda: b"\x15" in dev.bytes())
        sent = house.send(dev, "x")
        held(house, sent, "a person is typing")
        assert pastes(dev) == 0
        got = house.delivered(sent, TYPING_S + 5)
        assert got.state is S.DELIVERED


def test_a_pane_with_input_off_holds_and_on_again_delivers(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    house.tmux("select-pane", "-d", "-t", dev.seat.pane_id)
    sent = house.send(dev, "x")
    held(house, sent, "the pane's input is switched off")
    house.tmux("select-pane", "-e", "-t", dev.seat.pane_id)
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]


def test_a_message_to_a_dead_pane_is_held_and_the_server_lives(house: House) -> None:
    dev = house.agent("dev")
    dev.port.override = AgentState.IDLE  # the watch has not noticed yet
    house.start()
    os.kill(dev.seat.pid, signal.SIGKILL)
    flag = ("display-message", "-p", "-t", dev.seat.pane_id, "#{pane_dead}")
    until(lambda: house.tmux(*flag) == "1\n")
    sent = house.send(dev, "x")
    got = house.delivered(sent)
    assert (got.state, got.reason) == (S.HELD, "the agent is not running")
    assert receipt.exit_code(got) == 3
    assert house.server.identity() is not None


def test_a_pane_that_dies_in_the_moment_of_the_paste_refuses_and_the_server_lives(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev")
    dev.port.override = AgentState.IDLE
    house.start()

    def die() -> None:
        os.kill(dev.seat.pid, signal.SIGKILL)
        flag = ("display-message", "-p", "-t", dev.seat.pane_id, "#{pane_dead}")
        until(lambda: house.tmux(*flag) == "1\n")

    before(monkeypatch, "paste", die)
    sent = house.send(dev, "x")
    held(house, sent, "the agent is not running")
    assert house.server.identity() is not None
    assert house.tmux("list-buffers") == ""


def test_an_open_dialog_holds_the_message_and_is_left_alone(house: House) -> None:
    dev = house.agent("dev")
    dev.port.override = AgentState.IDLE  # only the screen tells
    house.start()
    dev.tell("dialog", "Run rm -rf?")
    until(lambda: "DIALOG" in house.tmux("capture-pane", "-p", "-t", dev.seat.pane_id))
    sent = house.send(dev, "x")
    held(house, sent, "a dialog is open: Run rm -rf?")
    assert (dev.bytes(), dev.log("granted")) == (b"", [])
    dev.tell("close")
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.log("granted") == []


@pytest.mark.parametrize("told", [True, False])
def test_a_dialog_that_opens_after_the_paste_gets_no_enter(house: House, told: bool) -> None:
    dev = house.agent("dev", gap_s=0.1)
    if not told:
        dev.port.override = AgentState.IDLE  # the session file is late: only the screen tells
    house.start()
    dev.tell("dialog-after-paste", "Allow git push?")
    sent = house.send(dev, "x")
    held(house, sent, "typed, not sent: a ")
    assert dev.log("granted") == []
    assert b"\r" not in dev.bytes()
    dev.tell("close")
    got = house.delivered(sent)
    assert got.state is S.DELIVERED
    assert (dev.submitted(), pastes(dev)) == ([whole(sent)], 1)


def test_a_dialog_that_opens_in_the_moment_before_enter_gets_no_enter(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev")
    dev.port.override = AgentState.IDLE
    house.start()

    def open_dialog() -> None:
        dev.tell("dialog", "Allow?")
        until(lambda: "DIALOG" in house.tmux("capture-pane", "-p", "-t", dev.seat.pane_id))

    before(monkeypatch, "enter", open_dialog)
    sent = house.send(dev, "x")
    held(house, sent, "typed, not sent: a dialog is open")
    assert dev.log("granted") == []
    dev.tell("close")
    assert house.delivered(sent).state is S.DELIVERED


def test_a_draft_is_neither_sent_nor_changed(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    draft = "half a thought -- ünfinished"
    house.tmux("send-keys", "-l", "-t", dev.seat.pane_id, "half a thought -- unfinished")
    until(lambda: b"unfinished" in dev.bytes())
    typed = dev.bytes()
    sent = house.send(dev, "x")
    held(house, sent, "draft in the composer")
    screen = house.tmux("capture-pane", "-p", "-t", dev.seat.pane_id)
    assert f"> {draft.replace('ü', 'u')}" in screen
    assert (dev.bytes(), dev.submitted()) == (typed, [])
    house.tmux("send-keys", "-t", dev.seat.pane_id, "Enter")  # the person sends it
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == ["half a thought -- unfinished", whole(sent)]


def test_a_key_pressed_in_the_moment_before_the_paste_stops_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev")
    house.start()

    def key() -> None:
        house.tmux("send-keys", "-l", "-t", dev.seat.pane_id, "h")
        until(lambda: "> h" in house.tmux("capture-pane", "-p", "-t", dev.seat.pane_id))

    before(monkeypatch, "paste", key)
    sent = house.send(dev, "x")
    got = held(house, sent, "draft in the composer")
    assert (dev.bytes(), got.attempts) == (b"h", 0)
    house.tmux("send-keys", "-t", dev.seat.pane_id, "C-u")
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]


def test_keys_typed_between_paste_and_enter_are_not_sent_for_the_person(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev")
    house.start()

    def keys() -> None:
        house.tmux("send-keys", "-l", "-t", dev.seat.pane_id, " and my own words")
        until(lambda: "own words" in house.tmux("capture-pane", "-p", "-t", dev.seat.pane_id))

    before(monkeypatch, "enter", keys)
    sent = house.send(dev, "x")
    held(house, sent, "typed, not sent: a person typed")
    assert dev.submitted() == []
    house.tmux("send-keys", "-t", dev.seat.pane_id, "Enter")
    until(lambda: house.get(sent).state is S.DELIVERED)
    assert dev.submitted() == [f"{whole(sent)} and my own words"]


def test_a_text_that_a_person_shortened_before_enter_is_not_sent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev")
    house.start()

    def shorten() -> None:
        house.tmux("send-keys", "-t", dev.seat.pane_id, "-N", "4", "BSpace")
        until(lambda: dev.bytes().count(b"\x7f") == 4)

    before(monkeypatch, "enter", shorten)
    sent = house.send(dev, "do not delete the data")
    held(house, sent, "typed, not sent: a person typed")
    assert dev.submitted() == []
    house.tmux("send-keys", "-t", dev.seat.pane_id, "C-u")  # the person clears the box
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]


@pytest.mark.parametrize("moment", ["look", "paste", "enter"])
def test_a_pane_of_another_incarnation_gets_not_one_byte(
    house: House, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    dev = house.agent("dev")
    house.start()
    tag = ("set-option", "-p", "-t", dev.seat.pane_id, "@orch_incarnation", "abc123.9")
    before(monkeypatch, moment, lambda: house.tmux(*tag))
    sent = house.send(dev, "x")
    typed = moment == "enter"
    why = "the pane is not this agent's any more"
    held(house, sent, f"typed, not sent: {why}" if typed else why)
    assert b"\r" not in dev.bytes()
    assert typed or dev.bytes() == b""


def test_a_pane_id_of_another_agent_is_refused(house: House) -> None:
    dev, other = house.agent("dev"), house.agent("other")
    dev.port.reseat(replace(dev.seat, pane_id=other.seat.pane_id))
    house.start()
    held(house, house.send(dev, "x"), "the pane is not this agent's any more")
    assert other.bytes() == b""


def test_a_busy_agent_without_hooks_gets_it_when_idle_without_any_event(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    dev.tell("busy", "1.5")
    until(lambda: dev.port.refresh().state is AgentState.WORKING)
    sent = house.send(dev, "x")
    held(house, sent, "the agent is working")
    assert dev.bytes() == b""
    assert house.delivered(sent, 8).state is S.DELIVERED


def test_an_agent_that_begins_to_work_after_the_paste_gets_enter_when_idle(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = house.agent("dev", gap_s=0.1)
    original = Hands.paste

    def paste(self: Hands, *args: Any) -> bool:
        done = original(self, *args)
        dev.tell("busy", "1.0")
        until(lambda: dev.port.refresh().state is AgentState.WORKING)
        return done

    monkeypatch.setattr(Hands, "paste", paste)
    house.start()
    sent = house.send(dev, "x")
    held(house, sent, "typed, not sent: the agent is working")
    assert b"\r" not in dev.bytes()
    assert house.delivered(sent).state is S.DELIVERED
    assert (dev.submitted(), pastes(dev)) == ([whole(sent)], 1)


def test_a_text_shown_as_a_placeholder_is_recognised_as_ours(house: House) -> None:
    dev = house.agent("dev", "--placeholder", "800", "--swallow", "1")
    house.start()
    sent = house.send(dev, "line\n" * 400)
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]


def test_a_long_text_goes_through_the_mailbox(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    text = "first line of it\n" + "0123456789abcdef\n" * 4000
    sent = house.send(dev, text)
    assert house.delivered(sent).state is S.DELIVERED
    file = dev.place / "work" / ".orch" / "mailbox" / f"{sent.id}.md"
    assert file.read_text() == f"{header('user', sent.id)}\n\n{text}"
    assert file.stat().st_mode & 0o777 == 0o600
    [line] = dev.submitted()
    assert f".orch/mailbox/{sent.id}.md" in line
    assert "first line of it" in line
    assert len(line) < 400


def test_a_raw_message_has_no_header_and_is_proved_by_the_agent_beginning_to_work(
    house: House,
) -> None:
    dev = house.agent("dev", "--work", "0.5")
    house.start()
    sent = house.send(dev, "/compact now", raw=True)
    got = house.delivered(sent)
    assert (got.state, got.proof) == (S.DELIVERED, Proof.WORKING)
    assert dev.submitted() == ["/compact now"]


def test_an_agent_without_a_transcript_proves_by_beginning_to_work(house: House) -> None:
    dev = house.agent("dev", "--work", "0.5")
    dev.tell("quiet", "on")
    dev.port.readable = False
    house.start()
    got = house.delivered(house.send(dev, "x"))
    assert (got.state, got.proof) == (S.DELIVERED, Proof.WORKING)


def test_a_message_that_vanished_is_unknown_when_nothing_can_prove_it_and_not_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmux_orch.messages.deliver.PROOF_S", 0.3)
    dev = house.agent("dev")
    dev.tell("quiet", "on")
    dev.port.readable = False
    house.start()
    got = house.delivered(house.send(dev, "x"), 15)
    assert got.state is S.UNKNOWN
    assert pastes(dev) == 1


def test_a_prompt_hook_alone_is_no_proof_and_enter_is_not_pressed_again(house: House) -> None:
    dev = house.agent("dev", "--late-transcript", "1.0")
    dev.port.prompt_hook = True
    house.start()
    sent = house.send(dev, "x")
    until(lambda: dev.log("prompts"))
    assert house.delivered(sent, 0.3).state in (S.COMPOSING, S.SUBMITTED)
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.bytes().count(b"\r") == 1


def test_a_program_killed_after_its_prompt_hook_gets_the_message_in_its_next_life(
    house: House,
) -> None:
    dev = house.agent("dev", "--late-transcript", "30")
    dev.port.prompt_hook = True
    house.start()
    sent = house.send(dev, "x")
    until(lambda: dev.log("prompts"))
    os.kill(dev.seat.pid, signal.SIGKILL)
    until(lambda: dev.port.refresh().state is AgentState.EXITED)
    until(lambda: house.get(sent).state is S.HELD)
    again = house.agent("dev", incarnation=2)
    until(lambda: house.get(sent).state is S.DELIVERED)
    assert again.submitted() == [whole(sent)]


def test_a_message_the_program_provably_dropped_is_sent_again(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    dev.tell("deaf", "on")
    sent = house.send(dev, "x")
    until(lambda: pastes(dev) == 1)
    held(house, sent, "typed, not sent: the composer does not show it")
    dev.tell("deaf", "off")
    assert house.delivered(sent).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]


@pytest.mark.parametrize(
    ("moment", "options"), [("paste", ()), ("paste", ("--draw-late", "1.5")), ("enter", ())]
)
def test_a_program_that_stands_still_for_a_while_gets_one_text_and_one_enter(
    house: House, monkeypatch: pytest.MonkeyPatch, moment: str, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr("tmux_orch.messages.deliver.SWALLOWED_S", 0.1)
    monkeypatch.setattr("tmux_orch.messages.deliver.APPEAR_S", 0.3)
    monkeypatch.setattr("tmux_orch.messages.deliver.PROOF_S", 1.0)
    dev = house.agent("dev", *options)
    house.start()

    def freeze() -> None:
        dev.tell("freeze", "4")  # longer than it takes until all that may be is tried again
        until(lambda: dev.log("frozen"))

    before(monkeypatch, moment, freeze)
    sent = house.send(dev, "x")
    assert house.delivered(sent, 40).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]
    assert (pastes(dev), dev.bytes().count(b"\r")) == (1, 1)


def test_a_message_to_an_agent_that_does_not_run_is_held_at_once_and_goes_out_later(
    house: House,
) -> None:
    dev = house.agent("dev")
    agent = house.agents.pop(dev.key)
    house.start()
    sent = house.send(dev, "x")
    got = house.delivered(sent, 10)
    assert (got.state, got.reason) == (S.HELD, "the agent is not running")
    house.agents[dev.key] = agent
    until(lambda: house.get(sent).state is S.DELIVERED)


def test_messages_wait_their_turn_behind_a_held_one_and_say_why(house: House) -> None:
    dev = house.agent("dev")
    dev.port.holding = "usage limit until 13:00"
    house.start()
    sent = [house.send(dev, f"message {n}") for n in range(5)]
    for message in sent:
        held(house, message, "usage limit until 13:00")
    assert house.outbox.count_held("shop") == {dev.key: 5}
    dev.port.holding = None
    for message in sent:
        assert house.delivered(message).state is S.DELIVERED
    assert dev.submitted() == [whole(message) for message in sent]


def test_a_stopped_tmux_server_delays_and_loses_nothing(house: House) -> None:
    dev = house.agent("dev")
    house.start()
    server = house.server.identity()
    assert server is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        sent = house.send(dev, "x")
        assert house.delivered(sent, 0.5).state is not S.DELIVERED
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert house.delivered(sent, 20).state is S.DELIVERED
    assert dev.submitted() == [whole(sent)]


def test_eight_senders_to_four_agents_lose_double_and_mix_nothing(house: House) -> None:
    agents = [house.agent(f"a{n}") for n in range(4)]
    courier = house.start()
    sent: list[Message] = []
    lock = threading.Lock()

    def sender(number: int) -> None:
        for count in range(25):
            text = f"s{number} n{count}\n" + "ключ; #{x} \t 🙂 -- '\"\\ " * (count % 5)
            message = courier.accept("user", agents[count % 4].key, text)
            with lock:
                sent.append(message)

    threads = [threading.Thread(target=sender, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for message in sent:
        assert house.delivered(message, 60).state is S.DELIVERED
    for agent in agents:
        mine = sorted((m for m in sent if m.target == agent.key), key=lambda m: m.seq)
        assert [t.rstrip() for t in agent.submitted()] == [whole(m).rstrip() for m in mine]
        assert pastes(agent) == len(mine)
