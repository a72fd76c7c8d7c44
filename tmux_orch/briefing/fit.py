"""How much of each list a page shows, so that the page stays below its limit."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Room:
    """Most entries of each list on a page.

    Attributes:
        detail: Criteria per task; 0 for titles only.
        share: Part of each text's limit that it may have.
    """

    tasks: int = 60
    detail: int = 4
    files: int = 4
    phases: int = 8
    mates: int = 24
    lines: int = 12
    tools: int = 12
    notes: int = 4
    directories: int = 12
    share: float = 1.0


def _rooms() -> tuple[Room, ...]:
    """From roomy to bare, each with less than the one before.

    First tasks go, because the plan's file has the rest of them and an agent does one at a time;
    then what says little; what an agent cannot do without stays to the last.
    """
    full = Room()
    fewer = [replace(full, tasks=n) for n in (40, 30, 24, 20, 16, 14, 12, 10, 8, 6)]
    shorter = replace(fewer[-1], detail=2, files=2, phases=4, lines=8, tools=6, directories=8)
    short = replace(shorter, tasks=4, mates=16, tools=4, notes=2)
    tight = replace(short, tasks=3, detail=1, files=1, phases=2, mates=10, lines=5, directories=5)
    bare = Room(2, 0, 0, 0, 5, 3, 0, 0, 3)
    least = Room(1, 0, 0, 0, 2, 1, 0, 0, 1)
    cut = [replace(least, share=share) for share in (0.5, 0.25, 0.1)]
    return (full, *fewer, shorter, short, tight, bare, least, *cut)


ROOMS = _rooms()


def fitted(render: Callable[[Room], str], limit: int, pointer: str) -> str:
    """The fullest page below ``limit`` bytes; the barest, cut at a line, where none is.

    Args:
        render: The page with this much room; never longer with less.
        limit: Most bytes in UTF-8.
        pointer: Last line of a page that had to be cut.
    """
    first = render(ROOMS[0])
    if _size(first) <= limit:
        return first
    pages: dict[int, str] = {}

    def fits(at: int) -> bool:
        pages[at] = render(ROOMS[at])
        return _size(pages[at]) <= limit

    found = bisect_left(range(1, len(ROOMS)), True, key=fits) + 1
    if found < len(ROOMS):
        return pages[found]
    return _cut(pages[len(ROOMS) - 1], limit, pointer)


def _cut(page: str, limit: int, pointer: str) -> str:
    kept = page.encode()[: limit - len(pointer.encode()) - 8].decode(errors="ignore")
    whole = kept[: kept.rfind("\n") + 1]
    open_fence = sum(line.startswith("```") for line in whole.split("\n")) % 2
    return whole + ("```\n" if open_fence else "") + f"{pointer}\n"


def _size(page: str) -> int:
    return len(page.encode("utf-8", "surrogateescape"))
