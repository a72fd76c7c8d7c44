"""Commands that agents run without a question: our own, and recording one's own work.

Not `git diff` and the like: the programs let their reading forms pass by themselves, and a rule of
ours would let `git diff --output=FILE` write anywhere (seen with both tried Claude Code versions).
"""

from __future__ import annotations

import shlex

COMMANDS = (
    "scm",
    "tmux-orch status",
    "tmux-orch ls",
    "tmux-orch messages",
    "tmux-orch log",
    "tmux-orch schedule",
    "schedule_with_note.sh",
    "git add",
    "git commit",
)
_WORDS = tuple(tuple(command.split()) for command in COMMANDS)
#: What could make one command line do more than run one program with fixed words.
_SHELL = frozenset("`$\\;&|<>(){}*?[]!#~^\n\r\0")


def is_own(command: str) -> bool:
    """Whether a shell would run exactly one of :data:`COMMANDS` and nothing else.

    Strict: text with a shell's signs in it is refused even where a shell would take it for text,
    except inside single quotes.
    """
    if not _is_plain(command):
        return False
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        return False
    return any(words[: len(known)] == known for known in _WORDS)


def _is_plain(command: str) -> bool:
    quote = ""
    for sign in command:
        if quote == "'":
            quote = "" if sign == "'" else quote
        elif quote == '"':
            if sign == '"':
                quote = ""
            elif sign in "`$\\!":
                return False
        elif sign in "'\"":
            quote = sign
        elif sign in _SHELL:
            return False
    return not quote
