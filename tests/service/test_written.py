"""Service files: known again, written only when they differ, never over a person's own."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path

import pytest
from hypothesis import given

from tests.service.subjects import HOSTILE, names, subject
from tmux_orch.domain.boot import OnBoot
from tmux_orch.domain.errors import BadInput
from tmux_orch.service import acts, launchd, systemd
from tmux_orch.service.written import ServiceFile, Standing


@pytest.fixture
def file(tmp_path: Path) -> ServiceFile:
    return ServiceFile(tmp_path / "systemd/user/x.service", "[Unit]\n")


def test_it_is_written_once_and_removed(file):
    assert file.standing() is Standing.ABSENT
    assert file.write() is True
    assert (file.standing(), file.path.stat().st_mode & 0o777) == (Standing.CURRENT, 0o644)
    before = file.path.stat()
    assert file.write() is False
    assert file.path.stat().st_mtime_ns == before.st_mtime_ns
    assert file.remove() is True
    assert file.remove() is False


def test_one_of_another_version_is_replaced(file):
    file.write()
    newer = ServiceFile(file.path, "[Unit]\nDescription=new\n")
    assert newer.standing() is Standing.OUTDATED
    assert newer.write() is True
    assert newer.standing() is Standing.CURRENT


@pytest.mark.parametrize(
    ("content", "standing"),
    [
        (b"", Standing.FOREIGN),
        (b"[Unit]\n", Standing.FOREIGN),
        (b"\xff\xfe", Standing.FOREIGN),
        (b"# Written by somebody\n[Unit]\n", Standing.FOREIGN),
        (None, Standing.EDITED),
    ],
)
def test_what_a_person_wrote_or_changed_is_neither_replaced_nor_removed(file, content, standing):
    file.write()
    if content is None:
        content = file.text.encode() + b"Nice=5\n"
    file.path.write_bytes(content)
    assert file.standing() is standing
    for act in (file.write, file.remove, file.check):
        with pytest.raises(BadInput, match=str(standing)):
            act()
    assert file.path.read_bytes() == content


def test_a_masked_unit_is_the_persons(file):
    file.path.parent.mkdir(parents=True)
    file.path.symlink_to("/dev/null")
    with pytest.raises(BadInput, match="not ours"):
        file.write()
    assert os.readlink(file.path) == "/dev/null"


def test_a_directory_in_its_place_is_one_line(file):
    file.path.mkdir(parents=True)
    with pytest.raises(BadInput, match="cannot read"):
        file.write()


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "systemd").write_text("a file")
    with pytest.raises(BadInput, match="cannot"):
        ServiceFile(tmp_path / "systemd/user/x.service", "").write()


@given(names, names)
def test_launchd_reads_every_path_as_it_is(program, registry):
    one = subject("tmux-orch", f"/o/{program}", f"/r/{registry}")
    daemon, check = launchd.files(one, {"HOME": "/home/me"})
    read = plistlib.loads(daemon.text.encode())
    assert read["ProgramArguments"] == [one.program, "daemon", "run", "--stay"]
    assert read["EnvironmentVariables"] == {"TMUX_ORCH_REGISTRY": one.registry}
    assert (read["AbandonProcessGroup"], read["RunAtLoad"]) == (True, True)
    assert read["KeepAlive"] == {"SuccessfulExit": False}
    assert read["StandardErrorPath"] == one.log
    looked = plistlib.loads(check.text.encode())
    assert looked["ProgramArguments"] == [one.program, "credits", "check"]
    assert looked["StartInterval"] == 300
    assert (read["Label"], looked["Label"]) == (daemon.path.stem, check.path.stem)


@given(names)
def test_a_path_never_adds_a_line_to_a_unit(name):
    if set("'\"\\") & set(name):
        with pytest.raises(BadInput, match="quote or a backslash"):
            systemd.check(subject("x", f"/o/{name}/tmux-orch"))
        return
    plain, hostile = (
        [file.text.count("\n") for file in systemd.files(one, {"HOME": "/home/me"})]
        for one in (subject("x"), subject("x", f"/o/{name}/tmux-orch", f"/r/{name}"))
    )
    assert plain == hostile


def test_where_cron_runs_what_systemd_cannot_everything_else_works(tmp_path):
    one, environ = subject("x", "/home/o'brien/bin/tmux-orch"), {"HOME": str(tmp_path)}
    with pytest.raises(BadInput, match="quote or a backslash"):
        acts.shown(acts.Kind.SYSTEMD, one, environ, OnBoot.STATUS)
    assert "brien" in acts.shown(acts.Kind.CRON, one, environ, OnBoot.STATUS)
    looked = acts.standings(one, environ)
    assert {standing for found in looked.values() for _, standing in found} == {Standing.ABSENT}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_unit_line_ends_with_what_would_join_the_next(name):
    for file in systemd.files(subject("x", registry=f"/r/{name}"), {"HOME": "/h"}):
        assert not [line for line in file.text.splitlines() if line.endswith("\\")]


def test_units_lie_where_the_person_keeps_his(tmp_path):
    assert systemd.directory({"HOME": "/h"}) == Path("/h/.config/systemd/user")
    own = {"HOME": "/h", "XDG_CONFIG_HOME": "/c"}
    assert systemd.directory(own) == Path("/c/systemd/user")
    relative = {"HOME": "/h", "XDG_CONFIG_HOME": "c"}
    assert systemd.directory(relative) == Path("/h/.config/systemd/user")


def test_lingering_is_told_from_not_knowing(tmp_path, as_ordinary_user):
    assert systemd.lingers("me", tmp_path) is False
    (tmp_path / "me").touch()
    assert systemd.lingers("me", tmp_path) is True
    tmp_path.chmod(0o700)

    def closed() -> None:
        assert systemd.lingers("me", tmp_path) is None

    if os.geteuid() == 0:
        as_ordinary_user(closed)
