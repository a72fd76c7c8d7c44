"""Everything is killed at once and the machine starts again: nobody types a command of ours."""

from __future__ import annotations

import json
import shutil
import uuid

import pytest

from tests.conftest import make_repository
from tests.service.machine import Machine
from tests.whole.conftest import BIN, wait_until

# The whole form of tests/whole/test_after_boot.py.
pytestmark = pytest.mark.full

REGISTRY = "home/.local/state/tmux-orch"


def team(box: Machine) -> dict[str, str]:
    """A team of two; its conversations."""
    project = make_repository(box.root / "p" / "sample")
    (box.root / "spec.md").write_text("# Sample\n\n- [ ] do the thing\n")
    box.run(
        str(BIN / "auto-orchestrate"), "--spec", str(box.root / "spec.md"), "--agent", "rehearsal",
        "--roles", "developer", cwd=project,
    )  # fmt: skip
    return conversations(box)


def conversations(box: Machine) -> dict[str, str]:
    done = box.orch("status", "--project", "sample", "--json")
    return {a["name"]: a["conversation_id"] for a in json.loads(done.stdout)["agents"]}


def panes(box: Machine) -> list[str]:
    socket = str(box.root / REGISTRY / "run/tmux.sock")
    done = box.run("tmux", "-S", socket, "list-panes", "-aF", "#{@orch_agent}", check=False)
    return sorted(done.stdout.split())


def new_start(box: Machine) -> None:
    (box.root / "boot_id").write_text(f"{uuid.uuid4()}\n")


def power_cut(box: Machine) -> None:
    """Every process but the first is killed, what lies in memory is gone, the boot id is new."""
    box.run("sh", "-c", "kill -9 -1", check=False)
    assert panes(box) == []
    (box.root / REGISTRY / "run/tmux.sock").unlink()
    shutil.rmtree(box.root / "run")
    (box.root / "run").mkdir(mode=0o700)
    box.run("sh", "-c", "rm -f /run/crond.*")
    new_start(box)


@pytest.fixture
def machine_with_ids(box: Machine) -> Machine:
    box.extra["TMUX_ORCH_BOOT_ID_FILE"] = str(box.root / "boot_id")
    new_start(box)
    return box


def test_cron_brings_the_team_back(machine_with_ids: Machine) -> None:
    box = machine_with_ids
    if shutil.which("cron") is None:
        pytest.skip("no cron here: apt-get install cron")
    box.orch("service", "install", "--cron", "--on-boot", "resume")
    before = team(box)
    power_cut(box)
    box.begin("cron", "-f")
    wait_until(lambda: panes(box) == sorted(f"sample/{n}" for n in before), what="they are back")
    assert conversations(box) == before


def test_systemd_brings_the_team_back_once(machine_with_ids: Machine, managed: Machine) -> None:
    box = managed
    box.orch("service", "install", "--on-boot", "resume")
    before = team(box)
    power_cut(box)
    box.start_manager()
    wait_until(lambda: panes(box) == sorted(f"sample/{n}" for n in before), what="they are back")
    assert conversations(box) == before
    done = box.orch("log", "--project", "sample", "--limit", "1000", "--json")
    kinds = [event["kind"] for event in json.loads(done.stdout)["events"]]
    assert kinds.count("boot.returning") == 1
