"""``doctor`` finds what is wrong, names the remedy, and touches nothing."""

from __future__ import annotations

import json
import os

import pytest

from tmux_orch.cli import checks
from tmux_orch.cli.checks import Verdict


def doctor(house, **env):
    done = house.run("tmux-orch", "doctor", "--json", env=env)
    return done.code, {c["name"]: c for c in json.loads(done.out)["checks"]}


def program(path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_sound_machine_is_0_and_nothing_is_made(house):
    code, found = doctor(house)
    assert code == 0, found
    assert {"python", "tmux", "git", "agent rehearsal", "registry", "disk", "daemon",
            "locale"} <= set(found)  # fmt: skip
    assert all(f["verdict"] in ("ok", "warning") for f in found.values())
    assert house.started_nothing()


def test_missing_programs_are_bad_and_have_a_remedy(house, tmp_path):
    code, found = doctor(house, PATH=str(tmp_path))
    assert code == 1
    for name in ("tmux", "git"):
        assert found[name]["verdict"] == "bad"
        assert "install" in found[name]["remedy"]


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("tmux 3.1c", "bad"), ("tmux 3.2", "ok"), ("tmux 3.2a", "ok"), ("tmux 4.0", "ok"),
        ("tmux next-3.6", "ok"), ("tmux master", "warning"), ("tmux 2.9", "bad"), ("", "warning"),
    ],
)  # fmt: skip
def test_versions_of_tmux(house, tmp_path, said, verdict):
    program(tmp_path / "tmux", f"echo '{said}'")
    _, found = doctor(house, PATH=f"{tmp_path}:{house.environ['PATH']}")
    assert found["tmux"]["verdict"] == verdict


def test_a_program_that_hangs_does_not_hang_us(house, tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "_PROGRAM_S", 0.3)
    program(tmp_path / "tmux", "exec tail -f /dev/null")
    (found,) = checks.tmux({"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert found.verdict is Verdict.BAD
    assert "did not end" in found.found


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_an_open_registry_is_bad(house, mode):
    house.registry.prepare()
    house.registry.root.chmod(mode)
    code, found = doctor(house)
    assert code == 1
    assert found["registry"]["remedy"] == f"chmod 700 {house.registry.root}"


def test_a_registry_that_cannot_be_made_is_bad(house, as_ordinary_user, short_path):
    house.registry.root.parent.chmod(0o755)

    def look() -> None:
        verdicts = [f.verdict for f in checks.registry(house.environ)]
        assert Verdict.BAD in verdicts or os.access(house.registry.root.parent, os.W_OK)

    as_ordinary_user(look)


def test_a_daemon_that_runs_is_shown(served):
    served.answers["ping"] = {"pid": 42, "version": "9.9", "started_at": "x"}
    _, found = doctor(served)
    assert found["daemon"]["found"] == "process 42, version 9.9"


def test_another_locale_is_a_warning(house):
    _, found = doctor(house, LANG="C", LC_ALL="POSIX", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert found["locale"]["verdict"] == "warning"
    assert "LANG=C.UTF-8" in found["locale"]["remedy"]


def test_little_room_is_bad(house, monkeypatch):
    facts = os.statvfs(house.place)
    scarce = os.statvfs_result((*facts[:3], 1, 1, *facts[5:10]))
    monkeypatch.setattr(os, "statvfs", lambda _path: scarce)
    (found,) = checks.room(house.environ)
    assert found.verdict is Verdict.BAD


def test_a_check_that_fails_is_a_finding_not_the_end(monkeypatch):
    def broken(_environ):
        raise OSError("no such thing")

    monkeypatch.setattr(checks, "tmux", broken)
    findings = checks.all_checks()
    assert [f for f in findings if f.name == "broken" and f.verdict is Verdict.BAD]
    assert len(findings) > 5


def test_the_text_fits_80_columns_where_words_allow(house):
    out = house.run("tmux-orch", "doctor").out
    assert "python" in out
    assert "\x1b" not in out
    assert house.started_nothing()
