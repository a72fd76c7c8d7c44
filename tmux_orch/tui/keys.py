"""The keys of ``tmux-orch top``: one list for the program, its help and its documentation."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """A key (Textual's name), how it is written, what it does: the method, one word, one line."""

    name: str
    shown: str
    action: str
    word: str
    line: str


KEYS = (
    Key("enter", "Enter", "attach", "attach", "sit down at its window; C-b d comes back here"),
    Key("m", "m", "message", "message", "write a message to it, as scm does"),
    Key("a", "a", "answer", "answer", "answer the dialog that it shows"),
    Key("e", "e", "explain", "explain", "what led to its state"),
    Key("p", "p", "peek", "peek", "its screen as it is now"),
    Key("slash", "/", "filter", "filter", "only agents with this text; empty: all"),
    Key("question_mark", "?", "help", "help", "these keys and signs"),
    Key("q", "q", "quit", "quit", "leave; the agents go on"),
)
MOVES = (
    ("Up Down k j", "the agent before, the next one"),
    ("Home End", "the first, the last"),
    ("Esc", "close what is open"),
)


def help_lines(signs: tuple[tuple[str, str], ...]) -> list[str]:
    """The help page."""
    lines = []
    lines += [f"  {key.shown:<12} {key.line}" for key in KEYS]
    lines += [f"  {name:<12} {line}" for name, line in MOVES]
    lines += ["", "Signs before a state:"]
    told = [f"  {sign}  {meaning}" for sign, meaning in signs]
    half = (len(told) + 1) // 2
    return lines + [f"{a:<34}{b}" for a, b in zip(told, [*told[half:], ""], strict=False)][:half]


def footer(room: int) -> str:
    """The keys in one line, as many as fit."""
    line = ""
    for key in KEYS:
        piece = f"{'  ' if line else ''}{key.shown} {key.word}"
        if len(line) + len(piece) > room:
            break
        line += piece
    return line
