"""A spec is a text file; anything else is one line, and nothing ever waits."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.cli.spec_file import LIMIT, read_spec
from tmux_orch.domain.errors import BadInput


def refused(path) -> str:
    with pytest.raises(BadInput) as caught:
        read_spec(os.fspath(path))
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_text_file_is_read_whole(tmp_path):
    path = tmp_path / "spec.md"
    path.write_text("# Ünïcode 漢字\r\n\n- [ ] task\n")
    assert read_spec(os.fspath(path)) == "# Ünïcode 漢字\r\n\n- [ ] task\n".replace("\r\n", "\r\n")


def test_a_utf8_mark_is_left_out(tmp_path):
    path = tmp_path / "spec.md"
    path.write_bytes(b"\xef\xbb\xbf# x\n")
    assert read_spec(os.fspath(path)) == "# x\n"


def test_one_megabyte_is_the_limit(tmp_path):
    path = tmp_path / "spec.md"
    path.write_bytes(b"x" * LIMIT)
    assert len(read_spec(os.fspath(path))) == LIMIT
    path.write_bytes(b"x" * (LIMIT + 1))
    assert "larger than 1 MB" in refused(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("text".encode("utf-16"), "UTF-16"),
        ("text".encode("utf-16-be"), "UTF-16"),
        ("text".encode("utf-16-le"), "UTF-16"),
        ("text".encode("utf-32"), "UTF-32"),
        (b"text\0" + b"more text " * 20, "binary"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "binary"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        (b"%PDF-1.7\nplain", "a PDF"),
        (b"PK\x03\x04rest", "zip"),
        (b"{\\rtf1 x}", "RTF"),
        (b"line one\nline two\ncaf\xe9\n", "line 3"),
    ],
)
def test_what_is_no_utf8_text_is_named(tmp_path, data, said):
    path = tmp_path / "spec.md"
    path.write_bytes(data)
    assert said in refused(path)


def test_what_is_no_file_is_named_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(os.fspath(tmp_path / "socket"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert "a pipe" in refused(tmp_path / "fifo")
    assert "a directory" in refused(tmp_path)
    assert "socket or device" in refused(tmp_path / "socket")
    assert "socket or device" in refused("/dev/zero")
    assert "socket or device" in refused("/dev/null")
    assert "links" in refused(tmp_path / "loop")
    assert "there is no spec" in refused(tmp_path / "dangling")
    assert "there is no spec" in refused(tmp_path / "missing")
    assert "too long" in refused(tmp_path / ("x" * 300))
    assert "Not a directory" in refused("/dev/null/x")
    refused("a\0b")
    listening.close()


def test_a_fifo_with_a_writer_is_still_no_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(tmp_path / "fifo", os.O_WRONLY)
    os.write(writer, b"# spec\n")
    assert "a pipe" in refused(tmp_path / "fifo")
    os.close(writer)
    os.close(reader)


def test_an_unreadable_file_is_named(short_path, as_ordinary_user):
    path = short_path / "spec.md"
    path.write_text("x")
    path.chmod(0)
    short_path.chmod(0o755)
    as_ordinary_user(lambda: _is_refused(path))


def _is_refused(path):
    assert "Permission denied" in refused(path)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_text_or_one_line(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("s", numbered=True) / "spec"
    path.write_bytes(data)
    try:
        text = read_spec(os.fspath(path))
    except BadInput as error:
        assert "\n" not in error.message
    else:
        assert text.strip()
        assert "\0" not in text
