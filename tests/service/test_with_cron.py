"""The block in a real cron daemon with its own spool."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.service.machine import Machine
from tests.service.subjects import HOSTILE, subject
from tests.whole.conftest import wait_until
from tmux_orch.domain.boot import OnBoot
from tmux_orch.service import crontab, systemd

PERSON = b"MAILTO=\"\"\n# mine, with a tab\t and \\%\n\n0 5 * * 1 echo 'a b' \\% c\n"
DUMP = "import json, os, sys\nopen({out!r}, 'w').write(json.dumps([sys.argv, dict(os.environ)]))\n"


@pytest.fixture
def cron(box: Machine) -> Machine:
    if shutil.which("cron") is None or shutil.which("crontab") is None:
        pytest.skip("no cron here: apt-get install cron")
    return box


def spool(box: Machine) -> bytes:
    """The crontab as its file holds it, without the lines that crontab puts before it."""
    text = box.run("cat", "/var/spool/cron/crontabs/root").stdout
    return "".join(text.splitlines(keepends=True)[3:]).encode()


def test_installing_and_removing_leave_the_rest_byte_for_byte(cron: Machine) -> None:
    mine = cron.root / "mine"
    mine.write_bytes(PERSON)
    cron.run("crontab", str(mine))
    cron.orch("service", "install", "--cron", "--on-boot", "resume")
    assert spool(cron).startswith(PERSON)
    assert spool(cron).count(b"credits check") == 2
    before = spool(cron)
    cron.orch("service", "install", "--cron")
    assert spool(cron) == before
    found = json.loads(cron.orch("service", "status", "--json").stdout)
    assert (found["crontab"], found["on_boot"], found["ok"]) == (True, "resume", True)
    cron.orch("service", "remove")
    assert spool(cron) == PERSON
    assert "nothing is installed" in cron.orch("service", "remove").stdout


def test_a_crontab_of_ours_alone_is_removed_whole(cron: Machine) -> None:
    assert cron.orch("service", "install", "--cron").returncode == 0
    cron.orch("service", "remove")
    assert "no crontab for root" in cron.run("crontab", "-l", check=False).stderr


def test_cron_itself_runs_the_lines_with_every_path_as_it_is(cron: Machine) -> None:
    lines, subjects, out = b"", [], cron.root / "out"
    out.mkdir()
    for number, name in enumerate(n for n in HOSTILE if not set("\\=") & set(n)):
        place = cron.root / "p" / str(number) / name
        place.mkdir(parents=True)
        program = place / "tmux-orch"
        program.write_text(f"#!{sys.executable}\n{DUMP.format(out=str(out / str(number)))}")
        program.chmod(0o755)
        one = subject(f"x-{number}", str(program), f"/r/{name}")
        subjects.append(one)
        lines = crontab.placed(lines, one, crontab.block(one, OnBoot.RESUME))
    (cron.root / "tab").write_bytes(lines)
    cron.run("crontab", str(cron.root / "tab"))
    cron.begin("cron", "-f")  # it runs the @reboot lines at once
    wait_until(lambda: len(list(out.iterdir())) == len(subjects), 30, "all have run")
    for number, one in enumerate(subjects):
        argv, environ = wait_until(lambda path=out / str(number): read(path))
        assert argv == [one.program, "credits", "check"]
        assert environ["TMUX_ORCH_REGISTRY"] == one.registry


def read(path: Path) -> list | None:
    try:
        return json.loads(path.read_text())
    except ValueError:
        return None  # being written


@pytest.mark.full
@pytest.mark.timeout(400)
def test_every_five_minutes_cron_and_systemd_look(managed: Machine) -> None:
    box, out = managed, managed.root / "out"
    out.mkdir()
    if shutil.which("cron") is None:
        pytest.skip("no cron here: apt-get install cron")
    subjects = []
    for name in ("cron", "systemd"):
        program = box.root / name / "tmux-orch"
        program.parent.mkdir()
        program.write_text(f"#!{sys.executable}\n{DUMP.format(out=str(out / name))}")
        program.chmod(0o755)
        subjects.append(subject(name, str(program)))
    (box.root / "tab").write_bytes(crontab.block(subjects[0], OnBoot.NOTHING))
    box.run("crontab", str(box.root / "tab"))
    box.begin("cron", "-f")
    for file in systemd.files(subjects[1], box.environment):
        file.write()
    box.systemctl("daemon-reload")
    box.systemctl("start", "systemd-check.timer")
    wait_until(lambda: len(list(out.iterdir())) == 2, 360, "both have looked")
    for one in subjects:
        assert wait_until(lambda path=out / one.name: read(path))[0] == list(one.check)
