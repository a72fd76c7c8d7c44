"""Beginning and ending: what is refused, what is asked first, and what each end leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agents.pane import until
from tests.agents.rehearsal.conftest import ARGV, Bare, Run, directive
from tmux_orch.agents.rehearsal.adapter import Rehearsal
from tmux_orch.domain.states import AgentState

MakeBare = Callable[..., Bare]
Make = Callable[..., Run]
READY = "❯"


def runs(pid: str) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def test_sigterm_ends_it_cleanly_with_143(bare: MakeBare) -> None:
    run = bare().start("--session-id", "abc-1").shows(READY)
    until(run.session_file().exists, "its session file")
    run.child.terminate()
    assert run.status() == 143
    assert not run.session_file().exists()
    assert b"Resume this session with: rehearsal --resume abc-1" in run.seen
    assert run.seen.count(b"\x1b[?2004h") == run.seen.count(b"\x1b[?2004l") == 1


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGHUP, 129), (signal.SIGTERM, 143)]
)
def test_every_polite_signal_ends_it_cleanly(bare: MakeBare, number: int, status: int) -> None:
    run = bare().start("hello").shows("Understood")
    until(run.session_file().exists, "its session file")
    run.child.send_signal(number)
    assert run.status() == status
    assert not run.session_file().exists()


def test_sigterm_ends_it_in_the_middle_of_a_turn(bare: MakeBare) -> None:
    run = bare().start(directive(run=["/bin/sleep", "60"], say="never")).shows("esc to interrupt")
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(run.child.pid)], capture_output=True, text=True
    ).stdout.split()
    run.child.terminate()
    assert run.status() == 143
    assert not run.session_file().exists()
    assert children
    until(lambda: not any(map(runs, children)), "no child left")


def test_a_lost_terminal_ends_it(bare: MakeBare) -> None:
    run = bare().start().shows(READY)
    os.close(run.terminal)
    assert run.child.wait(10) == 129
    assert not run.session_file().exists()


def test_a_killed_pane_ends_it(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.pane._tmux("kill-pane", "-t", run.pane.id)
    until(lambda: not run.session_file().exists(), "its session file removed")
    until(lambda: not os.path.exists(f"/proc/{run.pid}"), "its end")


def test_sigkill_leaves_its_session_file_with_the_last_status(bare: MakeBare) -> None:
    run = bare().start(directive(work_s=60)).shows("esc to interrupt")
    run.child.kill()
    assert run.status() == -9
    assert json.loads(run.session_file().read_text())["status"] == "busy"


@pytest.mark.parametrize(("order", "status"), [
    ({"exit": 3}, 3), ({"exit": 0}, 0), ({"crash": 9}, -9), ({"crash": 11}, -11),
    ({"crash": 15}, -15),
])  # fmt: skip
def test_it_ends_as_it_is_told(bare: MakeBare, order: dict[str, int], status: int) -> None:
    run = bare().start(directive(say="goodbye", **order))
    assert run.status() == status
    assert run.session_file().exists() is ("crash" in order)


@pytest.mark.parametrize("keys", [b"\x03\x03", b"\x04\x04"])
def test_control_c_or_d_twice_ends_it_with_0(bare: MakeBare, keys: bytes) -> None:
    run = bare().start().shows(READY)
    run.write(keys)
    assert run.status() == 0


def test_control_c_clears_a_draft_first(bare: MakeBare) -> None:
    run = bare().start().shows(READY)
    run.write(b"draft")
    run.shows("draft").write(b"\x03")
    run.shows("\x1b[J").write(b"\x03")
    run.shows("again to exit").write(b"\x03")
    assert run.status() == 0


def test_the_terminal_is_given_back_as_it_was(bare: MakeBare) -> None:
    import termios

    run = bare()
    run.start()
    before = termios.tcgetattr(run.terminal)
    run.shows(READY)
    assert termios.tcgetattr(run.terminal)[3] & termios.ECHO == 0
    run.write(b"\x04\x04")
    run.child.wait(10)
    assert termios.tcgetattr(run.terminal) == before


@pytest.mark.parametrize(("words", "environment", "status", "text"), [
    (["--nonsense"], {}, 2, "unknown option"),
    (["--model"], {}, 2, "wants a value"),
    (["one", "two"], {}, 2, "more than one prompt"),
    (["--permission-mode", "yolo"], {}, 2, "unknown permission mode"),
    (["--settings", "/nonexistent"], {}, 2, "settings file"),
    (["--hooks", "http"], {}, 2, "--hooks"),
    (["--append-system-prompt-file", "/nonexistent"], {}, 2, "cannot read"),
    (["--session-id", "../../x"], {}, 2, "not a conversation id"),
    (["--session-id", "a", "--resume", "b"], {}, 2, "exclude"),
    (["--resume", "abc-9"], {}, 1, "No conversation found with session ID: abc-9"),
    ([], {"TERM": "dumb"}, 2, "TERM=dumb"),
    ([], {"REHEARSAL_WORK_S": "soon"}, 2, "REHEARSAL_WORK_S"),
    ([], {"REHEARSAL_TRUST": "yes"}, 2, "REHEARSAL_TRUST"),
    ([], {"REHEARSAL_ON_BRIEF": "{"}, 2, "REHEARSAL_ON_BRIEF"),
    ([], {"REHEARSAL_ON_MESSAGE": '{"x":1}'}, 2, "unknown key"),
    ([], {"REHEARSAL_SWALLOW_ENTERS": "-1"}, 2, "REHEARSAL_SWALLOW_ENTERS"),
    ([], {"REHEARSAL_START_EXIT": "7"}, 7, "REHEARSAL_START_EXIT"),
    (["--help"], {}, 0, "Usage: rehearsal"),
    (["--version"], {}, 0, "(rehearsal)"),
])  # fmt: skip
def test_what_it_cannot_start_with_is_one_line(
    bare: MakeBare, words: list[str], environment: dict[str, str], status: int, text: str
) -> None:
    run = bare(**environment).start(*words)
    assert run.status() == status
    assert text in run.seen.decode()
    assert status == 0 or run.seen.count(b"\n") == 1
    assert not run.session_file().exists()


@pytest.mark.parametrize("name", ["REHEARSAL_HOME", "REHEARSAL_BYTES"])
def test_what_it_cannot_write_is_one_line(bare: MakeBare, name: str) -> None:
    run = bare(**{name: "/proc/nowhere/x"}).start()
    assert run.status() == 2
    assert run.seen.startswith(b"rehearsal: ") and run.seen.count(b"\n") == 1


def test_without_a_terminal_it_refuses(bare: MakeBare) -> None:
    run = bare()
    done = subprocess.run(
        ARGV, stdin=subprocess.DEVNULL, capture_output=True, env=run.environment, timeout=10
    )
    run.start("--version")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"terminal" in done.stderr


def test_a_used_conversation_id_is_refused_and_can_be_resumed(bare: MakeBare) -> None:
    run = bare().start("--session-id", "abc-1", "hello").shows("Understood")
    run.child.kill()
    run.status()
    assert run.start("--session-id", "abc-1").status() == 1
    assert b"Session ID abc-1 is already in use." in run.seen
    run.start("--resume", "abc-1").shows("Resumed abc-1")


def test_a_torn_transcript_line_stays_alone_on_its_line(rehearsal: Make) -> None:
    run = rehearsal().start("--session-id", "abc-1", "hello").ready()
    run.kill(signal.SIGKILL)
    run.dead()
    path = run.home / "conversations" / "abc-1.jsonl"
    with path.open("ab") as stream:
        stream.write(b'{"type":"user","message":{"content":"half')
    run.start("--resume", "abc-1", "go on").ready()
    lines = path.read_bytes().split(b"\n")
    entries = [Rehearsal().entry(line) for line in lines if line]
    assert [entry.text for entry in entries] == [
        "hello", "Understood: hello", "", "go on", "Understood: go on",
    ]  # fmt: skip


def test_the_trust_dialog_stands_on_no_and_a_blind_enter_ends_it(bare: MakeBare) -> None:
    run = bare(REHEARSAL_TRUST="ask").start("hello").shows("Do you trust this folder?")
    assert not run.session_file().exists()
    run.write(b"\r")
    assert run.status() == 1


def test_a_trusted_folder_is_not_asked_again(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_TRUST="ask").start("hello").shows("Do you trust this folder?")
    found = Rehearsal().dialog(run.pane.screen())
    assert found is not None
    assert (found.state, found.cursor) == (AgentState.NEEDS_TRUST, 1)
    run.pane.keys(str(found.options.index("Yes, I trust this folder") + 1))
    run.ready()
    assert run.answers() == ["Understood: hello"]
    run.kill()
    run.dead().start("--resume", run.lines()[0]["sessionId"], "more").answered("more")


def test_it_can_ask_for_a_sign_in(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_LOGIN="ask").start().shows("How do you want to sign in?")
    found = Rehearsal().dialog(run.pane.screen())
    assert found is not None and found.state is AgentState.NEEDS_LOGIN
    run.pane.keys("Up", "Enter")
    run.ready()


def test_what_is_typed_before_a_slow_start_is_lost(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_START_S="0.7").start()
    run.pane.type("too early")
    run.pane.keys("Enter")
    run.ready()
    run.box_is("")
    assert run.lines() == []


def test_a_deaf_program_reads_later(rehearsal: Make) -> None:
    run = rehearsal(REHEARSAL_DEAF_S="1.2").start().ready()
    run.pane.paste("hello")
    assert not run.bytes_path.read_bytes()
    run.shows("❯ hello").enter().answered("hello").ready()
    run.send(directive(deaf_s=0.8, say="I hear nothing")).answered("nothing")
    size = run.bytes_path.stat().st_size
    run.pane.type("are you there")
    assert run.bytes_path.stat().st_size == size
    run.shows("are you there")


def test_files_are_private(rehearsal: Make) -> None:
    run = rehearsal().start("hello").ready()
    for path in (run.home, *run.home.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_one_byte_log_for_each_program_of_a_team(rehearsal: Make) -> None:
    run = rehearsal()
    run.environment["REHEARSAL_BYTES"] = f"{run.root}/logs/"
    log = run.bytes_path = run.root / "logs" / "sample_developer.bytes"
    run.start().ready().send("hello").answered("hello")
    assert log.read_bytes() == b"\x1b[200~hello\x1b[201~\r"


def test_writing_through_a_link_out_of_the_directory_is_refused(rehearsal: Make) -> None:
    run = rehearsal()
    (run.directory / "out").symlink_to(run.root)
    run.start().ready().send(directive(write={"out/escaped": "x", "fine": "y"}, say="end"))
    run.answered("end")
    assert not (run.root / "escaped").exists()
    assert (run.directory / "fine").read_text() == "y"


def test_an_interrupted_command_is_killed(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send(directive(run=["/bin/sleep", "600"])).status("busy")
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    [child] = until(lambda: children.read_text().split(), "the command")
    run.pane.keys("Escape")
    run.ready()
    until(lambda: not runs(child), "the command's end")


def test_a_commands_background_child_does_not_hold_the_turn(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.send(directive(run=["/bin/sh", "-c", "sleep 30 & echo $!"], say="end")).answered("end")
    [tool] = [line for line in run.lines() if line["type"] == "tool"]
    os.kill(int(tool["tool_response"]["stdout"]), signal.SIGKILL)


def test_output_that_comes_with_the_commands_end_is_kept() -> None:
    code = """
import os
from tmux_orch.agents.rehearsal import children, loop
loop = loop.Loop()
end = lambda status, output: (print(status, output.decode()), loop.stop())
child = children.Child(loop, ["printf", "late"], end, deadline_s=9)
os.waitid(os.P_PID, child._pid, os.WEXITED | os.WNOWAIT)
loop.run()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert done.stdout == "0 late\n", done.stderr


def test_a_missing_command_is_a_result_and_not_the_end(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.send(directive(run=["no-such-command"], say="end")).answered("end").ready()
    assert run.lines()[1]["tool_response"]["exit_status"] == 127


def test_much_output_is_read_and_cut(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    run.send(directive(run=["head", "-c", "3000000", "/dev/zero"], say="end")).answered("end")
    assert len(run.lines()[1]["tool_response"]["stdout"]) == 65_536
