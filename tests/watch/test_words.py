"""What an agent says on purpose is told once, from its transcript or its screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tmux_orch.agents.adapter import Entry, EntryKind
from tmux_orch.domain.said import Said
from tmux_orch.watch.words import AGAIN_S, MOST_BYTES, TAIL_BYTES, Words

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def entry(line: bytes) -> Entry:
    try:
        data = json.loads(line)
    except ValueError:
        return Entry(EntryKind.OTHER, "")
    return Entry(EntryKind(data["kind"]), data["text"])


def line(text: str, kind: str = "answer") -> str:
    return json.dumps({"kind": kind, "text": text}) + "\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conversation.jsonl"


def add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def fresh() -> Words:
    """Of an agent that has said nothing yet."""
    words = Words()
    words.read(None, entry, NOW)
    return words


def test_only_the_models_own_words_count(path: Path) -> None:
    words = fresh()
    add(path, line("ERROR: ours", "taken") + line("ERROR: a tool's", "other"))
    add(path, line("I tried.\nERROR: no database") + line("Going on"))
    assert words.read(path, entry, NOW) == [Said("error", "no database")]
    assert words.last_line == "Going on"
    assert words.last == (Said("error", "no database"), NOW)
    assert words.read(path, entry, NOW) == []


def test_a_file_that_was_there_before_us_is_shown_and_not_told(path: Path) -> None:
    add(path, line("x" * TAIL_BYTES) + line("ERROR: yesterday") + line("QUESTION: old?"))
    words = Words()
    assert words.read(path, entry, NOW) == []
    assert words.last_line == "QUESTION: old?"
    add(path, line("QUESTION: new?"))
    assert words.read(path, entry, NOW) == [Said("question", "new?")]


def test_a_torn_line_is_read_when_it_is_whole(path: Path) -> None:
    words, whole = fresh(), line("COMPLETE: all")
    add(path, whole[:10])
    assert words.read(path, entry, NOW) == []
    add(path, whole[10:])
    assert words.read(path, entry, NOW) == [Said("complete", "all")]


def test_a_new_file_is_read_from_its_beginning_and_a_flood_from_its_end(path: Path) -> None:
    words = fresh()
    add(path, line("ERROR: one"))
    words.read(path, entry, NOW)
    path = path.with_name("next.jsonl")  # as after /clear
    add(path, line("ERROR: two"))
    assert words.read(path, entry, NOW) == [Said("error", "two")]
    add(path, line("ERROR: lost") + line("x" * MOST_BYTES) + line("ERROR: three"))
    assert words.read(path, entry, NOW) == [Said("error", "three")]


def test_the_same_again_is_told_again_after_a_while_only(path: Path) -> None:
    words = fresh()
    for after_s, expected in ((0, 1), (1, 0), (2 + AGAIN_S, 1)):
        add(path, line("ERROR: x"))
        found = words.read(path, entry, NOW + timedelta(seconds=after_s))
        assert len(found) == expected


def test_without_a_transcript_the_last_item_of_the_screen_speaks() -> None:
    words = Words()
    assert words.see("● ERROR: before us", "", NOW) == []
    assert words.last_line == "ERROR: before us"
    assert words.see("● ERROR: above\n● Working", "", NOW) == []
    assert words.see("● PERMISSION: may I?", "", NOW) == [Said("permission", "may I?")]
    assert words.see("", "$ sudo x\n[sudo] password for me: ", NOW) == [
        Said("blocked", "[sudo] password for me:")
    ]


def test_a_conversation_that_began_while_we_watch_is_told_from_its_beginning(path: Path) -> None:
    add(path, line("ERROR: at once"))
    assert Words().read(path, entry, NOW, ours=True) == [Said("error", "at once")]
