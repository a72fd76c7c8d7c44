"""``stop`` and ``remove`` ask first, and say what is kept and why."""

from __future__ import annotations

import json

import pytest

STOPPED = {
    "stopped": [
        {
            "project": "sample", "path": "/src/sample", "starting_branch": "main",
            "agents": [{"name": "developer", "branch": "orch/ab12cd/developer", "worktree": "/w"}],
        }
    ]
}  # fmt: skip
CLEAN = {"name": "developer", "worktree": "/w/d", "branch": "b", "removed": False,
         "obstacles": [], "rescue": None}  # fmt: skip
DIRTY = CLEAN | {"name": "tester", "obstacles": ["2 files are not committed: a, b", "it runs"]}


def removal(*agents):
    def answer(body):
        done = [
            agent
            if body["dry_run"] or (agent["obstacles"] and not body["force"])
            else agent | {"removed": True, "rescue": rescue(agent)}
            for agent in agents
        ]
        kept = not body["dry_run"] and any(not agent["removed"] for agent in done)
        return {"agents": done, "dry_run": body["dry_run"], "exit_code": int(kept)}

    return answer


def rescue(agent):
    return {"ref": "refs/orch/rescue/x", "archive": "/a.tgz"} if agent["obstacles"] else None


@pytest.mark.parametrize("command", [("stop",), ("remove",)])
def test_without_a_terminal_and_without_yes_nothing_is_done(served, command):
    served.answers |= {"stop": STOPPED, "remove": removal(CLEAN)}
    done = served.run("tmux-orch", *command)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--yes" in done.err
    assert not [body for _, body in served.asked if not body.get("dry_run")]


def test_stop_says_what_it_ended_and_how_to_get_at_the_work(served):
    served.answers["checkpoint"] = {"asked": []}
    served.answers["stop"] = [{"event": "agent", "agent": "developer", "stage": "stopped"}, STOPPED]
    done = served.run("tmux-orch", "stop", "developer", "--yes")
    assert done.code == 0, done.err
    assert "stopped sample: developer" in done.out
    assert "git merge orch/ab12cd/developer" in done.out
    asked = {"project": None, "agents": ["developer"], "all": False}
    assert served.asked == [("checkpoint", {**asked, "within_s": 30}), ("stop", asked)]


def test_on_a_terminal_a_no_or_an_empty_answer_leaves_everything(served):
    served.answers["checkpoint"] = {"asked": []}
    served.answers["stop"] = STOPPED
    for typed in ("n", "\n"):
        done = served.on_terminal("tmux-orch", "stop", typed=typed)
        assert done.code == 0
        assert "left as it is" in done.out
    assert served.asked == []
    assert served.on_terminal("tmux-orch", "stop", typed="y").code == 0
    assert [verb for verb, _ in served.asked] == ["checkpoint", "stop"]


def test_a_stop_says_which_pages_were_written_and_waits_for_none_when_told_so(served):
    page = ".orch/DEVELOPER_CHECKPOINT_20260504_1430.md"
    written = [{"agent": "developer", "page": page}, {"agent": "tester", "page": None}]
    note = {"event": "note", "text": "asked developer, tester for a checkpoint"}
    served.answers |= {"checkpoint": [note, {"asked": written}], "stop": STOPPED}
    done = served.run("tmux-orch", "stop", "--yes", "--checkpoint", "5")
    assert f"developer: {page}" in done.err
    assert "tester: wrote no checkpoint" in done.err
    assert served.asked[0][1]["within_s"] == 5
    served.asked.clear()
    done = served.run("tmux-orch", "stop", "--yes", "--json")
    assert json.loads(done.out)["checkpoints"] == written
    served.asked.clear()
    assert served.run("tmux-orch", "stop", "--yes", "--checkpoint", "0").code == 0
    assert [verb for verb, _ in served.asked] == ["stop"]


def test_stop_all_says_so(served):
    served.answers["checkpoint"] = {"asked": []}
    served.answers["stop"] = {"stopped": []}
    done = served.run("tmux-orch", "stop", "--all", "--yes")
    assert done.out == "no live team\n"
    assert served.asked[0][1]["all"] is True


def test_remove_shows_the_proof_removes_the_clean_and_keeps_the_rest_with_1(served):
    served.answers["remove"] = removal(CLEAN, DIRTY)
    done = served.run("tmux-orch", "remove", "--yes")
    assert done.code == 1
    assert "yes    developer        nothing would be lost" in done.out
    assert "no     tester           2 files are not committed: a, b" in done.out
    assert "removed developer\n" in done.out
    assert "kept tester: 2 files are not committed: a, b; it runs" in done.out
    assert [body["dry_run"] for _, body in served.asked] == [True, False]


def test_when_nothing_can_be_removed_nothing_is_asked(served):
    served.answers["remove"] = removal(DIRTY)
    done = served.run("tmux-orch", "remove")
    assert done.code == 1
    assert [body["dry_run"] for _, body in served.asked] == [True]


def test_a_dry_run_only_says(served):
    served.answers["remove"] = removal(CLEAN, DIRTY)
    assert served.run("tmux-orch", "remove", "--dry-run").code == 0
    assert [body["dry_run"] for _, body in served.asked] == [True]


def test_force_says_where_the_work_was_saved(served):
    served.answers["remove"] = removal(DIRTY)
    done = served.run("tmux-orch", "remove", "--force", "--yes")
    assert done.code == 0
    assert "saved" in done.out
    assert "removed tester; saved as refs/orch/rescue/x and /a.tgz" in done.out
    assert all(body["force"] for _, body in served.asked)


def test_json_is_one_object(served):
    served.answers |= {
        "remove": removal(CLEAN, DIRTY),
        "stop": STOPPED,
        "checkpoint": {"asked": []},
    }
    done = served.run("tmux-orch", "remove", "--yes", "--json")
    assert done.code == 1
    assert [a["removed"] for a in json.loads(done.out)["agents"]] == [True, False]
    assert json.loads(served.run("tmux-orch", "remove", "--dry-run", "--json").out)["dry_run"]
    assert json.loads(served.run("tmux-orch", "stop", "--yes", "--json").out) == {
        **STOPPED, "checkpoints": []
    }  # fmt: skip
