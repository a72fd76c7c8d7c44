"""``status``, ``ls``, ``attach``, ``messages``, ``log``: what a person is shown."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tmux_orch.cli import plain, status_view
from tmux_orch.domain.errors import BadInput

from .conftest import AGENT, ENTRIES, STATUS, until

MESSAGE = {
    "id": "1a2b3c4d", "seq": 7, "at": "2026-01-02T03:04:05+00:00", "sender": "sample/tester",
    "to": "sample/developer", "state": "held", "state_at": "2026-01-02T03:04:05+00:00",
    "proof": "", "reason": "a dialog is open",
    "text": "first line\nsecond \x1b[31mline\x1b]0;x\x07",
}  # fmt: skip
EVENT = {
    "seq": 3, "at": "2026-01-02T03:04:05+00:00", "kind": "agent.state", "project": "sample",
    "agent": "sample/developer", "payload": {"state": "idle", "evidence": "x\x1b[2J\ny"},
}  # fmt: skip


def test_status_is_a_table_of_80_columns_with_how_to_merge(served):
    served.answers["status"] = STATUS
    out = served.run("tmux-orch", "status").out
    assert "sample (run ab12cd) in /src/sample" in out
    assert "git log -p main..orch/ab12cd/developer" in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_in_80_columns_the_reason_of_a_state_can_be_read(served):
    ended = {"state": "exited", "evidence": "tmux: tmux.pane_dead (signal 9)", "dirty_files": 3}
    served.answers["status"] = STATUS | {"agents": [AGENT | ended]}
    out = served.run("tmux-orch", "status").out
    assert "signal 9" in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_a_branch_without_commits_is_not_offered_for_merging(served):
    served.answers["status"] = STATUS | {"agents": [AGENT | {"commits_ahead": 0}]}
    assert "git merge" not in served.run("tmux-orch", "status").out


@pytest.mark.parametrize("field", ["name", "state", "evidence", "branch", "git_trouble"])
def test_nothing_an_agent_chose_steers_the_terminal(served, field):
    hostile = "x\x1b]52;c;cm0=\x07\x1b[2J\u202e\x9b31m\r\nfake line"
    project = STATUS["project"] | {"path": f"/src/{hostile}", "starting_branch": hostile}
    served.answers["status"] = STATUS | {"project": project, "agents": [AGENT | {field: hostile}]}
    for done in (
        served.run("tmux-orch", "status"),
        served.on_terminal("tmux-orch", "status", NO_COLOR="1"),
    ):
        assert done.code == 0, done.both
        assert not set("\x1b\x07\u202e\x9b") & set(done.both)
        assert not [line for line in done.out.splitlines() if line.startswith("fake")]


def test_a_hostile_branch_is_quoted_for_the_shell(served):
    served.answers["status"] = STATUS | {"agents": [AGENT | {"branch": "a;touch PWNED $(id)"}]}
    assert "git merge 'a;touch PWNED $(id)'" in served.run("tmux-orch", "status").out


@pytest.mark.parametrize(
    "word",
    ["plain", "a b", "it's", "a\nb", "tab\t'q'\\", "\x1b[2J", "\u202ex", "\udcff", "é漢", "=x"],
)
def test_a_quoted_word_is_one_line_and_exactly_that_word_to_bash(word):
    quoted = status_view.quoted(word)
    assert plain.line(quoted) == quoted
    done = subprocess.run(["bash", "-c", f"printf %s {quoted}"], capture_output=True, timeout=10)
    assert done.stdout == word.encode("utf-8", "surrogateescape")


def test_status_json_is_the_daemons_object(served):
    served.answers["status"] = STATUS
    done = served.run("tmux-orch", "status", "--project", "sample", "--json")
    assert json.loads(done.out) == STATUS
    assert served.asked == [("status", {"project": "sample"})]


def test_status_of_every_live_team(served):
    other = STATUS | {"project": STATUS["project"] | {"name": "other"}}
    served.answers |= {
        "ls": {"projects": [{"name": n, "live": n != "dead"} for n in ("sample", "other", "dead")]},
        "status": lambda body: other if body["project"] == "other" else STATUS,
    }
    out = served.run("tmux-orch", "status", "--all").out
    assert "sample (run" in out
    assert "other (run" in out
    teams = json.loads(served.run("tmux-orch", "status", "--all", "--json").out)
    assert [team["project"]["name"] for team in teams["teams"]] == ["sample", "other"]


@pytest.mark.parametrize(
    ("given", "sent"),
    [("name", "name"), (".", "{here}"), ("./x", "{here}/x"), ("/a/../b", "/b"), ("..", "{up}")],
)
def test_a_project_is_a_name_or_an_absolute_directory(served, given, sent):
    served.answers["status"] = STATUS
    served.run("tmux-orch", "status", "--project", given)
    expected = sent.format(here=served.place, up=served.place.parent)
    assert served.asked[0][1] == {"project": expected}


def test_ls_lists_every_team(served):
    served.answers["ls"] = {"projects": []}
    assert "auto-orchestrate --spec" in served.run("tmux-orch", "ls").out
    one = {"name": "s", "path": "/src/s", "run": "ab12cd", "live": True, "agents": 5, "up": 4}
    served.answers["ls"] = {"projects": [one, one | {"name": "t", "live": False, "run": ""}]}
    lines = served.run("tmux-orch", "ls").out.splitlines()
    assert lines[1].split() == ["s", "live", "4/5", "/src/s"]
    assert lines[2].split() == ["t", "-", "4/5", "/src/s"]


def test_attach_becomes_the_command_it_is_told(served):
    served.answers["attach"] = {"argv": ["echo", "attached", "$(id)"]}
    done = served.on_terminal("tmux-orch", "attach", "developer")
    assert done.out == "attached $(id)\r\n"
    asked = {"project": None, "agent": "developer", "inside": ""}
    assert served.asked == [("attach", asked)]


def test_attach_without_a_terminal_is_refused_and_can_be_printed(served):
    served.answers["attach"] = {"argv": ["env", "tmux", "-t", "=sample:", "a;b", ";"]}
    assert served.run("tmux-orch", "attach").code == 2
    out = served.run("tmux-orch", "attach", "--print").out
    assert out == "env tmux -t '=sample:' 'a;b' ';'\n"


def test_messages_show_who_what_became_of_them_and_why(served):
    served.answers["messages"] = {"messages": [MESSAGE]}
    out = served.run("tmux-orch", "messages", "developer", "--limit", "5").out
    assert "tester → developer  held (a dialog is open)  msg 1a2b3c4d" in out
    assert "    first line second [31mline]0;x" in out
    assert "\x1b" not in out
    assert served.asked[0][1] == {
        "project": None, "agent": "developer", "limit": 5, "follow": False,
    }  # fmt: skip


def test_log_shows_one_line_per_event(served):
    served.answers["log"] = {"events": [EVENT]}
    out = served.run("tmux-orch", "log", "--since", "2").out
    assert out.count("\n") == 1
    assert "agent.state sample/developer state=idle evidence=x[2J y" in out
    assert served.asked[0][1] == {"project": None, "limit": 50, "follow": False, "since": 2}


def test_following_prints_each_row_as_it_comes_and_ends_with_ctrl_c(served):
    served.answers["log"] = [EVENT, EVENT | {"seq": 4}, {}]
    done = served.run("tmux-orch", "log", "--follow", "--json")
    assert [json.loads(line)["seq"] for line in done.out.splitlines()] == [3, 4]
    assert done.code == 0


def test_a_followed_row_is_seen_at_once(served):
    import threading

    go_on = threading.Event()

    def answer(request, reply):
        reply.progress(EVENT)
        go_on.wait(10)
        reply.result({})

    served.answer, keep = answer, served.answer
    from tmux_orch.rpc.server import Listener

    del keep
    served.registry.socket.unlink()
    listener = Listener(served.registry.socket, answer, "0.1.0")
    listener.start()
    following = subprocess.Popen(
        [sys.executable, "-c", ENTRIES["tmux-orch"], "log", "-f"],
        env=served.environ, cwd=served.place, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert following.stdout is not None
    assert b"agent.state" in following.stdout.readline()
    go_on.set()
    assert following.wait(10) == 0
    listener.stop(2)
    until(lambda: listener.working == 0)


def test_what_the_daemon_refuses_is_one_line_with_its_code(served):
    served.answers["status"] = BadInput("there is no team yet", "start one")
    done = served.run("tmux-orch", "status")
    assert (done.code, done.out) == (2, "")
    assert done.err == "tmux-orch: there is no team yet; start one\n"
