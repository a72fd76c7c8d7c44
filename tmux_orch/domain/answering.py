"""Who may answer which dialog, and what a deadline does. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tmux_orch.domain.destructive import widens
from tmux_orch.domain.dialog import DialogKind, OpenDialog

#: What a written policy can open to the hub.
POLICY = (
    DialogKind.TRUST,
    DialogKind.QUESTION,
    DialogKind.PLAN,
    DialogKind.PERMISSION,
    DialogKind.LIMIT,
)
_WAITS = re.compile(r"\bwait\b", re.IGNORECASE)
#: An option that does more than wait: it buys, changes the model, or goes on by itself.
_DOES_MORE = re.compile(
    r"upgrad|buy|pay|purchas|credit|extra|switch|model|continu|automatic|retry|try|sign|log",
    re.IGNORECASE,
)
#: A plain yes or no to exactly what is asked: what a held hook's answer can say.
_YES = re.compile(r"(?:yes|allow|allow once|yes, allow once|approve|y)[.!]?", re.IGNORECASE)
_NO = re.compile(r"(?:no|deny|reject|don't allow|n)[.!]?", re.IGNORECASE)


class Outcome(StrEnum):
    """What happens to a dialog at its deadline. There is no "yes"."""

    STAY = "stay"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """What the person's configuration says about answers.

    Attributes:
        hub_may: Kinds of dialogs that the hub may answer.
        deadline_s: Seconds that a dialog waits; ``None`` for ever.
        outcome: What happens then.
    """

    hub_may: frozenset[DialogKind] = field(default_factory=frozenset)
    deadline_s: int | None = None
    outcome: Outcome = Outcome.STAY

    def deadline_of(self, since_at: datetime) -> datetime | None:
        """When a dialog that waits since then has waited long enough."""
        return None if self.deadline_s is None else since_at + timedelta(seconds=self.deadline_s)


def hub_refusal(rules: AnswerRules, hub: str, dialog: OpenDialog, option: str) -> str:
    """Why the hub may not choose ``option``; empty when it may.

    Args:
        rules: The written policy.
        hub: The hub's key.
        dialog: What it wants to answer.
        option: The option's text, whole.
    """
    if dialog.key == hub:
        return "nobody answers his own dialog"
    if dialog.kind not in rules.hub_may or dialog.kind not in POLICY:
        return f"no written policy lets the hub answer a {dialog.kind} dialog"
    if dialog.destructive:
        return f"it {dialog.destructive}: that is the person's to answer"
    if widens(option):
        return "the option allows more than what is asked now: that is the person's to answer"
    if dialog.kind is DialogKind.PERMISSION and not dialog.exact:
        return "what it would do is known from the screen only: that is the person's to answer"
    if dialog.kind is DialogKind.LIMIT and not _WAITS.search(option):
        return "at a usage limit anybody but the person may only wait"
    return ""


def waiting_option(options: Sequence[str]) -> str:
    """The one option of a limit's menu that surely only waits; empty when that is not sure."""
    found = [
        option for option in options if _WAITS.search(option) and not _DOES_MORE.search(option)
    ]
    return found[0] if len(found) == 1 else ""


def plain_answer(option: str) -> bool | None:
    """Whether the option is a plain yes (``True``) or no (``False``); ``None`` for any other."""
    if _YES.fullmatch(option.strip()):
        return True
    return False if _NO.fullmatch(option.strip()) else None
