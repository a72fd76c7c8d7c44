"""Open dialogs: known by hook or screen, one object each, with a deadline that never says yes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from tests.watch.conftest import eventually
from tmux_orch.agents.adapter import Dialog
from tmux_orch.domain.answering import AnswerRules, Outcome
from tmux_orch.domain.states import WAITING, AgentState, Fused
from tmux_orch.watch.dialogs import GOES_S, REMIND_S, UNKNOWN_S, Dialogs
from tmux_orch.watch.permissions import Decision, Permissions

S = AgentState
KEY = "shop/developer"
ASKS = Dialog(S.WAITING_ANSWER, "Which one?", ("Left", "Right"), "x.dialog.question", 0)
MAY = Dialog(
    S.WAITING_PERMISSION, "Proceed?", ("Yes", "Yes, always", "No"), "x.dialog.permission", 0
)


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2025, 1, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


class Scene:
    """One seat whose state and screen a test says."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.permissions = Permissions(self.clock)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.state, self.dialog, self.screen = S.IDLE, None, ""
        self.since = self.drawn_at = self.clock.now()
        self.live: Any = SimpleNamespace(
            key=KEY,
            fused=lambda: Fused(self.state, self.since, ""),
            dialog=lambda: self.dialog if self.state in WAITING else None,
            dialog_at=lambda: self.drawn_at,
            seen=lambda: SimpleNamespace(capture=self.screen),
        )
        self.dialogs = Dialogs(
            SimpleNamespace(),  # type: ignore[arg-type]
            self.clock,
            self.permissions,
            lambda kind, _key, payload: self.told.append((kind, dict(payload))),
        )

    def shows(self, state: AgentState, dialog: Dialog | None, screen: str = "") -> None:
        if state is not self.state:
            self.since = self.clock.now()
        if dialog != self.dialog:
            self.drawn_at = self.clock.now()
        self.state, self.dialog, self.screen = state, dialog, screen

    def tick(self, seconds: float = 1.0) -> None:
        self.clock.at += timedelta(seconds=seconds)
        self.dialogs.look([self.live])

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told]

    def ask(self, exact: str = "make") -> list[Decision | None]:
        """A hook that is held; what it is told stands in the list."""
        answers: list[Decision | None] = []

        def hold() -> None:
            answers.append(
                self.permissions.hold(
                    KEY, "Bash", exact, lambda: False, lambda _a: self.dialogs.asked(self.live)
                )
            )

        threading.Thread(target=hold, daemon=True).start()
        eventually(lambda: self.dialogs.of(KEY))
        self.shows(S.WAITING_PERMISSION, None)
        return answers


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.permissions.close()


def test_a_held_request_is_a_dialog_before_it_is_drawn(scene: Scene) -> None:
    scene.ask("rm -rf build")
    found = scene.dialogs.of(KEY)
    assert found and (found.exact, found.options, found.cursor) == (
        "rm -rf build",
        ("Yes", "No"),
        None,
    )
    assert found.destructive == "deletes files"
    scene.shows(S.WAITING_PERMISSION, MAY)
    scene.tick()
    drawn = scene.dialogs.of(KEY)
    assert drawn and (drawn.id, drawn.options, drawn.cursor) == (found.id, MAY.options, 0)
    assert scene.kinds() == ["dialog.opened"]


@pytest.mark.parametrize(
    ("exact", "harm"),
    [
        ("{ rm -rf build; }", "deletes files"),
        ('{"rm", "-rf"} && rm -rf build', "deletes files"),
        ('{"file_path": "a", "content": "; rm -rf build"}', ""),
    ],
)
def test_a_tools_input_claims_nothing_and_a_command_in_braces_is_no_such_input(
    scene: Scene, exact: str, harm: str
) -> None:
    scene.ask(exact)
    found = scene.dialogs.of(KEY)
    assert found and found.destructive == harm


def test_a_request_that_is_held_while_the_tick_looks_is_not_closed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = scene.permissions.pending(KEY)
    pending = scene.permissions.pending

    def slowly(key: str) -> Any:
        monkeypatch.setattr(scene.permissions, "pending", pending)
        asking = threading.Thread(target=scene.ask, daemon=True)
        asking.start()
        asking.join(0.3)
        return nothing

    scene.shows(S.WAITING_PERMISSION, None)
    scene.tick()
    monkeypatch.setattr(scene.permissions, "pending", slowly)
    scene.dialogs.asked(scene.live)
    eventually(lambda: scene.dialogs.of(KEY))
    assert scene.kinds() == ["dialog.opened"]


def test_a_request_is_not_shown_with_the_screen_of_the_one_before(scene: Scene) -> None:
    before = scene.clock.now()
    scene.clock.at += timedelta(seconds=3)
    scene.ask("touch another")
    scene.dialog, scene.drawn_at = MAY, before  # not captured anew yet
    scene.tick()
    found = scene.dialogs.of(KEY)
    assert found and (found.exact, found.cursor) == ("touch another", None)
    assert "Proceed?" not in found.question
    scene.drawn_at = scene.clock.now()
    scene.tick()
    found = scene.dialogs.of(KEY)
    assert found and (found.question, found.cursor) == ("Proceed?", 0)


def test_a_dialog_is_opened_once_whatever_its_cursor_does_and_closed_once(scene: Scene) -> None:
    scene.shows(S.WAITING_ANSWER, ASKS)
    for cursor in (0, 1, 0):
        scene.shows(S.WAITING_ANSWER, replace(ASKS, cursor=cursor))
        scene.tick()
        found = scene.dialogs.of(KEY)
        assert found and found.cursor == cursor
    scene.shows(S.IDLE, None)
    scene.tick()
    scene.tick()
    assert scene.kinds() == ["dialog.opened", "dialog.closed"]
    assert scene.dialogs.all() == []


def test_another_question_is_another_dialog(scene: Scene) -> None:
    scene.shows(S.WAITING_ANSWER, ASKS)
    scene.tick()
    first = scene.dialogs.of(KEY)
    scene.shows(S.WAITING_ANSWER, replace(ASKS, question="And then?"))
    scene.tick()
    second = scene.dialogs.of(KEY)
    assert first and second and first.id != second.id and first.since_at < second.since_at
    assert scene.kinds() == ["dialog.opened", "dialog.closed", "dialog.opened"]


def test_a_menu_on_the_screen_of_an_agent_that_does_not_wait_is_none(scene: Scene) -> None:
    for state in (S.IDLE, S.WORKING, S.UNKNOWN, S.EXITED):
        scene.shows(state, ASKS)
        scene.live.dialog = lambda: ASKS
        scene.tick(5)
    assert (scene.kinds(), scene.dialogs.all()) == ([], [])


def test_what_is_left_on_the_screen_of_an_answered_request_is_no_new_dialog(scene: Scene) -> None:
    answers = scene.ask()
    scene.shows(S.WAITING_PERMISSION, MAY)
    scene.tick()
    found = scene.dialogs.of(KEY)
    assert found and found.asked_id
    scene.permissions.answer(KEY, True, "", found.asked_id)
    scene.dialogs.note_answer(KEY, found.id)
    eventually(lambda: answers)
    scene.tick(GOES_S / 2)
    assert scene.dialogs.of(KEY) is None
    scene.shows(S.WORKING, None)
    scene.tick()
    assert scene.kinds() == ["dialog.opened", "dialog.closed"]
    assert scene.told[-1][1]["answered_by_us"] is True


def test_a_screen_that_nobody_understands_is_shown_whole(scene: Scene) -> None:
    screen = "\x1b[1mA new menu\x1b[0m\n\n  [ OK ]\x1b]0;title\x07   [ Cancel ]\n"
    scene.shows(S.WAITING_ANSWER, None, screen)
    scene.tick(UNKNOWN_S / 2)
    assert scene.dialogs.of(KEY) is None
    scene.tick(UNKNOWN_S)
    found = scene.dialogs.of(KEY)
    assert found and found.block == "A new menu\n  [ OK ]   [ Cancel ]"
    assert (found.options, found.kind) == ((), "other")
    scene.tick()
    assert scene.kinds() == ["dialog.opened"]


def test_at_the_deadline_a_held_request_is_denied_with_the_reason(scene: Scene) -> None:
    scene.dialogs.rules = AnswerRules(deadline_s=60, outcome=Outcome.DENY)
    answers = scene.ask()
    scene.tick(59)
    found = scene.dialogs.of(KEY)
    assert found and found.outcome == "deny" and not answers
    scene.tick(2)
    (decision,) = eventually(lambda: answers)
    assert decision and not decision.allow and "deadline of 60 s" in decision.reason
    assert [p["came"] for k, p in scene.told if k == "dialog.deadline"] == ["denied"]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_dialog_on_a_screen_only_stays_at_its_deadline(scene: Scene, outcome: Outcome) -> None:
    scene.dialogs.rules = AnswerRules(deadline_s=60, outcome=outcome)
    scene.shows(S.WAITING_ANSWER, ASKS)
    for _ in range(4):
        scene.tick(40)
    found = scene.dialogs.of(KEY)
    assert found and found.outcome == "stay"
    assert [p["came"] for k, p in scene.told if k == "dialog.deadline"] == [
        "it stays; nobody answered in time"
    ]


def test_a_held_request_that_may_stay_is_never_answered_by_time(scene: Scene) -> None:
    scene.dialogs.rules = AnswerRules(deadline_s=60, outcome=Outcome.STAY)
    answers = scene.ask()
    scene.tick(3600)
    scene.tick(3600)
    assert not answers and scene.permissions.pending(KEY)


def test_reminders_come_ever_more_rarely(scene: Scene) -> None:
    scene.shows(S.WAITING_ANSWER, ASKS)
    scene.tick()
    at = []
    for second in range(0, int(20 * REMIND_S), 10):
        scene.tick(10)
        if scene.kinds()[-1] == "dialog.waits":
            at.append(second)
            scene.told.clear()
            scene.told.append(("", {}))
    gaps = [b - a for a, b in pairwise(at)]
    assert gaps[:2] == [2 * REMIND_S, 4 * REMIND_S] and gaps == sorted(gaps)


def test_what_was_captured_before_an_answer_opens_nothing_after_it(scene: Scene) -> None:
    scene.shows(S.WAITING_ANSWER, ASKS, "the menu")
    scene.tick()
    scene.live.seat = lambda: SimpleNamespace(pane_id="%1")
    scene.live.adapter = lambda: SimpleNamespace(dialog=lambda _screen: None)
    scene.live.forget_screen = lambda: scene.shows(scene.state, None)
    scene.live.seen = lambda: None
    eyes: Any = scene.dialogs._eyes
    eyes.capture = lambda _ids: {"%1": SimpleNamespace(screen="no menu")}
    assert scene.dialogs.look_at(scene.live) is None
    scene.tick()
    assert scene.kinds() == ["dialog.opened", "dialog.closed"]


def test_the_rest_of_an_answered_dialogs_screen_is_no_unknown_dialog(scene: Scene) -> None:
    scene.shows(S.WAITING_ANSWER, ASKS, "the menu")
    scene.tick(5)
    scene.shows(S.WAITING_ANSWER, None, "the work of the answered one")
    scene.tick()
    scene.tick(0.9)
    assert scene.kinds() == ["dialog.opened", "dialog.closed"]
    scene.tick(UNKNOWN_S)
    assert scene.told[-1][1]["screen"] == "the work of the answered one"
