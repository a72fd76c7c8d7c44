"""The only place where text becomes tmux syntax."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# What stays itself inside double quotes in tmux's own parser. Everything else, also every byte of a
# non-ASCII character, is written as \ooo: the parser expands $ ~ \ " there, and drops blanks and
# comments after a newline even inside quotes (seen in tmux 3.3a), so a newline may not stand raw.
_NOT_PLAIN = re.compile(rb"[^A-Za-z0-9 _./:;=@%+,|<>?!&()*#{}\[\]'^`-]")

# A tmux client refuses more than about 16 kB of arguments ("command too long"); half of it leaves
# room for the options in front and for tmux's own bookkeeping.
ARGV_LIMIT = 8_000


def quote(word: str) -> str:
    """``word`` as one double-quoted token for tmux's parser: ASCII, one line.

    Bytes that came in as surrogate escapes come out as those bytes.

    Raises:
        ValueError: it holds a NUL or a lone surrogate, which no tmux value can hold.
    """
    if "\0" in word:
        raise ValueError("a NUL cannot be said to tmux")
    plain = word.encode("utf-8", "surrogateescape")
    return '"' + _NOT_PLAIN.sub(lambda hit: b"\\%03o" % hit[0][0], plain).decode("ascii") + '"'


@dataclass(frozen=True, slots=True, init=False)
class Command:
    """One tmux command; its words reach tmux as they are, whatever is in them.

    Whether tmux then reads a word as a *format* depends on the option it belongs to
    (``-n``, ``-s``, ``-c``, ``-F``, ``if-shell -F`` …: ``#(cmd)`` there runs a shell). Words of
    that kind are made of our own checked names only.
    """

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)

    def text(self) -> str:
        """The command for ``source-file``, or as an argument of ``if-shell``."""
        return " ".join(quote(word) for word in self.words)

    def argv(self) -> list[str]:
        """The command as process arguments, where only a trailing ``;`` of a word has a meaning."""
        return [f"{word[:-1]}\\;" if word.endswith(";") else word for word in self.words]


def chain(commands: Sequence[Command]) -> str:
    """``commands`` as one list on one line: one that fails stops those after it."""
    return " ; ".join(command.text() for command in commands)


def chain_argv(commands: Sequence[Command]) -> list[str]:
    """The same as process arguments."""
    words: list[str] = []
    for command in commands:
        if words:
            words.append(";")
        words.extend(command.argv())
    return words


def fits_argv(commands: Sequence[Command]) -> bool:
    """Whether ``commands`` may be given as arguments: short enough, and plain ASCII.

    Non-ASCII goes by standard input because arguments are encoded with the caller's locale.
    """
    words = chain_argv(commands)
    return all(word.isascii() for word in words) and sum(map(len, words)) < ARGV_LIMIT
