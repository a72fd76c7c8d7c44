"""Dialogs of the real Claude Code answered from another terminal, by the text of an option.

What was run is told by the worktree and by the stand-in of the model's API.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.real_claude.conftest import VERSIONS
from tests.watch.conftest import eventually
from tests.watch.test_real_claude import Agent, agent, tools
from tmux_orch.clock import SystemClock
from tmux_orch.domain.dialog import OpenDialog
from tmux_orch.domain.errors import Absent, BadInput, OrchError
from tmux_orch.domain.states import AgentState
from tmux_orch.team.answer import answer

pytestmark = pytest.mark.real_claude
S = AgentState
TOOL_RESULT = '"type":"tool_result"'
__all__ = ["agent"]


def calls(*tools_used: tuple[str, dict[str, Any]]) -> str:
    """A prompt that makes the stand-in's model use these tools, one after the other."""
    then: dict[str, Any] = {"text": "done"}
    for name, given in reversed(tools_used):
        then = {"tools": [{"name": name, "input": given}], "then": then}
    return "STANDIN" + json.dumps(then)


def question(*labels: str, text: str = "Which store?", multi: bool = False) -> dict[str, Any]:
    options = [{"label": label, "description": f"about {label}"} for label in labels]
    return {"question": text, "header": "Store", "multiSelect": multi, "options": options}


class Desk:
    """What ``tmux-orch answer`` reaches, around one real agent."""

    def __init__(self, made: Agent) -> None:
        self.agent = made
        self.lease = threading.Lock()
        self.events: list[str] = []
        self.parts: Any = SimpleNamespace(
            server=made.real.server,
            board=made.real.board,
            courier=SimpleNamespace(typing=self.typing),
            clock=SystemClock(),
            adapter=lambda _seat: made.live.adapter(),
            events=SimpleNamespace(append=lambda kind, *_: self.events.append(kind)),
        )

    @contextmanager
    def typing(self, _key: str) -> Iterator[None]:
        with self.lease:
            yield

    def shown(self) -> OpenDialog:
        """The dialog as status shows it, once it is drawn."""
        key = self.agent.live.key
        dialogs = self.agent.real.board.dialogs
        return eventually(lambda: (d := dialogs.of(key)) and d.cursor is not None and d, 15)

    def answer(self, option: str, **more: Any) -> dict[str, Any]:
        return answer(self.parts, self.agent.live.seat(), {"option": option, **more}, None)

    def told(self, *texts: str, after: str) -> None:
        """Assert that the tools told the model these, in what follows the last ``after``.

        Claude Code writes its transcript some 50 ms after it has gone idle.
        """
        file = self.agent.live.adapter().transcript(self.agent.live.berth())

        def holds() -> bool:
            assert file is not None
            _, marker, part = file.read_text().rpartition(after)
            return bool(marker) and all(text in part for text in texts)

        try:
            eventually(holds, 10)
        except AssertionError:
            raise AssertionError(self.agent.told(f"not told: {texts}")) from None


def seen(dialog: OpenDialog) -> dict[str, Any]:
    shown = dialog.shown()
    return {part: shown[part] for part in ("question", "options", "exact")}


@pytest.mark.parametrize("agent", VERSIONS[:1], indirect=True)
def test_a_permission_a_question_and_a_plan_are_answered_by_option_text(agent: Agent) -> None:
    each_kind(Desk(agent))
    a_plan(Desk(agent))


@pytest.mark.full
@pytest.mark.parametrize("agent", VERSIONS[1:], indirect=True)
def test_the_same_with_the_other_version(agent: Agent) -> None:
    each_kind(Desk(agent))
    a_plan(Desk(agent))


def each_kind(desk: Desk) -> None:
    made = desk.agent
    # A permission, by an option that no hook can say.
    made.say(tools("touch by-keys"))
    dialog = desk.shown()
    assert (dialog.kind, dialog.exact) == ("permission", "touch by-keys")
    wide = next(o for o in dialog.options if o.startswith("Yes,"))
    assert desk.answer(wide, id=dialog.id, seen=seen(dialog))["through"] == "keys"
    made.wait(S.IDLE)
    assert made.made("by-keys")
    # A question: the second option, and nothing that is not uniquely meant.
    made.say(calls(("AskUserQuestion", {"questions": [question("SQLite", "Postgres")]})))
    assert desk.shown().kind == "question"
    for vague in ("q", "2", "s", "Mongo", "t"):
        with pytest.raises(BadInput):
            desk.answer(vague)
    assert desk.answer("postgres")["follows"] is None
    made.wait(S.IDLE)
    desk.told("Postgres", after="Your questions have been answered")


def a_plan(desk: Desk) -> None:
    made = desk.agent
    made.say(calls(("EnterPlanMode", {}), ("ExitPlanMode", {"plan": "1. look\n2. do"})))
    assert desk.shown().kind == "plan"
    yes = next(o for o in desk.shown().options if o.startswith("Yes"))
    desk.answer(yes)
    made.wait(S.IDLE)
    desk.told("User has approved", after=TOOL_RESULT)


@pytest.mark.full
def test_a_plain_no_goes_through_the_held_hook_and_nothing_is_run(agent: Agent) -> None:
    desk = Desk(agent)
    agent.say(tools("touch of-no-use"))
    no = next(o for o in desk.shown().options if o.startswith("No"))
    assert desk.answer(no)["through"] == "hook"
    agent.wait(S.IDLE)
    assert not agent.made("of-no-use")


@pytest.mark.full
def test_questions_with_several_answers_and_texts(agent: Agent) -> None:
    desk = Desk(agent)
    agent.say(calls(("AskUserQuestion", {"questions": [question("A1", "B2", multi=True)]})))
    desk.shown()
    assert "[✔] B2" in str(desk_options(desk, desk.answer("B2")))
    desk.answer("Type something", text="and a third one")
    assert "Submit" in desk.shown().options
    after = desk.answer("Submit")["follows"]
    assert after["options"] == ["Submit answers", "Cancel"]
    eventually(lambda: "Submit answers" in desk.shown().options, 10)
    desk.answer("Submit answers")
    agent.wait(S.IDLE)
    desk.told("B2, ", "and a third one", after=TOOL_RESULT)
    two = [question("One", "Two", text="First?"), question("Three", "Four", text="Second?")]
    agent.say(calls(("AskUserQuestion", {"questions": two})))
    desk.shown()
    assert "Four" in desk.answer("Two")["follows"]["options"]
    eventually(lambda: "Four" in desk.shown().options, 10)
    with pytest.raises(BadInput):
        desk.answer("Type something")
    desk.answer("Type something", text="neither of them")
    eventually(lambda: "Submit answers" in desk.shown().options, 10)
    desk.answer("Submit answers")
    agent.wait(S.IDLE)
    desk.told("neither of them", after=TOOL_RESULT)


def desk_options(desk: Desk, _answered: dict[str, Any]) -> tuple[str, ...]:
    return eventually(lambda: (o := desk.shown().options) and "[✔] B2" in o and o, 10)


@pytest.mark.full
def test_a_dialog_answered_at_the_terminal_first_is_not_answered_again(agent: Agent) -> None:
    desk = Desk(agent)
    agent.say(tools("touch mine"))
    dialog = desk.shown()
    agent.answer_dialog("Enter")
    with pytest.raises(Absent):
        desk.answer("Yes", id=dialog.id, seen=seen(dialog))
    agent.wait(S.IDLE)
    assert agent.made("mine")
    agent.say(tools("touch yours"))
    second = eventually(lambda: (d := desk.shown()).exact == "touch yours" and d, 15)
    with pytest.raises(OrchError):
        desk.answer("Yes", id=dialog.id)
    assert not agent.made("yours")
    won: list[str] = []

    def try_it(option: str) -> None:
        try:
            desk.answer(option, id=second.id, seen=seen(second))
            won.append(option)
        except OrchError:
            pass  # the other one was first: that is what is tested

    threads = [threading.Thread(target=try_it, args=(option,)) for option in ("Yes", "No")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    agent.wait(S.IDLE)
    assert len(won) == 1
    assert agent.made("yours") is (won == ["Yes"])
