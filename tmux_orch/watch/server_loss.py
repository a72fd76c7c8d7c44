"""The tmux server as one thing: its loss is one event, however many agents go with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ServerState(StrEnum):
    """What we know of the tmux server."""

    ABSENT = "absent"  # none was seen yet
    PRESENT = "present"
    HUNG = "hung"  # it did not answer within the deadline: degraded, nothing is concluded
    LOST = "lost"  # the one that held our agents is gone


class Sign(StrEnum):
    """What a look at the server showed."""

    SAME = "same"  # the server we know
    OTHER = "other"  # another one than we know
    NONE = "none"  # none at all, or its process ended
    SILENT = "silent"  # no answer


_V, _G = ServerState, Sign

#: state, sign → new state and the events that are told. Not in the table: nothing changes.
MOVES: dict[tuple[ServerState, Sign], tuple[ServerState, tuple[str, ...]]] = {
    (_V.ABSENT, _G.OTHER): (_V.PRESENT, ()),
    (_V.ABSENT, _G.SILENT): (_V.HUNG, ("server_hung",)),
    (_V.PRESENT, _G.NONE): (_V.LOST, ("server_lost",)),
    (_V.PRESENT, _G.OTHER): (_V.PRESENT, ("server_lost",)),
    (_V.PRESENT, _G.SILENT): (_V.HUNG, ("server_hung",)),
    (_V.HUNG, _G.SAME): (_V.PRESENT, ("server_back",)),
    (_V.HUNG, _G.NONE): (_V.LOST, ("server_lost",)),
    (_V.HUNG, _G.OTHER): (_V.PRESENT, ("server_lost",)),
    (_V.LOST, _G.OTHER): (_V.PRESENT, ()),
    (_V.LOST, _G.SILENT): (_V.HUNG, ("server_hung",)),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One event about the server: its name and the id (``pid:start``) of the server it is about."""

    event: str
    server: str


class ServerWatch:
    """Remembers the server; turns looks at it into events. Not thread-safe: the board locks."""

    def __init__(self) -> None:
        self.state = ServerState.ABSENT
        self.server = ""

    def seen(self, server: str) -> list[Change]:
        """A server answered; ``server`` is its id."""
        known = server == self.server and self.state is not ServerState.LOST
        return self._move(Sign.SAME if known else Sign.OTHER, server)

    def gone(self) -> list[Change]:
        """There is no server, or the process of the one we know has ended."""
        return self._move(Sign.NONE, self.server)

    def silent(self) -> list[Change]:
        """It did not answer within the deadline."""
        return self._move(Sign.SILENT, self.server)

    def _move(self, sign: Sign, server: str) -> list[Change]:
        move = MOVES.get((self.state, sign))
        if move is None:
            return []
        about, was = self.server, self.state
        self.state, events = move
        self.server = "" if self.state in (_V.LOST, _V.ABSENT) else server
        if was is _V.HUNG and not about:
            # It was silent before we ever knew it, so nothing of ours can be lost with it.
            self.state = _V.PRESENT if sign is Sign.OTHER else _V.ABSENT
            events = ("server_back",)
        return [Change(event, about or server) for event in events]
