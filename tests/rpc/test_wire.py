"""The wire takes any bytes apart in one way, or refuses them; limits hold before reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.rpc.wire import END, Assembler, TooLarge, WireError, frame

names = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=16).filter(lambda n: n != "end")
frames = st.lists(st.tuples(names, st.binary(max_size=300)), max_size=12)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


@given(frames, st.lists(st.integers(0, 60), max_size=40))
def test_frames_come_out_as_they_went_in_however_they_are_cut(sent, sizes):
    data = b"".join(frame(n, p) for n, p in sent) + END
    assembler = Assembler()
    got = [f for piece in cut(data, sizes) for f in assembler.feed(piece)]
    assert got == sent
    assert assembler.ended
    assert assembler.waiting == 0


@given(frames, st.data())
def test_a_truncated_request_is_never_taken_for_a_whole_one(sent, data):
    whole = b"".join(frame(n, p) for n, p in sent) + END
    short = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assembler = Assembler()
    got = assembler.feed(short)
    assert not assembler.ended
    assert got == sent[: len(got)]


@given(st.binary(max_size=400))
def test_any_bytes_are_frames_or_refused_and_held_bytes_are_bounded(data):
    assembler = Assembler(64, 128, 8)
    try:
        for piece in cut(data, [7] * 50):
            assembler.feed(piece)
    except WireError:
        return
    assert assembler.waiting <= 129


@given(st.binary(min_size=1, max_size=50))
def test_bytes_after_the_end_are_refused(extra):
    with pytest.raises(WireError):
        Assembler().feed(END + extra)


@pytest.mark.parametrize(
    "header",
    [b"text 1048577\n", b"body 8388609\n", b"text 9999999999\n"],
)
def test_a_frame_over_its_limit_is_refused_from_its_header(header):
    with pytest.raises(TooLarge):
        Assembler().feed(header)


def test_the_sum_of_frames_is_limited():
    assembler = Assembler()
    piece = frame("text", b"x" * (1 << 20))
    with pytest.raises(TooLarge):
        for _ in range(10):
            assembler.feed(piece)


def test_the_number_of_frames_is_limited():
    with pytest.raises(TooLarge):
        Assembler().feed(frame("a", b"") * 1000)


@pytest.mark.parametrize(
    "data",
    [
        b" 1\nx\n", b"A 1\nx\n", b"a\n", b"a \n", b"a -1\n", b"a +1\nx\n", b"a 1_0\n", b"a 01x\n",
        b"a 1 1\n", "é 1\nx\n".encode(), b"a \xb2\n", b"abcdefghijklmnopq 1\nx\n", b"\n",
        b"GET / HTTP/1.1\r\n", b"x" * 40, b"a 1\nxy\n", b"end 1\nx\n", b"a 00000000001\n",
        b"a 1\nxyb 1\nx\n",
    ],
)  # fmt: skip
def test_what_is_no_header_is_refused(data):
    with pytest.raises(WireError):
        Assembler().feed(data)
