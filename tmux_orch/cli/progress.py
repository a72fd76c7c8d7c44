"""The steps of a starting team while they happen: a table that fills itself, on a terminal only.

Elsewhere only the lines that a person must read: notes, and agents that failed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tmux_orch.cli import plain, printing, screen

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_STAGES = ("worktree", "window", "ready", "briefed")
# What came instead of a stage still fills its column.
_INSTEAD = {"adopted": "window", "restarted": "window"}


class Progress:
    """Shows the events of ``up`` and ``stop``; used as a context manager around the call.

    Args:
        quiet: Show no table even on a terminal (``--json``).
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._stages: dict[str, dict[str, str]] = {}
        self._live: Live | None = None
        self._table = screen.is_terminal(sys.stderr) and not quiet

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show one event; unknown ones (of a newer daemon) are left out."""
        if event.get("event") == "note":
            self._say(str(event.get("text", "")))
        elif event.get("event") == "agent":
            self._agent(event)

    def _agent(self, event: Mapping[str, Any]) -> None:
        name, stage = str(event.get("agent", "")), str(event.get("stage", ""))
        detail = plain.line(str(event.get("detail", "")))
        if stage == "failed":
            self._say(f"{name}: {detail}")
        if not self._table:
            return
        took = event.get("took_s")
        shown = f"{took:.1f} s" if isinstance(took, int | float) else "yes"
        if stage in _INSTEAD:
            shown = f"{stage}"
        row = self._stages.setdefault(name, {})
        row[_INSTEAD.get(stage, stage)] = shown
        self._draw()

    def _say(self, text: str) -> None:
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text(plain.line(text)))
        else:
            printing.note(text)

    def _draw(self) -> None:
        from rich.console import Console
        from rich.live import Live

        if self._live is None:
            console = Console(stderr=True, no_color=not screen.colours(sys.stderr))
            self._live = Live(console=console, refresh_per_second=12, transient=True)
            self._live.start()
        self._live.update(self._rows())

    def _rows(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title in ("AGENT", *_STAGES):
            table.add_column(title.upper(), no_wrap=True)
        for name, done in self._stages.items():
            cells = [Text(plain.line(name))]
            for stage in _STAGES:
                failed = "failed" in done and stage not in done
                cells.append(
                    Text(done.get(stage, "-" if failed else "…"), style="red" if failed else "")
                )
            table.add_row(*cells)
        return table
