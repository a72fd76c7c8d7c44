"""The points of a spec: what it asks for, what must hold, what it leaves open. Pure text work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tmux_orch.analysis.plan_check import LONGEST, MAX_FILES, fault_of_path
from tmux_orch.domain.sanitise import sanitise

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_ITEM = re.compile(r"([ \t]*)(?:[-*+•]|\(?\d{1,3}[.)])\s+(?:\[([ xX])\]\s+)?(\S.*)$")
_LABEL = re.compile(r"(?:\*\*|__)?([A-Za-z][A-Za-z /_-]{2,40}?)(?:\*\*|__)?:(?:\*\*|__)?\s*(.*)$")
_PHASE = re.compile(r"(?:phase|milestone|stage|sprint|iteration|step|week)\s+\w+", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(`])")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"\*\*|__|~~|`|<!--.*?-->")
_OPEN = re.compile(
    r"\?(?:\W*$|\s)|\b(?:TBD|TBC|TODO|to be (?:decided|defined|discussed|clarified)|unclear"
    r"|undecided|not (?:yet )?(?:decided|clear|known)|open question)\b|\?\?",
    re.IGNORECASE,
)
_DEMAND = re.compile(
    r"\b(?:must|shall|should|needs? to|has to|have to|we need|we want|i want|i need|is required"
    r"|are required|required to)\b"
    r"|^(?:please\s+)?(?:add|allow|automate|build|change|configure|convert|create|delete|deploy"
    r"|design|develop|document|enable|ensure|expose|extend|fix|harden|implement|improve|install"
    r"|integrate|introduce|investigate|make|migrate|monitor|move|port|provide|provision|publish"
    r"|refactor|remove|rename|replace|research|rewrite|set up|setup|show|split|store|support|test"
    r"|turn|update|upgrade|use|write)\b",
    re.IGNORECASE,
)
_FORBIDS = re.compile(
    r"(?:do not|don't|never|no|nobody|nothing|without)\b|.*\b(?:must|may|shall|should) not\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"\b\d[\d.,]*\s*(?:%|ms|s|sec\w*|min\w*|hours?|[kmgt]i?b|users?|requests?|rps|qps|percent)\b"
    r"|\b\d[\d.,]*\s*%|\bp\d\d\b",
    re.IGNORECASE,
)
_DONE_WHEN = re.compile(
    r"(?:acceptance(?: criteria| criterion)?|success(?: criteria| criterion)?|done when"
    r"|definition of done|accepted when|verify(?: that)?|expected)\s*[:–-]?\s+",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"(?<![\w/:.@-])((?:[\w.-]+/)*[\w-]+\.(?:py|js|ts|tsx|jsx|go|rs|rb|java|kt|c|h|cpp|cs|php|sql|sh"
    r"|tf|ya?ml|toml|json|md|html|css|vue|ini|cfg|conf|txt)|(?:[\w.-]+/)+)(?![\w/])"
)
_SECTIONS = (
    (
        "criteria",
        r"accept|success|definition of done|done when|exit criteria|verification criteria",
    ),
    ("deliverables", r"deliverables?|deliver$|outcomes?$|results?$"),
    ("questions", r"question|unknown|\btbd\b|to be decided|undecided"),
    ("risks", r"\brisks?\b|concerns?\b|pitfalls?"),
    ("left out", r"non-?goals?|out of scope|not in scope|later|future|won'?t"),
    ("constraints", r"constraint|non-?functional|quality attributes|\bnfr|assumption|\brules?\b"),
    (
        "context",
        r"background|context|overview|introduction|motivation|summary|glossary|references?$|about"
        r"|purpose|^project$|^target$|^type$|^name$|^goals?$|current state|history",
    ),
)
_LABELS = re.compile(
    r"project|target|type|requirements?|deliverables?|goals?|constraints?|acceptance.*|success.*"
    r"|questions?|open questions|risks?|tasks?|scope|out of scope|non-?goals?|features?|notes?"
    r"|definition of done|done when",
    re.IGNORECASE,
)
_LONGEST_SPEC = 1_000_000
# Far more than a plan holds; the rest is counted, so that a huge spec costs no more than reading.
_MOST = 2_000
_LONGEST_LINE = 2_000


@dataclass(slots=True, eq=False)
class Point:
    """One thing that the spec asks for.

    Attributes:
        text: What, on one line.
        section: Heading it stands under; empty without one.
        phase: Heading that names a phase of the work around it; empty without one.
        details: What stands beneath it: what must hold for it.
        files: Paths it names.
    """

    text: str
    section: str = ""
    phase: str = ""
    details: list[str] = field(default_factory=list)
    files: tuple[str, ...] = ()


@dataclass(slots=True)
class Points:
    """What a spec says.

    Attributes:
        asked: What is to be done, in order; nothing that is ticked off.
        delivered: What there must be in the end, where it says so besides what is to be done.
        criteria: Section → what must hold for what it asks; section "" for the whole.
        constraints: What must hold all through.
        risks: What it calls a risk.
        questions: What it leaves open.
        context: Its first sentence of prose; empty without one.
        more: How many things it asks for beyond those in ``asked``.
    """

    asked: list[Point] = field(default_factory=list)
    delivered: list[Point] = field(default_factory=list)
    criteria: list[tuple[str, str]] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    risks: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    context: str = ""
    more: int = 0


def plain(text: str, limit: int) -> str:
    """``text`` on one line without markup and control characters, cut at ``limit``."""
    text = _MARKS.sub("", _LINK.sub(r"\1", text))
    text = " ".join(sanitise(text[: 4 * limit]).text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def files_in(text: str) -> tuple[str, ...]:
    """The relative paths that ``text`` names, each once."""
    found = (str(PurePosixPath(match.group(1).rstrip("."))) for match in _FILE.finditer(text))
    usable = (path for path in found if len(path) <= LONGEST["files"] and not fault_of_path(path))
    return tuple(dict.fromkeys(usable))[:MAX_FILES]


def read_points(text: str) -> Points:
    """The points of a spec of any form: Markdown, ``REQUIREMENTS:`` fields, or plain sentences.

    Where there is a list, only sentences that demand something are points besides it; a spec of
    sentences alone is taken sentence by sentence.
    """
    reader = _Reader()
    for line in _lines(text[:_LONGEST_SPEC]):
        reader.line(line)
    reader.end_paragraph()
    points = reader.points
    if not reader.lists:
        points.asked = [*reader.said]
    if not points.asked:
        points.asked, points.delivered = points.delivered, []
    if not points.asked:
        points.asked = [Point(plain(one, 400), files=files_in(one)) for one in reader.prose[:20]]
        points.asked = [point for point in points.asked if point.text]
    return points


def _lines(text: str) -> Iterator[str]:
    """The lines outside code blocks."""
    fence = ""
    for line in text.splitlines():
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence = "" if fence == mark else fence or mark
        elif not fence:
            yield line[:_LONGEST_LINE].rstrip()


class _Reader:
    """Where we are in the spec, line after line."""

    def __init__(self) -> None:
        self.points = Points()
        self.prose: list[str] = []
        self.said: list[Point] = []
        self.lists = False
        self._headings: list[tuple[int, str]] = []
        self._first_heading = True
        self._label = ""
        self._items: list[tuple[int, Point | None, bool]] = []
        self._paragraph: list[str] = []

    def line(self, line: str) -> None:
        if not line.strip():
            self.end_paragraph()
        elif heading := _HEADING.match(line):
            self.end_paragraph()
            self._heading(len(heading.group(1)), plain(heading.group(2), 80))
        elif item := _ITEM.match(line):
            self.end_paragraph()
            self._item(len(item.group(1).expandtabs(4)), item.group(2) or "", item.group(3))
        elif (label := _LABEL.match(line)) and _LABELS.fullmatch(label.group(1).strip()):
            self.end_paragraph()
            self._label, self._items = label.group(1).strip().replace("_", " "), []
            for part in label.group(2).split(";"):
                if part.strip():
                    self.lists = self._sort(part.strip(), demanded=True) is not None or self.lists
        elif self._items and line[0] in " \t":
            self._continue(line.strip())
        else:
            self._items = []
            self._paragraph.append(line.strip())

    def end_paragraph(self) -> None:
        text, self._paragraph = " ".join(self._paragraph), []
        if not text or set(text) <= set("-=*_ |:"):
            return
        for sentence in _SENTENCE.split(text):
            if not self.points.context and self._kind() in ("", "context"):
                self.points.context = plain(sentence, 300)
            if len(self.prose) < _MOST:
                self.prose.append(sentence)
            self._sentence(sentence)

    def _sentence(self, sentence: str) -> None:
        demanded = bool(_DEMAND.search(sentence))
        if demanded and _MEASURE.search(sentence):
            self.points.constraints.append(plain(sentence, 350))
            return
        point = self._sort(sentence, demanded=demanded)
        loose = not (demanded or self._kind() or _OPEN.search(sentence))
        loose = loose and any(c.isalnum() for c in plain(sentence, 400))
        if loose and not (_DONE_WHEN.match(sentence) or _FORBIDS.match(sentence)):
            point = Point(
                plain(sentence, 400), self._section(), self._phase(), files=files_in(sentence)
            )
        if point is not None and len(self.said) < _MOST:
            self.said.append(point)

    def _heading(self, level: int, title: str) -> None:
        self._headings = [one for one in self._headings if one[0] < level]
        # The first heading names the whole; it is no section unless it says what kind it is.
        if not (self._first_heading and level == 1):
            self._headings.append((level, title))
        self._first_heading, self._label, self._items = False, "", []

    def _kind(self) -> str:
        for title in (self._label, *(title for _, title in reversed(self._headings))):
            for kind, pattern in _SECTIONS:
                if title and re.search(pattern, title, re.IGNORECASE):
                    return kind
        return ""

    def _section(self) -> str:
        """The innermost heading that is about the work, not about its acceptance."""
        for _, title in reversed(self._headings):
            if not any(re.search(p, title, re.IGNORECASE) for _, p in _SECTIONS):
                return title
        return ""

    def _phase(self) -> str:
        return next((title for _, title in self._headings if _PHASE.match(title)), "")

    def _item(self, indent: int, box: str, text: str) -> None:
        while self._items and self._items[-1][0] >= indent:
            self._items.pop()
        parent = self._items[-1] if self._items else None
        if box in ("x", "X") or (parent is not None and parent[2]):
            self._items.append((indent, None, True))  # done, and so is what stands beneath it
            return
        if parent is not None and parent[1] is not None and not parent[1].text.endswith(":"):
            self._detail(parent[1], text)
            self._items.append((indent, parent[1], False))
            return
        group = parent[1].text.rstrip(": ") if parent is not None and parent[1] else ""
        if parent is not None and parent[1] in self.points.asked:
            self.points.asked.remove(parent[1])  # a caption, not a task
        point = self._sort(text, demanded=True, section=group)
        self.lists = self.lists or point is not None
        self._items.append((indent, point or Point(group + ":" if group else ""), False))

    def _continue(self, text: str) -> None:
        point = self._items[-1][1]
        if point is not None and point in self.points.asked and len(point.text) < 300:
            point.text = plain(f"{point.text} {text}", 400)
            point.files = tuple(dict.fromkeys((*point.files, *files_in(text))))[:MAX_FILES]

    def _detail(self, point: Point, text: str) -> None:
        if _OPEN.search(text):
            self._question(text)
            return
        point.details.append(plain(_DONE_WHEN.sub("", text, count=1), 400))
        point.files = tuple(dict.fromkeys((*point.files, *files_in(text))))[:MAX_FILES]

    def _question(self, text: str) -> None:
        if len(self.points.questions) >= _MOST:
            return
        asked = plain(text, 350)
        about = self._section()
        self.points.questions.append(f"{about}: {asked}" if about else asked)

    def _full(self) -> bool:
        kept = self.points
        return len(kept.criteria) + len(kept.risks) + len(kept.constraints) >= _MOST

    def _sort(self, text: str, *, demanded: bool, section: str = "") -> Point | None:
        """Put one line where it belongs; the point it became, if it asks for work."""
        kind, points = self._kind(), self.points
        if kind in ("criteria", "risks", "constraints") and self._full():
            return None
        shown = plain(text, 400)
        if not any(c.isalnum() for c in shown):
            return None
        if kind == "questions" or (_OPEN.search(text) and kind != "left out"):
            self._question(text)
            if kind == "questions" or shown.endswith("?") or not demanded:
                return None
        done_when = _DONE_WHEN.match(shown)
        if kind == "criteria" or done_when:
            said = _DONE_WHEN.sub("", shown, count=1) if done_when else shown
            points.criteria.append((self._section(), said))
        elif kind == "risks":
            points.risks.append(shown)
        elif kind == "constraints" or (demanded and _FORBIDS.match(shown)):
            points.constraints.append(shown)
        elif kind not in ("left out", "context") and demanded:
            if len(points.asked) + len(points.delivered) >= _MOST:
                points.more += 1
                return None
            made = Point(shown, section or self._section(), self._phase(), files=files_in(text))
            (points.delivered if kind == "deliverables" else points.asked).append(made)
            return made
        return None
