"""Tokens of a conversation are the sum of its answers, each counted once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.agents.claude.adapter import Claude
from tmux_orch.watch import tokens
from tmux_orch.watch.tokens import Tokens

SPENT = Claude().spent


def line(answer: str, taken: int, given: int, **more: object) -> bytes:
    usage = {"input_tokens": taken - 3, "cache_read_input_tokens": 3, "output_tokens": given}
    data = {"type": "assistant", "message": {"id": answer, "usage": usage}, **more}
    return json.dumps(data).encode() + b"\n"


def test_every_answer_counts_once_whatever_lines_it_stands_on(tmp_path: Path) -> None:
    path, sums = tmp_path / "t.jsonl", Tokens()
    path.write_bytes(line("a", 10, 1) + line("a", 10, 4) + b'{"type": "user"}\n' + line("b", 20, 2))
    sums.read(path, SPENT)
    assert sums.used == (30, 6)
    with path.open("ab") as file:
        file.write(line("b", 20, 5) + line("c", 30, 1)[:-5])
    sums.read(path, SPENT)
    assert sums.used == (30, 9), "a torn line is read when it is whole"
    with path.open("ab") as file:
        file.write(line("c", 30, 1)[-5:])
    sums.read(path, SPENT)
    sums.read(path, SPENT)
    assert sums.used == (60, 10)


def test_another_conversation_begins_at_nothing(tmp_path: Path) -> None:
    sums = Tokens()
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(line(name, 10, 1))
        sums.read(tmp_path / name, SPENT)
        assert sums.used == (10, 1)
    sums.read(tmp_path / "gone", SPENT)
    assert sums.used == (10, 1)


def test_a_long_file_is_caught_up_with_and_a_huge_line_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST_BYTES", 400)
    path, sums = tmp_path / "t.jsonl", Tokens()
    path.write_bytes(line("a", 10, 1) + b"x" * 1000 + b"\n" + line("b", 10, 1))
    for _ in range(6):
        sums.read(path, SPENT)
    assert sums.used == (20, 2)


@pytest.mark.parametrize(
    "text",
    [b"", b'{"usage"', b'{"message": {"usage": {}}}', b'{"type": "assistant", "message": 1}',
     b'["usage"]', b'{"type": "user", "message": {"id": "a", "usage": {}}}'],
)  # fmt: skip
def test_other_lines_used_nothing(text: bytes) -> None:
    assert SPENT(text) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(3, 99), st.integers(0, 99)), max_size=30))
def test_the_sum_is_the_highest_of_every_answer(answers: list[tuple[int, int, int]]) -> None:
    sums = Tokens()
    for answer, taken, given_ in answers:
        sums._add(str(answer), taken, given_)
    ids = {answer for answer, _, _ in answers}
    highest = [
        (max(t for a, t, _ in answers if a == i), max(g for a, _, g in answers if a == i))
        for i in ids
    ]
    expected = (sum(t for t, _ in highest), sum(g for _, g in highest))
    assert (sums.used or (0, 0)) == expected
