"""The daemon started through its unit, by a ``systemctl`` that answers as files say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tmux_orch.config import service_file
from tmux_orch.config.registry import Registry
from tmux_orch.config.service_file import ServiceFile
from tmux_orch.domain.boot import OnBoot
from tmux_orch.domain.errors import Unreachable
from tmux_orch.rpc import unit

SYSTEMCTL = """\
#!/bin/sh
echo "$3 $4" >>{place}/told
case "$3" in
is-active) cat {place}/active ;;
start) [ ! -e {place}/fails ] ;;
is-failed) [ -e {place}/failed ] ;;
esac
"""


@pytest.fixture
def place(short_path: Path) -> Path:
    """A registry with a unit, and a user manager that answers as files say."""
    program = short_path / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL.format(place=short_path))
    program.chmod(0o755)
    (short_path / "active").write_text("inactive\n")
    (short_path / "run/systemd").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(short_path / "run/systemd/private"))
    registry = Registry(short_path / "r")
    registry.prepare()
    service_file.write(registry, ServiceFile(OnBoot.STATUS, "x.service"))
    return short_path


def start(place: Path, **more: str) -> bool:
    environ = {"PATH": f"{place}/bin:/usr/bin:/bin", "XDG_RUNTIME_DIR": f"{place}/run"}
    return unit.start(Registry(place / "r"), environ | more)


def told(place: Path) -> list[str]:
    path = place / "told"
    return path.read_text().splitlines() if path.exists() else []


def test_it_is_started_and_a_wanted_stop_before_does_not_count_as_a_crash(place):
    assert start(place) is True
    assert told(place) == ["is-active x.service", "reset-failed x.service", "start x.service"]


def test_a_unit_that_is_started_again_after_a_crash_is_counted(place):
    (place / "active").write_text("activating\n")
    assert start(place) is True
    assert told(place) == ["is-active x.service", "start x.service"]


def test_one_that_has_given_up_is_not_got_round(place):
    (place / "active").write_text("failed\n")
    for name in ("fails", "failed"):
        (place / name).touch()
    with pytest.raises(Unreachable) as raised:
        start(place)
    assert "tmux-orch daemon start" in raised.value.line()
    assert "reset-failed x.service" not in told(place)


def test_one_that_was_removed_by_hand_is_as_none(place):
    (place / "fails").touch()
    assert start(place) is False


@pytest.mark.parametrize("missing", ["manager", "runtime", "systemctl", "unit", "file", "damaged"])
def test_where_there_is_none_nothing_is_asked(place, missing):
    more = {}
    registry = Registry(place / "r")
    if missing == "manager":
        (place / "run/systemd/private").unlink()
    elif missing == "runtime":
        more = {"XDG_RUNTIME_DIR": ""}
    elif missing == "systemctl":
        more = {"PATH": "/nonexistent"}
    elif missing == "unit":
        service_file.write(registry, ServiceFile(OnBoot.RESUME))
    elif missing == "file":
        registry.service.unlink()
    else:
        registry.service.write_text("{")
    assert start(place, **more) is False
    assert told(place) == []


def test_the_daemon_says_to_systemd_when_it_is_ready_and_to_nobody_else(place):
    address = str(place / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address)
        channel.settimeout(20)
        environ = {
            **os.environ, "TMUX_ORCH_REGISTRY": str(place / "n"), "NOTIFY_SOCKET": address,
            "XDG_RUNTIME_DIR": f"{place}/run",
        }  # fmt: skip
        run = "from tmux_orch.cli.main import main; main()"
        daemon = subprocess.Popen(
            [sys.executable, "-c", run, "daemon", "run", "--stay"], env=environ
        )
        try:
            assert channel.recv(100) == b"READY=1"
            # The words it was started with, in the place of the command's.
            argv = Path(f"/proc/{daemon.pid}/cmdline").read_bytes().split(b"\0")
            assert b"--stay" in argv
            assert b"tmux_orch.daemon" in argv
        finally:
            daemon.terminate()
            daemon.wait(20)
    assert daemon.returncode == 0
