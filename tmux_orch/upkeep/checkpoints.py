"""Asking agents for their checkpoint before a long pause, and finding the page afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tmux_orch.domain import checkpoint
from tmux_orch.domain.errors import BadInput, OrchError
from tmux_orch.domain.message import Message, Priority
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import BUSY, READY
from tmux_orch.store.projects import Project
from tmux_orch.team import pages, stop
from tmux_orch.team.parts import Parts, Progress
from tmux_orch.team.post import SYSTEM
from tmux_orch.worktrees.activity import activity
from tmux_orch.worktrees.checkpoint_page import newest_page

_log = logging.getLogger(__name__)

#: Most that anybody waits for pages before a stop.
MOST_S = 600.0


class Checkpoints:
    """Asks agents; any thread may call."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ask(
        self,
        seat: Seat,
        why: str,
        within_s: float,
        *,
        occasion: str = "",
        goes_on: bool = False,
    ) -> bool:
        """Ask an agent to commit and to write its page; once per occasion.

        Args:
            seat: Whom.
            why: Words of ours, e.g. ``your plan's weekly limit is nearly used up``.
            within_s: How long it has.
            occasion: What it is asked once for, e.g. ``hold:7``; else ``why`` on this day.
            goes_on: It shall go on with its work afterwards.

        Returns:
            Whether it was asked now. Not when it was for the same occasion, when it is not there,
            or when a question stands on its screen. One that is held is asked beside its next tool
            if it still works; else it would read the request after the pause.
        """
        return self._ask(seat, why, within_s, occasion, goes_on) is not None

    def expire(self) -> None:
        """Take back every request that nobody could be told in time."""
        now = self._parts.clock.now()
        for target in self._parts.outbox.targets_with_open():
            for message in self._parts.outbox.open_for(target):
                old_s = (now - message.accepted_at).total_seconds()
                if checkpoint.is_request(message) and old_s > checkpoint.EXPIRES_S:
                    self._parts.courier.expire(message.id, "it was not told in time")

    def before_stop(
        self,
        projects: Sequence[Project],
        body: Mapping[str, Any],
        progress: Progress,
        gone: Callable[[], bool],
    ) -> list[dict[str, Any]]:
        """Ask those who have something to save, and wait until they did or the time is over.

        Args:
            projects: The teams that are to be stopped.
            body: ``agents``, their names (all when empty), and ``within_s``.
            progress: Told who was asked.
            gone: Whether nobody waits any more.

        Returns:
            Per agent asked: its name and its page, ``None`` when it wrote none.

        Raises:
            BadInput: a name is no agent of its team, or the time is none; nobody was asked.
        """
        within_s, names = body.get("within_s"), body.get("agents") or []
        if not isinstance(within_s, int | float) or not 0 <= within_s <= MOST_S:
            raise BadInput(f"--checkpoint {within_s!r}", f"give 0 to {MOST_S:g} seconds")
        end = self._parts.clock.monotonic() + within_s
        seats = [s for project in projects for s in stop.chosen(self._parts, project, names)]
        asked = [one for seat in seats if (one := self._ask_to_save(seat, within_s)) is not None]
        if asked:
            who = ", ".join(seat.name for seat, _, _ in asked)
            text = f"asked {who} for a checkpoint; at most {within_s:g} s (Ctrl-C: no longer)"
            progress({"event": "note", "text": text})
        found = []
        for seat, message, before in asked:
            left_s = max(0.0, end - self._parts.clock.monotonic())
            self._parts.courier.wait(message.id, "idle", left_s, gone)
            self._parts.courier.expire(message.id, "the agent was stopped before it could be told")
            after = newest_page(Path(seat.worktree), seat.name)
            found.append({"agent": seat.name, "page": after if after != before else None})
        return found

    def _ask_to_save(self, seat: Seat, within_s: float) -> tuple[Seat, Message, str | None] | None:
        """The request, and the newest page before it; ``None`` when there is nothing to save."""
        before = newest_page(Path(seat.worktree), seat.name)
        if seat.desired is not Desired.UP or not self._is_worth(seat):
            return None
        occasion = f"stop:{self._parts.clock.now().isoformat()}"
        message = self._ask(seat, "you are being stopped", within_s, occasion)
        return None if message is None else (seat, message, before)

    def _is_worth(self, seat: Seat) -> bool:
        live = self._parts.board.seat(seat.key)
        if live is None:
            return False
        state = live.fused().state
        dirty = None
        if state in READY:
            try:
                dirty = activity(Path(seat.worktree), seat.base).dirty_files
            except OrchError:
                dirty = None  # git cannot be read: nothing to save that we know of
        return checkpoint.is_worth(state, dirty)

    def _ask(
        self, seat: Seat, why: str, within_s: float, occasion: str, goes_on: bool = False
    ) -> Message | None:
        parts = self._parts
        live = parts.board.seat(seat.key)
        if live is None or live.fused().state not in BUSY | READY:
            return None
        if live.hold() is not None and not live.busy_with_hooks():
            return None
        within_s = min(within_s, checkpoint.EXPIRES_S)
        now = parts.clock.now().astimezone()
        mark = f"{checkpoint.KEY}{seat.key}:{occasion or f'{why}:{now.date()}'}"
        if parts.outbox.by_client_key(SYSTEM, mark) is not None:
            return None
        page = f"{checkpoint.DIRECTORY}/{checkpoint.page_name(seat.name, now)}"
        try:
            pages.directory(Path(seat.worktree))
            message = parts.courier.accept(
                SYSTEM, seat.key, checkpoint.request(page, why, within_s, goes_on=goes_on),
                priority=Priority.HIGH, client_key=mark,
            )  # fmt: skip
        except OrchError as error:
            _log.warning("%s was not asked for a checkpoint: %s", seat.key, error.line())
            return None
        parts.events.append("checkpoint.asked", seat.project, seat.key, {"why": why, "page": page})
        return message
