from tests.whole.conftest import Place, wait_until

TEAM = ["orchestrator", "project_manager", "developer", "tester", "testrunner"]


def test_one_command_makes_a_working_team(place: Place):
    done = place.up("--json")
    agents = place.agents()
    assert list(agents) == TEAM, done.stdout
    assert len({agent["pid"] for agent in agents.values()}) == 5

    def everybody_worked():
        told = {
            m["sender"].partition("/")[2] for m in place.messages() if m["state"] == "delivered"
        }
        return set(TEAM[1:]) <= told and all(a["commits_ahead"] for a in place.agents().values())

    wait_until(everybody_worked, 60, "every agent commits and reports")


def test_a_second_resume_changes_nothing(place: Place):
    place.up()
    before = place.agents()
    place.run("auto-orchestrate", "--resume")
    after = place.agents()
    for name, agent in before.items():
        same = ("pid", "pane_id", "window_id", "conversation_id", "worktree", "branch")
        assert {key: agent[key] for key in same} == {key: after[name][key] for key in same}


def test_a_killed_daemon_is_replaced_by_the_next_command_and_no_agent_notices(place: Place):
    place.up()
    before = {name: agent["pid"] for name, agent in place.agents().items()}
    place.kill_daemon()
    assert {name: agent["pid"] for name, agent in place.agents().items()} == before
    place.run("scm", "developer", "are you there?")


def test_a_lost_tmux_server_is_restored_by_resume_with_the_same_conversations(place: Place):
    place.dead_stay_dead()
    place.up()
    before = place.agents()
    place.tmux("kill-server")
    wait_until(lambda: all(a["state"] == "exited" for a in place.agents().values()))
    place.run("auto-orchestrate", "--resume")
    after = place.agents()
    for name, agent in before.items():
        assert after[name]["conversation_id"] == agent["conversation_id"]
        assert after[name]["pid"] != agent["pid"]
        assert after[name]["state"] in ("idle", "working")


def test_stop_ends_every_process_and_keeps_every_worktree(place: Place):
    place.up()
    agents = place.agents()
    place.run("tmux-orch", "stop", "--yes")
    from pathlib import Path

    assert not any(Path(f"/proc/{agent['pid']}").exists() for agent in agents.values())
    assert all(Path(agent["worktree"], ".git").exists() for agent in agents.values())
