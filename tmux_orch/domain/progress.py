"""Tasks in a Markdown page and which are done: checkboxes, status rows and tables.

What is doubtful counts as open, never as done: a count that is too low costs a look, one that is
too high declares work complete that is not (fault C10).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from tmux_orch.domain.work import Progress

#: Words that stand alone for a task's being done, and those known for its not being.
DONE = frozenset({"done", "complete", "completed", "finished", "✅", "✔", "✓", "☑", "[x]"})
OPEN = frozenset(
    {
        "todo", "to do", "open", "pending", "not started", "planned", "in progress", "wip",
        "started", "active", "blocked", "waiting", "on hold", "review", "in review", "testing",
        "not done", "incomplete", "failed", "cancelled", "canceled", "skipped", "❌", "☐", "[ ]",
    }
)  # fmt: skip
#: The same task seen done twice, so far apart, is done: a page is written in pieces.
TWICE_AFTER_S = 5.0

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"(?P<indent>\s*)(?:[-*+]|\d{1,9}[.)])\s+(?P<text>.*)")
_BOX = re.compile(r"\[(?P<mark>[^\[\]]?)\](?:\s+(?P<text>\S.*)|$)")
_STATUS = re.compile(r"(?:status|state)\s*[:=]\s*(?P<value>.*)", re.IGNORECASE)
_RULE = re.compile(r"\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?")
_EMPHASIS = re.compile(r"[*`]")
_ID = re.compile(r"[*_`]{0,3}(?P<id>T[0-9]{1,4})\b")


@dataclass(frozen=True, slots=True)
class Found:
    """One task on a page.

    Attributes:
        done: Whether the page says that it is done.
        id: ``T1`` where its text begins with a plan's task id; else empty.
    """

    done: bool
    id: str = ""


def tasks(page: str) -> tuple[Found, ...]:
    """The tasks on a Markdown page, in order.

    A checkbox item (``[x]`` and ``[X]`` are done, all else is open), a row ``Status: WORD`` and a
    row of a table with a column *Status* or *Done* is one task each. A status row below a checkbox
    item is that item's. Code blocks and comments hold none, and a status word in prose is none.
    """
    return tuple(_Page().read(page))


def progress(page: str, planned: Collection[str] = (), source: str = "") -> Progress:
    """How far the tasks on ``page`` are; ``planned`` ids that it does not name count as open."""
    found = tasks(page)
    named = {task.id for task in found}
    missing = sum(1 for one in planned if one not in named)
    return Progress(sum(task.done for task in found), len(found) + missing, source)


@dataclass(slots=True)
class _Page:
    """The reading of one page, line by line."""

    fence: str = ""
    comment: bool = False
    in_list: bool = False
    after_blank: bool = True
    box_indent: int | None = None  # of the checkbox item that deeper lines belong to
    header: list[str] = field(default_factory=list)  # of a line that may head a table
    column: int | None = None  # of the table we are in

    def read(self, page: str) -> Iterator[Found]:
        for raw in page.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            line = self._visible(raw.expandtabs(4).removeprefix("\ufeff"))
            if line is None:
                continue
            if not line.strip():
                self.after_blank, self.column, self.header = True, None, []
                continue
            found = self._line(line)
            self.after_blank = False
            if found is not None:
                yield found

    def _visible(self, line: str) -> str | None:
        """The line without comments; ``None`` in a code block."""
        if self.fence:
            stripped = line.strip()
            if stripped.startswith(self.fence) and not stripped.strip(self.fence[0]):
                self.fence = ""
            return None
        if self.comment:
            _, ends, line = line.partition("-->")
            if not ends:
                return None
            self.comment = False
        while "<!--" in line:
            before, _, rest = line.partition("<!--")
            _, ends, after = rest.partition("-->")
            self.comment = not ends
            line = before + after if ends else before
        opened = _FENCE.match(line.lstrip() if self.in_list else line)
        if opened is not None:
            self.fence = opened[1]
            return None
        return line

    def _line(self, line: str) -> Found | None:
        indent = len(line) - len(line.lstrip())
        if indent >= 4 and not self.in_list:
            return None  # a code block
        item = _ITEM.fullmatch(line)
        if item is None and indent == 0 and (self.after_blank or line.startswith("#")):
            self.in_list, self.box_indent = False, None
        if item is not None:
            self.in_list = True
            if self.box_indent is not None and indent <= self.box_indent:
                self.box_indent = None
        return self._row(line) or self._task(item["text"] if item else line.strip(), indent, item)

    def _task(self, text: str, indent: int, item: re.Match[str] | None) -> Found | None:
        box = _BOX.match(text) if item is not None else None
        if box is not None:
            if not (box["text"] or "").strip():
                return None  # half-written, or nothing to do
            self.box_indent = indent
            return Found(box["mark"] in ("x", "X"), _id(box["text"]))
        status = _STATUS.fullmatch(_EMPHASIS.sub("", text).strip())
        if status is None or (self.box_indent is not None and indent > self.box_indent):
            return None
        word = _word(status["value"])
        return Found(word in DONE) if word in DONE or word in OPEN else None

    def _row(self, line: str) -> Found | None:
        """A row of a table; remembers the line that may head one."""
        cells = _cells(line)
        if self.column is not None and len(cells) > 1:
            word = _word(cells[self.column]) if self.column < len(cells) else ""
            named = next((_id(cell) for cell in cells if _id(cell)), "")
            return Found(word in DONE or word in ("x", "yes"), named)
        if _RULE.fullmatch(line.strip()) and len(self.header) == len(cells) > 1:
            titles = [_word(cell) for cell in self.header]
            self.column = next(
                (i for i, title in enumerate(titles) if title in ("status", "state", "done")), None
            )
        self.header = cells
        return None


def _cells(line: str) -> list[str]:
    text = line.strip()
    if "|" not in text:
        return []
    return [cell.strip() for cell in text.removeprefix("|").removesuffix("|").split("|")]


def _word(text: str) -> str:
    """A status as it is compared: lower case, one blank between words, no emphasis or full stop."""
    plain = _EMPHASIS.sub("", text).casefold().strip().rstrip(".")
    return " ".join(plain.replace("-", " ").replace("_", " ").split())


def _id(text: str) -> str:
    found = _ID.match(text)
    return found["id"] if found else ""


@dataclass(frozen=True, slots=True)
class Completion:
    """Whether an agent is complete: every task done and committed, seen twice (fault C10).

    Attributes:
        seen: What was seen done first, and not changed since.
        seen_at: When.
        proved: Seen again, :data:`TWICE_AFTER_S` later or more.
    """

    seen: Progress | None = None
    seen_at: datetime | None = None
    proved: bool = False

    def look(
        self, progress: Progress | None, *, clean: bool, idle: bool, now: datetime
    ) -> Completion:
        """The same after one more look."""
        if progress is None or not (progress.is_complete and clean and idle):
            return Completion()
        if self.seen != progress or self.seen_at is None or now < self.seen_at:
            return Completion(progress, now)
        twice = (now - self.seen_at).total_seconds() >= TWICE_AFTER_S
        return replace(self, proved=self.proved or twice)
