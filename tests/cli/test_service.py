"""``tmux-orch service``: with a ``systemctl`` and a ``crontab`` that write down what they are told.

What the real ones do with it is shown in ``tests/service``.
"""

from __future__ import annotations

import json
import os
import plistlib
import re
import socket
import sys
from pathlib import Path

import pytest

from tmux_orch.config import service_file
from tmux_orch.domain.boot import OnBoot

from .conftest import Done, House

SYSTEMCTL = """\
#!/bin/sh
echo "$@" >>{told}
case "$*" in
*" show "*) cat {facts} 2>/dev/null ;;
esac
[ ! -e {broken} ] || {{ echo "it is broken" >&2; exit 1; }}
"""
CRONTAB = """\
#!/bin/sh
case "$1" in
-l) [ ! -e {broken} ] || {{ echo "cannot open it" >&2; exit 1; }}
    [ -e {tab} ] || {{ echo "no crontab for me" >&2; exit 1; }}; cat {tab} ;;
-r) rm {tab} ;;
-) cat >{tab}.new; [ ! -e {full} ] || {{ echo "disk full" >&2; exit 1; }}; mv {tab}.new {tab} ;;
esac
"""
RUNNING = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nMainPID=7\nResult=success\n"


class Fakes:
    """The programs and what they wrote."""

    def __init__(self, house: House, place: Path) -> None:
        self.house, self.place = house, place
        (place / "bin").mkdir(parents=True)
        paths = {n: place / n for n in ("told", "facts", "broken", "tab", "full")}
        for name, text in {"systemctl": SYSTEMCTL, "crontab": CRONTAB}.items():
            program = place / "bin" / name
            program.write_text(text.format(**paths))
            program.chmod(0o755)
        house.environ["PATH"] = f"{place / 'bin'}:{house.environ['PATH']}"
        self.tab, self.facts, self.broken, self.full = (
            paths[n] for n in ("tab", "facts", "broken", "full")
        )
        self.facts.write_text(RUNNING)

    @property
    def told(self) -> list[str]:
        path = self.place / "told"
        words = "--user --no-ask-password "
        return [line.removeprefix(words) for line in path.read_text().splitlines()]

    def manager(self, runtime: Path) -> Fakes:
        """A user manager's socket is there."""
        (runtime / "systemd").mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(runtime / "systemd/private"))
        self.house.environ["XDG_RUNTIME_DIR"] = str(runtime)
        return self

    def run(self, *words: str, **env: str) -> Done:
        return self.house.run("tmux-orch", "service", *words, env=env)

    @property
    def units(self) -> Path:
        return Path(self.house.environ["HOME"], ".config/systemd/user")


@pytest.fixture
def cron(house: House, tmp_path: Path) -> Fakes:
    """Only cron."""
    return Fakes(house, tmp_path / "fakes")


@pytest.fixture
def systemd(cron: Fakes, short_path: Path) -> Fakes:
    """A user manager, too."""
    return cron.manager(short_path / "run")


def test_install_writes_enables_and_starts_and_again_changes_nothing(systemd: Fakes):
    done = systemd.run("install", "--on-boot", "resume")
    assert done.code == 0, done.err
    name = service_file.read(systemd.house.registry).unit.removesuffix(".service")
    assert re.fullmatch(r"tmux-orch-[0-9a-f]{8}", name)  # not the default registry's
    assert sorted(path.name for path in systemd.units.iterdir()) == [
        f"{name}-check.service", f"{name}-check.timer", f"{name}.service"
    ]  # fmt: skip
    acts = [told for told in systemd.told if not told.startswith("show")]
    assert acts == [
        "daemon-reload",
        f"enable {name}.service {name}-check.timer",
        f"restart {name}.service",
        f"start {name}-check.timer",
    ]
    assert service_file.read(systemd.house.registry).on_boot is OnBoot.RESUME
    stamps = {path: path.stat().st_mtime_ns for path in systemd.units.iterdir()}
    again = systemd.run("install")
    assert "nothing was changed" in again.out
    assert {path: path.stat().st_mtime_ns for path in systemd.units.iterdir()} == stamps
    assert service_file.read(systemd.house.registry).on_boot is OnBoot.RESUME
    assert [t for t in systemd.told if t == "daemon-reload"] == ["daemon-reload"]


def test_nothing_secret_stands_in_a_unit(systemd: Fakes):
    secret = "canary-5d41402a"
    systemd.run("install", TMUX_ORCH_DATABASE_URL=f"postgresql://me:{secret}@h/d", API_KEY=secret)
    for path in systemd.units.iterdir():
        assert secret not in path.read_text()
        assert path.stat().st_mode & 0o777 == 0o644
    assert systemd.house.registry.service.stat().st_mode & 0o777 == 0o600


def test_the_persons_own_directory_of_units_is_used(systemd: Fakes, tmp_path: Path):
    systemd.run("install", XDG_CONFIG_HOME=str(tmp_path / "own"))
    assert len(list((tmp_path / "own/systemd/user").iterdir())) == 3
    assert not systemd.units.exists()


@pytest.mark.parametrize("how", ["edited", "foreign"])
@pytest.mark.parametrize("act", ["install", "remove"])
def test_a_persons_own_unit_stops_everything(systemd: Fakes, how: str, act: str):
    systemd.run("install")
    (unit,) = [p for p in systemd.units.glob("*.service") if "check" not in p.name]
    text = unit.read_text() + "Nice=5\n" if how == "edited" else "[Unit]\n"
    unit.write_text(text)
    before, told = sorted(systemd.units.iterdir()), systemd.told
    done = systemd.run(act)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert str(unit) in done.err
    assert unit.read_text() == text
    assert (sorted(systemd.units.iterdir()), systemd.told) == (before, told)


def test_remove_stops_the_units_and_takes_the_files_away(systemd: Fakes):
    systemd.run("install", "--on-boot", "resume")
    done = systemd.run("remove", "--json")
    assert len(json.loads(done.out)["changed"]) == 3
    assert not list(systemd.units.iterdir())
    assert systemd.told[-1] == "daemon-reload"
    assert any(told.startswith("disable --now") for told in systemd.told)
    assert service_file.read(systemd.house.registry).on_boot is OnBoot.STATUS
    assert systemd.run("remove").out == "nothing is installed\n"


def test_a_manager_that_refuses_is_one_line(systemd: Fakes):
    systemd.broken.touch()
    done = systemd.run("install")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "it is broken" in done.err


def test_status_says_what_is_missing_and_the_next_step(systemd: Fakes):
    done = systemd.run("status", "--json")
    found = json.loads(done.out)
    assert (done.code, found["ok"]) == (1, False)
    assert found["missing"] == [
        {"what": "nothing is installed", "next": "tmux-orch service install"}
    ]
    assert systemd.house.started_nothing()
    systemd.run("install")
    units = json.loads(systemd.run("status", "--json").out)["units"].values()
    assert [(unit["active"], unit["pid"]) for unit in units] == [("active", 7)] * 2
    systemd.facts.write_text(
        "LoadState=loaded\nActiveState=failed\nUnitFileState=disabled\nResult=start-limit-hit\n"
    )
    shown = systemd.run("status")
    assert shown.code == 1
    # A fact may be wrapped to the width of the screen.
    said = " ".join(shown.out.split())
    assert "has failed (start-limit-hit)" in said
    assert "is not enabled" in said
    assert "status: you are told; nothing is started" in said
    assert max(map(len, shown.out.splitlines())) <= 80


def test_without_systemd_the_lines_are_printed_and_nothing_is_installed(cron: Fakes):
    cron.tab.write_bytes(b"# mine\n")
    done = cron.run("install")
    assert done.code == 1
    assert done.out.count("credits check") == 2
    assert "tmux-orch service install --cron" in done.err
    assert cron.tab.read_bytes() == b"# mine\n"
    assert cron.house.started_nothing()
    as_json = json.loads(cron.run("install", "--json").out)
    assert (as_json["changed"], as_json["crontab"]) == ([], done.out)


@pytest.mark.parametrize(("typed", "installed"), [("y", True), ("n", False), ("", False)])
def test_a_person_on_a_terminal_is_asked(cron: Fakes, typed: str, installed: bool):
    done = cron.house.on_terminal("tmux-orch", "service", "install", typed=typed or "\n")
    assert "Put them into your crontab?" in done.out
    assert cron.tab.exists() is installed
    assert done.code == (0 if installed else 1)


def test_the_crontab_gets_our_lines_and_loses_only_them(cron: Fakes):
    mine = b"MAILTO=x\n\xff* * * * * a \\% b\n\n"
    cron.tab.write_bytes(mine)
    assert cron.run("install", "--cron").code == 0
    assert cron.tab.read_bytes().startswith(mine)
    once = cron.tab.read_bytes()
    assert "nothing was changed" in cron.run("install", "--cron").out
    assert cron.tab.read_bytes() == once
    cron.run("install", "--cron", "--on-boot", "nothing")
    assert b"@reboot" not in cron.tab.read_bytes()
    assert cron.run("status").code == 0
    assert cron.run("remove").code == 0
    assert cron.tab.read_bytes() == mine


@pytest.mark.parametrize("trouble", ["broken", "full", "damaged", "missing"])
def test_a_crontab_that_cannot_be_read_or_written_is_one_line_and_stands(cron: Fakes, trouble: str):
    cron.tab.write_bytes(b"# mine\n")
    if trouble == "damaged":
        cron.run("install", "--cron")
        cron.tab.write_bytes(cron.tab.read_bytes().replace(b"# <<<", b"# <"))
    elif trouble == "missing":
        (cron.place / "bin/crontab").unlink()
        cron.house.environ["PATH"] = str(cron.place / "bin")
    else:
        (cron.place / trouble).touch()
    before = cron.tab.read_bytes()
    done = cron.run("install", "--cron")
    assert done.code in (1, 2, 7), done.err
    assert done.err.count("\n") == 1, done.err
    assert "Traceback" not in done.err
    assert cron.tab.read_bytes() == before


@pytest.mark.parametrize("kind", ["systemd", "cron", "launchd"])
def test_print_shows_every_kind_and_changes_nothing(cron: Fakes, kind: str):
    done = cron.run("install", "--print", "--for", kind)
    assert done.code == 0, done.err
    assert "credits" in done.out
    assert json.loads(cron.run("install", "--print", "--for", kind, "--json").out)["kind"] == kind
    assert cron.house.started_nothing()
    assert not cron.units.exists()
    if kind == "launchd":
        first = done.out[done.out.index("<?xml") : done.out.index("</plist>") + 8]
        assert plistlib.loads(first.encode())["RunAtLoad"] is True


def test_an_agent_is_refused(cron: Fakes):
    for words in (("install", "--cron"), ("remove",), ("install", "--print")):
        done = cron.run(*words, ORCH_AGENT="sample/developer")
        assert (done.code, done.err.count("\n")) == (4, 1)
    assert not cron.tab.exists()


BAD = [
    (("bogus",), {}), (("install", "--on-boot", "maybe"), {}), (("install", "--on-boot"), {}),
    (("install", "--on-boot", ""), {}), (("install", "x"), {}), (("install", "--for", "cron"), {}),
    (("install", "--print", "--for", "openrc"), {}),
    (("install", "--print", "--for", "cron", "--cron"), {}), (("remove", "x"), {}),
    (("remove", "--all"), {}), (("status", "x"), {}), (("plan", "x"), {}), (("plan", "--for"), {}),
    (("install", "--cron"), {"TMUX_ORCH_REGISTRY": "relative"}),
    (("install", "--cron"), {"TMUX_ORCH_REGISTRY": "/a\nb"}),
    (("install", "--cron"), {"TMUX_ORCH_REGISTRY": "/a\\b"}),
    (("install", "--cron"), {"TMUX_ORCH_REGISTRY": "/" + "a" * 1000}),
    (("install", "--print", "--for", "systemd"), {"HOME": "relative"}),
    (("install", "--print", "--for", "launchd"), {"HOME": ""}),
    (("install", "--cron"), {"HOME": ""}), (("remove",), {"HOME": "relative"}),
]  # fmt: skip


@pytest.mark.parametrize(("words", "env"), BAD)
def test_bad_input_is_one_line_and_changes_nothing(cron: Fakes, words, env):
    cron.tab.write_bytes(b"# mine\n")
    done = cron.run(*words, **env)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done.both
    assert done.err.startswith("tmux-orch")
    assert cron.tab.read_bytes() == b"# mine\n"
    assert cron.house.started_nothing()


def test_a_damaged_policy_is_named_and_can_be_set_again(cron: Fakes):
    cron.run("install", "--cron")
    path = cron.house.registry.service
    for damage in ("", "{", "[]", '{"on_boot": "maybe", "unit": ""}', "[" * 60_000):
        path.write_text(damage)
        done = cron.run("install", "--cron")
        assert (done.code, done.err.count("\n")) == (2, 1), done.err
        found = json.loads(cron.run("status", "--json").out)
        assert any("damaged" in one["what"] for one in found["missing"])
        assert cron.run("install", "--cron", "--on-boot", "resume").code == 0
        assert service_file.read(cron.house.registry).on_boot is OnBoot.RESUME


PLAN = {
    "on_boot": "resume", "phase": "settled", "waves": [["sample/orchestrator", "sample/dev"]],
    "held": {"sample/tester": "its account is held until 15:00"},
    "gone": {"other": "there is no directory /src/other"},
}  # fmt: skip


def test_plan_shows_waves_who_is_held_and_what_is_left_out(served: House):
    served.answers["boot-plan"] = PLAN
    shown = served.run("tmux-orch", "service", "plan").out
    assert "wave 1" in shown
    assert "sample/orchestrator, sample/dev" in shown
    assert "held until 15:00" in " ".join(shown.split())
    assert "no directory /src/other" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
    found = json.loads(served.run("tmux-orch", "service", "plan", "--json").out)
    assert found["waves"] == PLAN["waves"]
    served.answers["boot-plan"] = PLAN | {"waves": [], "held": {}, "gone": {}}
    assert "nobody would be brought back" in served.run("tmux-orch", "service", "plan").out


def test_every_command_has_help(cron: Fakes):
    assert cron.run().code == 0
    for words in ((), ("install",), ("remove",), ("status",), ("plan",)):
        assert cron.run(*words, "--help").out.startswith("Usage: ")


def test_the_command_that_is_installed_is_the_one_beside_the_interpreter(cron: Fakes):
    done = cron.run("install", "--cron")
    assert done.code == 0, done.err
    assert os.fspath(Path(sys.executable).with_name("tmux-orch")) in cron.tab.read_text()
