"""Check-ins: each agent is asked in its role's rhythm, by the clockwork and not by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tmux_orch.domain import check_in
from tmux_orch.domain.check_in import Duty
from tmux_orch.domain.errors import Refused
from tmux_orch.domain.job import CatchUp, Every
from tmux_orch.domain.message import Message
from tmux_orch.domain.names import split_key
from tmux_orch.domain.states import AgentState
from tmux_orch.schedule.reminders import Accept, Jobs, Tell

#: What an agent does (``None`` when it is not watched), and why nothing may be sent to it.
Look = Callable[[str], tuple[AgentState | None, str | None]]
WHAT = "check-in"


@dataclass(frozen=True, slots=True)
class Past:
    """What became of one agent's check-ins.

    Attributes:
        rang_at: When it was asked last (aware UTC).
        skips: How many times it was spared since then.
        reason: Why the last time.
    """

    rang_at: datetime | None = None
    skips: int = 0
    reason: str = ""


class CheckIns:
    """Plans and rings the check-ins of all teams. From any thread.

    Args:
        jobs: The clockwork.
        accept: How a message is sent.
        duties: Every agent that has check-ins now.
        look: What an agent does now.
        waiting: The messages that are open for a key.
        tell: How an event is written.
        stretch: By how much an agent's interval is longer now (1.0 or more).
    """

    def __init__(
        self,
        jobs: Jobs,
        accept: Accept,
        duties: Callable[[], Iterable[Duty]],
        look: Look,
        waiting: Callable[[str], Sequence[Message]],
        tell: Tell,
        stretch: Callable[[str], float] = lambda _key: 1.0,
    ) -> None:
        self._jobs = jobs
        self._accept = accept
        self._duties = duties
        self._look = look
        self._waiting = waiting
        self._tell = tell
        self._stretch = stretch
        self._lock = threading.Lock()
        self._planned: dict[str, tuple[int, int]] | None = None
        self._past: dict[str, Past] = {}

    def remember(self, told: Iterable[tuple[str, datetime, str]]) -> None:
        """What became of check-ins before the daemon was started, the oldest first.

        Args:
            told: Agent, when, and why it was spared; an empty reason where it was asked.
        """
        for key, at, reason in told:
            self._note(key, at, reason)

    def plan(self) -> None:
        """Let the jobs be those of the agents that are wanted now; cheap when they are.

        Call it when the clockwork runs: at the start, and after teams may have changed.
        """
        wanted = {duty.job_id: duty for duty in self._duties()}
        with self._lock:
            if self._planned is None:
                self._planned = {
                    entry.id: (entry.when.every_s, entry.when.jitter_s)
                    for entry in self._jobs.all()
                    if entry.id.startswith("checkin:") and isinstance(entry.when, Every)
                }
            for job_id in self._planned.keys() - wanted.keys():
                self._jobs.drop(job_id)
                del self._planned[job_id]
            for job_id, duty in wanted.items():
                rhythm = (duty.every_s, duty.jitter_s)
                if self._planned.get(job_id) != rhythm:
                    self._jobs.put(job_id, Every(*rhythm), CatchUp.ONCE)
                    self._planned[job_id] = rhythm

    def past(self, key: str) -> Past:
        """What became of this agent's check-ins."""
        return self._past.get(key, Past())

    def ring(self, job_id: str, due: Sequence[datetime]) -> None:
        """Called by the clockwork; the same times again ask nobody twice."""
        key, at = job_id.partition(":")[2], due[-1].astimezone(UTC)
        stamp = at.isoformat(timespec="seconds")
        duty = next((one for one in self._duties() if one.key == key), None)
        why: str | None = "it is wanted up no more"
        client_key = f"{job_id}@{stamp}"
        if duty is not None:
            state, held = self._look(key)
            why = self._too_soon(duty, at) or check_in.why_not(
                state, held, self._waits(job_id, key, client_key)
            )
            if why is None:
                try:
                    text = check_in.text_for(duty)
                    message = self._accept(key, text, client_key=client_key)
                except Refused as error:
                    why = error.line()
        told = {"what": WHAT, "due_at": stamp}
        told |= {"message": message.id} if why is None else {"reason": why}
        self._note(key, at, why or "")
        kind = "schedule.rang" if why is None else "schedule.skipped"
        self._tell(kind, split_key(key)[0], key, told)

    def _too_soon(self, duty: Duty, at: datetime) -> str | None:
        factor, last_at = self._stretch(duty.key), self.past(duty.key).rang_at
        if factor <= 1.0 or last_at is None:
            return None
        every_s = duty.every_s * factor
        # The jitter of both: else a factor of exactly 2 would mean 2 or 3 intervals by chance.
        if at - last_at >= timedelta(seconds=every_s - 2 * duty.jitter_s):
            return None
        return f"stretched to every {every_s / 60:.0f} min, because its plan will not last"

    def _waits(self, job_id: str, key: str, client_key: str) -> bool:
        keys = [message.client_key or "" for message in self._waiting(key)]
        return any(one.startswith(f"{job_id}@") and one != client_key for one in keys)

    def _note(self, key: str, at: datetime, reason: str) -> None:
        before = self.past(key)
        if reason:
            self._past[key] = Past(before.rang_at, before.skips + 1, reason)
        else:
            self._past[key] = Past(at)
