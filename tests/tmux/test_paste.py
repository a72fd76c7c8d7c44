"""Typing: whole, to the right pane, only while the guard holds, and the server lives."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tmux.conftest import TAG, Receiver, wait_for
from tmux_orch.domain.errors import BadInput
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.panes import PaneFacts, observe
from tmux_orch.tmux.paste import forget_text, leave_mode, paste, press
from tmux_orch.tmux.server import Server, ServerAbsent

Receivers = Callable[..., list[Receiver]]
BEGIN, END = b"\x1b[200~", b"\x1b[201~"


def buffers(server: Server) -> str:
    return server.run([Command("list-buffers")]).out


def facts(pane: Receiver) -> PaneFacts:
    return next(p for p in observe(pane.server).panes if p.pane_id == pane.opened.pane_id)


def die(pane: Receiver) -> None:
    os.kill(pane.opened.pid, 9)
    wait_for(lambda: facts(pane).dead, "the pane is dead")


def test_a_message_arrives_bracketed_and_enter_after_it(receiver_pane: Receiver) -> None:
    text = "first line; #{pid} $(id)\nsecond ä 日本 \U0001f600\ttab;"
    assert paste(receiver_pane.server, receiver_pane.guard, "1a2b3c4d", text)
    assert press(receiver_pane.server, receiver_pane.guard)
    whole = BEGIN + text.encode() + END + b"\r"
    wait_for(lambda: len(receiver_pane.received()) >= len(whole), "it arrives")
    assert receiver_pane.received() == whole
    assert buffers(receiver_pane.server) == ""


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text(
        st.one_of(
            st.sampled_from(list(";#{}$\"'\\-%~ \n\t")),
            st.characters(exclude_categories=["Cs", "Cc"]),
        ),
        min_size=1,
    )
)
def test_any_clean_text_arrives_byte_for_byte(receiver_pane: Receiver, text: str) -> None:
    before = len(receiver_pane.received())
    assert paste(receiver_pane.server, receiver_pane.guard, "any", text)
    whole = BEGIN + text.encode() + END
    wait_for(lambda: len(receiver_pane.received()) >= before + len(whole), "it arrives")
    assert receiver_pane.received()[before:] == whole


def test_a_megabyte_arrives_whole(receiver_pane: Receiver) -> None:
    text = "".join(random.Random(1).choices("abc ;\n日", k=400_000))
    assert paste(receiver_pane.server, receiver_pane.guard, "big", text)
    whole = BEGIN + text.encode() + END
    wait_for(lambda: len(receiver_pane.received()) >= len(whole), "it arrives", 30)
    assert receiver_pane.received() == whole


@pytest.mark.parametrize(
    "text",
    ["", "a\x1b[201~rm -rf", "\x00", "bell\x07", "\r", "\x7f", "\x9b201~", "half \ud800"],
)
def test_a_text_with_control_characters_is_refused_before_tmux_sees_it(
    receiver_pane: Receiver, text: str
) -> None:
    with pytest.raises(BadInput):
        paste(receiver_pane.server, receiver_pane.guard, "bad", text)
    assert buffers(receiver_pane.server) == ""


def test_a_paste_into_a_dead_pane_is_refused_and_the_server_lives(receivers: Receivers) -> None:
    dead, live = receivers("dev", "two")
    known = dead.server.ensure()
    die(dead)
    for _ in range(5):
        assert not paste(dead.server, dead.guard, "late", "text")
        assert not press(dead.server, dead.guard)
        assert not leave_mode(dead.server, dead.guard)
    assert dead.server.identity() == known
    assert buffers(dead.server) == ""
    assert paste(live.server, live.guard, "ok", "text")


def test_a_pane_that_dies_at_any_moment_of_a_paste_never_ends_the_server(
    receivers: Receivers,
) -> None:
    """Looking first and pasting then killed tmux 3.3a in 5 of 12 tries."""
    panes = receivers(*(f"dev-{n}" for n in range(12)))
    known = panes[0].server.ensure()
    chance = random.Random(7)
    for pane in panes:
        delay_s = chance.uniform(0, 0.006)
        killer = threading.Timer(delay_s, os.kill, (pane.opened.pid, 9))
        killer.start()
        for n in range(4):
            paste(pane.server, pane.guard, f"m{n}", "some text " * 50)
        killer.join()
    assert panes[0].server.identity() == known
    assert buffers(panes[0].server) == ""


def test_copy_mode_refuses_and_leaving_it_lets_the_message_through(receiver_pane: Receiver) -> None:
    server, guard = receiver_pane.server, receiver_pane.guard
    server.run([Command("copy-mode", "-t", guard.pane_id)])
    assert facts(receiver_pane).in_mode
    assert not paste(server, guard, "m", "text")
    assert not press(server, guard)
    assert leave_mode(server, guard)
    assert not facts(receiver_pane).in_mode
    assert leave_mode(server, guard)  # out of a mode it is done already
    assert paste(server, guard, "m", "text")
    wait_for(lambda: receiver_pane.received() == BEGIN + b"text" + END, "it arrives")


def test_clock_mode_refuses(receiver_pane: Receiver) -> None:
    receiver_pane.server.run([Command("clock-mode", "-t", receiver_pane.guard.pane_id)])
    assert not paste(receiver_pane.server, receiver_pane.guard, "m", "text")


def test_input_switched_off_refuses(receiver_pane: Receiver) -> None:
    server, guard = receiver_pane.server, receiver_pane.guard
    server.run([Command("select-pane", "-d", "-t", guard.pane_id)])
    assert facts(receiver_pane).input_off
    assert not paste(server, guard, "m", "text")
    assert not press(server, guard)
    assert not leave_mode(server, guard)
    server.run([Command("select-pane", "-e", "-t", guard.pane_id)])
    assert press(server, guard)


def test_another_incarnation_another_agent_or_no_pane_refuses(receiver_pane: Receiver) -> None:
    server, pane_id = receiver_pane.server, receiver_pane.guard.pane_id
    for other in (
        Guard(pane_id, "proj/dev", "abcdef.2"),
        Guard(pane_id, "proj/dev", "abcdef.11"),
        Guard(pane_id, "proj/developer", TAG),
        Guard("%9999", "proj/dev", TAG),
    ):
        assert not paste(server, other, "m", "text")
        assert not press(server, other)
        assert not leave_mode(server, other)
    assert buffers(server) == ""
    assert press(server, receiver_pane.guard)
    wait_for(lambda: receiver_pane.received() == b"\r", "only the right one arrived")


def test_the_same_ids_in_a_new_server_refuse(receiver_pane: Receiver, receivers: Receivers) -> None:
    old = receiver_pane.guard
    receiver_pane.server.stop()
    receiver_pane.server.ensure()
    [other] = receivers("two")
    assert other.guard.pane_id == old.pane_id
    assert not paste(other.server, old, "m", "text")


def test_a_key_typed_since_we_looked_refuses_when_the_cursor_is_guarded(
    receivers: Receivers,
) -> None:
    [pane] = receivers("dev", mode="plain")
    looked = facts(pane)
    guard = Guard(pane.guard.pane_id, "proj/dev", TAG, looked.cursor)
    assert press(pane.server, guard)
    # A program echoes what a person types: here the screen is written to directly.
    tty = pane.server.run([Command("list-panes", "-a", "-F", "#{pane_tty}")]).lines[0]
    with open(tty, "w") as terminal:
        terminal.write("d")
    wait_for(lambda: facts(pane).cursor != looked.cursor, "the cursor moved")
    assert not paste(pane.server, guard, "m", "text")
    assert not press(pane.server, guard)
    assert paste(pane.server, Guard(*[*vars_of(guard)]), "m", "text")


def vars_of(guard: Guard) -> tuple[str, str, str]:
    return guard.pane_id, guard.agent, guard.incarnation


def test_a_pane_that_is_split_by_a_person_still_gets_its_own_messages(
    receiver_pane: Receiver,
) -> None:
    server, guard = receiver_pane.server, receiver_pane.guard
    server.run([Command("split-window", "-t", guard.pane_id, "--", "cat", "-")])
    server.run([Command("rename-window", "-t", guard.pane_id, "other")])
    stranger = next(p for p in observe(server).panes if p.pane_id != guard.pane_id)
    assert stranger.agent == ""
    assert not paste(server, Guard(stranger.pane_id, "proj/dev", TAG), "m", "text")
    assert paste(server, guard, "m", "text")
    wait_for(lambda: receiver_pane.received() == BEGIN + b"text" + END, "it arrives")


def test_without_a_server_a_paste_says_so(cold: Server) -> None:
    with pytest.raises(ServerAbsent):
        paste(cold, Guard("%1", "proj/dev", TAG), "m", "text")
    with pytest.raises(ServerAbsent):
        press(cold, Guard("%1", "proj/dev", TAG))
    forget_text(cold, "m")


def test_a_buffer_left_by_a_cut_off_paste_can_be_removed(server: Server) -> None:
    server.run([Command("set-buffer", "-b", "m-cut", "private text")])
    forget_text(server, "cut")
    forget_text(server, "cut")
    assert buffers(server) == ""


@pytest.mark.parametrize(
    ("pane", "agent", "incarnation"),
    [
        ("", "proj/dev", TAG),
        ("dev", "proj/dev", TAG),
        ("%1", "proj/dev,1},1", TAG),
        ("%1", "#(id)/dev", TAG),
        ("%1", "dev", TAG),
        ("%1", "proj/dev", ""),
        ("%1", "proj/dev", "#{pid}"),
    ],
)
def test_nothing_but_our_own_names_enters_a_guard(pane: str, agent: str, incarnation: str) -> None:
    with pytest.raises(ValueError):
        Guard(pane, agent, incarnation)


@pytest.mark.parametrize("key", ["", "Enter Enter", "kill", "0x41", ";", "-l", "C-cc"])
def test_only_single_known_keys_are_pressed(key: str) -> None:
    with pytest.raises(ValueError):
        press(None, Guard("%1", "proj/dev", TAG), key)  # type: ignore[arg-type]


def test_two_hundred_messages_of_eight_senders_are_whole(receiver_pane: Receiver) -> None:
    """8 threads x 25 messages, a gap before Enter, under one lock per pane: 200 of 200."""
    lock = threading.Lock()
    pause = threading.Event()
    texts = {f"{s}-{n}": f"from {s} number {n}\nsecond line; of {s}-{n}" for s in range(8)
             for n in range(25)}  # fmt: skip
    refused: list[str] = []

    def send(sender: int) -> None:
        for n in range(25):
            with lock:
                if not paste(
                    receiver_pane.server,
                    receiver_pane.guard,
                    f"{sender}-{n}",
                    texts[f"{sender}-{n}"],
                ):
                    refused.append(f"{sender}-{n}")
                pause.wait(0.002)
                press(receiver_pane.server, receiver_pane.guard)

    begun = time.monotonic()
    threads = [threading.Thread(target=send, args=(s,)) for s in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{(time.monotonic() - begun) / 200 * 1000:.1f} ms per message")
    wait_for(lambda: receiver_pane.received().count(b"\r") == 200, "all have arrived")
    got = receiver_pane.received().split(b"\r")[:-1]
    assert not refused
    assert sorted(got) == sorted(BEGIN + text.encode() + END for text in texts.values())
    for sender in range(8):  # and each sender's in its order
        mine = [g for g in got if g.startswith(BEGIN + f"from {sender} ".encode())]
        assert mine == [BEGIN + texts[f"{sender}-{n}"].encode() + END for n in range(25)]
