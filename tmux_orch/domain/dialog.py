"""A dialog that waits for an answer: what is asked, what may be chosen, and since when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import AgentState, Source


class DialogKind(StrEnum):
    """What a dialog is about."""

    PERMISSION = "permission"
    QUESTION = "question"
    PLAN = "plan"
    TRUST = "trust"
    LOGIN = "login"
    RESUME = "resume"
    LIMIT = "limit"
    OTHER = "other"


# The last word of the id of the rule that read it, where that is not the kind's own name.
_BY_RULE = {
    **{str(kind): kind for kind in DialogKind},
    "approval": DialogKind.PERMISSION,
    "review": DialogKind.QUESTION,
    "api_key": DialogKind.LOGIN,
    "theme": DialogKind.LOGIN,
}
_BY_STATE = {
    AgentState.NEEDS_TRUST: DialogKind.TRUST,
    AgentState.NEEDS_LOGIN: DialogKind.LOGIN,
    AgentState.WAITING_PERMISSION: DialogKind.PERMISSION,
}
# A checkbox before an option, and the marks of answered questions over them: they change with
# each answer, and the question is the same.
_BOX = re.compile(r"^\[[^\]\w]\]\s+")
_MARKS = re.compile("[☐☑☒✔✓]")
#: What stands in an option that is a text field, while it is empty.
_FIELD = re.compile(r"^(type something|tell claude what to change)\b\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OpenDialog:
    """One dialog of one agent, as it was last seen.

    Attributes:
        id: Counts up; an answer may name it, so that it meets what was shown.
        key: The agent, ``project/name``.
        kind: What it is about.
        state: What waiting for it means.
        question: Its text; the exact command may be cut on a screen, see ``exact``.
        options: Each option's text in screen order; empty when they were not understood.
        cursor: Index of the option that Enter would take; ``None`` when that cannot be told.
        destructive: What it would destroy, in words; empty: nothing is claimed.
        tool, exact: The program's tool and its whole input, where a hook gave them.
        source: Who told of it: ``hook`` (its answer is held) or ``screen``.
        since_at: Since when it waits (aware UTC).
        deadline_at: When :attr:`outcome` takes place; ``None``: it stands for ever.
        outcome: ``deny`` or ``stay``.
        block: The screen's text whole, for one whose options were not understood.
        asked_id: The held request behind it, or ``None``.
    """

    id: int
    key: str
    kind: DialogKind
    state: AgentState
    question: str
    options: tuple[str, ...]
    cursor: int | None
    destructive: str
    tool: str
    exact: str
    source: Source
    since_at: datetime
    deadline_at: datetime | None = None
    outcome: str = ""
    block: str = ""
    asked_id: int | None = None

    def shown(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "id": self.id,
            "agent": self.key.rpartition("/")[2],
            "kind": str(self.kind),
            "state": str(self.state),
            "question": self.question,
            "options": list(self.options),
            "cursor": self.cursor,
            "destructive": self.destructive,
            "tool": self.tool,
            "exact": self.exact,
            "source": str(self.source),
            "since_at": self.since_at.isoformat(),
            "deadline_at": self.deadline_at.isoformat() if self.deadline_at else None,
            "outcome": self.outcome,
            "screen": self.block,
        }

    @classmethod
    def of(cls, key: str, shown: Mapping[str, Any]) -> OpenDialog:
        """From what :meth:`shown` made; a held request behind it is not held any more.

        Raises:
            KeyError, ValueError: it is none.
        """
        return cls(
            int(shown["id"]),
            key,
            DialogKind(shown["kind"]),
            AgentState(shown["state"]),
            str(shown["question"]),
            tuple(map(str, shown["options"])),
            None,
            str(shown["destructive"]),
            "",
            "",
            Source.SCREEN,
            datetime.fromisoformat(shown["since_at"]),
            block=str(shown["screen"]),
        )

    def asks_the_same(self, other: OpenDialog) -> bool:
        """Whether an answer to one is an answer to the other; the cursor may stand elsewhere."""
        mine = (self.kind, self.options, self.exact, settled_text(self.question), self.block)
        its = (other.kind, other.options, other.exact, settled_text(other.question), other.block)
        return mine == its


def kind_of(rule: str, state: AgentState) -> DialogKind:
    """The kind by the id of the rule that read the dialog, else by what waiting for it means."""
    known = _BY_RULE.get(rule.rpartition(".")[2], DialogKind.OTHER)
    return known if known is not DialogKind.OTHER else _BY_STATE.get(state, known)


def settled_text(question: str) -> str:
    """The question without what changes while it stands: marks of answered parts, white space."""
    return " ".join(_MARKS.sub("", question).split())


def bare(option: str) -> str:
    """An option's text without its checkbox, with single blanks."""
    return " ".join(_BOX.sub("", option.strip()).split())


def is_box(option: str) -> bool:
    """Whether Enter on the option sets or takes away a mark, and the dialog goes on standing."""
    return _BOX.match(option.strip()) is not None


def is_field(option: str) -> bool:
    """Whether the option is an empty field: what is typed while the cursor is on it goes there."""
    return _FIELD.match(bare(option)) is not None


def choose(options: Sequence[str], wanted: str) -> int:
    """Index of the one option that ``wanted`` means.

    The whole text wins; else exactly one option must have it at its beginning or at that of a word,
    upper and lower case alike; one or two letters only at the option's own beginning. Numbers mean
    no option: what stands at a place may have changed.

    Raises:
        BadInput: none, or more than one; with the options.
    """
    meant = " ".join(wanted.split())
    texts = [bare(option) for option in options]
    found = [i for i, text in enumerate(texts) if meant and text == meant]
    if not found and any(letter.isalpha() for letter in meant):
        folded = [text.casefold() for text in texts]
        low = meant.casefold()
        found = [i for i, text in enumerate(folded) if text == low]
        if not found:
            at_word = re.compile(rf"(?<!\w){re.escape(low)}")
            found = [i for i, text in enumerate(folded) if at_word.search(text)]
            if len(found) == 1 and len(low) < 3 and not folded[found[0]].startswith(low):
                found = []
    if len(found) == 1:
        return found[0]
    known = " | ".join(texts) or "none that is understood"
    what = "more than one option" if found else "no option"
    raise BadInput(f"{meant[:60]!r} means {what}", f"the options are: {known}")
