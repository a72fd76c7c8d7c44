"""``scm`` as agents call it: options, texts, receipts, and no daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.rpc.scm import FLAGS, VALUED, is_seconds, parse

from .conftest import ROOT

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
hostile = st.sampled_from(
    ["--json", "--wait", "-", "--", "--help", "$(id)", "#(touch x)", "a b", "\n", "'", "--id=x"]
)
targets = words.filter(lambda w: w and not w.startswith("-"))
options = st.lists(
    st.sampled_from(
        [["--json"], ["--raw"], ["--no-wait"], ["--wait", "3"], ["--wait=0.5"], ["--id", "--raw"],
         ["--id=k"], ["--priority", "high"], ["--priority=low"], ["--until", "idle"]]
    ),
    max_size=5,
)  # fmt: skip


@given(options, targets, st.lists(words | hostile, min_size=1, max_size=6))
def test_all_after_the_target_is_text_whatever_it_looks_like(chosen, target, text):
    frames = parse([word for option in chosen for word in option] + [target, *text])
    assert frames is not None
    assert frames["to"].decode() == target
    assert frames["text"].decode() == " ".join(text)
    plain = parse([word for option in chosen for word in option] + [target, "x"])
    assert {k: v for k, v in frames.items() if k != "text"} == {
        k: v for k, v in plain.items() if k != "text"
    }


@given(st.lists(words | hostile | st.sampled_from([*FLAGS, *VALUED]), max_size=8))
def test_any_argv_is_either_read_or_left_to_click_and_frames_are_the_known_ones(argv):
    frames = parse(argv)
    if frames is not None:
        assert set(frames) <= {"to", "text", "wait", "until", "id", "priority", "raw", "json"}
        assert frames["to"]
        assert frames.get("until", b"idle") in (b"delivered", b"idle", b"reply")


@pytest.mark.parametrize(
    "argv",
    [
        [], ["dev"], ["--help"], ["-h", "dev", "x"], ["--wait"], ["--wait", "x", "dev", "t"],
        ["--wait", "-1", "dev", "t"], ["--wait", "nan", "dev", "t"], ["--wait=inf", "dev", "t"],
        ["--wait=1e3", "dev", "t"], ["--wait=", "dev", "t"], ["--wait=.", "dev", "t"],
        ["--wait=٣", "dev", "t"], ["--until", "never", "dev", "t"], ["--priority=", "dev", "t"],
        ["--bogus", "dev", "t"], ["--json=1", "dev", "t"], ["--raw=", "dev", "t"], ["", "t"],
        ["-", "t"], ["--", "dev"], ["--version"], ["--id"],
    ],
)  # fmt: skip
def test_what_is_not_plainly_right_is_left_to_click(argv):
    assert parse(argv) is None


def test_two_dashes_end_the_options():
    assert parse(["--", "--json", "x"]) == {"to": b"--json", "text": b"x"}


@given(st.text(max_size=6))
def test_seconds_are_digits_with_at_most_one_point(value):
    if is_seconds(value):
        assert 0 <= float(value) < 1e9


def test_a_message_travels_byte_for_byte(toy, run):
    toy()
    text = '#(touch PWNED);$(id) "x" `id` \' é \udcff\n--json'
    done = run("scm", "--no-wait", "developer", text)
    assert done.returncode == 0
    assert done.stdout == "accepted: developer <- " + text.replace("\udcff", "�") + "\n"
    assert done.stderr == ""


def test_the_exit_code_is_the_daemons(toy, run):
    toy()
    assert run("scm", "dev", "held").returncode == 3
    done = run("scm", "dev", "fail no such target")
    assert (done.returncode, done.stderr) == (2, "scm: no such target; say something else\n")


def test_a_lone_dash_reads_standard_input(toy, run):
    toy()
    done = run("scm", "dev", "-", stdin=b"from a pipe")
    assert done.stdout == "accepted: dev <- from a pipe\n"
    done = run("scm", "dev", "-", "x", stdin=b"unread")
    assert done.stdout == "accepted: dev <- - x\n"


def test_more_than_a_megabyte_is_refused_here(run, registry):
    done = run("scm", "dev", "-", stdin=b"x" * (1 << 21))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert not (registry.logs / "starts").exists()


def test_what_the_daemon_prints_cannot_steer_the_terminal(toy, run):
    toy()
    done = run("scm", "dev", "\x1b]52;c;aGk=\x07\x1b[2Jred\u202e\u200b\x9b31m\x7f\rend")
    assert done.stdout == "accepted: dev <- ]52;c;aGk=[2Jred31mend\n"


def with_toy(environ, *argv):
    script = ROOT / "tests" / "rpc" / "scm_with_toy.py"
    return subprocess.run(
        [sys.executable, script, *argv], env=environ, capture_output=True, timeout=40
    )


def test_without_a_daemon_one_is_started(environ, registry):
    done = with_toy(environ, "--no-wait", "dev", "hello")
    assert (done.returncode, done.stdout) == (0, b"accepted: dev <- hello\n"), done.stderr


DYING = """
import os, signal
def handle(request, reply):
    with open({log!r}, "a") as file:
        file.write(request.text("id") + "\\n")
    if len(open({log!r}).readlines()) < 2:
        os.kill(os.getpid(), signal.SIGKILL)
    reply.out(b"accepted\\n")
"""


def test_a_daemon_that_dies_is_asked_again_with_the_same_id(toy, environ, registry, tmp_path):
    log = tmp_path / "ids"
    (tmp_path / "dying.py").write_text(DYING.format(log=os.fspath(log)))
    handler = {"PYTHONPATH": f"{ROOT}:{tmp_path}", "TMUX_ORCH_TOY_HANDLER": "dying:handle"}
    toy(**handler)
    done = with_toy(environ | handler, "dev", "hello")
    assert (done.returncode, done.stdout) == (0, b"accepted\n"), done.stderr
    first, second = log.read_text().split()
    assert first == second
    assert first.startswith("auto-")


def test_a_daemon_that_dies_every_time_is_exit_6(toy, environ, registry):
    done = with_toy(environ, "dev", "die")
    assert done.returncode == 6
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_a_hung_daemon_is_exit_6_with_a_safe_next_step_within_ten_seconds(toy, run):
    pid = toy()
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    done = run("scm", "dev", "hello")
    assert time.monotonic() - started < 12
    assert done.returncode == 6
    assert "accepted or not" in done.stderr
    assert "--id auto-" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_newer_daemon_is_exit_6(toy, run):
    toy(TMUX_ORCH_TOY_VERSION="99.0")
    done = run("scm", "dev", "hello")
    assert (done.returncode, done.stderr.count("\n")) == (6, 1)
    assert "99.0" in done.stderr


@pytest.mark.parametrize(
    "argv",
    [
        [], ["dev"], ["--wait", "x", "dev", "t"], ["--bogus", "dev", "t"],
        ["--until=x", "dev", "t"],
        ["", "t"], ["--priority", "urgent", "dev", "t"], ["--id"], ["--wait=-1", "dev", "t"],
        ["--json=1", "dev", "t"],
    ],
)  # fmt: skip
def test_a_wrong_call_is_one_line_exit_2_and_starts_nothing(run, registry, argv):
    done = run("scm", *argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert not (registry.logs / "starts").exists()


def test_help_and_version_need_no_daemon(run, registry):
    done = run("scm", "--help")
    assert done.returncode == 0
    assert "TARGET" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert run("scm", "--version").stdout.startswith("scm ")
    assert not (registry.logs / "starts").exists()


def test_a_hostile_directory_is_only_a_directory(toy, run, tmp_path):
    toy()
    here = tmp_path / '#(touch PWNED);$(id) "x"\n$(touch PWNED)'
    here.mkdir()
    done = run("scm", "dev", "hello", cwd=here)
    assert done.returncode == 0
    assert not [p for p in tmp_path.rglob("*") if p.name == "PWNED"]


def test_a_removed_directory_does_not_matter(toy, run, environ, tmp_path):
    toy()
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["/bin/sh", "-c", f'cd "{gone}" && rmdir "{gone}" && exec "$0" "$@"', sys.executable,
         ROOT / "scripts" / "scm", "dev", "hello"],
        env=environ, capture_output=True, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, b"accepted: dev <- hello\n")


def test_ctrl_c_is_130_without_a_traceback(toy, environ, registry):
    toy()
    waiting = subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "scm", "dev", "long"],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    from .conftest import until

    until(lambda: "unix_stream" in _wchan(waiting.pid) or _sleeping(waiting.pid))
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=10)
    assert (waiting.returncode, out, err) == (130, b"", b"")


def _wchan(pid: int) -> str:
    with open(f"/proc/{pid}/wchan") as file:
        return file.read()


def _sleeping(pid: int) -> bool:
    """Whether it waits in a system call with its socket open."""
    with open(f"/proc/{pid}/stat") as file:
        state = file.read().rpartition(")")[2].split()[0]
    fds = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
    return state == "S" and any(name.startswith("socket:") for name in fds)


def test_a_closed_output_is_no_failure(toy, environ):
    toy()
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" "$1" dev hello | true; "$0" "$1" dev hello >&-; echo $?',
         sys.executable, ROOT / "scripts" / "scm"],
        env=environ, capture_output=True, timeout=20,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr
    assert done.stdout.strip().isdigit()
