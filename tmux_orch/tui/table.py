"""The team as lines on the screen: a heading, one row per agent, one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tmux_orch.tui.rows import TITLES, Cell, pieces, widths

#: Tones as the terminal's own colours, so that they fit any background.
STYLES = {
    "": Style(),
    "good": Style(color="green"),
    "look": Style(color="yellow", bold=True),
    "bad": Style(color="red", bold=True),
    "busy": Style(color="cyan"),
    "dim": Style(dim=True),
    "title": Style(bold=True),
}
_CHOSEN = Style(reverse=True)
_MARK = 2  # columns before a row: which one is chosen is seen without colour too


class TeamTable(ScrollView, can_focus=True):
    """Rows that keep their choice by name while they come, go and change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up,k", "move(-1)"),
        ("down,j", "move(1)"),
        ("pageup", "move(-10)"),
        ("pagedown", "move(10)"),
        ("home", "move(-9999)"),
        ("end", "move(9999)"),
    ]

    class Chosen(Message):
        """Another agent was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[Cell, ...]] = []
        self._columns: list[int] = []
        self._chosen = ""

    @property
    def room(self) -> int:
        """Columns for the cells of a row."""
        return max(20, self.scrollable_content_region.width - _MARK)

    @property
    def chosen(self) -> str:
        """The chosen agent's name; empty in an empty team."""
        return self._chosen

    def show(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        """Show these rows; only lines that differ are drawn."""
        columns = widths(rows, self.room)
        before, self._rows = self._rows, list(rows)
        if (columns, len(rows)) != (self._columns, len(before)):
            self._columns = columns
            self.virtual_size = Size(self.room + _MARK, len(rows) + 1)
            self.refresh()
        else:
            for at, (old, new) in enumerate(zip(before, rows, strict=True)):
                if old != new:
                    self._redraw(at)
        if self._at() is None:
            self._choose(0)

    def action_move(self, steps: int) -> None:
        """Choose another row."""
        self._choose((self._at() or 0) + steps)

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked."""
        at = event.y - 1 + self.scroll_offset.y
        if event.y > 0 and at < len(self._rows):
            self._choose(at)

    def render_line(self, y: int) -> Strip:
        """The heading, which stays, or a row."""
        if y == 0:
            cells = tuple(Cell(title, "title") for title in TITLES)
            return self._strip(cells, "  ", Style())
        at = y - 1 + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(self.room + _MARK)
        chosen = self._rows[at][0].text == self._chosen
        return self._strip(self._rows[at], "> " if chosen else "  ", _CHOSEN if chosen else Style())

    def _strip(self, cells: Sequence[Cell], mark: str, over: Style) -> Strip:
        parts = [Segment(mark, over)]
        parts += [
            Segment(p.text, STYLES[p.tone] + over) for p in pieces(cells, self._columns, self.room)
        ]
        return Strip(parts).adjust_cell_length(self.room + _MARK, over)

    def _at(self) -> int | None:
        names = [cells[0].text for cells in self._rows]
        return names.index(self._chosen) if self._chosen in names else None

    def _choose(self, at: int) -> None:
        before, was = self._at(), self._chosen
        at = max(0, min(at, len(self._rows) - 1))
        self._chosen = self._rows[at][0].text if self._rows else ""
        if self._chosen == was:
            return
        for row in (before, at):
            if row is not None:
                self._redraw(row)
        self._bring_into_view(at)
        self.post_message(self.Chosen())

    def _bring_into_view(self, at: int) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height - 1)
        if not top <= at < top + height:
            self.scroll_to(y=at if at < top else at - height + 1, animate=False)

    def _redraw(self, at: int) -> None:
        y = at + 1 - self.scroll_offset.y
        if 1 <= y < self.size.height:
            self.refresh_line(y + self.scroll_offset.y)
