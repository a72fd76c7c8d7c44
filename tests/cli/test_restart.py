"""``restart`` says who is back and who is not, and why."""

from __future__ import annotations

import json

from tests.cli.conftest import House
from tmux_orch.domain.errors import BadInput, Refused

BACK = {
    "name": "developer",
    "was_running": True,
    "conversation_id": "c0ffee00-0000-4000-8000-000000000000",
    "trouble": "",
}
DOWN = BACK | {"name": "tester", "was_running": False, "trouble": "it is not ready\x1b[2J (exited)"}


def answer(*agents: dict[str, object]) -> dict[str, object]:
    code = int(any(agent["trouble"] for agent in agents))
    return {"project": "sample", "agents": list(agents), "exit_code": code}


def test_who_is_back_is_said_and_what_was_asked_is_passed_on(served: House) -> None:
    served.answers["restart"] = [
        {"event": "agent", "agent": "developer", "stage": "stopped"}, answer(BACK),
    ]  # fmt: skip
    done = served.run("tmux-orch", "restart", "developer", "--project", "sample")
    assert (done.code, done.out) == (0, "developer: started again with its conversation\n")
    body = {"project": "sample", "agents": ["developer"], "all": False}
    assert served.asked == [("restart", body)]


def test_one_that_is_not_ready_is_named_with_its_reason_and_1(served: House) -> None:
    served.answers["restart"] = answer(BACK, DOWN)
    done = served.run("tmux-orch", "restart", "--all")
    assert done.code == 1
    assert "tester: not ready: it is not ready" in done.out
    assert "\x1b" not in done.both


def test_json_is_the_answer_as_it_is(served: House) -> None:
    served.answers["restart"] = answer(BACK, DOWN)
    done = served.run("tmux-orch", "restart", "--all", "--json")
    assert done.code == 1
    assert json.loads(done.out) == answer(BACK, DOWN)


def test_a_team_without_anybody_who_is_wanted_up_says_so(served: House) -> None:
    served.answers["restart"] = answer()
    assert served.run("tmux-orch", "restart", "--all").out == (
        "no agent of the team is wanted up\n"
    )


def test_what_the_daemon_refuses_is_one_line(served: House) -> None:
    for error, code in (
        (BadInput("tester was stopped by you", "bring it back: auto-orchestrate --resume"), 2),
        (Refused("restart is the person's", "ask the person, with scm"), 4),
    ):
        served.answers["restart"] = error
        done = served.run("tmux-orch", "restart", "tester")
        assert (done.code, done.err.count("\n"), done.out) == (code, 1, "")


def test_explain_tells_how_it_ended_and_where_its_screens_are(served: House) -> None:
    served.answers["explain"] = {
        "agent": "developer", "state": "error", "state_since_at": "2026-03-01T10:00:00+00:00",
        "evidence": "started five times within a minute", "conflict": "", "readings": [],
        "figures": None,
        "ends": [
            {"at": "2026-03-01T10:00:00+00:00", "start": 7, "cause": "signal", "exit_status": None,
             "signal": "SIGKILL", "words": "was ended by SIGKILL", "screen": "/r/7\x1b.txt"},
        ],
    }  # fmt: skip
    done = served.run("tmux-orch", "explain", "developer")
    assert "ago: it was ended by SIGKILL; its last screen: /r/7" in done.out
    assert "\x1b" not in done.out
