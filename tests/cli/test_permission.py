"""A person sees the exact command before it is approved, and what was seen is what is answered."""

from __future__ import annotations

import json

import pytest

from tmux_orch.domain.errors import Absent

ASKED = {
    "agent": "developer", "tool": "Bash", "id": 9,
    "exact": "rm -rf build\necho \x1b[2Jdone \u202e # \x07" + "x" * 300,
}  # fmt: skip


def answered(body):
    return ASKED | {"answered": not body.get("show_only", False), "allowed": True}


@pytest.fixture
def asking(served):
    served.answers |= {"approve": answered, "deny": answered}
    return served


@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_the_command_is_shown_whole_before_anything_is_answered(asking, verb):
    done = asking.on_terminal("tmux-orch", verb, "developer", typed="n", NO_COLOR="1")
    assert done.code == 0
    shown = done.out.replace("\r", "")
    assert "developer asks to use Bash:" in shown
    assert "    rm -rf build\n    echo \\x1b[2Jdone \\u202e # \\x07" + "x" * 300 in shown
    assert [body["show_only"] for _, body in asking.asked] == [True]


def test_without_a_terminal_and_without_yes_it_is_shown_and_not_answered(asking):
    done = asking.run("tmux-orch", "approve", "developer")
    assert done.code == 2
    assert "rm -rf build" in done.err
    assert [body["show_only"] for _, body in asking.asked] == [True]


@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_the_answer_names_what_was_shown(asking, verb):
    done = asking.on_terminal("tmux-orch", verb, "developer", "--reason", "why", typed="y")
    assert done.code == 0
    verbs = [name for name, _ in asking.asked]
    assert verbs == [verb, verb]
    assert asking.asked[1][1] == {
        "agent": "developer", "project": None, "reason": "why", "id": 9, "exact": ASKED["exact"],
    }  # fmt: skip


def test_yes_answers_without_a_terminal_and_json_is_the_result(asking):
    done = asking.run("tmux-orch", "approve", "developer", "--yes", "--json")
    assert done.code == 0
    assert json.loads(done.out)["answered"] is True
    assert "rm -rf build" in done.err


def test_nothing_to_answer_is_2(served):
    served.answers["approve"] = Absent("developer waits for no permission", "look")
    done = served.run("tmux-orch", "approve", "developer", "--yes")
    assert (done.code, done.err.count("\n")) == (2, 1)


def test_trust_asks_first(served):
    served.answers["trust"] = {"trusted": ["developer"]}
    assert served.run("tmux-orch", "trust").code == 2
    assert served.asked == []
    assert served.on_terminal("tmux-orch", "trust", typed="n").code == 0
    assert served.asked == []
    assert served.run("tmux-orch", "trust", "--yes").out == "trusted: developer\n"
