"""Dialogs that wait, as a person reads them: whole, in the width of the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tmux_orch.cli import plain, screen, when
from tmux_orch.cli.table import cells

_INDENT = "    "
#: Lines of a command that ``status`` shows; ``tmux-orch dialogs`` shows all.
_SOME = 12


def blocks(project: str, dialogs: Sequence[Mapping[str, Any]], *, whole: bool = False) -> list[str]:
    """The block under a team's table; nothing when nobody waits."""
    if not dialogs:
        return []
    lines = ["", screen.paint("Waiting for an answer:", "bold")]
    for dialog in dialogs:
        lines += block(dialog, project, whole=whole)
    return lines


def block(dialog: Mapping[str, Any], project: str = "", *, whole: bool = True) -> list[str]:
    """One dialog: who, what exactly, the options, until when, and (of a ``project``) the answer."""
    name = plain.line(str(dialog["agent"]))
    head = f"  {name}  {dialog['kind']}, since {when.ago(dialog['since_at'])} (id {dialog['id']})"
    lines = [screen.paint(head, "yellow")]
    if dialog["destructive"]:
        lines.append(screen.paint(f"{_INDENT}careful: it {dialog['destructive']}", "red"))
    if dialog["exact"]:
        lines.append(f"{_INDENT}{plain.line(str(dialog['tool']))}, exactly:")
        lines += _some(list(_set_in(str(dialog["exact"]), _INDENT + "  ")), whole)
    question = str(dialog["question"] or dialog["screen"])
    if question and not (dialog["exact"] and not whole):
        lines += _some(list(_set_in(question, _INDENT)), whole)
    for number, option in enumerate(dialog["options"]):
        mark = ">" if number == dialog["cursor"] else "-"
        lines += _set_in(str(option), f"{_INDENT}{mark} ")
    if dialog["deadline_at"]:
        end = "it is denied" if dialog["outcome"] == "deny" else "it stays, and you are told again"
        lines.append(f"{_INDENT}{_left(dialog['deadline_at'])}: {end}")
    if not project:
        return lines
    if dialog["options"]:
        how = f'tmux-orch answer {name} "OPTION" --project {plain.line(project)}'
    else:
        how = f"tmux-orch attach {name} --project {plain.line(project)}"
    return [*lines, f"{_INDENT}{how}"]


def _some(lines: list[str], whole: bool) -> list[str]:
    if whole or len(lines) <= _SOME:
        return lines
    return [*lines[:_SOME], f"{_INDENT}… {len(lines) - _SOME} more lines: tmux-orch dialogs"]


def _set_in(text: str, indent: str) -> Iterator[str]:
    """Every line of it, nothing cut and nothing hidden; a long one goes on in the next."""
    room = max(20, screen.width() - len(indent))
    for line in plain.exact(text).expandtabs(4).split("\n"):
        piece, used = "", 0
        for character in line:
            wide = cells(character)
            if used + wide > room:
                yield indent + piece
                indent, piece, used = " " * len(indent), "", 0
            piece += character
            used += wide
        yield indent + piece
        indent = " " * len(indent)


def _left(deadline_at: object) -> str:
    try:
        left_s = int((datetime.fromisoformat(str(deadline_at)) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return "at its deadline"
    if left_s <= 0:
        return "its deadline is over"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if left_s >= size:
            return f"in {left_s // size}{unit}"
    return f"in {left_s}s"
