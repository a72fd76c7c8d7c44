"""A reminder: a note that somebody asked to have brought to an agent, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.job import CatchUp
from tmux_orch.domain.names import split_key
from tmux_orch.domain.sanitise import sanitise

#: Most characters of a note: it is a line to oneself, not a page.
NOTE_MOST = 2000
#: Most open reminders that one agent asked for, and that one project has.
AGENT_MOST, PROJECT_MOST = 50, 500
#: Of the missed times that ``--catch-up all`` brings, the last so many.
ALL_MOST = 12
#: The sender of a reminder that the person asked for.
PERSON = "user"


class ReminderKind(StrEnum):
    """When it rings."""

    ONCE = "once"
    EVERY = "every"
    AFTER_RESET = "after_reset"  # once, when a usage limit of the target's account has ended


class ReminderState(StrEnum):
    """Where a reminder is; every state but ``open`` and ``paused`` is its end."""

    OPEN = "open"
    PAUSED = "paused"
    DONE = "done"
    MISSED = "missed"  # its time passed while nobody could ring, and it was not to catch up
    DROPPED = "dropped"  # its target is gone
    CANCELLED = "cancelled"


_S = ReminderState
_ENDS = frozenset({_S.DONE, _S.MISSED, _S.DROPPED, _S.CANCELLED})
MOVES: dict[ReminderState, frozenset[ReminderState]] = {
    _S.OPEN: _ENDS | {_S.PAUSED},
    _S.PAUSED: frozenset({_S.OPEN, _S.CANCELLED, _S.DROPPED}),
    **{end: frozenset() for end in _ENDS},
}
STANDING = frozenset({_S.OPEN, _S.PAUSED})


class IllegalMove(Exception):
    """A move that the table does not have: a fault of ours, never of the user's."""


def move(old: ReminderState, new: ReminderState) -> ReminderState:
    """``new``, when the table allows it from ``old``.

    Raises:
        IllegalMove: the table does not have this move.
    """
    if new not in MOVES[old]:
        raise IllegalMove(f"{old} -> {new}")
    return new


@dataclass(frozen=True, slots=True)
class Reminder:
    """One row.

    Attributes:
        id: 8 hex digits, made by who asks: the same asked for twice is there once.
        project: Project of the target.
        target: Agent key.
        run: The run of the team that the target belonged to when this was asked for.
        sender: Agent key of who asked, or ``user``.
        note: What is to be said, sanitised.
        kind: When it rings.
        at: When it rings (``once``), or for the first time (``every``); aware UTC.
        every_s: Seconds between two rings of ``every``.
        catch_up: What becomes of missed times.
        state: Where it is.
        made_at: When it was asked for (aware UTC).
        rang_at: When it rang last (aware UTC).
        skips: How many of its times were skipped or missed.
        reason: Why the last of them was, or why it was dropped.
    """

    id: str
    project: str
    target: str
    run: str
    sender: str
    note: str
    kind: ReminderKind
    at: datetime | None
    every_s: int | None
    catch_up: CatchUp
    state: ReminderState
    made_at: datetime
    rang_at: datetime | None = None
    skips: int = 0
    reason: str = ""

    @property
    def job_id(self) -> str:
        """Its job in the clockwork."""
        return f"reminder:{self.id}"

    def next_after(self, now: datetime) -> datetime | None:
        """When a job for it must ring next: its instant, even a missed one; ``None`` for none."""
        if self.at is None or self.every_s is None or self.at > now:
            return self.at
        passed = (now - self.at) // timedelta(seconds=self.every_s)
        return self.at + timedelta(seconds=self.every_s) * (passed + 1)


def clean_note(note: str) -> str:
    """``note`` as it may be typed.

    Raises:
        BadInput: nothing is left of it, or it is too long.
    """
    text = sanitise(note).text.strip()
    if not text:
        raise BadInput("the note is empty", "say what to be reminded of")
    if len(text) > NOTE_MOST:
        raise BadInput(
            f"the note has {len(text)} characters",
            f"give at most {NOTE_MOST}, or put it into a file and name that",
        )
    return text


def text_for(reminder: Reminder, due: datetime) -> str:
    """What the target is told; the same for the same ``due``, so that twice is told once.

    Args:
        reminder: Which.
        due: When it was due (aware UTC).
    """
    ended = reminder.kind is ReminderKind.AFTER_RESET
    when = "your usage limit has ended" if ended else f"due {_utc(due)}"
    if reminder.sender == reminder.target:
        asked = f"you asked for it {_utc(reminder.made_at)}"
    else:
        asked = f"{split_key(reminder.sender)[1] or reminder.sender} asked for it"
        asked += f" {_utc(reminder.made_at)}"
    ending = ""
    if reminder.kind is ReminderKind.EVERY and reminder.sender == reminder.target:
        ending = f"; end it with `tmux-orch schedule cancel {reminder.id}`"
    return f"Reminder ({when}; {asked}{ending}): {reminder.note}"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
