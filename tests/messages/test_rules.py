from __future__ import annotations

import pytest

from tmux_orch.domain.errors import Refused
from tmux_orch.messages.rules import (
    BURST,
    LOOP_TURNS,
    LOOP_WINDOW_S,
    OPEN_PER_TARGET,
    PER_S,
    Rules,
)

A, B, C = "shop/a", "shop/b", "shop/c"


def flood(rules: Rules, sender: str, target: str, at: float, most: int = 1000) -> int:
    """How many messages in a row are taken at one instant."""
    for count in range(most):
        try:
            rules.check(sender, target, at, 0)
        except Refused:
            return count
    return most


def test_nobody_sends_to_himself() -> None:
    with pytest.raises(Refused, match="itself"):
        Rules().check(A, A, 0.0, 0)


def test_an_agent_has_a_budget_per_target_that_refills() -> None:
    rules = Rules()
    assert flood(rules, A, B, 0.0) == BURST
    assert flood(rules, A, C, 0.0) == BURST  # another target, another budget
    assert flood(rules, A, B, 10.0) == int(10 * PER_S)
    assert flood(rules, A, B, 1e6) == BURST


def test_a_refused_message_costs_nothing() -> None:
    rules = Rules()
    flood(rules, A, B, 0.0)
    assert flood(rules, A, B, 0.5) == 0
    assert flood(rules, A, B, 1.0 / PER_S) == 1


def test_a_person_has_no_budget_but_the_backlog() -> None:
    rules = Rules()
    assert flood(rules, "user", B, 0.0, 3 * BURST) == 3 * BURST
    with pytest.raises(Refused, match="wait for b already"):
        rules.check("user", B, 0.0, OPEN_PER_TARGET)


def test_two_agents_that_echo_each_other_are_stopped() -> None:
    rules = Rules()
    taken = 0
    with pytest.raises(Refused, match="without end"):
        for turn in range(100):
            pair = (A, B) if turn % 2 == 0 else (B, A)
            rules.check(*pair, at=turn * 2.0, open_now=0)
            taken += 1
    assert taken == LOOP_TURNS
    rules.check(A, B, LOOP_WINDOW_S * 2, 0)  # the window has passed


def test_a_conversation_at_the_pace_of_work_is_no_loop() -> None:
    rules = Rules()
    for turn in range(200):
        pair = (A, B) if turn % 2 == 0 else (B, A)
        rules.check(*pair, at=turn * (LOOP_WINDOW_S / (LOOP_TURNS - 1)), open_now=0)


def test_many_messages_one_way_are_no_loop() -> None:
    rules = Rules()
    for turn in range(LOOP_TURNS * 3):
        rules.check(A, B, turn * 0.1, 0)
        if turn % 3 == 0:
            rules.check(B, A, turn * 0.1, 0)
