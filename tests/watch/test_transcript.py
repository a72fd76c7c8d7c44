"""Transcripts that grow, are torn, cut, replaced, and are large."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.watch.conftest import FakeAdapter
from tmux_orch.agents.claude import transcript as claude_transcript
from tmux_orch.messages.port import Sighting
from tmux_orch.watch.transcript import Sightings, Transcript


def line(kind: str, text: str = "") -> bytes:
    return json.dumps({"kind": kind, "text": text}).encode() + b"\n"


def message(number: int) -> str:
    return f"[from tester · msg {number:08x}] please look"


def ident(number: int) -> str:
    return f"{number:08x}"


class Tail:
    """A transcript file and its reader."""

    def __init__(self, path: Path, tail_bytes: int = 1 << 20) -> None:
        self.path = path
        self.sightings = Sightings()
        self.adapter = FakeAdapter(path.parent)
        self.parsed = 0
        self.reader = Transcript(path, self._entry, self.sightings, tail_bytes)

    def _entry(self, data: bytes):  # type: ignore[no-untyped-def]
        self.parsed += 1
        return self.adapter.entry(data)

    def write(self, *data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(b"".join(data))

    def of(self, number: int) -> Sighting:
        assert self.reader.read()
        return self.sightings.of(ident(number))


@pytest.fixture
def tail(tmp_path: Path) -> Tail:
    return Tail(tmp_path / "t.jsonl")


def test_a_message_is_queued_then_taken_then_answered(tail: Tail) -> None:
    tail.write(line("queued", message(1)))
    assert tail.of(1) is Sighting.QUEUED
    tail.write(line("taken", message(1)))
    assert tail.of(1) is Sighting.TAKEN
    tail.write(line("other", "tool output"), line("answer", "done"))
    assert tail.of(1) is Sighting.ANSWERED
    tail.write(line("queued", message(1)))
    assert tail.of(1) is Sighting.ANSWERED


def test_an_answer_before_a_message_does_not_answer_it(tail: Tail) -> None:
    tail.write(line("answer", "hello"), line("taken", message(1)))
    assert tail.of(1) is Sighting.TAKEN


def test_one_answer_answers_all_that_was_handed_over_together(tail: Tail) -> None:
    tail.write(line("taken", f"{message(1)}\n\n{message(2)}"), line("answer"))
    assert (tail.of(1), tail.of(2)) == (Sighting.ANSWERED, Sighting.ANSWERED)


def test_a_queued_message_is_not_answered_by_the_answer_to_another(tail: Tail) -> None:
    tail.write(line("taken", message(1)), line("queued", message(2)), line("answer"))
    assert (tail.of(1), tail.of(2)) == (Sighting.ANSWERED, Sighting.QUEUED)


@pytest.mark.parametrize("kind", ["answer", "other"])
def test_a_marker_that_the_model_or_a_tool_says_proves_nothing(tail: Tail, kind: str) -> None:
    tail.write(line(kind, message(1)))
    assert tail.of(1) is Sighting.NONE


def test_the_brief_is_found_by_its_id(tail: Tail) -> None:
    tail.write(line("taken", "Read .orch/briefing.md and begin. [brief 0000beef]"))
    assert tail.of(0xBEEF) is Sighting.TAKEN


def test_an_escaped_dot_in_the_raw_line_is_the_same_marker(tail: Tail) -> None:
    tail.write(b'{"kind": "taken", "text": "[from pm \\u00b7 msg 00000001] x"}\n')
    assert tail.of(1) is Sighting.TAKEN


def test_a_torn_last_line_waits_for_its_end(tail: Tail) -> None:
    whole = line("taken", message(1))
    for byte in whole[:-1]:
        tail.write(bytes([byte]))
        assert tail.of(1) is Sighting.NONE
    tail.write(b"\n")
    assert tail.of(1) is Sighting.TAKEN


def test_a_torn_line_that_its_writer_never_ended_costs_only_itself(tail: Tail) -> None:
    tail.write(line("taken", message(1))[:20], b"\n", line("taken", message(2)))
    assert (tail.of(1), tail.of(2)) == (Sighting.NONE, Sighting.TAKEN)


def test_a_file_that_was_cut_is_read_anew(tail: Tail) -> None:
    tail.write(line("taken", message(1)), line("other", "x" * 500))
    assert tail.of(1) is Sighting.TAKEN
    os.truncate(tail.path, 0)
    tail.write(line("taken", message(2)))
    assert (tail.of(1), tail.of(2)) == (Sighting.TAKEN, Sighting.TAKEN)


def test_a_file_written_anew_under_the_same_inode_and_longer_is_read_anew(tail: Tail) -> None:
    tail.write(line("other", "a" * 50))
    assert tail.of(1) is Sighting.NONE
    os.truncate(tail.path, 0)
    tail.write(line("taken", message(1)), line("other", "b" * 500))
    assert tail.of(1) is Sighting.TAKEN


def test_another_file_under_the_name_is_read(tail: Tail, tmp_path: Path) -> None:
    tail.write(line("taken", message(1)), line("other", "x" * 50))
    assert tail.of(1) is Sighting.TAKEN
    (tmp_path / "new").write_bytes(line("taken", message(2)))
    (tmp_path / "new").replace(tail.path)
    assert tail.of(2) is Sighting.TAKEN


def test_a_missing_file_is_not_readable(tail: Tail) -> None:
    assert not tail.reader.read()
    tail.write(line("taken", message(1)))
    assert tail.of(1) is Sighting.TAKEN


def test_a_fifo_in_its_place_does_not_stop_us(tail: Tail) -> None:
    os.mkfifo(tail.path)
    tail.reader.read()
    assert tail.sightings.of(ident(1)) is Sighting.NONE


def big(tail: Tail, size: int, *special: tuple[float, bytes]) -> None:
    """A transcript of about ``size`` bytes with lines at given fractions of it."""
    filler = line("other", "y" * 100_000)
    count = size // len(filler)
    places = {int(fraction * count): data for fraction, data in special}
    with tail.path.open("wb") as file:
        for number in range(count):
            file.write(filler)
            file.write(places.get(number, b""))


def test_a_large_transcript_is_read_from_near_its_end_and_searched_for_what_is_asked(
    tmp_path: Path,
) -> None:
    tail = Tail(tmp_path / "big.jsonl")
    early = line("taken", message(1)) + line("answer") + line("taken", message(2))
    middle = line("queued", message(3))
    big(tail, 100_000_000, (0.01, early), (0.5, middle), (0.999, line("taken", message(4))))
    assert tail.of(4) is Sighting.TAKEN
    assert tail.parsed < 20, "lines without a marker are not parsed"
    assert tail.of(1) is Sighting.NONE
    for number, expected in ((1, Sighting.ANSWERED), (2, Sighting.TAKEN), (3, Sighting.QUEUED)):
        tail.reader.search(ident(number))
        assert tail.sightings.of(ident(number)) is expected, number
    before = tail.parsed
    for _ in range(3):
        tail.reader.search(ident(99))
    assert tail.parsed == before
    assert tail.sightings.of(ident(99)) is Sighting.NONE


def test_the_search_finds_an_id_across_its_blocks(tmp_path: Path) -> None:
    block = 1 << 20  # counted backwards from where reading began: here the end of the file
    last = line("other", "b" * 2000)
    for shift in range(12):
        tail = Tail(tmp_path / f"{shift}.jsonl", tail_bytes=1000)
        target = line("taken", message(1))
        after = len(target) - target.index(b" 00000001]")
        filler = block + shift - after - len(last) - len(line("other"))
        tail.write(target, line("other", "a" * filler), last)
        assert tail.of(1) is Sighting.NONE
        tail.reader.search(ident(1))
        assert tail.sightings.of(ident(1)) is Sighting.TAKEN, shift


def test_a_torn_line_that_was_cut_away_is_forgotten(tail: Tail) -> None:
    tail.write(b"this line was never ended, and it is longer than the next one: " + b"x" * 99)
    assert tail.of(1) is Sighting.NONE
    os.truncate(tail.path, 0)
    tail.write(line("taken", message(1)))
    assert tail.of(1) is Sighting.TAKEN


_lines = st.lists(
    st.tuples(st.sampled_from(["taken", "queued", "answer", "other"]), st.integers(0, 5)),
    max_size=30,
)


@settings(deadline=None)
@given(lines=_lines, cuts=st.randoms(use_true_random=False))
def test_however_a_file_grows_it_is_read_the_same(
    lines: list[tuple[str, int]], cuts: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("grow")
    whole, pieces = Tail(place / "whole"), Tail(place / "pieces")
    data = b"".join(line(kind, message(number)) for kind, number in lines)
    whole.write(data)
    while data:
        size = cuts.randint(1, 200)
        pieces.write(data[:size])
        pieces.reader.read()
        data = data[size:]
    if lines:
        for number in range(6):
            assert whole.of(number) is pieces.of(number)


def row(kind: str, text: str, own: str, parent: str = "") -> bytes:
    told = {"type": kind, "uuid": own, "parentUuid": parent or None}
    if kind in ("user", "assistant"):
        told["message"] = {"content": text}
    return json.dumps(told).encode() + b"\n"


def claude_tail(path: Path) -> tuple[Transcript, Sightings]:
    sightings = Sightings()
    return Transcript(path, claude_transcript.entry, sightings), sightings


def test_an_answer_written_before_its_prompt_is_found_by_its_parents(tmp_path: Path) -> None:
    """Seen of Claude Code 2.1.197 on a loaded machine: the answer's line stands first."""
    path = tmp_path / "t.jsonl"
    reader, sightings = claude_tail(path)
    path.write_bytes(
        row("assistant", "ok", "d", "c")
        + row("user", "Begin. [brief 0000beef]", "a")
        + row("attachment", "", "b", "a")
    )
    assert reader.read()
    assert sightings.of("0000beef") is Sighting.TAKEN
    with path.open("ab") as file:
        file.write(row("attachment", "", "c", "b"))
    assert reader.read()
    assert sightings.of("0000beef") is Sighting.ANSWERED


def test_an_older_answer_just_before_a_prompt_is_not_its_own(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    reader, sightings = claude_tail(path)
    path.write_bytes(
        row("user", "hello", "a")
        + row("assistant", "ok", "b", "a")
        + row("user", message(7), "c", "b")
        + row("attachment", "", "d", "c")
        + row("system", "", "e", "d")
    )
    assert reader.read()
    assert sightings.of(ident(7)) is Sighting.TAKEN
