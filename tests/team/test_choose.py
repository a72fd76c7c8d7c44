"""Keys go only into the dialog that was shown: a program draws it and records each byte."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tmux.terminal import Terminal
from tests.watch.conftest import eventually, make_seat
from tests.watch.real import Real, real_board
from tmux_orch.agents.adapter import Dialog
from tmux_orch.clock import SystemClock
from tmux_orch.domain.errors import Absent, BadInput, OrchError, Partly
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.team import choose
from tmux_orch.team.choose import Chooser
from tmux_orch.tmux.attach import attach_argv
from tmux_orch.tmux.command import Command

PROGRAM = r"""
import os, select, sys, time, tty
place, mode = sys.argv[1], sys.argv[2]
tty.setraw(0)
log = open(place + "/bytes", "ab", buffering=0)
asked, options, at = "First?", ["Alpha", "Beta", "Type something."], 0
def draw():
    rows = ["QUESTION " + asked]
    rows += [(">" if n == at else " ") + " " + o for n, o in enumerate(options)]
    if not asked:
        rows = ["nothing asked"]
    os.write(1, ("\x1b[2J\x1b[H" + "\r\n".join(rows) + "\x1b[%d;1H" % (at + 2)).encode())
os.write(1, b"\x1b[?2004h")
draw()
while True:
    if not select.select([0], [], [], 0.02)[0]:
        if mode == "restless":
            asked = "Now %d?" % int(time.time() * 20); draw()
        if os.path.exists(place + "/change") and asked == "First?":
            asked, at = "Delete everything?", 1; draw()
        continue
    data = os.read(0, 65536)
    log.write(data)
    if mode == "changes" and b"[B" in data:
        asked = "Delete everything?"; at = 1
    elif mode == "forgets" and b"[B" in data:
        mode = "plain"
        at = 1
        draw()
        time.sleep(0.1)  # paced: shown, then forgotten, as 2.1.329 does with its trust question
        at = 0
    elif mode == "deaf" or not asked:
        pass
    elif b"[200~" in data:
        text = data.split(b"[200~")[1].split(b"\x1b[201~")[0].decode()
        if at == 2 and mode != "drops":
            options[2] = text
    elif b"[B" in data or b"OB" in data:
        at = min(at + 1, 2)
    elif b"[A" in data or b"OA" in data:
        at = max(at - 1, 0)
    if b"\r" in data and mode != "stays":
        open(place + "/chosen", "a").write(asked + "=" + options[at] + "\n")
        asked = ""
    draw()
"""
SHOWN = Dialog(
    AgentState.WAITING_ANSWER,
    "First?",
    ("Alpha", "Beta", "Type something."),
    "t.dialog.question",
    0,
)


def read(screen: str) -> Dialog | None:
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in screen.splitlines()]
    if not lines or not lines[0].startswith("QUESTION "):
        return None
    options = [line for line in lines[1:] if line]
    cursors = [n for n, line in enumerate(options) if line.startswith(">")]
    return Dialog(
        AgentState.WAITING_ANSWER, lines[0][9:], tuple(line[2:] for line in options),
        "t.dialog.question", cursors[0] if cursors else None,
    )  # fmt: skip


@dataclass
class Stage:
    """The program in a pane of a real server, and a chooser for its dialog."""

    real: Real
    seat: Seat
    place: Path

    def chooser(self, shown: Dialog = SHOWN, **other: Any) -> Chooser:
        parts: Any = SimpleNamespace(
            server=self.real.server,
            clock=SystemClock(),
            adapter=lambda _seat: SimpleNamespace(dialog=read),
        )
        return Chooser(parts, replace(self.seat, **other), shown)

    def typed(self) -> bytes:
        return (self.place / "bytes").read_bytes()

    def chosen(self) -> str:
        path = self.place / "chosen"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def stage(short_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    program = short_path / "program.py"
    program.write_text(PROGRAM)
    with real_board(short_path) as real:
        argv = (sys.executable, str(program), str(short_path), getattr(request, "param", "plain"))
        seat = real.window(make_seat(), argv, {})
        shown = Command("capture-pane", "-p", "-t", seat.pane_id)
        eventually(lambda: "QUESTION" in real.server.run([shown]).out, 10)
        yield Stage(real, seat, short_path)


@pytest.fixture(autouse=True)
def settled_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "SETTLED_S", 0.15)
    monkeypatch.setattr(choose, "_DEADLINE_S", 0.6)
    monkeypatch.setattr(choose, "_TAKEN_S", 0.4)


def test_the_cursor_is_moved_to_the_option_and_enter_is_pressed_once(stage: Stage) -> None:
    assert stage.chooser().choose(1) is None
    assert stage.chosen() == "First?=Beta\n"
    assert stage.typed().count(b"\r") == 1


@pytest.mark.parametrize("stage", ["changes"], indirect=True)
def test_a_dialog_that_changes_between_look_and_key_is_not_answered(stage: Stage) -> None:
    with pytest.raises(Partly, match="asks something else"):
        stage.chooser().choose(1)
    assert (stage.chosen(), stage.typed().count(b"\r")) == ("", 0)


def test_tmux_refuses_the_enter_when_the_dialog_changed_after_the_last_look(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, screen = choose.press, Command("capture-pane", "-p", "-t", stage.seat.pane_id)

    def late(server: Any, guard: Any, key: str) -> bool:
        (stage.place / "change").touch()
        eventually(lambda: "Delete" in server.run([screen]).out, 5)
        return real(server, guard, key)

    monkeypatch.setattr(choose, "press", late)
    with pytest.raises(Absent, match="asks something else"):
        stage.chooser().choose(0)
    assert (stage.chosen(), stage.typed()) == ("", b"")


def test_a_dialog_that_was_changed_before_the_first_key_gets_none(stage: Stage) -> None:
    with pytest.raises(Absent):
        stage.chooser(replace(SHOWN, question="What was shown?")).choose(0)
    with pytest.raises(Absent):
        stage.chooser(replace(SHOWN, options=("Alpha", "Beta"))).choose(0)
    assert stage.typed() == b""


@pytest.mark.parametrize("stage", ["restless"], indirect=True)
def test_a_dialog_that_does_not_stand_still_gets_no_key(stage: Stage) -> None:
    with pytest.raises(Absent, match="does not stand still"):
        stage.chooser().choose(0)
    assert stage.typed() == b""


@pytest.mark.parametrize("stage", ["deaf"], indirect=True)
def test_a_cursor_that_does_not_follow_is_given_up_without_enter(stage: Stage) -> None:
    with pytest.raises(Partly, match="did not follow"):
        stage.chooser().choose(1)
    assert b"\r" not in stage.typed()


@pytest.mark.parametrize("stage", ["forgets"], indirect=True)
def test_a_key_that_was_shown_and_then_forgotten_is_pressed_again(stage: Stage) -> None:
    stage.chooser().choose(1)
    assert stage.chosen() == "First?=Beta\n"


def test_nothing_is_pressed_while_a_person_types_in_the_window(stage: Stage) -> None:
    server = stage.real.server
    terminal = Terminal(attach_argv(server, "shop", stage.seat.window_id, ""), 200, 50)
    try:
        seen = Command("list-clients", "-F", "#{client_activity}")
        eventually(lambda: server.run([seen]).out.strip(), 5)
        terminal.type(b"x")
        eventually(lambda: b"x" in stage.typed(), 5)
        with pytest.raises(BadInput, match="a person is typing"):
            stage.chooser().choose(0)
        assert stage.typed() == b"x"
    finally:
        terminal.close()


@pytest.mark.parametrize("stage", ["stays"], indirect=True)
def test_enter_is_never_pressed_twice(stage: Stage) -> None:
    with pytest.raises(Partly, match="pressed once"):
        stage.chooser().choose(0)
    assert stage.typed() == b"\r"


def test_a_text_is_pasted_into_its_field_and_seen_there_before_enter(stage: Stage) -> None:
    stage.chooser().choose(2, "use Dorado")
    assert stage.chosen() == "First?=use Dorado\n"


@pytest.mark.parametrize("stage", ["drops"], indirect=True)
def test_a_text_that_does_not_show_is_not_sent(stage: Stage) -> None:
    with pytest.raises(Partly, match="does not show the text"):
        stage.chooser().choose(2, "use Dorado")
    assert (stage.chosen(), stage.typed().count(b"\r")) == ("", 0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s.chooser(incarnation=2),
        lambda s: s.chooser(name="tester"),
        lambda s: s.chooser(pane_id="%999"),
        lambda s: _after(s, Command("copy-mode", "-t", s.seat.pane_id)),
        lambda s: _after(s, Command("select-pane", "-d", "-t", s.seat.pane_id)),
        lambda s: _killed(s),
    ],
    ids=["past-life", "other-agent", "no-pane", "copy-mode", "input-off", "dead"],
)
def test_a_pane_that_is_not_ours_alive_and_reading_gets_no_key(
    stage: Stage, spoil: Callable[[Stage], Chooser]
) -> None:
    chooser = spoil(stage)
    with pytest.raises((Absent, BadInput)):
        chooser.choose(0)
    assert stage.typed() == b""


def _after(stage: Stage, command: Command) -> Chooser:
    stage.real.server.run([command])
    return stage.chooser()


def _killed(stage: Stage) -> Chooser:
    os.kill(stage.seat.pid, 9)
    dead = Command("display-message", "-p", "-t", stage.seat.pane_id, "#{pane_dead}")
    eventually(lambda: stage.real.server.run([dead]).out.strip() == "1", 5)
    return stage.chooser()


def test_killed_between_two_keys_nothing_is_answered_and_the_next_answer_works(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The daemon dies here."""

    real, pressed = choose.press, []

    def dies(server: Any, guard: Any, key: str) -> bool:
        if pressed:
            raise Killed
        pressed.append(key)
        return real(server, guard, key)

    monkeypatch.setattr(choose, "press", dies)
    with pytest.raises(Killed):
        stage.chooser().choose(1)
    assert (pressed, stage.chosen()) == (["Down"], "")
    monkeypatch.setattr(choose, "press", real)
    stage.chooser().choose(0)
    assert stage.chosen() == "First?=Alpha\n"


def test_of_two_answers_to_one_dialog_one_is_given(stage: Stage) -> None:
    lease, won = threading.Lock(), []

    def answer(wanted: int) -> None:
        with lease:
            try:
                stage.chooser().choose(wanted)
                won.append(wanted)
            except OrchError:
                pass  # the other one was first: that is what is tested

    threads = [threading.Thread(target=answer, args=(wanted,)) for wanted in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert stage.chosen() == f"First?={SHOWN.options[won[0]]}\n"
