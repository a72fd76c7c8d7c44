"""The parts without a terminal, by example and by property."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmux_orch.agents.rehearsal import directive, handing, jsontext
from tmux_orch.agents.rehearsal.composer import Composer, PasteWindow
from tmux_orch.agents.rehearsal.habits import habit
from tmux_orch.agents.rehearsal.hooks import problem
from tmux_orch.agents.rehearsal.keys import Keys
from tmux_orch.agents.rehearsal.options import Defaults
from tmux_orch.agents.rehearsal.screen import printable, width_of, wrapped
from tmux_orch.domain.states import AgentState

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
# What may stand in a paste and arrive unchanged: everything but controls, tab and newline included.
PASTED = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t"))
DOCUMENT = Path(__file__).parents[3] / "docs" / "REHEARSAL.md"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(ends)]


@given(value=JSON)
def test_what_is_encoded_is_json_and_is_read_back(value: Any) -> None:
    assert json.loads(jsontext.encode(value)) == value
    assert jsontext.decode(f" {jsontext.encode(value)}\n") == value
    assert "\n" not in jsontext.encode(value)


@given(text=st.text() | JSON.map(json.dumps).flatmap(
    lambda t: st.integers(0, len(t)).map(lambda n: t[:n])))  # fmt: skip
def test_reading_json_agrees_with_the_standard_library(text: str) -> None:
    try:
        expected = json.loads(text, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        with pytest.raises(ValueError):
            jsontext.decode(text)
    else:
        assert jsontext.decode(text) == expected


def test_json_that_is_too_deep_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(ValueError):
        jsontext.decode("[" * 100_000)


@given(text=PASTED, before=st.text("abc", max_size=3), places=st.lists(st.integers(0), max_size=6))
def test_a_paste_is_read_whole_however_it_is_cut(text: str, before: str, places: list[int]) -> None:
    data = before.encode() + b"\x1b[200~" + text.encode() + b"\x1b[201~\r"
    keys, events = Keys(), []
    for piece in cut(data, places):
        events += keys.feed(piece)
    typed = "".join(what for kind, what in events if kind == "text")
    assert typed == before
    assert [event for event in events if event[0] != "text"] == [("paste", text), ("key", "enter")]
    assert not keys.waits_for_more


@given(data=st.binary(max_size=60), places=st.lists(st.integers(0), max_size=4))
def test_no_bytes_are_too_strange_to_read(data: bytes, places: list[int]) -> None:
    keys, events = Keys(), []
    for piece in cut(data, places):
        events += keys.feed(piece)
    events += keys.silence()
    assert all(kind in ("text", "paste", "key") for kind, _ in events)
    assert all(
        printable(what) == what for kind, what in events if kind == "text" and what.isascii()
    )


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"\x1b[A\x1b[B\x1bOC\x1b[D", ["up", "down", "right", "left"]),
        (b"\x15\x17\x01\x05", ["clear", "word", "home", "end"]),
        (b"\x0a\x0d\x7f\x08", ["newline", "enter", "backspace", "backspace"]),
        (b"\x1b\r\x1b[3~", ["newline", "delete"]),
        (b"\x1b[1;5C\x1b[99~\x1b]", []),
    ],
)  # fmt: skip
def test_keys_are_told_apart(data: bytes, events: list[str]) -> None:
    assert Keys().feed(data) == [("key", name) for name in events]


def test_a_lone_escape_is_a_key_only_after_silence() -> None:
    keys = Keys()
    assert keys.feed(b"\x1b") == [] and keys.waits_for_more
    assert keys.silence() == [("key", "escape")]
    assert keys.feed(b"\x1b") == [] and keys.feed(b"[A") == [("key", "up")]


def test_a_paste_drops_control_bytes_but_not_tab_and_newline() -> None:
    events = Keys().feed(b"\x1b[200~a\x00\x1bb\tc\r\nd\re\x7f\x1b[201~")
    assert events == [("paste", "ab\tc\nd\ne")]


EDITS = ("clear", "backspace", "delete", "word", "home", "end", "left", "right")


@given(
    edits=st.lists(
        st.tuples(
            st.sampled_from(["insert", "paste", "key"]),
            st.text(max_size=5) | st.sampled_from(EDITS),
        )
    )
)
def test_no_edit_breaks_the_draft(edits: list[tuple[str, str]]) -> None:
    draft = Composer()
    for kind, what in edits:
        if kind == "insert":
            draft.insert(what)
        elif kind == "paste":
            draft.insert_paste(what * 200)
        else:
            draft.key(what)
        shown, cursor = draft.shown()
        assert 0 <= cursor <= len(shown)
        assert bool(draft) is bool(shown)


def test_backspace_takes_a_long_paste_as_one() -> None:
    draft = Composer()
    draft.insert("see ")
    draft.insert_paste("x\n" * 9)
    assert draft.shown()[0] == "see [Pasted text #1 +9 lines]"
    draft.key("backspace")
    assert draft.text() == "see "


def test_the_paste_window_ends() -> None:
    window = PasteWindow(0.15)
    assert not window.is_open(10.0)
    window.pasted(10.0)
    assert window.is_open(10.149) and not window.is_open(10.15)


@given(text=st.text(max_size=60), width=st.integers(2, 30))
def test_rows_fit_and_lose_nothing(text: str, width: int) -> None:
    rows = wrapped(printable(text), width)
    assert all(width_of(row) <= width for row in rows)
    assert "".join(rows) == printable(text).replace("\n", "")


@given(text=st.text())
def test_nothing_a_terminal_obeys_is_printed(text: str) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printable(text))


GOOD: dict[str, Any] = {
    "deaf_s": 0.5, "work_s": 2, "read": "a.txt", "permission": "touch x",
    "ask": {"question": "q", "options": ["a", "b"]}, "write": {"a/b.txt": "x"},
    "run": ["scm", "orchestrator", "done"], "commit": "message",
    "use": {"tokens": 10, "usd": 0.5, "percent": 42, "reset_s": 60}, "print": "", "say": "hi",
    "limit": "You've hit your limit", "limit_menu": True, "exit": 3, "crash": 9, "repeat": 2,
    "then": {"say": "more"},
}  # fmt: skip


def test_every_key_is_accepted_and_documented() -> None:
    assert set(GOOD) == set(directive.KEYS)
    assert directive.find(f"please {directive.MARK[:-1]}{json.dumps(GOOD)} now") == [GOOD]
    rows = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert [row for row in rows if not row.startswith("REHEARSAL")] == list(directive.KEYS)


def test_every_variable_is_documented() -> None:
    source = Path(directive.__file__).parent
    used = set()
    for path in source.glob("*.py"):
        used |= set(re.findall(r'"(REHEARSAL_\w+)"', path.read_text()))
    rows = re.findall(r"^\| `(REHEARSAL_\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert used == set(rows)


@pytest.mark.parametrize("bad", [
    {"work": 1}, {"work_s": -1}, {"work_s": "1"}, {"work_s": True}, {"work_s": math.inf},
    {"run": []}, {"run": "ls"}, {"run": [""]}, {"run": ["a\0"]}, {"write": {}},
    {"write": {"/etc/x": ""}}, {"write": {"a/../../x": ""}}, {"write": {".git/hooks/x": ""}},
    {"write": {"a": 1}}, {"permission": " "}, {"commit": " "}, {"exit": 256}, {"exit": True},
    {"crash": 0}, {"crash": 99}, {"repeat": 0}, {"then": 1}, {"then": {"x": 1}},
    {"ask": {"question": "q"}}, {"ask": {"question": "q", "options": ["x"] * 10}},
    {"limit": ""}, {"limit_menu": 1}, {"say": 1}, [], "x",
])  # fmt: skip
def test_a_wrong_directive_is_refused_in_one_line(bad: object) -> None:
    with pytest.raises(directive.NotUnderstood) as caught:
        directive.checked(bad)
    assert "\n" not in str(caught.value)


@settings(max_examples=50)
@given(value=st.dictionaries(st.sampled_from([*directive.KEYS, "x"]), JSON, max_size=3))
def test_no_directive_is_too_strange_to_check(value: Any) -> None:
    try:
        assert directive.checked(value) == value
    except directive.NotUnderstood as error:
        assert "\n" not in str(error)


def test_several_directives_are_found_in_order() -> None:
    text = 'REHEARSAL{"say":"a"} and REHEARSAL{"say":"REHEARSAL{"} end'
    assert directive.find(text) == [{"say": "a"}, {"say": "REHEARSAL{"}]


def test_directives_nested_too_deeply_are_refused() -> None:
    text = "REHEARSAL" + '{"then":' * 150 + "{}" + "}" * 150
    with pytest.raises(directive.NotUnderstood):
        directive.find(text)


def test_the_hub_does_not_report_to_itself() -> None:
    brief = "Read .orch/briefing.md and begin. [brief 0badcafe]"
    defaults = Defaults({})
    assert "run" not in habit(brief, "p/orchestrator", defaults)
    order = habit(brief, "p/developer-2", defaults)
    assert order["run"][:3] == ["scm", "--no-wait", "orchestrator"]
    assert list(order["write"]) == ["notes/developer-2.md"]
    assert directive.checked(order) == order
    assert "run" not in habit(brief, "", defaults)


def test_the_answer_to_a_message_leaves_its_header_out() -> None:
    said = habit("[from pm · msg 1a2b3c4d]\n\n  how is it?\nmore", "p/dev", Defaults({}))["say"]
    assert said == "Understood: how is it?"


def test_the_environment_can_replace_both_habits() -> None:
    defaults = Defaults({"REHEARSAL_ON_BRIEF": "{}", "REHEARSAL_ON_MESSAGE": '{"say":"x"}'})
    assert habit("Read .orch/briefing.md and begin.", "p/d", defaults) == {}
    assert habit("hello", "p/d", defaults) == {"say": "x"}


@pytest.mark.parametrize("wrong", [
    [], {"Stop": {}}, {"Stop": [{}]}, {"Stop": [{"hooks": [{"type": "http"}]}]},
    {"Stop": [{"hooks": [{"type": "command"}]}]},
    {"Stop": [{"hooks": [{"type": "command", "command": "'"}]}]},
    {"Stop": [{"hooks": [{"type": "socket", "timeout": "x"}]}]},
])  # fmt: skip
def test_wrong_hook_settings_are_told(wrong: object) -> None:
    assert problem(wrong)


def test_right_hook_settings_are_taken() -> None:
    command = {"type": "command", "command": "orch-hook --x 'a b'", "timeout": 5}
    assert problem({"Stop": [{"hooks": [command, {"type": "socket"}]}]}) == ""


def test_a_turn_that_failed_for_a_limit_holds_it_until_the_time_in_the_text() -> None:
    now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    said = "You've hit your limit · resets 9pm (UTC)"
    payload = {"hook_event_name": "StopFailure", "last_assistant_message": said}
    found = handing.read(payload, now).reading
    assert (found.state, found.detail) == (AgentState.USAGE_LIMITED, said)
    assert found.until_at == now.replace(hour=21)
