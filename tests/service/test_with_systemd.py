"""The units in a real user manager: stopped, restarted and killed, the team lives on."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import make_repository
from tests.service.machine import Machine
from tests.service.subjects import HOSTILE, subject
from tests.whole.conftest import BIN, wait_until
from tmux_orch.config.registry import Registry
from tmux_orch.rpc import lock
from tmux_orch.service import systemd

UNIT, TIMER = "tmux-orch.service", "tmux-orch-check.timer"


def main_pid(box: Machine) -> int:
    return int(box.properties(UNIT, "MainPID")["MainPID"])


def agents(box: Machine, project: Path) -> dict[str, int]:
    done = box.orch("status", "--json", cwd=project)
    return {a["name"]: a["pid"] for a in json.loads(done.stdout)["agents"] if a["state"] == "idle"}


def test_stopping_restarting_and_killing_the_unit_leaves_the_team_alive(managed: Machine) -> None:
    box = managed
    project = make_repository(box.root / "p" / "sample")
    (box.root / "spec.md").write_text("# Sample\n\n- [ ] do the thing\n")
    # A daemon that a command has started gives way to the unit's.
    box.orch("daemon", "start")
    done = box.orch("service", "install", check=False)
    assert done.returncode == 0, done.stderr
    facts = box.properties(UNIT, "ActiveState", "MemoryMax", "KillMode", "UnitFileState")
    assert facts == {
        "ActiveState": "active", "MemoryMax": str(500 << 20), "KillMode": "process",
        "UnitFileState": "enabled",
    }  # fmt: skip
    where = box.root / "home/.config/systemd/user"
    done = box.run("systemd-analyze", "--user", "verify", *map(str, where.glob("tmux-orch*.*")))
    assert done.stdout + done.stderr == ""
    about = json.loads(box.orch("daemon", "status", "--json").stdout)
    assert box.properties(TIMER, "ActiveState")["ActiveState"] == "active"
    box.run(
        str(BIN / "auto-orchestrate"), "--spec", str(box.root / "spec.md"), "--agent", "rehearsal",
        "--roles", "developer", cwd=project,
    )  # fmt: skip
    wait_until(lambda: len(agents(box, project)) == 2, what="both are idle")
    before = agents(box, project)
    # tmux and the agents are in a scope of their own, the daemon alone in the unit.
    tmux = box.run("tmux", "-S", str(box.root / "home/.local/state/tmux-orch/run/tmux.sock"),
                   "display-message", "-p", "#{pid}").stdout.strip()  # fmt: skip
    for pid in (int(tmux), *before.values()):
        group = box.run("cat", f"/proc/{pid}/cgroup").stdout
        assert re.search(r"^0::/\S*run-\w+\.scope$", group, re.MULTILINE), group
    inside = box.run("cat", f"/sys/fs/cgroup/app.slice/{UNIT}/cgroup.procs").stdout.split()
    assert inside == [str(main_pid(box))] == [str(about["pid"])]

    box.systemctl("restart", UNIT)
    assert agents(box, project) == before
    box.systemctl("kill", "--signal=SIGKILL", UNIT)
    wait_until(lambda: box.properties(UNIT, "NRestarts")["NRestarts"] == "1", what="again")
    wait_until(lambda: agents(box, project) == before, what="all are idle")
    box.systemctl("stop", UNIT)
    assert box.properties(UNIT, "ActiveState")["ActiveState"] == "inactive"
    for pid in before.values():
        box.run("kill", "-0", str(pid))
    # The next command starts it again, in its unit.
    assert agents(box, project) == before
    assert box.properties(UNIT, "ActiveState")["ActiveState"] == "active"

    assert box.orch("service", "remove").returncode == 0
    assert not list((box.root / "home/.config/systemd/user").rglob("tmux-orch*"))
    assert agents(box, project) == before
    box.orch("stop", "--all", "--yes")


@pytest.mark.full
def test_a_daemon_that_dies_at_once_is_started_five_times_and_then_a_person_is_needed(
    managed: Machine,
) -> None:
    box = managed
    box.orch("service", "install")
    registry = Registry(box.root / "home/.local/state/tmux-orch")
    box.systemctl("stop", UNIT)
    held = lock.take_within(registry.lock, 10)  # whoever starts finds another daemon there
    box.systemctl("start", "--no-block", UNIT)
    wait_until(lambda: box.properties(UNIT, "ActiveState")["ActiveState"] == "failed", 60)
    starts = box.properties(UNIT, "NRestarts")["NRestarts"]
    held.release()
    refused = box.orch("ls", check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (6, 1)
    assert "tmux-orch daemon start" in refused.stderr
    assert box.properties(UNIT, "NRestarts")["NRestarts"] == starts == "4"
    missing = json.loads(box.orch("service", "status", "--json", check=False).stdout)["missing"]
    assert any("has failed" in one["what"] for one in missing)
    box.orch("daemon", "start")
    assert box.properties(UNIT, "ActiveState")["ActiveState"] == "active"


def test_systemd_itself_reads_every_path_as_it_is(managed: Machine) -> None:
    box = managed
    where, out = box.root / "home/.config/systemd/user", box.root / "out"
    where.mkdir(parents=True)
    out.mkdir()
    subjects = []
    for number, name in enumerate(HOSTILE):
        registry = box.root / "r" / str(number) / name
        (registry / "logs").mkdir(parents=True)
        place = box.root / "p" / str(number) / ("" if set("'\"\\") & set(name) else name)
        place.mkdir(parents=True)
        program = place / "tmux-orch"
        program.write_text(f"#!{sys.executable}\n{PROGRAM.format(out=str(out / str(number)))}")
        program.chmod(0o755)
        one = subject(f"x-{number}", str(program), str(registry))
        subjects.append(one)
        for file in systemd.files(one, box.environment):
            file.write()
    units = sorted(str(path) for path in where.iterdir())
    done = box.run("systemd-analyze", "--user", "verify", *units)
    assert done.stdout + done.stderr == ""
    box.systemctl("daemon-reload")
    names = [f"{one.name}{part}.service" for one in subjects for part in ("", "-check")]
    box.systemctl("start", *names)
    for number, one in enumerate(subjects):
        for words in (one.run, one.stop, one.check):
            argv, registry = json.loads((out / f"{number}-{words[2]}").read_text())
            assert argv == list(words)
            assert registry == one.registry
        assert Path(one.log).read_text() == "said\n"
    box.systemctl("stop", *names)


# As the daemon: it says when it is ready, and stays.
PROGRAM = """\
import json, os, socket, sys, time
with open({out!r} + "-" + sys.argv[2], "w") as file:
    json.dump([sys.argv, os.environ["TMUX_ORCH_REGISTRY"]], file)
if sys.argv[2] == "run":
    sys.stderr.write("said\\n")
    sys.stderr.flush()
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    time.sleep(300)  # paced: the service only has to be there; systemd ends it
"""
