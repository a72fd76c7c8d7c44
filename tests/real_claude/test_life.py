"""Start, readiness, dialogs, death and resume of the real program."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.agents.conformance import tree
from tests.agents.pane import until
from tests.real_claude.seat import RealSeat
from tmux_orch.domain.states import AgentState

pytestmark = pytest.mark.real_claude

PROMPT = "Read .orch/briefing.md and begin. [brief 0badcafe]"


def test_an_agent_starts_unattended_with_its_prompt(seat: RealSeat) -> None:
    assert (seat.level(), seat.adapter.owner(seat.berth)) == (None, None)
    seat.start(PROMPT)
    started = seat.hooks.wait("SessionStart")
    assert started["session_id"] == seat.berth.conversation_id
    assert seat.adapter.hook(seat.hooks.wait("UserPromptSubmit"), seat.now()).prompt == PROMPT
    seat.hooks.wait("Stop")
    seat.await_state("idle")
    assert seat.adapter.owner(seat.berth) == seat.berth.pid
    seat.await_answered("[brief 0badcafe]")
    assert [request["prompt"] for request in seat.requests()] == [PROMPT]
    assert any("ROLE-PAGE" in request["system_tail"] for request in seat.requests()) or (
        "ROLE-PAGE" in seat.raw_transcript()
    )
    assert seat.adapter.composer(seat.pane.screen()).empty is True


def test_starting_writes_nothing_into_the_persons_configuration(seat: RealSeat) -> None:
    before = tree(seat.house.config, seat.house.home, seat.house.worktree)
    seat.adapter.start(seat.berth, seat.program, PROMPT)
    seat.adapter.resume(seat.berth, seat.program, PROMPT)
    assert tree(seat.house.config, seat.house.home, seat.house.worktree) == before


def test_a_prompt_that_looks_like_an_option_is_a_prompt(seat: RealSeat) -> None:
    seat.begin("--version [brief 0badcafe]")
    seat.await_answered("[brief 0badcafe]")


def test_no_warning_about_our_settings_is_shown(seat: RealSeat) -> None:
    seat.begin(PROMPT)
    assert "⚠" not in seat.pane.screen(escapes=False)


def test_no_key_takes_an_agent_out_of_its_pane(seat: RealSeat) -> None:
    seat.begin("Hello.")
    for _ in range(3):
        seat.pane.keys("Left")
        seat.await_quiet()
    assert seat.adapter.composer(seat.pane.screen()).empty is True
    assert seat.adapter.owner(seat.berth) == seat.berth.pid
    seat.pane.type("still here")
    until(lambda: seat.adapter.composer(seat.pane.screen()).text == "still here", "typed")
    assert "agents" not in seat.pane.screen(escapes=False).rpartition("still here")[2]


def test_the_trust_question_is_a_state_and_is_answered_by_its_text(
    make_seat: Callable[..., RealSeat],
) -> None:
    seat = make_seat(trusted=False)
    seat.start(PROMPT)
    dialog = seat.await_dialog()
    assert dialog.state is AgentState.NEEDS_TRUST
    assert str(seat.berth.worktree) in dialog.question
    assert seat.level() is None
    # The two versions point at different options, so only the text may decide.
    seat.choose("Yes, I trust this folder")
    seat.hooks.wait("Stop")
    seat.await_answered("[brief 0badcafe]")
    seat.close()


def test_a_killed_agent_is_known_dead_and_goes_on_with_its_conversation(seat: RealSeat) -> None:
    seat.begin("Remember the word ANCHOR-77.")
    first = seat.berth
    seat.kill()
    stale = seat.house.config / "sessions" / f"{first.pid}.json"
    assert json.loads(stale.read_text())["status"] == "idle", "the program tidied up: no test"
    assert seat.level() is None
    assert seat.adapter.owner(seat.berth) is None
    assert seat.adapter.has_conversation(seat.berth)
    seat.resume("Go on. [brief 0badcafe]")
    started = seat.hooks.wait("SessionStart", count=2)
    assert (started["source"], started["session_id"]) == ("resume", first.conversation_id)
    seat.await_answered("[brief 0badcafe]")
    assert "ANCHOR-77" in json.dumps(seat.requests()[-1]["all_human"])
    assert seat.adapter.owner(seat.berth) == seat.berth.pid != first.pid


def test_a_resume_without_a_prompt_asks_the_model_nothing(seat: RealSeat) -> None:
    seat.begin("Hello.")
    seat.kill()
    seat.resume("")
    seat.await_state("idle")
    assert len(seat.requests()) == 1


def test_a_pid_that_another_process_got_is_not_the_owner(seat: RealSeat) -> None:
    seat.begin("Hello.")
    path = seat.house.config / "sessions" / f"{seat.berth.pid}.json"
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"procStart": str(int(said["procStart"]) - 1)}))
    assert seat.adapter.owner(seat.berth) is None
    assert seat.level() is None


def test_an_id_spent_by_a_death_at_birth_does_not_stop_the_seat(seat: RealSeat) -> None:
    seat.begin("Hello.")
    seat.kill()
    # What a kill between the first lines and the first prompt leaves: seen in 2.1.197 at 0.7 s.
    path = seat.adapter.transcript(seat.berth)
    assert path is not None
    head = [line for line in path.read_bytes().splitlines()[:8] if b'"type":"user"' not in line]
    path.write_bytes(b"\n".join(head[:4]) + b"\n")
    assert not seat.adapter.has_conversation(seat.berth)
    seat.begin("Once more. [brief 0badcafe]")
    seat.await_answered("[brief 0badcafe]")
    assert seat.adapter.owner(seat.berth) == seat.berth.pid
    assert path.read_bytes() == b"\n".join(head[:4]) + b"\n", "the file is not ours"
    seat.kill()
    seat.resume("And on. [brief 1badcafe]")
    seat.await_answered("[brief 1badcafe]")


@pytest.mark.parametrize("name", ["with space", "ümläut 🚀 'q'", "x" * 120 + "/" + "y" * 100])
def test_the_transcript_is_found_whatever_the_directory_is_called(
    seat: RealSeat, name: str
) -> None:
    place = seat.house.repository / "deep" / name
    place.mkdir(parents=True)
    seat.berth = replace(seat.berth, worktree=place)
    seat.begin("Hello. [brief 0badcafe]")
    seat.await_answered("[brief 0badcafe]")


def test_an_agent_without_a_sign_in_says_so_by_its_hook(seat: RealSeat) -> None:
    environment = {k: v for k, v in seat.berth.environment.items() if k != "ANTHROPIC_API_KEY"}
    seat.berth = replace(seat.berth, environment=environment)
    seat.start(PROMPT)
    failed = seat.adapter.hook(seat.hooks.wait("StopFailure"), seat.now())
    assert failed.reading.state is AgentState.NEEDS_LOGIN
    assert "/login" in failed.reading.detail


def test_a_clean_end_is_told_and_leaves_no_session(seat: RealSeat) -> None:
    seat.begin("Hello.")
    os.kill(seat.berth.pid, 15)
    ended = seat.adapter.hook(seat.hooks.wait("SessionEnd"), seat.now())
    assert ended.reading.state is AgentState.EXITED
    until(lambda: seat.adapter.owner(seat.berth) is None, "no owner")
    assert seat.level() is None
