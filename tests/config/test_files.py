"""Private files are replaced whole and read only when they are ours."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tmux_orch import crash
from tmux_orch.config.files import private_directory, read_private, write_atomically
from tmux_orch.domain.errors import Absent, BadInput


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest):
    old = os.umask(request.param)
    yield
    os.umask(old)


def test_a_file_is_private_whatever_the_umask_is(tmp_path: Path, umask: None) -> None:
    os.umask(os.umask(0o077))
    write_atomically(tmp_path / "a", b"one")
    write_atomically(tmp_path / "b", b"two", 0o644)
    assert (mode(tmp_path / "a"), mode(tmp_path / "b")) == (0o600, 0o644)


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "aim").write_bytes(b"theirs")
    (tmp_path / "file").symlink_to("aim")
    write_atomically(tmp_path / "file", b"ours")
    assert (tmp_path / "aim").read_bytes() == b"theirs"
    assert not (tmp_path / "file").is_symlink()


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr(crash, "_armed", True)
    monkeypatch.setattr(crash, "_fail_at", ("write", 1))
    monkeypatch.setattr(crash, "_counts", {})
    with pytest.raises(OSError):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_before_the_replacement_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    pid = os.fork()
    if pid == 0:
        crash._armed, crash._crash_at, crash._counts = True, ("write", 1), {}
        write_atomically(path, b"new")
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 9
    assert path.read_bytes() == b"old"


def test_a_name_of_the_longest_length_can_be_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("n" * 255), b"x")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"x"


def test_a_private_file_is_read(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"\x00\xff")
    assert read_private(tmp_path / "file") == b"\x00\xff"


def test_a_file_that_is_not_private_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for bits in (0o640, 0o604, 0o620, 0o644):
        path.write_bytes(b"x")
        path.chmod(bits)
        with pytest.raises(BadInput, match="open to other users"):
            read_private(path)
    path.chmod(0o600)
    with pytest.raises(BadInput, match="larger"):
        read_private(path, 0)
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "fifo", 0o600)
    for other in (tmp_path / "link", tmp_path / "fifo", tmp_path):
        with pytest.raises(BadInput):
            read_private(other)
    with pytest.raises(Absent):
        read_private(tmp_path / "none")


def test_another_users_file_is_refused(
    shared: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    """As root a file is given away; an ordinary user looks at one of root's."""
    if os.geteuid() == 0:
        write_atomically(shared / "file", b"x")
        os.chown(shared / "file", 65534, 65534)
        with pytest.raises(BadInput, match="another user"):
            read_private(shared / "file")
        return
    with pytest.raises(BadInput, match="another user"):
        read_private(Path("/etc/passwd"))


def test_a_file_that_may_not_be_read_is_one_line(
    shared: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    def as_user() -> None:
        write_atomically(shared / "file", b"x")
        (shared / "file").chmod(0o000)
        with pytest.raises(BadInput, match="Permission denied"):
            read_private(shared / "file")

    as_ordinary_user(as_user)


def test_a_directory_is_made_with_its_parents_and_private(tmp_path: Path) -> None:
    old = os.umask(0o000)
    try:
        private_directory(tmp_path / "a/b")
    finally:
        os.umask(old)
    assert mode(tmp_path / "a/b") == 0o700
    assert mode(tmp_path / "a") & 0o022 == 0


def test_a_directory_that_others_may_read_is_closed_and_one_they_may_write_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "d"
    path.mkdir()
    path.chmod(0o755)
    private_directory(path)
    assert mode(path) == 0o700
    for bits in (0o770, 0o720, 0o702, 0o1777):
        path.chmod(bits)
        with pytest.raises(BadInput, match="written by other users"):
            private_directory(path)
        assert mode(path) & 0o777 == bits & 0o777


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / "file", tmp_path / "file/x", tmp_path / "loop"):
        with pytest.raises(BadInput):
            private_directory(path)


def test_a_directory_that_may_not_be_made_is_one_line(
    shared: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    def as_user() -> None:
        shared.chmod(0o500)
        with pytest.raises(BadInput) as caught:
            private_directory(shared / "registry")
        assert "TMUX_ORCH_REGISTRY" in caught.value.line()
        shared.chmod(0o700)

    as_ordinary_user(as_user)
