"""What the plugin's state file says of a process that lives, and of one that does not."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conformance import NOW, berth_in
from tmux_orch.agents.adapter import Berth, Program
from tmux_orch.agents.opencode.adapter import OpenCode

ADAPTER = OpenCode()
PROGRAM = Program("opencode", "/opt/opencode", "1.18.33")


@pytest.fixture
def berth(tmp_path: Path) -> Berth:
    return berth_in(tmp_path)


def publish(berth: Berth, **fields: Any) -> None:
    stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    body = {
        "pid": os.getpid(),
        "procStart": int(stat[19]),
        "session": "ses_1",
        "status": "idle",
        "statusUpdatedAt": 1_795_280_000_000,
    }
    path = ADAPTER.session_file(berth)
    assert path is not None
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(body | fields))


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"status": "starting"}, "initializing"),
        ({"status": "idle"}, "idle"),
        ({"status": "busy", "detail": "bash"}, "working"),
        ({"status": "compacting"}, "compacting"),
        ({"status": "waiting", "waitingFor": "permission"}, "waiting_permission"),
        ({"status": "waiting", "waitingFor": "question"}, "waiting_answer"),
        ({"status": "waiting", "waitingFor": "Godot"}, "unknown"),
        ({"status": "dancing"}, "unknown"),
        ({"status": 7}, "unknown"),
    ],
)
def test_each_status_is_a_state(berth: Berth, fields: dict[str, Any], state: str) -> None:
    publish(berth, **fields)
    found = ADAPTER.level(berth, NOW)
    assert found is not None and found.state == state
    assert found.at == datetime.fromtimestamp(1_795_280_000, UTC)
    assert ADAPTER.owner(berth) == os.getpid()


def test_a_retry_says_until_when(berth: Berth) -> None:
    publish(berth, status="retry", detail="Rate limit\x1b[31m", until=1_795_280_056_000)
    found = ADAPTER.level(berth, NOW)
    assert found is not None and found.state == "retrying"
    assert found.until_at == datetime.fromtimestamp(1_795_280_056, UTC)
    assert "\x1b" not in found.detail
    publish(berth, status="busy", until=1_795_280_056_000)
    found = ADAPTER.level(berth, NOW)
    assert found is not None and found.until_at is None


def test_the_file_of_another_process_says_nothing(berth: Berth) -> None:
    for other in ({"procStart": 1}, {"pid": 2**22 + 1}, {"pid": True}, {"pid": "1"}):
        publish(berth, **other)
        assert ADAPTER.level(berth, NOW) is None and ADAPTER.owner(berth) is None


def test_use_is_read_and_nonsense_is_not(berth: Berth) -> None:
    said = {"at": 1_795_280_000_000, "input": 4000, "output": 80, "cost": 0.25, "context": 1.02}
    publish(berth, figures=said | {"model": "standin/standin"})
    found = ADAPTER.figures(berth, NOW)
    assert found is not None
    assert (found.input_tokens, found.output_tokens, found.cost_usd) == (4000, 80, 0.25)
    assert (found.context_percent, found.model) == (1.02, "standin/standin")
    publish(berth, figures={"input": -1, "output": "80", "cost": True, "context": None})
    found = ADAPTER.figures(berth, NOW)
    assert found is not None
    assert {found.input_tokens, found.output_tokens, found.cost_usd} == {None}


def test_a_session_that_the_program_forgot_is_no_conversation(berth: Berth) -> None:
    publish(berth)
    assert ADAPTER.has_conversation(berth) is False  # there is no database at all
    data = Path(berth.environment["HOME"]) / ".local/share/opencode"
    data.mkdir(parents=True)
    with sqlite3.connect(data / "opencode.db") as db:
        db.execute("create table message (id text, session_id text)")
    assert ADAPTER.has_conversation(berth) is False
    assert ADAPTER.resume(berth, PROGRAM, "go on").argv[-1] == "--prompt=go on"
    with sqlite3.connect(data / "opencode.db") as db:
        db.execute("insert into message values ('msg_1', 'ses_1')")
    db.close()
    assert ADAPTER.has_conversation(berth) is True
    assert ADAPTER.resume(berth, PROGRAM, "go on").argv[-1] == "--session=ses_1"
    elsewhere = {**berth.environment, "OPENCODE_DB": str(data / "other.db")}
    assert ADAPTER.has_conversation(replace(berth, environment=elsewhere)) is False
