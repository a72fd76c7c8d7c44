"""A person at the terminal: typing, pasting, sending, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.agents.pane import until
from tests.agents.rehearsal.conftest import Run, directive

Make = Callable[..., Run]


def test_a_typed_line_is_asked_and_answered_once(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.pane.type("hello there")
    run.pane.keys("Enter")
    run.answered("Understood: hello there").ready()
    assert run.asked() == ["hello there"]
    assert len(run.answers()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "one line",
        "three\nlines\n\tand a tab",
        "ünïcödé 漢字 🙂 e\u0301",
        "\n".join(f"line {n}" for n in range(40)),
        "x" * 9000,
        "#(touch PWNED) #{pid} $(id) `id` 'q' \"q\" \\ ; -",
        " /not a command",
    ],
)
def test_a_paste_arrives_byte_for_byte(rehearsal: Make, text: str) -> None:
    run = rehearsal().start().ready().send(text)
    run.answered("Understood").ready()
    assert run.asked() == [text]
    expected = b"\x1b[200~" + text.encode() + b"\x1b[201~\r"
    assert run.bytes_path.read_bytes() == expected


def test_a_long_paste_is_shown_as_a_placeholder_and_sent_whole(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    text = "\n".join(f"line {n}" for n in range(21))
    run.pane.paste(text)
    run.shows("[Pasted text #1 +20 lines]")
    run.box_is("[Pasted text #1 +20 lines]")
    run.enter().answered("Understood").ready()
    assert run.asked() == [text]


def test_three_lines_are_shown_as_they_are(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.pane.paste("one\ntwo\nthree")
    run.shows("three")
    run.box_is("one\ntwo\nthree")


def test_control_u_clears_the_draft(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.pane.type("half a thought")
    run.shows("half a thought")
    run.pane.keys("C-u")
    run.box_is("")
    run.pane.keys("Enter")
    run.pane.type("whole")
    run.pane.keys("Enter")
    run.answered("whole")
    assert run.asked() == ["whole"]


def test_the_draft_can_be_edited_in_its_middle(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.pane.type("held")
    run.pane.keys("Left", "Left", "BSpace", "Home", "Right", "x", "End")
    run.pane.type("o wide")
    run.pane.keys("C-w", "C-j")
    run.pane.type("2")
    run.pane.keys("Enter")
    run.answered("Understood")
    assert run.asked() == ["hxldo \n2"]


def test_enter_in_the_paste_window_becomes_a_newline_and_the_next_one_sends(
    rehearsal: Make,
) -> None:
    run = rehearsal(REHEARSAL_PASTE_WINDOW_S="2").start().ready()
    run.pane.paste("swallowed")
    run.pane.keys("Enter")
    run.shows("swallowed")
    assert run.asked() == []
    run.enter().answered("Understood")
    assert run.asked() == ["swallowed"]


def test_enter_in_the_paste_window_can_be_swallowed(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_PASTE_WINDOW_S="9", REHEARSAL_PASTE_ENTER="swallow").start().ready()
    run.pane.paste("one line")
    run.pane.keys("Enter")
    run.shows("one line")
    run.pane.type("+")
    run.shows("one line+")
    run.box_is("one line+")


def test_the_first_enter_can_be_swallowed(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_SWALLOW_ENTERS="1").start().ready().send("needs two")
    run.shows("needs two")
    run.pane.keys("Enter")
    run.answered("needs two").send("again two")
    run.shows("❯ again two")
    run.pane.keys("Enter")
    run.answered("again two")
    assert run.asked() == ["needs two", "again two"]


def test_messages_typed_while_busy_are_queued_and_follow_in_order(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send(directive(work_s=1.5, say="first"))
    run.status("busy").send("second").send("third")
    run.answered("Understood: third").ready()
    kinds = [line.get("operation", line["type"]) for line in run.lines()]
    assert kinds == [
        "user", "enqueue", "enqueue", "assistant",
        "dequeue", "dequeue", "user", "user", "assistant", "assistant",
    ]  # fmt: skip
    assert run.asked()[1:] == ["second", "third"]


def test_a_queued_message_is_taken_beside_a_tool_result(rehearsal: Make) -> None:
    order = directive(work_s=1.2, run=["true"], then={"work_s": 0.1, "say": "end"})
    run = rehearsal().start().ready().send(order).status("busy").send("in between")
    run.answered("end").ready()
    kinds = [line.get("operation", line["type"]) for line in run.lines()]
    assert kinds[:5] == ["user", "enqueue", "tool", "remove", "attachment"]
    assert run.lines()[4]["attachment"]["content"] == "in between"
    assert "Understood: in between" in run.answers()


def test_escape_ends_the_turn_without_a_word(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send(directive(work_s=60, say="never")).status("busy")
    run.pane.keys("Escape")
    run.ready().shows("Interrupted")
    assert run.answers() == []


def test_a_slash_is_a_command_and_not_a_message(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send("/nonsense")
    run.shows("Unknown command: /nonsense")
    run.send("/help").status("waiting", "dialog open").send("lost")
    run.ready()
    assert run.asked() == []
    run.send("/exit").dead()


def test_an_exclamation_mark_runs_a_command_at_once(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send("!touch made")
    until(lambda: (run.directory / "made").exists(), "the file")
    assert run.asked() == []


def test_every_text_gets_an_answer_even_when_nothing_is_said(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send(directive(run=["true"])).ready()
    assert run.answers() == ["Done."]
    run.send(directive()).ready()
    assert run.answers() == ["Done.", "Done."]


def test_a_broken_directive_is_answered_and_does_nothing(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.send('REHEARSAL{"write":{"x":"y"},"wurk_s":1}').answered("unknown key 'wurk_s'")
    run.send('REHEARSAL{"work_s":').answered("not JSON")
    assert not (run.directory / "x").exists()
