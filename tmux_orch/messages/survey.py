"""Everything that is looked at before a key is pressed, and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from tmux_orch.agents.adapter import Composer
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import Fused
from tmux_orch.messages import gate
from tmux_orch.messages.gate import GO, Kind, Verdict
from tmux_orch.messages.hands import Hands, Look
from tmux_orch.messages.port import SeatPort


@dataclass(frozen=True, slots=True)
class Survey:
    """One look at an agent.

    Attributes:
        seat: Its row as it was used for the look; guards of what follows are made from it.
        fused: Its state, read before the screen.
        look: Its pane; without a pane when the state alone decided.
        composer: Its input box; ``empty`` is ``None`` when it was not looked at.
        keys: Whether keys may go to its composer now, whatever that holds.
        paste: Whether a message may be pasted now.
    """

    seat: Seat
    fused: Fused
    look: Look
    composer: Composer
    keys: Verdict
    paste: Verdict


def survey(port: SeatPort, hands: Hands, *, always_look: bool = False) -> Survey:
    """Look at the agent now: state first, then (if it may matter) the pane and its screen.

    Args:
        always_look: Look at the screen also when the state alone forbids typing.
    """
    seat = port.seat()
    try:
        # Not refresh(): the pane's flags are read below with its screen, in one tmux process.
        port.look(force=True)
        fused = port.fused()
        state = gate.by_state(fused.state, port.hold(), port.busy_with_hooks())
        if state.kind is not Kind.GO and not always_look:
            return Survey(seat, fused, Look(None), Composer(None), state, state)
        look = hands.look(seat)
    except CouldNotTell:
        waits = Verdict(Kind.WAIT, "tmux does not answer")
        return Survey(seat, port.fused(), Look(None), Composer(None), waits, waits)
    adapter = port.adapter()
    composer = adapter.composer(look.screen)
    keys = state if state is not GO else gate.by_pane(look.pane, adapter.dialog(look.screen))
    paste = keys
    if keys.kind is Kind.GO:
        paste = gate.by_composer(composer, look.pane.typed_ago_s if look.pane else None)
    return Survey(seat, fused, look, composer, keys, paste)
