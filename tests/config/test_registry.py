"""Where everything lies, and that nobody else can reach it."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tmux_orch.config.registry import SOCKET_PATH_LIMIT, Registry
from tmux_orch.domain.errors import BadInput


def test_the_registry_is_found_in_order() -> None:
    environ = {"TMUX_ORCH_REGISTRY": "/r", "XDG_STATE_HOME": "/s", "HOME": "/h"}
    assert Registry.find(environ).root == Path("/r")
    del environ["TMUX_ORCH_REGISTRY"]
    assert Registry.find(environ).root == Path("/s/tmux-orch")
    environ["XDG_STATE_HOME"] = "relative"
    assert Registry.find(environ).root == Path("/h/.local/state/tmux-orch")
    assert Registry.find({}).root.is_absolute()


@pytest.mark.parametrize("value", ["relative", "./x", "~/x", "$HOME/x"])
def test_a_relative_registry_is_refused(value: str) -> None:
    with pytest.raises(BadInput) as caught:
        Registry.find({"TMUX_ORCH_REGISTRY": value})
    assert value in caught.value.line()


def test_every_directory_is_made_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        registry = Registry(tmp_path / "registry")
        registry.prepare()
        registry.prepare()
    finally:
        os.umask(old)
    there = [registry.root, *registry.root.iterdir()]
    assert {path.name for path in there} == {
        "registry", "run", "projects", "logs", "bin", "backups",
    }  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in there} == {0o700}


def test_the_layout_is_the_one_that_is_documented() -> None:
    registry = Registry(Path("/r"))
    assert registry.database == Path("/r/orch.db")
    assert registry.socket == Path("/r/run/daemon.sock")
    assert registry.lock == Path("/r/run/daemon.lock")
    assert registry.tmux_socket == Path("/r/run/tmux.sock")
    assert registry.tmux_config == Path("/r/run/tmux.conf")
    assert registry.logs == Path("/r/logs")
    assert registry.commands == Path("/r/bin")
    project = registry.project("shop")
    assert project.root == Path("/r/projects/shop")
    assert project.worktree("dev") == Path("/r/projects/shop/worktrees/dev")
    assert project.seat("dev") == Path("/r/projects/shop/seats/dev")
    assert project.environment == Path("/r/projects/shop/environment.json")


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "A", "1", "a.b", "a\n", "#(id)", "é"])
def test_what_is_not_a_name_never_becomes_part_of_a_path(name: str) -> None:
    registry = Registry(Path("/r"))
    with pytest.raises(ValueError):
        registry.project(name)
    with pytest.raises(ValueError):
        registry.project("shop").worktree(name)
    with pytest.raises(ValueError):
        registry.project("shop").seat(name)


def test_a_registry_that_others_may_write_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    root = tmp_path / "registry"
    root.mkdir()
    root.chmod(0o770)
    with pytest.raises(BadInput) as caught:
        Registry(root).prepare()
    assert f"chmod 700 {root}" in caught.value.line()
    assert list(root.iterdir()) == []


def test_another_users_registry_is_refused(
    shared: Path, as_ordinary_user: Callable[[Callable[[], None]], None]
) -> None:
    if os.geteuid() == 0:
        with pytest.raises(BadInput, match="another user"):
            Registry(shared).prepare()
        return
    with pytest.raises(BadInput, match="another user"):
        Registry(Path("/usr")).prepare()


LONG = "r" * 80


@pytest.fixture
def temporary(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(short_path))
    return short_path


def test_a_long_path_gets_its_sockets_elsewhere_and_keeps_them(
    tmp_path: Path, temporary: Path
) -> None:
    registry = Registry(tmp_path / LONG)
    registry.prepare()
    place = registry.run
    assert place.parent == temporary
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert len(os.fsencode(registry.socket)) <= SOCKET_PATH_LIMIT
    assert registry.tmux_socket.parent == place
    assert registry.lock.parent == registry.root / "run"
    assert Path(os.fsdecode(registry.place.read_bytes())) == place
    registry.prepare()
    assert Registry(tmp_path / LONG).run == place
    assert len(list(temporary.iterdir())) == 1


def test_a_path_of_exactly_the_limit_stays(short_path: Path) -> None:
    room = SOCKET_PATH_LIMIT - len(os.fsencode(short_path)) - len("/" + "/run/daemon.sock")
    registry = Registry(short_path / ("r" * room))
    assert len(os.fsencode(registry.socket)) == SOCKET_PATH_LIMIT
    registry.prepare()
    assert registry.run == registry.root / "run"
    assert not registry.place.exists()


def test_after_a_reboot_the_sockets_directory_is_made_again(
    tmp_path: Path, temporary: Path
) -> None:
    registry = Registry(tmp_path / LONG)
    registry.prepare()
    place = registry.run
    place.rmdir()
    assert registry.run == place
    registry.prepare()
    assert registry.run == place
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize("trick", ["link", "open", "file", "owner"])
def test_a_sockets_directory_that_became_somebody_elses_is_not_used(
    tmp_path: Path, temporary: Path, trick: str
) -> None:
    registry = Registry(tmp_path / LONG)
    registry.prepare()
    place = registry.run
    place.rmdir()
    if trick == "link":
        (temporary / "aim").mkdir(mode=0o700)
        place.symlink_to("aim")
    elif trick == "open":
        place.mkdir()
        place.chmod(0o777)
    elif trick == "file":
        place.touch(0o700)
    elif os.geteuid() == 0:
        place.mkdir(0o700)
        os.chown(place, 65534, 65534)
    else:  # nobody but root can give a directory away: one of root's stands for it
        registry.place.write_bytes(b"/usr")
        place = Path("/usr")
    with pytest.raises(BadInput, match="another user"):
        _ = registry.socket
    registry.prepare()
    assert registry.run != place
    assert registry.run.parent == temporary


def test_a_record_that_is_nonsense_is_replaced(tmp_path: Path, temporary: Path) -> None:
    registry = Registry(tmp_path / LONG)
    registry.prepare()
    for nonsense in (b"", b"relative", b"\xff", b"/" + b"x" * 300, b"/nowhere/at/all"):
        registry.place.write_bytes(nonsense)
        registry.prepare()
        assert registry.run.parent == temporary


def test_a_temporary_directory_that_is_too_deep_as_well_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("t" * 60)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(BadInput) as caught:
        Registry(tmp_path / LONG).prepare()
    assert "TMPDIR" in caught.value.line()
    assert list(deep.iterdir()) == []


def test_a_hostile_name_of_a_registry_works(tmp_path: Path) -> None:
    registry = Registry(tmp_path / '#(touch PWNED);$(id) "x"\n%h')
    registry.prepare()
    assert registry.root.is_dir()


@pytest.mark.parametrize("path", ["/a\nb", "/a\x1b]0;t\x07", "/a\x9bb", os.fsdecode(b"/caf\xe9")])
def test_a_registry_whose_path_is_no_plain_text_is_refused_in_one_line(path: str) -> None:
    for environ in ({"TMUX_ORCH_REGISTRY": path}, {"XDG_STATE_HOME": path}, {"HOME": path}):
        with pytest.raises(BadInput) as refused:
            Registry.find(environ)
        assert refused.value.line().isprintable()
