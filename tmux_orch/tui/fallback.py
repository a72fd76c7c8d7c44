"""The team as a table that fills itself anew, where Textual is not installed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from tmux_orch.tui import rows
from tmux_orch.tui.acts import Acts

_COLOURS = {"good": "green", "look": "bold yellow", "bad": "bold red", "busy": "cyan", "dim": "dim"}
_COLOURS |= {"": "", "title": "bold"}


class Plain:
    """Shows the team until Ctrl-C.

    Args:
        acts: What is asked of the daemon.
        console: Where to.
    """

    def __init__(self, acts: Acts, console: Console) -> None:
        self._acts, self._console = acts, console
        self._status: dict[str, Any] = {}
        self._away = ""
        self._lock = threading.Lock()

    def run(self) -> None:
        """Follow, and draw what is new; ends by Ctrl-C only."""
        with Live(self.shown(), console=self._console, screen=True, auto_refresh=False) as live:

            def news(status: dict[str, Any]) -> None:
                with self._lock:
                    self._status, self._away = status, ""
                live.update(self.shown(), refresh=True)

            def away(why: str) -> None:
                with self._lock:
                    self._away = why
                live.update(self.shown(), refresh=True)

            self._acts.follow(news, away)

    def shown(self) -> Group:
        """The screen: the team in a line, what is wrong, the table as far as there is room."""
        with self._lock:
            status, away = self._status, self._away
        if not status:
            return Group(Text(away or f"{self._acts.project}: asking the daemon ..."))
        width, height = self._console.size
        now = datetime.now(UTC)
        team = [rows.row(agent, now, width) for agent in status.get("agents") or []]
        columns = rows.widths(team, width)
        head = tuple(rows.Cell(title, "title") for title in rows.TITLES)
        lines = [_line([rows.Cell(rows.headline(status), "title")])]
        if wrong := "; ".join(filter(None, [rows.line(away), rows.trouble(status)])):
            lines.append(_line([rows.Cell(f"! {wrong}", "bad")]))
        lines += [_line(rows.pieces(cells, columns, width)) for cells in (head, *team)]
        if len(lines) >= height:  # the last line stays free, or the terminal would scroll
            lines = [*lines[: height - 2], Text(f"and {len(lines) - height + 2} more")]
        return Group(*lines)


def _line(pieces: list[rows.Cell]) -> Text:
    parts = [(piece.text, _COLOURS[piece.tone]) for piece in pieces]
    return Text.assemble(*parts, no_wrap=True, overflow="crop")
