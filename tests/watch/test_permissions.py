"""Held permission requests: allowed, denied, answered elsewhere, given up."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.watch.conftest import eventually
from tmux_orch.clock import SystemClock
from tmux_orch.domain.errors import Absent
from tmux_orch.domain.states import AgentState, Reading, Source
from tmux_orch.watch.permissions import OVER_S, Asked, Decision, Permissions, is_over

KEY = "shop/developer"


class Asker:
    """One hook call that is held, in a thread as in the daemon."""

    def __init__(self, permissions: Permissions, exact: str, key: str = KEY) -> None:
        self.is_gone = False
        self.decision: Decision | None = None
        self._thread = threading.Thread(
            target=self._ask, args=(permissions, key, exact), daemon=True
        )
        count = len(permissions.all())
        self._thread.start()
        eventually(lambda: len(permissions.all()) > count)

    def _ask(self, permissions: Permissions, key: str, exact: str) -> None:
        self.decision = permissions.hold(key, "Bash", exact, lambda: self.is_gone)

    def ended(self) -> bool:
        self._thread.join(5)
        return not self._thread.is_alive()

    def waits(self) -> bool:
        return self._thread.is_alive()


@pytest.fixture
def permissions() -> Permissions:
    return Permissions(SystemClock())


def test_the_exact_command_is_shown_before_it_is_answered(permissions: Permissions) -> None:
    asker = Asker(permissions, "rm -rf build\n# really")
    asked = permissions.pending(KEY)
    assert asked is not None
    assert (asked.tool, asked.exact) == ("Bash", "rm -rf build\n# really")
    permissions.answer(KEY, True)
    assert asker.ended()


@pytest.mark.parametrize(("allow", "reason"), [(True, ""), (False, "not on a Friday")])
def test_the_answer_reaches_the_hook_that_asked(
    permissions: Permissions, allow: bool, reason: str
) -> None:
    asker = Asker(permissions, "make")
    answered = permissions.answer(KEY, allow, reason)
    assert asker.ended()
    assert answered.exact == "make"
    assert asker.decision == Decision(allow, reason)
    assert permissions.pending(KEY) is None


def test_an_answer_at_the_terminal_ends_the_request(permissions: Permissions) -> None:
    asker = Asker(permissions, "make")
    asker.is_gone = True
    assert asker.ended()
    assert asker.decision is None
    assert permissions.pending(KEY) is None
    with pytest.raises(Absent):
        permissions.answer(KEY, True)


def test_several_requests_of_one_agent_are_answered_youngest_first(
    permissions: Permissions,
) -> None:
    first, second = Asker(permissions, "make one"), Asker(permissions, "make two")
    assert permissions.answer(KEY, False).exact == "make two"
    assert second.ended()
    assert first.waits()
    assert permissions.answer(KEY, True).exact == "make one"
    assert first.ended()
    assert (first.decision, second.decision) == (Decision(True, ""), Decision(False, ""))


def test_an_answer_meets_the_request_that_was_shown_or_none(permissions: Permissions) -> None:
    first, second = Asker(permissions, "make one"), Asker(permissions, "make two")
    shown = permissions.all(KEY)[0]
    assert permissions.answer(KEY, True, asked_id=shown.id).exact == "make one"
    assert first.ended()
    with pytest.raises(Absent):
        permissions.answer(KEY, True, asked_id=shown.id)
    assert second.waits()
    permissions.close()
    assert second.ended()


def test_an_answer_for_one_agent_leaves_the_others_waiting(permissions: Permissions) -> None:
    other = Asker(permissions, "make", key="shop/tester")
    with pytest.raises(Absent):
        permissions.answer(KEY, True)
    assert other.waits()
    permissions.drop(KEY)
    assert permissions.pending("shop/tester")
    permissions.drop("shop/tester")
    assert other.ended()
    assert other.decision is None


NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "said_s_after_asking", "looked_s_after_asking", "over"),
    [
        (AgentState.WORKING, 2.0, 9.0, True),
        (AgentState.IDLE, 2.0, 9.0, True),
        (AgentState.WAITING_PERMISSION, 2.0, 9.0, False),
        (AgentState.WORKING, -2.0, 9.0, False),  # said before it asked: not about this dialog
        (AgentState.WORKING, 2.0, 2.0 + OVER_S / 2, False),  # between two dialogs, perhaps
        (AgentState.WORKING, 2.0, 2.0 + OVER_S, True),
        (None, 2.0, 9.0, False),
    ],
)
def test_a_request_is_over_when_the_program_says_for_a_while_that_it_does_not_wait(
    state: AgentState | None, said_s_after_asking: float, looked_s_after_asking: float, over: bool
) -> None:
    asked = Asked(1, KEY, "Bash", "make", NOW)
    said_at = NOW + timedelta(seconds=said_s_after_asking)
    level = Reading(Source.SESSION_FILE, state, said_at, "file")
    assert is_over(asked, level, NOW + timedelta(seconds=looked_s_after_asking)) is over
    assert not is_over(asked, None, NOW + timedelta(seconds=999))


def test_closing_gives_up_all_and_takes_no_more(permissions: Permissions) -> None:
    askers = [Asker(permissions, f"make {n}") for n in range(3)]
    permissions.close()
    assert all(asker.ended() and asker.decision is None for asker in askers)
    assert permissions.hold(KEY, "Bash", "make", lambda: False) is None


def test_one_of_many_answers_given_at_once_counts(permissions: Permissions) -> None:
    asker = Asker(permissions, "make")
    barrier, won = threading.Barrier(8), []

    def answer(allow: bool) -> None:
        barrier.wait()
        try:
            permissions.answer(KEY, allow)
            won.append(allow)
        except Absent:
            pass  # another one was first: that is what is tested

    threads = [threading.Thread(target=answer, args=(n % 2 == 0,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asker.ended()
    assert len(won) == 1
    assert asker.decision == Decision(won[0], "")


def test_a_listener_that_fails_leaves_no_request_behind(permissions: Permissions) -> None:
    def fail(_asked: object) -> None:
        raise RuntimeError("a fault of the listener")

    with pytest.raises(RuntimeError):
        permissions.hold(KEY, "Bash", "make", lambda: False, fail)
    assert permissions.pending(KEY) is None
