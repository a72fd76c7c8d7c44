"""What the board saw, written down and told to those whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tmux_orch.domain.errors import Absent
from tmux_orch.domain.names import split_key
from tmux_orch.domain.states import Fused
from tmux_orch.messages.courier import Courier
from tmux_orch.store.events import Events
from tmux_orch.store.seats import Seats
from tmux_orch.team.herald import Herald


class Notes:
    """Called in the board's one thread for it, in order.

    Attributes:
        on_state, on_event: Who is told besides; set before the board starts.
    """

    def __init__(self, seats: Seats, events: Events, courier: Courier, herald: Herald) -> None:
        self._seats = seats
        self._events = events
        self._courier = courier
        self._herald = herald
        self.on_state: Callable[[str, Fused], None] = lambda _key, _fused: None
        self.on_event: Callable[[str, str | None, Mapping[str, Any]], None] = lambda *_told: None

    def state(self, key: str, fused: Fused) -> None:
        """A seat has a new state, or new evidence for one that waits."""
        project = split_key(key)[0]
        with_state = {"state": str(fused.state), "evidence": fused.evidence}
        try:
            self._seats.set_state(key, fused)
            self._events.append("agent.state", project, key, with_state)
        except Absent:
            return  # removed meanwhile: nobody is left to be told
        finally:
            self._courier.kick(key)
        self.on_state(key, fused)

    def event(self, kind: str, key: str | None, payload: Mapping[str, Any]) -> None:
        """Something happened that is no state."""
        if kind == "conversation_changed" and key and payload.get("followed"):
            # The person typed /clear or resumed another one in the agent's window: from now on that
            # is the conversation that a restart goes on with.
            self._seats.update(key, conversation_id=str(payload["to"]))
        self._events.append(kind, split_key(key)[0] if key else None, key, payload)
        self._herald.event(kind, key, payload)
        self.on_event(kind, key, payload)
