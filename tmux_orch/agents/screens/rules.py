"""A program's rules in memory: how its screen is cut, and which text means which state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tmux_orch.domain.states import AgentState

#: Where a rule may look (see ``regions.Regions``).
REGIONS = (
    "block",
    "last",
    "banner",
    "tool",
    "footer",
    "composer",
    "dialog",
    "question",
    "options",
    "keys",
    "title",
    "tail",
)
#: What a rule may ask of the screen as a whole.
GATES = (
    "composer",
    "no_composer",
    "dialog",
    "no_dialog",
    "busy",
    "quiet",
    "fresh",
    "colourless",
)

Patterns = Mapping[str, tuple[re.Pattern[str], ...]]


@dataclass(frozen=True, slots=True)
class Layout:
    """The regexes by which a program's screen is cut; ``None`` where it has no such part.

    Each is tried on one line at a time. ``frame`` is the sign at both ends of a dialog's lines, and
    ``indent`` the blanks by which an item's further lines are set in.
    """

    composer_first: re.Pattern[str] | None = None
    composer_above: re.Pattern[str] | None = None
    composer_below: re.Pattern[str] | None = None
    composer_body: re.Pattern[str] | None = None
    footer: re.Pattern[str] | None = None
    not_composer: re.Pattern[str] | None = None
    dialog_top: re.Pattern[str] | None = None
    dialog_first: re.Pattern[str] | None = None
    pointer: re.Pattern[str] | None = None
    view: re.Pattern[str] | None = None
    busy: re.Pattern[str] | None = None
    busy_footer: re.Pattern[str] | None = None
    busy_above: re.Pattern[str] | None = None
    frame: str = ""
    indent: int = 2
    marks: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: every pattern of ``all``, one of ``any``, none of ``none``, and every gate."""

    id: str
    state: AgentState
    priority: int
    versions: tuple[str, ...]
    gates: tuple[str, ...]
    all: Patterns
    any: Patterns
    none: Patterns

    @property
    def region(self) -> str:
        """The region its first pattern looks at."""
        return next(iter({**self.all, **self.any}), "")


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one program, those of higher priority first."""

    program: str
    layout: Layout
    rules: tuple[Rule, ...]
