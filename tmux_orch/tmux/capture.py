"""Screens of many panes in one tmux process (100 captures: 15 ms; as processes 1.0 s, on 3.3a)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from tmux_orch.tmux.command import Command
from tmux_orch.tmux.server import Server

_PANE = re.compile(r"%\d+")
_DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One pane's visible screen with escapes, wrapped lines joined, and its title."""

    screen: str
    title: str


def shown(server: Server, pane_ids: Iterable[str], deadline_s: float) -> dict[str, Shown]:
    """Screen and title of each pane; one that does not exist is missing from the answer.

    Raises:
        ServerAbsent: no server.
        CouldNotTell: no answer in time.
    """
    wanted = _checked(pane_ids)
    if not wanted:
        return {}
    # One message per pane: three cost the server twice as much as the screen itself. An agent may
    # put a newline into its title, so it stands before its own screen: the rest of it lands there.
    token = secrets.token_hex(12)
    lists = [
        [
            Command(
                "display-message", "-p", "-t", pane_id, f"{token} {pane_id[1:]} #{{pane_title}}"
            ),
            Command("capture-pane", "-p", "-J", "-e", "-t", pane_id),
        ]
        for pane_id in wanted
    ]
    found: dict[str, tuple[str, list[str]]] = {}
    lines: list[str] = []
    for line in server.run_each(lists, deadline_s).lines:
        if line.startswith(token):
            _, number, title = line.split(" ", 2)
            lines = []
            found[f"%{number}"] = (title, lines)
        else:
            lines.append(line)
    # A message to a pane that is gone is answered all the same (tmux 3.3a); a capture is not.
    return {
        pane_id: Shown("\n".join(screen), title)
        for pane_id, (title, screen) in found.items()
        if screen
    }


def capture(
    server: Server, pane_ids: Iterable[str], escapes: bool = True, history: int = 0
) -> dict[str, str]:
    """The visible screen of each pane, also in copy mode and when dead; wrapped lines joined.

    Args:
        server: Ours.
        pane_ids: Any number; one that does not exist is missing from the answer.
        escapes: Keep colours and attributes as SGR sequences.
        history: Lines above the screen to include.

    Raises:
        ServerAbsent: no server.
        CouldNotTell: no answer in time.
    """
    wanted = _checked(pane_ids)
    if not wanted:
        return {}
    # A line that no screen can contain by chance or on purpose. It comes after its screen, so a
    # capture that failed leaves none. Without the id's "%", which is a strftime directive there.
    token = secrets.token_hex(12)
    options = ["-e"] if escapes else []
    if history:
        options += ["-S", str(-int(history))]
    lists = [
        [
            Command("capture-pane", "-p", "-J", *options, "-t", pane_id),
            Command("display-message", "-p", f"{token} {pane_id[1:]}"),
        ]
        for pane_id in wanted
    ]
    screens: dict[str, str] = {}
    lines: list[str] = []
    for line in server.run_each(lists, _DEADLINE_S).lines:
        if line.startswith(token):
            screens[f"%{line[len(token) + 1 :]}"] = "\n".join(lines)
            lines = []
        else:
            lines.append(line)
    return screens


def _checked(pane_ids: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(pane_ids))
    if not all(_PANE.fullmatch(pane_id) for pane_id in wanted):
        raise ValueError(f"not pane ids: {wanted}")
    return wanted
