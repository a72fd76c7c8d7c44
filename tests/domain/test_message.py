from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tmux_orch.domain.message import (
    FINAL,
    MOVES,
    OPEN,
    IllegalMove,
    MessageState,
    header,
    marker,
    move,
)

S = MessageState
STATES = st.sampled_from(list(MessageState))


class Life(RuleBasedStateMachine):
    """Any sequence of attempted moves keeps what promise 1 says of a message's life."""

    def __init__(self) -> None:
        super().__init__()
        self.path = [S.ACCEPTED]

    @rule(to=STATES)
    def attempt(self, to: MessageState) -> None:
        try:
            self.path.append(move(self.path[-1], to))
        except IllegalMove:
            assert to not in MOVES[self.path[-1]]

    @invariant()
    def nothing_leaves_an_end(self) -> None:
        assert not any(state in FINAL for state in self.path[:-1])

    @invariant()
    def delivered_at_most_once_and_never_without_a_look(self) -> None:
        assert self.path.count(S.DELIVERED) <= 1
        if S.DELIVERED in self.path:
            assert S.GATE in self.path

    @invariant()
    def typed_only_through_the_gate(self) -> None:
        for before, after in zip(self.path, self.path[1:], strict=False):
            if after is S.COMPOSING:
                assert before is S.GATE

    @invariant()
    def what_nobody_can_say_is_never_sent_again(self) -> None:
        for state in (S.UNKNOWN, S.STRANDED):
            if state in self.path:
                later = self.path[self.path.index(state) + 1 :]
                assert set(later) <= {S.DELIVERED, S.EXPIRED}


TestLife = Life.TestCase


@given(STATES, STATES)
def test_a_move_is_in_the_table_or_raises(old: MessageState, new: MessageState) -> None:
    if new in MOVES[old]:
        assert move(old, new) is new
    else:
        with pytest.raises(IllegalMove):
            move(old, new)


def test_every_state_can_be_reached_and_open_ones_can_end() -> None:
    reached = {S.ACCEPTED}
    while True:
        more = reached | {after for state in reached for after in MOVES[state]}
        if more == reached:
            break
        reached = more
    assert reached == set(MessageState)
    assert not OPEN & FINAL
    assert all(MOVES[state] for state in OPEN)


def test_the_marker_is_the_headers_end_and_names_one_message() -> None:
    assert header("shop/developer", "0123abcd") == "[from developer · msg 0123abcd]"
    assert header("user", "0123abcd").endswith(marker("0123abcd"))
