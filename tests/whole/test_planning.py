"""The plan and the pages of a team that exists: shown, edited, made anew, given anew."""

from __future__ import annotations

import json

from tests.whole.conftest import Place, wait_until

TASK = "Write the greeting in Esperanto"


def stored(place: Place) -> dict:
    return json.loads(place.run("tmux-orch", "plan", "show", "--json").stdout)


def test_the_plan_is_shown_edited_and_made_anew_and_agents_are_told(place: Place):
    place.up("--roles", "developer")
    page = place.run("tmux-orch", "plan", "show").stdout
    assert page.startswith("# Plan: Sample work")
    plan = stored(place)
    assert {task["role"] for task in plan["tasks"]} <= {"developer", "orchestrator"}

    # A plan with a fault changes nothing and names the place of the fault.
    file = place.root / "plan.json"
    first = plan["tasks"][0]
    file.write_text(json.dumps(plan | {"tasks": [first | {"role": "tester"}]}))
    refused = place.run("tmux-orch", "plan", "edit", str(file), check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "tasks[0] (T1).role" in refused.stderr
    assert stored(place) == plan

    file.write_text(json.dumps(plan | {"tasks": [first | {"title": TASK}]}))
    place.run("tmux-orch", "plan", "edit", str(file))
    assert [task["title"] for task in stored(place)["tasks"]] == [TASK]
    assert TASK in (place.registry / "projects/sample/plan.md").read_text()

    # What an agent would be told is not written before it is asked for.
    told = place.registry / "projects/sample/worktrees/developer/.orch/briefing.md"
    assert TASK in place.run("tmux-orch", "brief", "dev", "--print").stdout
    assert TASK not in told.read_text()
    place.run("tmux-orch", "brief", "dev")
    assert TASK in told.read_text()
    wait_until(lambda: any("read .orch/briefing.md again" in m["text"] for m in place.messages()))

    place.run("tmux-orch", "plan", "replan", "--planner", "offline")
    assert stored(place)["tasks"] == plan["tasks"]


def test_a_planner_that_cannot_work_is_refused_before_anything_is_made(place: Place):
    refused = place.up("--planner", "anthropic", check=False)
    assert refused.returncode == 2
    assert "ANTHROPIC_API_KEY" in refused.stderr
    assert place.run("tmux-orch", "ls", "--json").stdout.count('"run"') == 0


def test_more_agents_than_the_plan_carries_are_refused_with_the_plan_that_works(place: Place):
    refused = place.up("--roles", "developer:5", check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--plan max20" in refused.stderr
    place.up("--roles", "developer")
    full = ("auto-orchestrate", "--resume", "--add-roles", "developer:4")
    assert place.run(*full, check=False).returncode == 2
    place.run(*full, "--plan", "max20")
    assert len(place.agents()) == 6


def test_a_task_in_a_sentence_and_a_spec_on_standard_input_are_specs(place: Place):
    dry = ("auto-orchestrate", "--dry-run", "--json", "--agent", "rehearsal")
    said = json.loads(place.run(*dry, "--task", "Deploy the service with systemd").stdout)
    assert said["spec"]["title"] == "Deploy the service with systemd"
    assert said["team_type"] == "system_deployment"


def test_a_broken_page_template_of_the_persons_stops_the_start_and_names_its_line(place: Place):
    own = place.root / "config/tmux-orch/briefings"
    own.mkdir(parents=True)
    (own / "developer.md.j2").write_text("fine\n{{ nothing_of_this_name }}\n")
    place.extra["XDG_CONFIG_HOME"] = str(place.root / "config")
    refused = place.up("--roles", "developer", check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "developer.md.j2" in refused.stderr


def test_a_window_is_called_as_its_role_says_and_is_an_address(place: Place):
    place.up("--roles", "project_manager,developer:2")
    names = place.tmux("list-windows", "-t", "=sample", "-F", "#{window_name}").split()
    assert sorted(names) == ["developer", "developer-2", "orchestrator", "project-manager"]
    done = place.run("scm", "--no-wait", "--json", "sample:project-manager", "hello")
    assert json.loads(done.stdout)["to"] == "sample/project_manager"
