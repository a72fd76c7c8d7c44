"""Which windows need a person, shown by tmux itself: options of ours that its formats refer to.

Only words of a fixed list and numbers are ever put there. A pane's program could set the options
too: the formats show nothing that is not such a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tmux_orch.domain.attention import AlertKind
from tmux_orch.domain.names import is_name
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.server import Server

#: Of a window: the kind of its gravest alert.
WINDOW_OPTION = "@orch_attention"
#: Of a session: how many of its agents need somebody. Another name, because a format of the status
#: line sees the current window's options before the session's.
SESSION_OPTION = "@orch_attention_count"
_WORDS = frozenset(kind.value for kind in AlertKind)
_WINDOW = re.compile(r"@\d+")


def show(server: Server, windows: Mapping[str, str], sessions: Mapping[str, int]) -> None:
    """Mark windows and count for sessions; an empty word and 0 take the mark away.

    A window or session that is gone is left out by tmux.

    Args:
        server: Ours.
        windows: Window id → kind of its gravest alert, or nothing.
        sessions: Session → how many of its agents need somebody.

    Raises:
        ServerAbsent: no server.
        CouldNotTell: no answer in time.
    """
    lists = [_window(window, word) for window, word in windows.items()]
    lists += [_session(session, number) for session, number in sessions.items()]
    if lists:
        server.run_each(lists)


def _window(window: str, word: str) -> list[Command]:
    if not _WINDOW.fullmatch(window):
        raise ValueError(f"not a window id: {window!r}")
    if not word:
        return [Command("set-option", "-qwu", "-t", window, WINDOW_OPTION)]
    return [Command("set-option", "-qw", "-t", window, WINDOW_OPTION, _word(word))]


def _session(session: str, number: int) -> list[Command]:
    if not is_name(session):
        raise ValueError(f"not a session name of ours: {session!r}")
    target = f"={session}:"
    if not number:
        return [Command("set-option", "-qu", "-t", target, SESSION_OPTION)]
    return [Command("set-option", "-q", "-t", target, SESSION_OPTION, str(int(number)))]


def _word(word: str) -> str:
    if word not in _WORDS:
        raise ValueError(f"not a word of ours: {word!r}")
    return word
