"""Recorded screens with the state each shows, and screens made from them by code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tmux_orch.agents.screens import load, read

DATA = Path(__file__).parents[2] / "data"
LABELS = DATA / "screens" / "labels.tsv"
UNKNOWN = "unknown"
_ESCAPE = re.compile(r"\x1b\[[0-9;:]*m")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One screen: its file (and how it was made from it), program, state, other right states."""

    name: str
    program: str
    state: str
    also: tuple[str, ...]
    title: str
    capture: str

    @property
    def right(self) -> set[str]:
        return {self.state, *self.also}


def said(screen: Labelled, *, title: bool = True) -> str:
    """The state read from it."""
    rules = load.rules(screen.program)
    found = read.read(rules, screen.capture, screen.title if title else "")
    return found.state.value if found.state else UNKNOWN


@cache
def recorded() -> tuple[Labelled, ...]:
    """Every recorded screen."""
    found = []
    for line in LABELS.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        file, state, also, title = (*line.split("\t"), "", "")[:4]
        parts = file.split("/")
        program = parts[1] if parts[0] == "screens" else parts[0]
        capture = (DATA / file).read_text("utf-8")
        found.append(Labelled(file, program, state, tuple(also.split()), title, capture))
    return tuple(found)


def one(name: str) -> Labelled:
    """The recorded screen whose file ends like this."""
    return next(screen for screen in recorded() if screen.name.endswith(f"{name}.txt"))


def plain(screen: Labelled) -> Labelled:
    """The same without colours."""
    bare = _ESCAPE.sub("", screen.capture)
    return replace(screen, name=f"{screen.name} without colours", capture=bare)


def narrow(screen: Labelled, width: int) -> Labelled:
    """The same as the program would have drawn it in a narrower window, without colours.

    Lines across the screen are cut, what stands at the right edge goes, and everything else is
    wrapped at words, further lines set in as the first one's text is.
    """
    rows = [row for line in plain(screen).capture.split("\n") for row in _rewrapped(line, width)]
    return replace(screen, name=f"{screen.name} at {width}", capture="\n".join(rows))


def _rewrapped(line: str, width: int) -> Iterator[str]:
    line = line.rstrip(" ")
    if columns(line) <= width:
        yield line
        return
    if re.match(r"\s*[─▔╌▀━]{8}", line):
        yield line[:width]
        return
    if re.match(r"\s{30}", line):
        return
    mark = re.match(r"\s*(?:[●✻✢✳✶✽·*❯›•■⎿⚠│>] ?\s*)?(?:\d+\. )?", line)
    hang = " " * min(len(mark[0]) if mark else 0, width // 2)
    row = ""
    for word in re.findall(r"\s*\S+", line):
        if row.strip() and columns(row + word) > width:
            yield row
            row = hang + word.strip()
        else:
            row += word
    yield row


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
