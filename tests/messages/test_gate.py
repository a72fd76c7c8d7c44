from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.agents.adapter import Composer, Dialog
from tmux_orch.domain.states import BUSY, READY, AgentState
from tmux_orch.messages.gate import (
    DRAFT,
    TYPING_S,
    Kind,
    PaneLook,
    by_composer,
    by_pane,
    by_state,
)
from tmux_orch.messages.port import Sighting
from tmux_orch.messages.resolve import ATTEMPTS, Trace, Whereabouts, whereabouts

FINE = PaneLook(True, False, False, False, False, None)
PANES = st.none() | st.builds(
    PaneLook, st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(),
    st.none() | st.floats(0, 10),
)  # fmt: skip
DIALOGS = st.none() | st.just(Dialog(AgentState.WAITING_PERMISSION, "Run\nit?", ("Yes",), "r"))
COMPOSERS = st.builds(Composer, st.sampled_from([True, False, None]), st.text(max_size=5))


@given(st.sampled_from(list(AgentState)), st.none() | st.just("paused"), st.booleans())
def test_only_an_idle_agent_without_a_hold_is_typed_to(
    state: AgentState, hold: str | None, hands_over: bool
) -> None:
    verdict = by_state(state, hold, hands_over)
    assert (verdict.kind is Kind.GO) == (state in READY and hold is None)
    assert (verdict.kind is Kind.HAND_OVER) <= (state in BUSY and hands_over)
    assert bool(verdict.reason) == (verdict.kind is not Kind.GO)


@given(PANES, DIALOGS)
def test_keys_go_only_to_our_living_reading_pane_without_a_dialog(
    pane: PaneLook | None, dialog: Dialog | None
) -> None:
    verdict = by_pane(pane, dialog)
    fine = (
        pane is not None and pane.ours and dialog is None
        and not (pane.dead or pane.in_mode or pane.input_off)
    )  # fmt: skip
    assert (verdict.kind is Kind.GO) == fine
    assert verdict.reason.isprintable()
    if verdict.kind is Kind.LEAVE_MODE:
        assert pane is not None and pane.ours and not pane.watched


@given(COMPOSERS, st.none() | st.floats(0, 10))
def test_a_paste_needs_a_composer_proved_empty_and_nobody_typing(
    composer: Composer, ago_s: float | None
) -> None:
    verdict = by_composer(composer, ago_s)
    resting = ago_s is None or ago_s >= TYPING_S
    assert (verdict.kind is Kind.GO) == (composer.empty is True and resting)
    if composer.empty is False:
        assert verdict.reason == DRAFT


TRACES = st.builds(
    Trace,
    sighting=st.sampled_from(list(Sighting)),
    handed=st.booleans(),
    markerless=st.booleans(),
    readable=st.booleans(),
    keys=st.sampled_from([by_state(s, h, True) for s in AgentState for h in (None, "paused")]),
    dead=st.booleans(),
    shown=st.booleans(),
    mixed=st.booleans(),
    empty=st.booleans(),
    settled=st.booleans(),
    attempts=st.integers(0, 2 * ATTEMPTS),
)


@given(TRACES)
def test_a_message_is_sent_again_only_when_it_is_provably_nowhere(trace: Trace) -> None:
    if whereabouts(trace) is Whereabouts.NOWHERE:
        assert trace.sighting in (Sighting.NONE, Sighting.PROMPTED)
        assert trace.dead or trace.sighting is Sighting.NONE
        assert trace.readable and not trace.markerless and trace.settled
        assert trace.attempts < ATTEMPTS
        # either its composer died with it, or it stands idle before an empty one
        assert trace.dead or trace.keys.kind is Kind.GO
        assert trace.dead or not trace.unread
        assert trace.dead or trace.handed or (trace.empty and not trace.shown)


@given(TRACES)
def test_enter_is_pressed_only_on_our_text_alone_in_the_composer_of_an_idle_agent(
    trace: Trace,
) -> None:
    if whereabouts(trace) is Whereabouts.COMPOSER:
        assert trace.shown and not trace.mixed and not trace.dead and not trace.unread
        assert trace.keys.kind is Kind.GO
        assert trace.sighting in (Sighting.NONE, Sighting.PROMPTED)


@given(TRACES)
def test_a_message_counts_as_delivered_exactly_when_the_conversation_proves_it(
    trace: Trace,
) -> None:
    need = Sighting.ANSWERED if trace.handed else Sighting.TAKEN
    proved = trace.sighting >= need
    assert (whereabouts(trace) is Whereabouts.DELIVERED) == proved


GO = by_state(AgentState.IDLE, None, False)
WORKS = by_state(AgentState.WORKING, None, True)
GONE = by_state(AgentState.EXITED, None, False)
BASE = {
    "sighting": Sighting.NONE, "handed": False, "markerless": False, "readable": True, "keys": GO,
    "dead": False, "shown": False, "mixed": False, "empty": True, "unread": False,
    "settled": True, "attempts": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({}, Whereabouts.NOWHERE),
        ({"settled": False}, Whereabouts.WAIT),
        ({"unread": True}, Whereabouts.WAIT),
        ({"readable": False}, Whereabouts.UNKNOWN),
        ({"markerless": True}, Whereabouts.UNKNOWN),
        ({"attempts": ATTEMPTS}, Whereabouts.LOST),
        ({"empty": False}, Whereabouts.WAIT),
        ({"empty": False, "shown": True}, Whereabouts.COMPOSER),
        ({"empty": False, "shown": True, "mixed": True}, Whereabouts.WAIT),
        ({"keys": WORKS}, Whereabouts.WAIT),
        ({"keys": WORKS, "shown": True, "empty": False}, Whereabouts.WAIT),
        ({"sighting": Sighting.QUEUED, "keys": WORKS}, Whereabouts.WAIT),
        ({"sighting": Sighting.QUEUED}, Whereabouts.WAIT),
        ({"sighting": Sighting.QUEUED, "dead": True, "keys": GONE}, Whereabouts.UNKNOWN),
        ({"sighting": Sighting.PROMPTED, "keys": WORKS}, Whereabouts.WAIT),
        ({"sighting": Sighting.PROMPTED}, Whereabouts.UNKNOWN),
        ({"sighting": Sighting.PROMPTED, "dead": True, "keys": GONE}, Whereabouts.NOWHERE),
        ({"sighting": Sighting.PROMPTED, "shown": True, "empty": False}, Whereabouts.COMPOSER),
        ({"sighting": Sighting.TAKEN}, Whereabouts.DELIVERED),
        ({"sighting": Sighting.TAKEN, "handed": True}, Whereabouts.SEEN),
        ({"sighting": Sighting.ANSWERED, "handed": True}, Whereabouts.DELIVERED),
        ({"handed": True, "empty": False}, Whereabouts.NOWHERE),
        ({"handed": True, "keys": WORKS}, Whereabouts.WAIT),
        ({"dead": True, "keys": GONE}, Whereabouts.NOWHERE),
        ({"dead": True, "keys": GONE, "readable": False}, Whereabouts.UNKNOWN),
        ({"dead": True, "keys": GONE, "settled": False}, Whereabouts.WAIT),
        ({"keys": GONE}, Whereabouts.WAIT),
    ],
)
def test_where_a_message_is(change: dict[str, object], where: Whereabouts) -> None:
    assert whereabouts(Trace(**{**BASE, **change})) is where  # type: ignore[arg-type]
