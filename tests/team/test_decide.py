import itertools

from tmux_orch.team.decide import Act, Seen, decide


def test_a_living_pane_is_adopted_whatever_else_is_true():
    for conversation, briefed, owner in itertools.product((True, False), (True, False), (None, 7)):
        assert decide(Seen(True, conversation, briefed, owner)) is Act.ADOPT


def test_a_conversation_that_somebody_has_open_is_never_opened_twice():
    for conversation, briefed in itertools.product((True, False), repeat=2):
        assert decide(Seen(False, conversation, briefed, 7)) is Act.WAIT


def test_a_briefed_conversation_is_resumed_and_anything_less_starts_again_with_the_same_id():
    assert decide(Seen(False, True, True, None)) is Act.RESUME
    assert decide(Seen(False, True, False, None)) is Act.START
    assert decide(Seen(False, False, False, None)) is Act.START
    assert decide(Seen(False, False, True, None)) is Act.START
