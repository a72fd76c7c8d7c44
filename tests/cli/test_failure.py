"""However a command fails: one line, the documented code, and a report for what nobody foresaw."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tmux_orch.cli import failure
from tmux_orch.domain import errors

from .conftest import ROOT, STATUS, until

CRASHES = "from tmux_orch.cli import failure; import sys\n"


def ending(house, code: str, **env: str):
    done = subprocess.run(
        [sys.executable, "-c", CRASHES + code],
        env=house.environ | env, capture_output=True, timeout=20, text=True, cwd=house.place,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.BadInput, 2), (errors.Partly, 1), (errors.Busy, 75), (errors.Unreachable, 6),
        (errors.Internal, 7), (errors.Refused, 4), (errors.Absent, 2), (errors.CouldNotTell, 7),
    ],
)  # fmt: skip
def test_an_expected_failure_is_one_line_and_its_code(capsys, kind, code):
    assert failure.ended("scm", kind("what is\nwrong\x1b[2J", "what to do")) == code
    assert capsys.readouterr().err == "scm: what is wrong[2J; what to do\n"


FAULT = "sys.exit(failure.guarded('scm', lambda: 1 // 0))"


def test_a_fault_of_ours_is_7_and_names_a_private_report(house):
    code, out, err = ending(house, FAULT)
    assert (code, out, err.count("\n")) == (7, "", 1)
    assert "internal error: ZeroDivisionError" in err
    report = house.registry.logs / "reports"
    (file,) = report.iterdir()
    assert str(file) in err
    assert file.stat().st_mode & 0o777 == 0o600
    assert report.stat().st_mode & 0o777 == 0o700
    text = file.read_text()
    assert "Traceback" in text
    assert "tmux_orch: " in text


def test_where_no_report_can_be_written_the_traceback_is_not_lost(house):
    code, _, err = ending(house, FAULT, TMUX_ORCH_REGISTRY="/proc/nowhere")
    assert code == 7
    assert "no report could be written" in err
    assert "Traceback" in err


def test_debug_shows_the_traceback_of_an_expected_failure_too(house):
    done = house.run("auto-orchestrate", "--debug", "--spec", "missing")
    assert done.code == 2
    assert "Traceback" in done.err
    assert "there is no spec" in done.err.splitlines()[0]
    assert "Traceback" not in house.run("auto-orchestrate", "--spec", "missing").err


def test_ctrl_c_is_130_without_a_word_of_python(served):
    served.answers["status"] = lambda _body: until(lambda: False, 3) or {}
    waiting = subprocess.Popen(
        [sys.executable, "-c", "from tmux_orch.cli.main import main; main()", "status"],
        env=served.environ, cwd=served.place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    until(lambda: served.asked)
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=10)
    assert (waiting.returncode, out) == (130, b"")
    assert err.strip() == b""  # a line break after the terminal's own ^C


def test_a_reader_that_leaves_early_is_no_failure(served):
    served.answers["status"] = STATUS | {"agents": STATUS["agents"] * 2000}
    done = subprocess.run(
        ["/bin/bash", "-c", '"$0" -c "from tmux_orch.cli.main import main; main()" status --json'
         " | head -1; echo ${PIPESTATUS[0]}", sys.executable],
        env=served.environ, capture_output=True, timeout=20, cwd=served.place,
    )  # fmt: skip
    assert done.stdout == b"{\n0\n"
    assert done.stderr == b""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_give_no_traceback(served, closed):
    served.answers["status"] = STATUS
    script = f'"$0" -c "from tmux_orch.cli.main import main; main()" status {closed}'
    done = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable],
        env=served.environ, capture_output=True, timeout=20, cwd=served.place,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    assert b"internal" not in done.stderr
    assert not (served.registry.logs / "reports").exists()


def test_a_full_disk_behind_standard_output_is_said(served):
    served.answers["status"] = STATUS
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from tmux_orch.cli.main import main; main()", "status"],
            env=served.environ, stdout=full, stderr=subprocess.PIPE, timeout=20, cwd=served.place,
        )  # fmt: skip
    assert done.returncode != 0
    assert done.stderr.count(b"\n") == 1


def test_a_character_that_the_output_has_no_code_for_is_replaced(served):
    served.answers["status"] = STATUS | {"project": STATUS["project"] | {"path": "/src/漢字"}}
    done = served.run("tmux-orch", "status", env={"PYTHONIOENCODING": "ascii", "LANG": "C"})
    assert done.code == 0
    assert "/src/??" in done.out


def test_the_commands_are_found_from_the_checkout():
    assert (ROOT / "scripts" / "scm").exists()
    assert os.access(ROOT / "scripts" / "scm", os.X_OK)
