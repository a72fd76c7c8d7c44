"""The courier's eyes and hands at one pane: one tmux process per look, paste or key."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Absent, CouldNotTell
from tmux_orch.domain.seat import Seat
from tmux_orch.messages.gate import PaneLook
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.paste import leave_mode, paste, press
from tmux_orch.tmux.server import Server
from tmux_orch.tmux.unread import has_unread

# list-panes with a filter, because display-message answers for another pane when the one that is
# meant does not exist (3.3a). Only ids and names that we made enter the formats; what the pane's
# own program may set (titles, tags of other panes) is compared inside tmux and never printed.
_PANE_LINE = (
    "#{{==:#{{@orch_agent}},{agent}}} #{{==:#{{@orch_incarnation}},{incarnation}}} #{{pane_dead}}"
    " #{{pane_in_mode}} #{{pane_input_off}} #{{cursor_x}} #{{cursor_y}}"
)
_CLIENT_LINE = "#{pane_id} #{client_activity}"


@dataclass(frozen=True, slots=True)
class Look:
    """One pane at one moment.

    Attributes:
        pane: Its flags; ``None`` when the pane or the server does not exist.
        cursor: Column and row.
        screen: What it shows, with escapes, wrapped lines joined.
    """

    pane: PaneLook | None
    cursor: tuple[int, int] = (0, 0)
    screen: str = ""


class Hands:
    """Looks at and types into panes of one server. Any thread may call; the caller holds the lease.

    Every method raises ``CouldNotTell`` when tmux does not answer in time.
    """

    def __init__(self, server: Server, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    def look(self, seat: Seat) -> Look:
        """The seat's pane, its flags, who looks at it, and its screen, all of one moment."""
        if not seat.pane_id:
            return Look(None)
        guard = _guard(seat)
        token = secrets.token_hex(12)
        line = _PANE_LINE.format(agent=guard.agent, incarnation=guard.incarnation)
        mark = Command("display-message", "-p", token)
        of_pane = f"#{{==:#{{pane_id}},{guard.pane_id}}}"
        commands = [
            Command("list-panes", "-a", "-f", of_pane, "-F", line),
            mark,
            Command("list-clients", "-F", _CLIENT_LINE),
            mark,
            Command("capture-pane", "-p", "-e", "-J", "-t", guard.pane_id),
        ]
        try:
            lines = self._server.run(commands).lines
        except Absent:
            return Look(None)  # no server, or no such pane: looked for, and not there
        first = lines.index(token)
        second = lines.index(token, first + 1)
        if first != 1:
            return Look(None)
        return self._read(lines[0], seat.pane_id, lines[2:second], "\n".join(lines[second + 1 :]))

    def _read(self, line: str, pane_id: str, clients: Sequence[str], screen: str) -> Look:
        agent, incarnation, dead, mode, off, x, y = line.split(" ")
        seen = [
            int(at) for shown, _, at in (client.partition(" ") for client in clients)
            if shown == pane_id and at.isdigit()
        ]  # fmt: skip
        now = self._clock.now()
        ages = [(now - datetime.fromtimestamp(at, UTC)).total_seconds() for at in seen]
        pane = PaneLook(
            ours=(agent, incarnation) == ("1", "1"),
            dead=dead != "0",
            in_mode=mode not in ("", "0"),
            input_off=off != "0",
            watched=bool(seen),
            typed_ago_s=min(ages, default=None),
        )
        return Look(pane, (int(x), int(y)), screen)

    def paste(self, seat: Seat, cursor: tuple[int, int], message_id: str, text: str) -> bool:
        """Put ``text`` into the composer unless anything changed since the look; never Enter.

        Raises:
            ServerAbsent: no server; nothing was typed.
        """
        return paste(self._server, _guard(seat, cursor), message_id, text)

    def enter(self, seat: Seat, cursor: tuple[int, int]) -> bool:
        """Press Enter unless anything changed since the look.

        Raises:
            ServerAbsent: no server; nothing was typed.
        """
        return press(self._server, _guard(seat, cursor))

    def unread(self, seat: Seat) -> bool:
        """Whether the agent has not read all that was typed; also when that cannot be told."""
        try:
            return has_unread(self._server, seat.pane_id)
        except (Absent, CouldNotTell):
            return True  # nothing is concluded, so nothing is typed a second time

    def leave_mode(self, seat: Seat) -> None:
        """End copy mode in the agent's pane; refused silently, the next look tells."""
        leave_mode(self._server, _guard(seat))


def _guard(seat: Seat, cursor: tuple[int, int] | None = None) -> Guard:
    return Guard(seat.pane_id, seat.key, seat.tag, cursor)
