"""The composer as it is drawn."""

from __future__ import annotations

from tmux_orch.agents.rehearsal.screen import DIM, Live, printable, width_of, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tmux_orch.agents.rehearsal.composer import Composer
    from tmux_orch.agents.rehearsal.screen import Screen

FOOTER = "C-j newline · C-u clear · /help"
_QUEUED_ROWS = 3


def composer_view(
    screen: Screen, draft: Composer, queue: list[str], busy_s: float | None, notice: str
) -> Live:
    """Work line, queued messages, the draft between two rules, a line of hints."""
    width = screen.width
    rows: list[tuple[str, str]] = [("", "")]
    if busy_s is not None:
        rows.append(("", f"✢ Working… ({busy_s:.0f}s · esc to interrupt)"))
    for text in queue[:_QUEUED_ROWS]:
        rows += [
            (DIM, row)
            for row in wrapped(printable(f"  queued: {_first_line(text)}"), width - 1)[:1]
        ]
    if len(queue) > _QUEUED_ROWS:
        rows.append((DIM, f"  queued: {len(queue) - _QUEUED_ROWS} more"))
    rule = (DIM, "─" * (width - 1))
    text_rows, cursor = _draft_rows(draft, width, screen.height - len(rows) - 3)
    top = len(rows) + 1
    rows += [rule, *text_rows, rule, (DIM, f"  {notice or FOOTER}"[: width - 1])]
    return Live(rows, (top + cursor[0], cursor[1]))


def _draft_rows(
    draft: Composer, width: int, most: int
) -> tuple[list[tuple[str, str]], tuple[int, int]]:
    if not draft:
        return [("", "❯ ")], (0, 2)
    shown, offset = draft.shown()
    room = width - 4
    rows = wrapped(printable(shown), room)
    before = wrapped(printable(shown[:offset]), room)
    row, column = len(before) - 1, width_of(before[-1])
    most = max(1, most)
    first = max(0, min(row, len(rows) - most))
    seen = rows[first : first + most]
    marked = [("", f"{'❯' if first + n == 0 else ' '} {text}") for n, text in enumerate(seen)]
    return marked, (row - first, column + 2)


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]
