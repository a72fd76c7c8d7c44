"""A dialog is shown whole before it is answered, and what was shown is what is answered."""

from __future__ import annotations

import json

import pytest

from tmux_orch.domain.errors import Absent

LONG = "rm -rf build && " + "echo 0123456789 " * 12 + "\x1b[2J\u202e end"
DIALOG = {
    "id": 4, "agent": "developer", "kind": "permission", "state": "waiting_permission",
    "question": "Bash command\nDo you want to proceed?", "options": ["Yes", "Yes, always", "No"],
    "cursor": 0, "destructive": "deletes files", "tool": "Bash", "exact": LONG,
    "source": "hook", "since_at": "2025-01-02T00:00:00+00:00", "deadline_at": None,
    "outcome": "", "screen": "",
}  # fmt: skip
UNKNOWN = {**DIALOG, "exact": "", "question": "", "options": [], "screen": "A menu\n  [OK]\x07"}


def answered(body):
    done = {**DIALOG, "option": "Yes", "project": "shop", "answered": not body.get("show_only")}
    return {**done, "through": "hook", "follows": None}


@pytest.fixture
def asking(served):
    served.answers |= {
        "answer": answered,
        "dialogs": {"project": "shop", "dialogs": [DIALOG, UNKNOWN]},
    }
    return served


def test_every_dialog_is_listed_whole_within_80_columns(asking):
    done = asking.run("tmux-orch", "dialogs")
    assert done.code == 0
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert "\x1b" not in done.out and "\x07" not in done.out
    joined = "".join(line.strip() for line in done.out.splitlines())
    assert "".join(LONG.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e").split()) in (
        "".join(joined.split())
    )
    assert "careful: it deletes files" in done.out
    assert "[OK]\\x07" in done.out and "tmux-orch attach developer" in done.out


def test_a_long_option_is_one_option_and_goes_on_below_itself(served):
    long = {
        **DIALOG,
        "options": ["Yes", "Yes, and do not ask again " + "for all of this " * 6, "No"],
    }
    served.answers["dialogs"] = {"project": "shop", "dialogs": [long]}
    lines = served.run("tmux-orch", "dialogs").out.splitlines()
    assert sum(line.startswith(("    > ", "    - ")) for line in lines) == 3


def test_it_is_shown_first_and_a_no_answers_nothing(asking):
    done = asking.on_terminal("tmux-orch", "answer", "developer", "yes", typed="n", NO_COLOR="1")
    assert done.code == 0 and "left as it is" in done.out and "rm -rf build" in done.out
    assert [body.get("show_only") for _, body in asking.asked] == [True]


def test_without_a_terminal_and_without_yes_nothing_is_answered(asking):
    done = asking.run("tmux-orch", "answer", "developer", "yes")
    assert (done.code, done.out) == (2, "")
    assert [body.get("show_only") for _, body in asking.asked] == [True]


def test_the_answer_names_what_was_shown(asking):
    done = asking.run("tmux-orch", "answer", "developer", "yes", "--yes", "--json")
    assert (done.code, json.loads(done.out)["through"]) == (0, "hook")
    body = asking.asked[1][1]
    assert (body["id"], body["option"], body.get("show_only")) == (4, "yes", None)
    assert body["seen"] == {part: DIALOG[part] for part in ("question", "options", "exact")}


def test_what_the_daemon_refuses_is_one_line(served):
    served.answers["answer"] = Absent("developer asks something else than was shown", "look")
    done = served.run("tmux-orch", "answer", "developer", "yes", "--yes")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
