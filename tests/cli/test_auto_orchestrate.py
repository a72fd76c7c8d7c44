"""The main command: what it refuses, what it asks the daemon, what a person sees."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tmux_orch.domain.errors import Busy

from .conftest import AGENT, STATUS

RESULT = STATUS | {"attach": "x", "next": ["look at the team:  tmux-orch attach"], "exit_code": 0}


@pytest.fixture
def spec(house):
    path = house.place / "spec.md"
    path.write_text("# Greeter\n\n- [ ] say hello\n")
    return str(path)


def test_the_request_carries_the_spec_and_every_option(served, spec):
    served.answers["up"] = RESULT
    done = served.run(
        "auto-orchestrate", "--spec", "spec.md", "--session", "team-a", "--roles", "dev:2,qa",
        "--add-roles", "pm", "--agent", "rehearsal", "--model", "m-1", "--permission-mode",
        "acceptEdits", "--trust", "--team-type", "general", "--planner", "offline", "--plan", "pro",
        "--size", "small", "--budget", "5usd",
        env={"SECRET_OF_MINE": "x\udcff"},
    )  # fmt: skip
    assert done.code == 0, done.err
    ((verb, body),) = served.asked
    assert verb == "up"
    environment = body.pop("environment")
    assert environment["SECRET_OF_MINE"] == "x\udcff"
    assert body == {
        "project": str(served.place), "spec_text": "# Greeter\n\n- [ ] say hello\n",
        "spec_path": "spec.md", "session": "team-a", "team_type": "general", "roles": "dev:2,qa",
        "add_roles": "pm", "plan": "pro", "size": "small", "planner": "offline",
        "budget": "5usd", "agent": "rehearsal", "model": "m-1", "permission_mode": "acceptEdits",
        "trust": True, "resume": False, "rebrief_all": False,
    }  # fmt: skip


def test_without_a_terminal_nothing_is_asked_and_the_mode_is_the_safe_one(served, spec):
    served.answers["up"] = RESULT
    assert served.run("auto-orchestrate", "--spec", spec).code == 0
    assert served.asked[0][1]["permission_mode"] == "default"
    assert served.asked[0][1]["trust"] is False


def test_on_a_terminal_the_mode_is_asked_and_one_key_takes_the_recommended(served, spec):
    served.answers["up"] = RESULT
    done = served.on_terminal("auto-orchestrate", "--spec", spec, typed="\n")
    assert done.code == 0, done.out
    assert "recommended" in done.out
    assert served.asked[0][1]["permission_mode"] == "acceptEdits"


def test_a_program_without_modes_is_not_asked_about(served, spec):
    served.answers["up"] = RESULT
    done = served.on_terminal("auto-orchestrate", "--spec", spec, "--agent", "rehearsal")
    assert done.code == 0, done.out
    assert served.asked[0][1]["permission_mode"] == ""


def test_resume_asks_nothing_and_leaves_the_project_to_the_daemon(served):
    served.answers["up"] = RESULT
    assert served.on_terminal("auto-orchestrate", "--resume", "--rebrief-all").code == 0
    body = served.asked[0][1]
    assert (body["project"], body["resume"], body["rebrief_all"]) == (None, True, True)
    assert served.run("auto-orchestrate", "--resume", "--project", ".").code == 0
    assert served.asked[1][1]["project"] == str(served.place)


def test_a_trust_question_is_asked_of_the_person_once_and_answered_for_all(served, spec):
    asks = AGENT | {"state": "needs_trust", "evidence": "screen: Do you trust \x1b[2J the files?"}
    first = RESULT | {"agents": [asks, asks | {"name": "tester"}], "exit_code": 1}
    served.answers["up"] = lambda body: RESULT if body["resume"] else first
    done = served.on_terminal(
        "auto-orchestrate", "--spec", spec, "--permission-mode", "default", typed="y"
    )
    assert done.code == 0, done.out
    assert "Do you trust [2J the files?" in done.out
    assert "developer, tester asked" in done.out
    again = served.asked[1][1]
    assert (again["resume"], again["trust"], again["project"]) == (True, True, "/src/sample")


def test_without_a_yes_nothing_is_trusted(served, spec):
    asks = RESULT | {"agents": [AGENT | {"state": "needs_trust"}], "exit_code": 1}
    served.answers["up"] = asks
    argv = ("auto-orchestrate", "--spec", spec, "--permission-mode", "default")
    assert served.on_terminal(*argv, typed="n").code == 1
    assert served.run(*argv).code == 1
    assert not [body for _, body in served.asked if body["trust"]]


def test_the_table_the_work_and_the_next_steps_are_shown(served, spec):
    served.answers["up"] = RESULT
    done = served.run("auto-orchestrate", "--spec", spec)
    assert done.err == ""
    assert "\x1b" not in done.out
    assert "developer" in done.out
    assert "git log -p main..orch/ab12cd/developer" in done.out
    assert "git merge orch/ab12cd/developer" in done.out
    assert "tmux-orch attach" in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_notes_and_failures_stand_on_standard_error_also_without_a_terminal(served, spec):
    steps = [
        {"event": "note", "text": "2 files are not\ncommitted\x07"},
        {"event": "agent", "agent": "developer", "stage": "worktree", "took_s": 0.1, "detail": ""},
        {"event": "agent", "agent": "tester", "stage": "failed", "took_s": 1, "detail": "too slow"},
        {"event": "unheard of"},
    ]
    trouble = RESULT | {"exit_code": 1, "trouble": [{"name": "tester", "reason": "too slow"}]}
    served.answers["up"] = [*steps, trouble]
    done = served.run("auto-orchestrate", "--spec", spec)
    assert done.code == 1
    assert done.err == "2 files are not committed\ntester: too slow\n"
    assert "Not ready:\n  tester: too slow" in done.out


def test_on_a_terminal_the_steps_are_a_table_while_they_happen(served, spec):
    served.answers["up"] = [
        {"event": "agent", "agent": "developer", "stage": s, "took_s": 0.5, "detail": ""}
        for s in ("worktree", "window", "ready", "briefed")
    ] + [RESULT]
    done = served.on_terminal("auto-orchestrate", "--spec", spec, "--agent", "rehearsal")
    assert done.code == 0, done.out
    assert "BRIEFED" in done.out
    assert "0.5 s" in done.out


def test_no_color_means_no_colour_on_a_terminal_too(served, spec):
    served.answers["status"] = STATUS
    assert "\x1b[32m" in served.on_terminal("tmux-orch", "status").out
    assert "\x1b[" not in served.on_terminal("tmux-orch", "status", NO_COLOR="1").out


def test_json_is_one_object_and_nothing_else_on_standard_output(served, spec):
    served.answers["up"] = [{"event": "note", "text": "a note"}, RESULT]
    done = served.run("auto-orchestrate", "--spec", spec, "--json")
    assert json.loads(done.out) == RESULT
    assert done.err == "a note\n"


def test_a_live_team_is_75_and_one_line(served, spec):
    served.answers["up"] = Busy("sample has a live team", "go on with it: --resume")
    done = served.run("auto-orchestrate", "--spec", spec)
    assert (done.code, done.out, done.err.count("\n")) == (75, "", 1)


def test_status_only_asks_for_the_status_and_nothing_else(served):
    served.answers["status"] = STATUS
    done = served.run("auto-orchestrate", "--resume", "--status-only", "--json")
    assert json.loads(done.out) == STATUS
    assert served.asked == [("status", {"project": None})]


# -- the dry run ------------------------------------------------------------------------------


@pytest.fixture
def repository(house, spec):
    def git(*argv):
        subprocess.run(["git", *argv], cwd=house.place, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x")
    return house


def test_a_dry_run_prints_the_plan_and_changes_and_starts_nothing(repository):
    before = sorted(os.walk(repository.place))
    done = repository.run(
        "auto-orchestrate", "--spec", "spec.md", "--dry-run", "--agent", "rehearsal",
        "--roles", "dev:2", "--budget", "5usd",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "the team's budget: 5.00 USD for each day" in done.out
    for word in ("Greeter", "orchestrator", "developer", "developer-2", "say hello", "nothing was"):
        assert word in done.out
    assert sorted(os.walk(repository.place)) == before
    assert repository.started_nothing()
    place = str(repository.place)
    assert max(len(line) for line in done.out.splitlines() if place not in line) <= 80


def test_a_dry_run_as_json(repository):
    argv = ("--spec", "spec.md", "--dry-run", "--agent", "rehearsal", "--json")
    plan = json.loads(repository.run("auto-orchestrate", *argv).out)
    assert plan["schema"] == "tmux-orch/plan/1"
    assert plan["agents"][0]["name"] == "orchestrator"
    assert plan["project"]["starting_branch"] == "main"
    assert "say hello" in {task["title"] for task in plan["implementation_plan"]["tasks"]}
    assert plan["planner"] == "offline"
    assert plan["budget"] is None


def test_a_dry_run_refuses_what_the_start_would(repository, tmp_path):
    argv = ("auto-orchestrate", "--spec", "spec.md", "--dry-run")
    assert repository.run(*argv, "--roles", "nobody", "--agent", "rehearsal").code == 2
    assert repository.run(*argv, "--agent", "unheard-of").code == 2
    spec = repository.place / "spec.md"
    other = tmp_path / "no-repository"
    other.mkdir()
    done = repository.run("auto-orchestrate", "--spec", str(spec), "--dry-run", cwd=other)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert repository.started_nothing()


def test_a_hostile_directory_name_is_only_a_name(repository, tmp_path):
    hostile = tmp_path / '#(touch PWNED);$(id) "x"\x1b[2J'
    os.rename(repository.place, hostile)
    argv = ("--spec", "spec.md", "--dry-run", "--agent", "rehearsal")
    done = repository.run("auto-orchestrate", *argv, cwd=hostile)
    assert done.code == 0, done.err
    assert "\x1b" not in done.both
    assert not [name for name in os.listdir(hostile) if "PWNED" in name]
