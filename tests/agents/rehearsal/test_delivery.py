"""What others rely on when they deliver: exact bytes, many senders, any terminal, any size."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import random
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agents.pane import until
from tests.agents.rehearsal.conftest import Bare, Run, directive
from tmux_orch.agents.rehearsal.adapter import Rehearsal

Make = Callable[..., Run]
SENDERS, EACH = 8, 25
ALPHABET = "abc 漢字🙂é\t;#{}$()`'\"\\-|&<>*?~!/@%"


def message(sender: int, number: int) -> str:
    """Two or three lines of a hostile alphabet, with its own mark."""
    dice = random.Random(sender * 1000 + number)
    lines = ["".join(dice.choices(ALPHABET, k=dice.randint(1, 60))) for _ in range(2)]
    return f"[from s{sender} · msg {sender:04x}{number:04x}]\n" + "\n".join(lines) + "."


def sender(run_socket: str, pane: str, lock: str, number: int) -> None:
    """One process that sends its messages: paste, gap, Enter, all under one lock per pane."""
    tmux = ["tmux", "-S", run_socket]
    for count in range(EACH):
        with open(lock, "w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            name = f"m{number}-{count}"
            subprocess.run(
                [*tmux, "load-buffer", "-b", name, "-", ";",
                 "paste-buffer", "-p", "-r", "-d", "-b", name, "-t", pane],
                input=message(number, count).encode(), check=True,
            )  # fmt: skip
            time.sleep(0.03)  # paced: the gap is what is being tried
            subprocess.run([*tmux, "send-keys", "-t", pane, "Enter"], check=True)


def test_200_messages_of_8_senders_arrive_byte_for_byte_and_in_order(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_PASTE_WINDOW_S="0").start().ready()
    lock = str(run.root / "lock")
    start = multiprocessing.get_context("spawn").Process
    processes = [
        start(target=sender, args=(str(run.pane.socket), run.pane.id, lock, number))
        for number in range(SENDERS)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    until(lambda: len(taken(run)) >= SENDERS * EACH, "all of them", deadline_s=20)
    got = taken(run)
    wanted = [message(number, count) for number in range(SENDERS) for count in range(EACH)]
    assert sorted(got) == sorted(wanted)
    for number in range(SENDERS):
        mine = [text for text in got if text.startswith(f"[from s{number} ")]
        assert mine == [message(number, count) for count in range(EACH)]
    pasted = re.findall(rb"\x1b\[200~(.*?)\x1b\[201~", run.bytes_path.read_bytes(), re.DOTALL)
    assert [text.decode() for text in pasted] == got
    assert run.answers().count("Understood: " + wanted[0].split("\n")[1].strip()[:80]) == 1


def taken(run: Run) -> list[str]:
    entries = [Rehearsal().entry(line) for line in transcript(run).split(b"\n")]
    return [entry.text for entry in entries if entry.kind.value == "taken"]


def transcript(run: Run) -> bytes:
    paths = list((run.home / "conversations").glob("*.jsonl"))
    return paths[0].read_bytes() if paths else b""


def test_enter_after_the_adapters_gap_submits_nearly_always_at_once(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    again = 0
    for count in range(10):
        run.pane.paste(f"message {count}")
        time.sleep(Rehearsal.composer_gap_s)  # paced: the gap is what is being tried
        run.pane.keys("Enter")
        try:
            until(lambda n=count: len(run.asked()) > n, "the first Enter's effect", deadline_s=1)
        except AssertionError:
            again += 1  # a machine so busy that the program read the paste late
            run.enter()
        run.answered(f"message {count}")
    assert again <= 3


def test_text_and_enter_in_one_burst_do_not_submit(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_PASTE_WINDOW_S="1").start().ready()
    run.pane._tmux("send-keys", "-l", "-t", run.pane.id, "x" * 300, ";",
                   "send-keys", "-t", run.pane.id, "Enter")  # fmt: skip
    run.shows("x" * 100)
    run.enter().answered("x" * 80)
    assert run.asked() == ["x" * 300]


def test_a_megabyte_is_one_paste(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    text = ("0123456789abcde\n" * 65536)[:-1] + "."
    run.pane.paste(text)
    run.shows("[Pasted text #1 +65535 lines]")
    run.enter().answered("Understood: 0123456789abcde")
    assert run.asked() == [text]


def test_the_end_mark_in_a_text_is_typed_input_as_in_every_terminal(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_PASTE_WINDOW_S="0").start().ready()
    run.pane.paste("harmless\x1b[201~\rescaped")
    run.answered("harmless").shows("❯ escaped")
    assert run.asked() == ["harmless"]


@pytest.mark.parametrize(
    "term", ["tmux-256color", "screen", "xterm-256color", "vt100", "linux", "no-such-terminal"]
)
def test_any_terminal_with_a_cursor_will_do(rehearsal: Make, term: str) -> None:
    run = rehearsal(TERM=term).start("hello").ready().send("second").answered("second").ready()
    run.box_is("")
    assert run.screen().count("> hello") == run.screen().count("> second") == 1


def test_without_colours_nothing_is_styled(bare: Callable[..., Bare]) -> None:
    run = bare(NO_COLOR="1").start("hello").shows("Understood").shows("C-u clear")
    assert not re.search(rb"\x1b\[[0-9;]*m", run.seen)


def test_in_the_c_locale_it_speaks_utf8(rehearsal: Make) -> None:
    run = rehearsal(LANG="C", LC_ALL="C").start().ready().send("ünï 漢").answered("ünï 漢")
    assert run.asked() == ["ünï 漢"]


@pytest.mark.parametrize("size", [(200, 50), (120, 40), (80, 24), (36, 12)])
def test_box_and_dialog_are_found_at_any_size(rehearsal: Make, size: tuple[int, int]) -> None:
    run = rehearsal()
    run.pane.size = size
    run.start().ready().send("hello").answered("hello").ready()
    run.box_is("")
    run.pane.paste("a draft that is a little longer than the narrowest of these screens")
    until(lambda: squeezed(run).endswith("narrowestofthesescreens"), "the draft")
    run.pane.keys("C-u")
    run.send(directive(permission="touch made " + "x" * 100)).status("waiting", "permission prompt")
    found = until(lambda: Rehearsal().dialog(run.pane.screen()), "the dialog")
    assert (len(found.options), found.cursor) == (3, 0)
    run.pane.keys("Escape")
    run.ready()


def test_a_dialog_that_does_not_fit_is_not_read_as_anything(rehearsal: Make) -> None:
    run = rehearsal()
    run.pane.size = (24, 8)
    run.start().ready().send(directive(permission="touch made"))
    run.status("waiting", "permission prompt").shows("Enter to")
    assert Rehearsal().dialog(run.pane.screen()) is None
    assert Rehearsal().composer(run.pane.screen()).empty is None
    assert len(run.screen().rstrip("\n").split("\n")) == 8


def test_resizing_keeps_the_history_the_draft_and_one_box(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    for count in range(60):
        run.pane.type(f"line {count}")
        run.pane.keys("Enter")
        run.answered(f"line {count}")
    run.pane.type("the draft of a person who resizes the window")
    run.shows("who resizes the window")
    for columns, rows in ((60, 20), (150, 45), (30, 10), (200, 50), (120, 40)):
        run.pane._tmux("resize-window", "-t", run.pane.id, "-x", str(columns), "-y", str(rows))
        until(lambda: squeezed(run).endswith("resizesthewindow"), "the draft")
    history = run.pane._tmux("capture-pane", "-p", "-J", "-S", "-", "-t", run.pane.id)
    for count in range(60):
        assert len(re.findall(rf"^> line {count}$", history, re.MULTILINE)) == 1, count
    assert history.count("❯ the draft") == 1
    assert len(re.findall(r"^─+$", history, re.MULTILINE)) == 2
    run.pane.keys("Enter")
    run.answered("who resizes")


def squeezed(run: Run) -> str:
    """The draft without blanks: a row's end may swallow one. Empty while it is drawn anew."""
    return re.sub(r"\s", "", Rehearsal().composer(run.pane.screen()).text)


def test_a_draft_survives_what_is_printed_above_it(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send(directive(work_s=0.2, say="x\n" * 30, repeat=3))
    run.status("busy")
    run.pane.type("my draft")
    run.ready()
    run.box_is("my draft")
    assert len(run.asked()) == 1


def test_it_rests_when_it_is_idle(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    before = ticks(run.pid)
    time.sleep(1)  # paced: the time at rest is what is measured
    assert ticks(run.pid) - before <= 1


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_stopped_program_goes_on_where_it_was(rehearsal: Make) -> None:
    import signal

    run = rehearsal().start().ready()
    os.kill(run.pid, signal.SIGSTOP)
    run.pane.paste("while stopped")
    os.kill(run.pid, signal.SIGCONT)
    run.shows("while stopped").enter().answered("while stopped")
