"""Session files and the conversation they belong to: live, stale, foreign, torn, spent."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.agents.conformance import NOW, berth_in
from tmux_orch.agents.adapter import Berth, Program
from tmux_orch.agents.claude import home, launch
from tmux_orch.agents.claude.adapter import Claude
from tmux_orch.agents.claude.session_file import is_alive
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.states import AgentState

CLAUDE = Claude()
HEAD = b'{"type":"custom-title","customTitle":"x"}\n{"type":"mode","mode":"normal"}\n'
TURN = b'{"type":"user","message":{"role":"user","content":"hello"}}\n'


@pytest.fixture
def berth(tmp_path: Path) -> Berth:
    return berth_in(tmp_path)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until the test ends it."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as child:
        yield child
        child.kill()


def started(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def publish(berth: Berth, pid: int, **more: object) -> Path:
    path = home.sessions_directory(berth.environment) / f"{pid}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {
        "pid": pid,
        "sessionId": berth.conversation_id,
        "procStart": str(started(pid)),
        "status": "idle",
        "statusUpdatedAt": 1795175397953,
    }
    path.write_text(json.dumps(said | more))
    return path


def converse(berth: Berth, conversation: str, data: bytes) -> Path:
    place = home.config_directory(berth.environment) / "projects" / home.slug(berth.worktree)
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{conversation}.jsonl").write_bytes(data)
    return place / f"{conversation}.jsonl"


@pytest.mark.parametrize(
    ("status", "waiting_for", "state"),
    [
        ("idle", None, AgentState.IDLE),
        ("busy", None, AgentState.WORKING),
        ("shell", None, AgentState.WORKING),
        ("waiting", "permission prompt", AgentState.WAITING_PERMISSION),
        ("waiting", "input needed", AgentState.WAITING_ANSWER),
        ("waiting", "dialog open", AgentState.WAITING_ANSWER),
        ("waiting", "something new", AgentState.UNKNOWN),
        ("waiting", None, AgentState.UNKNOWN),
        ("dreaming", None, AgentState.UNKNOWN),
        ("", None, AgentState.INITIALIZING),
        (None, None, AgentState.INITIALIZING),
    ],
)
def test_the_published_status_is_a_state_and_never_idle_when_unsure(
    berth: Berth,
    process: subprocess.Popen[bytes],
    status: str | None,
    waiting_for: str | None,
    state: AgentState,
) -> None:
    publish(berth, process.pid, status=status, waitingFor=waiting_for)
    reading = CLAUDE.level(replace(berth, pid=process.pid), NOW)
    assert reading is not None
    assert reading.state is state
    assert reading.at == datetime(2026, 11, 20, 11, 49, 57, 953000, UTC)


def test_a_program_behind_a_wrapper_is_found_by_its_conversation(
    berth: Berth, process: subprocess.Popen[bytes]
) -> None:
    publish(berth, process.pid)
    reading = CLAUDE.level(replace(berth, pid=os.getpid()), NOW)
    assert reading is not None and reading.state is AgentState.IDLE


def test_the_file_of_a_dead_process_says_nothing(
    berth: Berth, process: subprocess.Popen[bytes]
) -> None:
    publish(berth, process.pid)
    assert CLAUDE.owner(berth) == process.pid
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, not yet reaped: a zombie
    assert (CLAUDE.owner(berth), CLAUDE.level(replace(berth, pid=process.pid), NOW)) == (None, None)
    process.wait()
    assert (CLAUDE.owner(berth), CLAUDE.level(replace(berth, pid=process.pid), NOW)) == (None, None)


def test_the_file_of_a_process_whose_number_was_given_again_says_nothing(
    berth: Berth, process: subprocess.Popen[bytes]
) -> None:
    publish(berth, process.pid, procStart=str(started(process.pid) - 1))
    assert (CLAUDE.owner(berth), CLAUDE.level(replace(berth, pid=process.pid), NOW)) == (None, None)


def test_another_conversation_has_another_owner(
    berth: Berth, process: subprocess.Popen[bytes]
) -> None:
    publish(berth, process.pid, sessionId="6a3ac2f5-2f5c-4d8b-9f49-000000000000")
    assert CLAUDE.owner(berth) is None


@pytest.mark.parametrize("torn", ["", "{", '{"pid": 1, "sess', "[]", "null"])
def test_a_torn_file_of_a_live_process_is_not_taken_for_no_owner(
    berth: Berth, process: subprocess.Popen[bytes], torn: str
) -> None:
    publish(berth, process.pid).write_text(torn)
    with pytest.raises(CouldNotTell):
        CLAUDE.owner(berth)
    assert CLAUDE.level(replace(berth, pid=process.pid), NOW) is None
    process.kill()
    process.wait()
    assert CLAUDE.owner(berth) is None


def test_other_files_beside_the_session_files_are_not_read(
    berth: Berth, process: subprocess.Popen[bytes]
) -> None:
    path = publish(berth, process.pid)
    path.with_name(f"{process.pid}.0a1b2c.key").write_text("x")
    path.with_name("notes.json").write_text("{")
    assert CLAUDE.owner(berth) == process.pid


def test_life_is_told_by_number_and_start(process: subprocess.Popen[bytes]) -> None:
    assert is_alive(process.pid, 0)
    assert is_alive(process.pid, started(process.pid))
    assert not is_alive(process.pid, 1)
    process.kill()
    process.wait()
    assert not is_alive(process.pid, 0)


# -- the conversation -------------------------------------------------------------------------


def test_a_conversation_exists_when_a_whole_turn_is_written(berth: Berth) -> None:
    path = converse(berth, berth.conversation_id, HEAD)
    assert not CLAUDE.has_conversation(berth)
    path.write_bytes(HEAD + TURN[:-20])
    assert not CLAUDE.has_conversation(berth)
    path.write_bytes(HEAD + TURN)
    assert CLAUDE.has_conversation(berth)
    assert CLAUDE.transcript(berth) == path


def test_a_spent_id_gives_way_to_the_next_of_a_fixed_series(berth: Berth) -> None:
    program = Program("claude", "/opt/claude", "2.1.329")

    def used() -> str:
        argv = launch.start(berth, program, "go").argv
        return argv[argv.index("--session-id") + 1]

    first = used()
    assert first == berth.conversation_id
    converse(berth, first, HEAD)
    second = used()
    assert second == used() != first
    converse(berth, second, HEAD)
    third = used()
    assert third not in (first, second)
    path = converse(berth, third, HEAD + TURN)
    assert CLAUDE.transcript(berth) == path
    assert third in launch.resume(berth, program, "").argv


def test_an_id_is_not_spent_while_its_process_lives(
    berth: Berth, process: subprocess.Popen[bytes]
) -> None:
    path = converse(berth, berth.conversation_id, HEAD)
    publish(berth, process.pid)
    assert CLAUDE.transcript(berth) == path
    assert CLAUDE.owner(berth) == process.pid


def test_a_transcript_is_found_under_any_name_of_its_directory(berth: Berth) -> None:
    expected = converse(berth, berth.conversation_id, HEAD + TURN)
    moved = expected.parents[1] / "cut-and-hashed-njemqr"
    expected.parent.rename(moved)
    assert CLAUDE.transcript(berth) == moved / expected.name


@pytest.mark.parametrize("length", [200, 255, 4000])
def test_a_long_path_is_no_error(berth: Berth, length: int) -> None:
    deep = Path("/" + "x" * length)
    assert CLAUDE.transcript(replace(berth, worktree=deep)) is None
