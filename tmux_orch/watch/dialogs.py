"""Who waits for an answer now: held requests and dialogs on screens, each as one object.

A held request is known the moment its hook calls; a dialog on a screen when the watch's tick has
read it there and the fused state is one that waits. The screen is captured here only for an answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tmux_orch.agents.adapter import Dialog
from tmux_orch.clock import Clock
from tmux_orch.domain import destructive
from tmux_orch.domain.answering import AnswerRules, Outcome
from tmux_orch.domain.dialog import DialogKind, OpenDialog, kind_of
from tmux_orch.domain.errors import Absent
from tmux_orch.domain.states import WAITING, AgentState, Source
from tmux_orch.watch.eyes import Eyes
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.permissions import Asked, Permissions
from tmux_orch.watch.seen import plain

#: A dialog follows its hook and its session file by some 10 ms; a younger state is not looked at.
DRAWN_S = 0.3
#: A seat waits and no rule reads its screen for this long: the screen is shown as it is.
UNKNOWN_S = 2.0
#: A dialog whose held request is over stands on the screen a moment longer.
GOES_S = 1.0
#: The dialog of a held request is not on the screen earlier than so long before its hook calls; of
#: another one, before the state that it gave is believed (a loaded machine).
HELD_BEFORE_S, SEEN_BEFORE_S = 0.5, 5.0
#: The first reminder of a dialog that still waits; each further one after twice the time.
REMIND_S = 300.0
_REMIND_MOST_S = 3600.0
_BLOCK_LINES = 30
_LOOKED_AT = WAITING | {AgentState.USAGE_LIMITED}

Tell = Callable[[str, str | None, Mapping[str, Any]], None]


@dataclass(slots=True)
class _Standing:
    """One open dialog and what was done about it."""

    dialog: OpenDialog
    remind_at: float
    pause_s: float
    is_due: bool = False
    answered: bool = False
    restored_at: float | None = None


class Dialogs:
    """The open dialogs, at most one per agent; every method may be called from any thread.

    Tells ``dialog.opened``, ``dialog.closed``, ``dialog.waits`` (the reminder) and
    ``dialog.deadline`` (with what came of it).

    Args:
        eyes: Captures screens.
        clock: Time.
        permissions: The held requests.
        tell: Takes the events.
        rules: Deadline and its outcome.
    """

    def __init__(
        self,
        eyes: Eyes,
        clock: Clock,
        permissions: Permissions,
        tell: Tell,
        rules: AnswerRules | None = None,
    ) -> None:
        self.rules = rules or AnswerRules()
        self._eyes = eyes
        self._clock = clock
        self._permissions = permissions
        self._tell = tell
        self._lock = threading.RLock()
        self._standing: dict[str, _Standing] = {}
        self._quiet_until: dict[str, float] = {}
        self._closed_at: dict[str, float] = {}

    def all(self) -> list[OpenDialog]:
        """Every open dialog, the one that waits longest first."""
        with self._lock:
            found = [standing.dialog for standing in self._standing.values()]
        return sorted(found, key=lambda dialog: dialog.since_at)

    def of(self, key: str) -> OpenDialog | None:
        """The agent's open dialog as last seen, or ``None``."""
        with self._lock:
            standing = self._standing.get(key)
            return standing.dialog if standing else None

    def restore(self, dialog: OpenDialog) -> None:
        """Take up a dialog that stood before the daemon was started again.

        It is told no more when the agent still waits for it, and closed when not.
        """
        dialog = self._since(dialog, dialog.since_at)
        due = dialog.deadline_at is not None and dialog.deadline_at <= self._clock.now()
        at = self._clock.monotonic() + REMIND_S
        with self._lock:
            standing = _Standing(dialog, at, REMIND_S, due, restored_at=at - REMIND_S)
            self._standing[dialog.key] = standing

    def look(self, seats: Iterable[LiveSeat]) -> None:
        """Take up what the tick has seen of all that wait, then look at deadlines."""
        waiting = [live for live in seats if self._waits(live)]
        for live in waiting:
            seen, shown = live.seen(), live.dialog()
            if shown is not None and self._is_stale(live):
                shown = None
            self._see(live, shown, seen.capture if seen is not None else None)
        kept = {live.key for live in waiting}
        for key in [dialog.key for dialog in self.all() if dialog.key not in kept]:
            self._close(key)
        self._look_at_clock()

    def look_at(self, live: LiveSeat) -> OpenDialog | None:
        """The agent's dialog as it stands this moment.

        Raises:
            CouldNotTell: tmux does not answer.
        """
        pane_id = live.seat().pane_id
        shown = self._eyes.capture([pane_id]).get(pane_id) if pane_id else None
        screen = shown.screen if shown is not None else None
        dialog = live.adapter().dialog(screen) if screen is not None else None
        if screen is not None and dialog is None:
            # A tick would open the answered one again, of an agent whose rest is looked at rarely.
            live.forget_screen()
        self._see(live, dialog, screen)
        return self.of(live.key)

    def asked(self, live: LiveSeat) -> None:
        """A hook is held: its dialog is known before it is drawn."""
        self._see(live, None, None)

    def note_answer(self, key: str, dialog_id: int) -> None:
        """The dialog was answered through us; one that a hook held is over with that."""
        with self._lock:
            standing = self._standing.get(key)
            if standing is not None and standing.dialog.id == dialog_id:
                standing.answered = True
                if standing.dialog.asked_id is not None:
                    self._close(key)

    # -- inside ----------------------------------------------------------------------------------

    def _waits(self, live: LiveSeat) -> bool:
        fused = live.fused()
        if fused.state not in _LOOKED_AT:
            return False
        waited_s = (self._clock.now() - fused.since_at).total_seconds()
        return waited_s >= DRAWN_S or self.of(live.key) is not None

    def _is_stale(self, live: LiveSeat) -> bool:
        """Whether the dialog last captured is an earlier one, not the one that is waited for."""
        at, asked = live.dialog_at(), self._permissions.pending(live.key)
        if at is None:
            return False
        if asked is not None:
            return (asked.at - at).total_seconds() > HELD_BEFORE_S
        return (live.fused().since_at - at).total_seconds() > SEEN_BEFORE_S

    def _see(self, live: LiveSeat, shown: Dialog | None, screen: str | None) -> None:
        with self._lock:
            # Asked under the lock: a request that is held meanwhile would be closed as one over.
            asked = self._permissions.pending(live.key)
            before = self._standing.get(live.key)
            now = self._read(live, asked, shown, screen, before.dialog if before else None)
            if before is not None and before.restored_at is not None:
                young = self._clock.monotonic() - before.restored_at < UNKNOWN_S
                if now is None or (young and now.block and not before.dialog.block):
                    return  # its screen was not read twice yet
                before.restored_at = None
                if _is_taken_up(before.dialog, now, live.fused().since_at):
                    now = replace(now, id=before.dialog.id)
            if before is not None and now is not None and now.id == before.dialog.id:
                before.dialog = now
                return
            if before is not None:
                self._close(live.key)
            if now is not None:
                at = self._clock.monotonic() + REMIND_S
                self._standing[live.key] = _Standing(now, at, REMIND_S)
                self._tell("dialog.opened", live.key, now.shown())

    def _read(
        self,
        live: LiveSeat,
        asked: Asked | None,
        shown: Dialog | None,
        screen: str | None,
        before: OpenDialog | None,
    ) -> OpenDialog | None:
        """What stands there now; the same object as ``before`` (its id) when it asks the same."""
        if asked is not None:
            return self._held(asked, shown, before)
        fused = live.fused()
        held = before is not None and before.asked_id is not None
        if held or self._clock.monotonic() < self._quiet_until.get(live.key, 0.0):
            return None
        if shown is not None:
            now = self._on_screen(live.key, shown, fused.since_at)
        else:
            waited_s = (self._clock.now() - fused.since_at).total_seconds()
            # An answered dialog leaves the screen before the program says that it waits no more.
            closed_s = self._clock.monotonic() - self._closed_at.get(live.key, float("-inf"))
            gone = before is not None and not before.block
            if gone or screen is None or fused.state not in WAITING:
                return None
            if min(waited_s, closed_s) < UNKNOWN_S:
                return None
            now = self._unknown(live.key, fused.state, screen, fused.since_at)
        if before is not None and before.asked_id is None and before.asks_the_same(now):
            return replace(before, cursor=now.cursor, question=now.question)
        if before is not None:
            now = self._since(now, self._clock.now())
        return replace(now, id=self._permissions.number())

    def _held(self, asked: Asked, shown: Dialog | None, before: OpenDialog | None) -> OpenDialog:
        """A held request; its options as the screen shows them, once it does."""
        ours = shown is not None and shown.state is AgentState.WAITING_PERMISSION
        same = before if before is not None and before.asked_id == asked.id else None
        question, cursor = f"{asked.tool}: may it?", None
        options: tuple[str, ...] = ("Yes", "No")
        if ours and shown is not None:
            question, options, cursor = shown.question, shown.options, shown.cursor
        elif same is not None:
            question, options, cursor = same.question, same.options, same.cursor
        found = OpenDialog(
            asked.id, asked.key, DialogKind.PERMISSION, AgentState.WAITING_PERMISSION,
            question, options, cursor, same.destructive if same else _harm(asked), asked.tool,
            asked.exact, Source.HOOK, asked.at, asked_id=asked.id,
        )  # fmt: skip
        return self._since(found, asked.at)

    def _on_screen(self, key: str, shown: Dialog, since_at: datetime) -> OpenDialog:
        kind = kind_of(shown.rule, shown.state)
        commands = destructive.of_command(shown.question) if kind is DialogKind.PERMISSION else ""
        words = destructive.of_words("\n".join((shown.question, *shown.options)))
        harm = ", ".join(part for part in (commands, words) if part)
        found = OpenDialog(
            0, key, kind, shown.state, shown.question, shown.options, shown.cursor, harm, "", "",
            Source.SCREEN, since_at,
        )  # fmt: skip
        return self._since(found, since_at)

    def _unknown(self, key: str, state: AgentState, screen: str, since_at: datetime) -> OpenDialog:
        lines = [line.rstrip() for line in plain(screen).split("\n")]
        block = "\n".join([line for line in lines if line][-_BLOCK_LINES:])
        kind = kind_of("", state)
        found = OpenDialog(
            0, key, kind, state, "", (), None, "", "", "", Source.SCREEN, since_at, block=block
        )
        return self._since(found, since_at)

    def _since(self, dialog: OpenDialog, since_at: datetime) -> OpenDialog:
        due = self.rules.deadline_of(since_at)
        outcome = str(self.rules.outcome) if due is not None else ""
        if outcome == Outcome.DENY and dialog.asked_id is None:
            outcome = str(Outcome.STAY)  # only a held request can be denied without a key
        return replace(dialog, since_at=since_at, deadline_at=due, outcome=outcome)

    def _close(self, key: str) -> None:
        with self._lock:
            standing = self._standing.pop(key, None)
            if standing is None:
                return
            dialog = standing.dialog
            self._closed_at[key] = self._clock.monotonic()
            if dialog.asked_id is not None:
                self._quiet_until[key] = self._clock.monotonic() + GOES_S
        told = {
            "id": dialog.id,
            "kind": str(dialog.kind),
            "question": dialog.question,
            "waited_s": round((self._clock.now() - dialog.since_at).total_seconds(), 1),
            "answered_by_us": standing.answered,
        }
        self._tell("dialog.closed", key, told)

    def _look_at_clock(self) -> None:
        with self._lock:
            standing = list(self._standing.values())
            now, at = self._clock.now(), self._clock.monotonic()
            self._quiet_until = {key: t for key, t in self._quiet_until.items() if t > at}
        for one in standing:
            dialog = one.dialog
            if not one.is_due and dialog.deadline_at is not None and now >= dialog.deadline_at:
                one.is_due = True
                self._due(one)
            elif at >= one.remind_at:
                one.pause_s = min(2 * one.pause_s, _REMIND_MOST_S)
                one.remind_at = at + one.pause_s
                self._tell("dialog.waits", dialog.key, dialog.shown())

    def _due(self, standing: _Standing) -> None:
        dialog, waited_s = standing.dialog, self.rules.deadline_s
        came = "it stays; nobody answered in time"
        if dialog.outcome == Outcome.DENY and dialog.asked_id is not None:
            reason = f"nobody answered within the deadline of {waited_s} s, so it is denied"
            try:
                self._permissions.answer(dialog.key, False, reason, dialog.asked_id)
                came, standing.answered = "denied", True
            except Absent:
                came = "it was answered in that moment"
        told = {**dialog.shown(), "deadline_s": waited_s, "came": came}
        self._tell("dialog.deadline", dialog.key, told)


def _is_taken_up(before: OpenDialog, now: OpenDialog, since_at: datetime) -> bool:
    """Whether it is the dialog of before the daemon's start: the agent has waited ever since.

    What a hook told of it may read otherwise on the screen.
    """
    same_wait = since_at <= before.since_at + timedelta(seconds=SEEN_BEFORE_S)
    return same_wait and now.kind is before.kind and now.asked_id is None


def _harm(asked: Asked) -> str:
    """What a shell command would destroy; of another tool's input nothing is claimed."""
    try:
        if isinstance(json.loads(asked.exact), dict):
            return ""
    except (ValueError, RecursionError):
        pass  # no tool's input, which is always an object: `{ rm -r x; }` is a command
    return destructive.of_command(asked.exact)
