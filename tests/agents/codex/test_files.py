"""What the program's own files tell: the seat's conversation, and where its turn stands."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.agents.codex import recorded
from tests.agents.conformance import NOW, berth_in
from tmux_orch.agents.adapter import Berth, Program
from tmux_orch.agents.codex import home, launch, rollout
from tmux_orch.agents.codex.adapter import Codex
from tmux_orch.domain.states import AgentState

ID = "01a1ff04-c263-7033-a843-f959911d5de4"
PROGRAM = Program("codex", "/opt/codex", "0.169.0")


@pytest.fixture
def berth(tmp_path: Path) -> Berth:
    return berth_in(tmp_path)


def conversation(berth: Berth, identity: str = ID) -> Path:
    day = Path(berth.environment["HOME"], ".codex", "sessions", "2026", "11", "21")
    day.mkdir(parents=True, exist_ok=True)
    path = day / f"rollout-2026-11-21T16-51-04-{identity}.jsonl"
    shutil.copy(recorded.DATA / "rollout.jsonl", path)
    return path


@contextmanager
def holding(path: Path) -> Iterator[int]:
    """A process that has the file open."""
    with path.open("a") as stream:
        process = subprocess.Popen(["sleep", "60"], stdout=stream)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def test_the_conversation_that_the_live_process_has_open_is_found_and_remembered(
    berth: Berth,
) -> None:
    adapter, path = Codex(), conversation(berth)
    assert adapter.transcript(berth) is None
    with holding(path) as pid:
        live = replace(berth, pid=pid)
        assert adapter.transcript(live) == path
        assert adapter.owner(live) == pid
    # The process is gone, and so is the daemon that saw it: the seat's files remember.
    assert adapter.transcript(berth) == path
    assert adapter.has_conversation(berth)
    assert adapter.owner(berth) is None
    assert adapter.level(live, NOW) is None
    resume = adapter.resume(berth, PROGRAM, "Go on.")
    assert resume.argv[-3:] == (ID, "--", "Go on.")


def test_a_new_conversation_of_the_seat_forgets_the_old_one(berth: Berth) -> None:
    path = conversation(berth)
    with holding(path) as pid:
        Codex().transcript(replace(berth, pid=pid))
    other = replace(berth, conversation_id="0b7c1d7e-6f5e-4e33-9a9e-4a1f6e4f1f11")
    assert Codex().transcript(other) is None


def test_a_seat_that_followed_its_program_has_the_programs_own_id(berth: Berth) -> None:
    path = conversation(berth)
    followed = replace(berth, conversation_id=ID)
    assert Codex().transcript(followed) == path


@pytest.mark.parametrize("odd", ["", "x", ID.upper(), "../" + ID, "*", ID + "*", ID[:-1]])
def test_what_is_no_id_of_the_programs_finds_nothing(berth: Berth, odd: str) -> None:
    conversation(berth)
    assert home.rollout(berth.environment, odd) is None


# -- where the turn stands -----------------------------------------------------------------------


def written(tmp_path: Path, *lines: bytes) -> Path:
    path = tmp_path / "rollout.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def line(kind: str, at: datetime, **payload: object) -> bytes:
    told = {"timestamp": at.isoformat(), "type": kind, "payload": payload}
    return json.dumps(told).encode()


def started(at: datetime = NOW) -> bytes:
    return line("event_msg", at, type="task_started")


def done(at: datetime = NOW, **error: object) -> bytes:
    return line("event_msg", at, type="task_complete", error=error or None)


def state(path: Path, now: datetime = NOW) -> tuple[AgentState | None, str]:
    turn = rollout.last_turn(path)
    assert turn is not None
    reading = rollout.level(turn, now, UTC)
    return reading.state, reading.rule


def test_a_turn_runs_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    call = line("response_item", NOW, type="function_call", call_id="c1")
    result = line("response_item", NOW, type="function_call_output", call_id="c1")
    for lines, expected in [
        ((started(),), "codex.rollout.turn"),
        ((started(), call), "codex.rollout.call"),
        ((started(), call, result), "codex.rollout.turn"),
        ((started(), call, result, done()), "codex.rollout.idle"),
        ((started(), call, line("event_msg", NOW, type="turn_aborted")), "codex.rollout.idle"),
        ((started(), done(), started()), "codex.rollout.turn"),
    ]:
        assert state(written(tmp_path, *lines))[1] == expected


def test_quoted_ends_of_turns_are_no_ends(tmp_path: Path) -> None:
    quoted = json.loads(done())
    output = line(
        "response_item", NOW, type="function_call_output", call_id="c", output=json.dumps(quoted)
    )
    assert state(written(tmp_path, started(), output))[0] is AgentState.WORKING
    torn = done()[:-3]
    path = written(tmp_path, started())
    path.write_bytes(path.read_bytes() + torn)
    assert state(path)[0] is AgentState.WORKING


def test_a_usage_limit_stands_until_it_ends_and_is_told_with_its_time(tmp_path: Path) -> None:
    error = {
        "message": "You've hit your usage limit. Try again at 2:30 PM.",
        "codex_error_info": "usage_limit_exceeded",
    }
    path = written(tmp_path, started(), done(**error))
    turn = rollout.last_turn(path)
    assert turn is not None
    reading = rollout.level(turn, NOW, UTC)
    assert reading.state is AgentState.USAGE_LIMITED
    assert reading.until_at == NOW.replace(hour=14, minute=30)
    assert state(path, NOW + timedelta(hours=2, minutes=31))[0] is AgentState.IDLE


def test_an_error_passes_and_a_refused_key_does_not(tmp_path: Path) -> None:
    broken = written(tmp_path, started(), done(message="boom", codex_error_info="other"))
    assert state(broken)[0] is AgentState.ERROR
    assert state(broken, NOW + timedelta(seconds=61))[0] is AgentState.IDLE
    for error in (
        {"message": "sign in", "codex_error_info": "unauthorized"},
        {
            "message": "unexpected status 401 Unauthorized: bad key",
            "codex_error_info": {"http_connection_failed": {"http_status_code": 401}},
        },
    ):
        refused = written(tmp_path, done(**error))
        assert state(refused, NOW + timedelta(days=1))[0] is AgentState.NEEDS_LOGIN


def test_the_turns_beginning_is_found_before_much_output(tmp_path: Path) -> None:
    output = line("response_item", NOW, type="function_call_output", output="x" * 300_000)
    path = written(tmp_path, done(), started(), *[output] * 5)
    assert state(path)[0] is AgentState.WORKING


def test_figures_are_the_last_that_were_counted() -> None:
    figures = rollout.figures(recorded.DATA / "rollout.jsonl")
    assert figures is not None
    assert (figures.input_tokens, figures.output_tokens) == (1000, 20)
    assert figures.context_percent == 0.4
    assert figures.model == "standin-model"


# -- the command line ----------------------------------------------------------------------------


def test_our_hooks_are_trusted_by_the_hash_that_the_program_makes_of_them() -> None:
    # Shown by `hooks/list` of the program's own server, 0.169.0.
    told = {"type": "command", "command": '/x ü"q', "timeout": 20, "statusMessage": "waits: x"}
    shown = "sha256:d5c9527d2944d93ebd11f33ef88dee733692f54c7a8cbf1daa9b79f2568c34ff"
    assert launch.fingerprint("stop", told) == shown


def test_no_switch_that_trusts_more_than_our_hooks_is_used(berth: Berth) -> None:
    for mode in launch.MODES:
        argv = Codex().start(replace(berth, permission_mode=mode), PROGRAM, "x").argv
        assert "--dangerously-bypass-hook-trust" not in argv
        assert ("--dangerously-bypass-approvals-and-sandbox" in argv) == (
            mode == "bypassPermissions"
        )


def test_trust_is_given_along_only_on_the_persons_word_and_kept_for_the_seat(berth: Berth) -> None:
    def trusts() -> bool:
        return any("trust_level" in word for word in Codex().start(berth, PROGRAM, "x").argv)

    assert not trusts()
    Codex().start(replace(berth, trusted=True), PROGRAM, "x")
    assert trusts()


def test_only_our_own_commands_pass_without_a_question() -> None:
    permits = Codex().permits
    assert permits(("Bash", "scm pm 'done; all green'"))
    assert permits(("Bash", 'git commit -m "Add x (y)"'))
    assert not permits(("Bash", "git commit -m x; rm -rf y"))
    assert not permits(("apply_patch", "scm pm x"))


def test_an_old_prompt_is_no_input_box() -> None:
    shown = recorded.screen("after_turn").split("\n")
    last = max(at for at, line in enumerate(shown) if "msg aaaaaaa1" in line)
    assert Codex().composer("\n".join(shown[: last + 1])).empty is None


def test_a_review_of_hooks_is_no_question_of_trust_that_a_yes_may_answer() -> None:
    # As 0.169.0 shows it at its start; "yes" would trust the repository's hooks too.
    lines = (
        "",
        "  Hooks need review",
        "  1 hook is new or changed.",
        "  Hooks can run outside the sandbox after you trust them.",
        "",
        "› 1. Review hooks",
        "  2. Trust all and continue",
        "  3. Continue without trusting (hooks won't run)",
        "  enter confirm · esc skip",
    )
    found = Codex().dialog("\n".join(lines))
    assert found is not None
    assert found.state is AgentState.WAITING_ANSWER
    assert found.options[1] == "Trust all and continue"


def test_the_hubs_notes_are_writable_where_we_choose_the_sandbox(berth: Berth) -> None:
    hub = replace(berth, notes=berth.private / "notes", permission_mode="acceptEdits")
    assert f"--add-dir={hub.notes}" in Codex().start(hub, PROGRAM, "x").argv
    plan = replace(hub, permission_mode="plan")
    assert not any("--add-dir" in word for word in Codex().start(plan, PROGRAM, "x").argv)
