"""Settings files are read strictly: JSON's values, one line for every fault, no explosion."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tmux_orch.config.yaml_strict import MAX_BYTES, MAX_DEPTH, Document, load, parse
from tmux_orch.domain.errors import Absent, BadInput


def refused(data: bytes | str, name: str = "x.yaml") -> str:
    """The one line with which ``data`` is refused."""
    with pytest.raises(BadInput) as caught:
        parse(data.encode() if isinstance(data, str) else data, name)
    line = caught.value.line()
    assert "\n" not in line
    assert line.startswith(name)
    return line


def data(text: str) -> Any:
    return parse(text.encode(), "x.yaml").data


def test_values_are_jsons_and_everything_else_is_text() -> None:
    text = """
    a: 1
    b: -2.5e3
    c: true
    d: null
    e:
    f: [x, "y: z", 'it''s']
    g: {h: 12:30, i: on, j: 010, k: 0x1f, l: 1_000, m: ~, n: .inf, o: 2001-12-14, p: No, q: +1}
    r: "1"
    s: True
    t: |
      two
      lines
    """
    assert data(text) == {
        "a": 1,
        "b": -2500.0,
        "c": True,
        "d": None,
        "e": None,
        "f": ["x", "y: z", "it's"],
        "g": {
            "h": "12:30",
            "i": "on",
            "j": "010",
            "k": "0x1f",
            "l": "1_000",
            "m": "~",
            "n": ".inf",
            "o": "2001-12-14",
            "p": "No",
            "q": "+1",
        },
        "r": "1",
        "s": "True",
        "t": "two\nlines\n",
    }


@pytest.mark.parametrize("text", ["", "\n\n", "# only words\n", "---\n", "\ufeff"])
def test_an_empty_file_is_an_empty_mapping(text: str) -> None:
    assert data(text) == {}


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: 1\nb: &x [1]\nc: *x\n", 2, "anchors"),
        ("a: *x\n", 1, "anchors"),
        ("a: 1\nb: !!python/object/apply:os.system ['id']\n", 2, "tags"),
        ("a: !!str 1\n", 1, "tags"),
        ("!x\na: 1\n", 1, "tags"),
        ("a: 1\nb: 2\na: 3\n", 3, "there already (line 1)"),
        ("a:\n  b: 1\n  'b': 2\n", 3, "there already (line 2)"),
        ("a: 1\n---\nb: 2\n", 2, "one document"),
        ("? [x]\n: 1\n", 1, "not text"),
        ("? {x: 1}\n: 1\n", 1, "not text"),
        ("a: 1\n b: 2\n", 2, ""),
        ("a: [1, 2\n", 2, ""),
        ("a: 'x\n", 2, ""),
        ("a: @x\n", 1, ""),
        ("a:\tx: 1\n", 1, ""),
        ("a: 1\nb: \x07\n", 2, "control character (\\x07)"),
        ("a: 1\nb: x\u202ey\n", 2, "control character (\\u202e)"),
        ("a: 1\nb: \x00\n", 2, "control character"),
        (f"a: {'9' * 19}\n", 1, "digits"),
        ("a: 1e999\n", 1, "too large"),
        ("a: " + "[" * (MAX_DEPTH + 1) + "\n", 1, "deep"),
        ("a: {" * 5000, 1, "deep"),
        ("- " * 5000 + "\n", 1, "deep"),
        ("a: 1\n<<: *b\n", 2, "anchors"),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, line: int, word: str) -> None:
    said = refused(text)
    assert said.startswith(f"x.yaml:{line}: ")
    assert word in said


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_another_encoding_is_refused(encoding: str) -> None:
    refused("a: caf\u00e9\n".encode(encoding))


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert data("<<: {a: 1}\n") == {"<<": {"a": 1}}


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(10**12)  # a hole: a terabyte that takes no room
    with pytest.raises(BadInput, match="larger than 256 kB"):
        load(path)


def test_the_largest_file_that_is_read_is_read_in_time() -> None:
    row = "- {name: developer, title: 'x', list: [1, 2, 3]}\n"
    text = row * (MAX_BYTES // len(row))
    began = time.monotonic()
    assert len(data(text)) > 4000
    for hostile in ("[" * MAX_BYTES, "a: " * (MAX_BYTES // 3), '"' + "\\" * (MAX_BYTES - 2)):
        refused(hostile)
    # A bound on growth, not a timing: what grows with the square of the size takes minutes here.
    assert time.monotonic() - began < 60


def test_what_is_no_readable_file_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path, tmp_path / "fifo", tmp_path / "loop", Path("/dev/zero")):
        with pytest.raises(BadInput) as caught:
            load(path)
        assert "\n" not in caught.value.line()
    with pytest.raises(Absent):
        load(tmp_path / "none")


def test_lines_are_known_for_every_value() -> None:
    document = parse(b"a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n", "f.yaml")
    assert document.at(("a",)) == "f.yaml:1"
    assert document.at(("b", 1, "d")) == "f.yaml:5"
    assert document.at(("b", 1, "missing")) == "f.yaml:4"
    assert document.at(()) == "f.yaml:1"


# YAML allows a key to be 1024 characters long at most.
keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=40)
    | keys
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(value=values)
@example(value={"a": [{}, [], ""]})
def test_what_json_writes_is_read_as_json_reads_it(value: Any) -> None:
    got = data(json.dumps({"top": value}, ensure_ascii=False))["top"]
    assert got == value
    assert json.dumps(got) == json.dumps(value)


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=200) | st.text("a: -[]{}&*!|>'\"#%@\n\t?,\\0", max_size=80))
def test_whatever_comes_is_read_or_refused_in_one_line(raw: bytes | str) -> None:
    raw = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
    try:
        document = parse(raw, "x.yaml")
    except BadInput as error:
        assert "\n" not in error.line()
        assert error.line().startswith("x.yaml")
        return
    assert isinstance(document, Document)
    json.dumps(document.data, allow_nan=False)
    assert all(isinstance(line, int) and line > 0 for line in document.lines.values())


def test_numbers_are_finite() -> None:
    assert math.isfinite(data("a: 1e308\n")["a"])
