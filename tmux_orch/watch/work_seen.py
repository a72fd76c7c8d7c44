"""What was seen of every agent's work: its tasks, words, files and starts. Kept in memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from tmux_orch.agents.adapter import Adapter
from tmux_orch.agents.screens import load
from tmux_orch.agents.screens.regions import regions
from tmux_orch.clock import Clock
from tmux_orch.domain import progress
from tmux_orch.domain.errors import CouldNotTell, OrchError
from tmux_orch.domain.progress import Completion
from tmux_orch.domain.said import Said
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import BUSY
from tmux_orch.domain.work import Figures, Progress
from tmux_orch.watch import process
from tmux_orch.watch.alerts import Alerts
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.load import Loads
from tmux_orch.watch.seen import plain
from tmux_orch.watch.tokens import Spent, Tokens
from tmux_orch.watch.words import Words
from tmux_orch.worktrees import task_page
from tmux_orch.worktrees.activity import Activity, activity
from tmux_orch.worktrees.task_page import TaskPage

#: A worktree that git could not be asked about is left alone for so long.
GIT_PAUSE_S = 300.0
PLAN = "plan"
#: An adapter is asked where the transcript is so often: before there is one, and then.
ASK_S, ASK_AGAIN_S = 6.0, 60.0
_STARTS = 50


@dataclass(slots=True)
class AgentSeen:
    """What is remembered of one agent.

    Attributes:
        words: What it says.
        tokens: What its conversation used, where its transcript tells.
        completion: Whether its tasks were seen done, and how often.
        starts: When its program was started, as far as we saw it.
        stopped_since_at: Since when its process is seen stopped.
        worked_at: When it was last seen busy.
        looked_at: Monotonic instant of the last look of :meth:`WorkSeen.activity`.
    """

    words: Words = field(default_factory=Words)
    tokens: Tokens = field(default_factory=Tokens)
    completion: Completion = field(default_factory=Completion)
    starts: deque[datetime] = field(default_factory=lambda: deque(maxlen=_STARTS))
    stopped_since_at: datetime | None = None
    worked_at: datetime | None = None
    looked_at: float = float("-inf")
    _activity: Activity | None = None
    _incarnation: int | None = None
    _page: TaskPage | None = None
    _transcript: tuple[str, Path | None, float] = ("", None, float("-inf"))
    _progress: tuple[TaskPage, frozenset[str], Progress] | None = None


class WorkSeen:
    """The memory of all agents, their alerts and loads. Safe to use from any thread.

    Attributes:
        loads: Processor and memory.
        alerts: What stands, and what of it is news.
    """

    def __init__(self, clock: Clock) -> None:
        self.loads = Loads()
        self.alerts = Alerts()
        self._clock = clock
        self._began = clock.monotonic()
        self._lock = threading.Lock()
        self._agents: dict[str, AgentSeen] = {}

    def of(self, key: str) -> AgentSeen:
        """What is remembered of an agent; empty at first."""
        with self._lock:
            return self._agents.setdefault(key, AgentSeen())

    def forget(self, key: str) -> None:
        """The agent was ended on purpose."""
        with self._lock:
            self._agents.pop(key, None)
        self.alerts.forget(key)

    def progress(
        self, seat: Seat, own: Collection[str] = (), planned: Collection[str] = ()
    ) -> Progress | None:
        """Its tasks, counted on the first page that holds one; else those that the plan gave it.

        Args:
            seat: Whose.
            own: Pages that its role names.
            planned: Ids of its tasks in the plan: those that the page does not name are open.
        """
        agent, ids, worktree = self.of(seat.key), frozenset(planned), Path(seat.worktree)
        for name in task_page.names(own):
            page = task_page.read(worktree, name, agent._page)
            if page is None or task_page.is_theirs(worktree, page):
                continue
            known = agent._progress
            if known is not None and known[0] is page and known[1] == ids:
                return known[2]
            if progress.tasks(page.text):
                counted = progress.progress(page.text, ids, name)
                agent._page, agent._progress = page, (page, ids, counted)
                return counted
        return Progress(0, len(ids), PLAN) if ids else None

    def activity(self, seat: Seat, older_s: float) -> Activity | None:
        """Its work in git, at most so old; ``None`` when git cannot tell."""
        agent, now = self.of(seat.key), self._clock.monotonic()
        if now - agent.looked_at < older_s:
            return agent._activity
        agent.looked_at = now
        try:
            agent._activity = activity(Path(seat.worktree), seat.base)
        except OrchError:
            agent._activity, agent.looked_at = None, now + GIT_PAUSE_S
        return agent._activity

    def look(self, live: LiveSeat, now: datetime) -> list[Said]:
        """One cheap look at an agent: starts, signals, words; what it said that is news."""
        seat, agent = live.seat(), self.of(live.key)
        if agent._incarnation is not None:
            agent.starts.extend([now] * min(seat.incarnation - agent._incarnation, _STARTS))
        agent._incarnation = seat.incarnation
        agent.stopped_since_at = _stopped(seat, agent.stopped_since_at, now)
        if live.fused().state in BUSY:
            agent.worked_at = now
        adapter = live.adapter()
        path = self._transcript(live, agent)
        spent: Spent | None = getattr(adapter, "spent", None)
        if path is not None and spent is not None:
            agent.tokens.read(path, spent)
        if path is not None or live.readings().published:
            return agent.words.read(path, adapter.entry, now, ours=self._saw_begin(seat))
        seen = live.seen()
        if seen is None:
            return []
        return agent.words.see(_block(adapter, seen.capture, seen.title), plain(seen.capture), now)

    def figures(self, live: LiveSeat) -> Figures | None:
        """What its program says of its use; tokens from its transcript where that tells them."""
        figures, used = live.figures(), self.of(live.key).tokens.used
        if figures is None or used is None:
            return figures
        return replace(figures, input_tokens=used[0], output_tokens=used[1])

    def _transcript(self, live: LiveSeat, agent: AgentSeen) -> Path | None:
        """Its transcript; adapters search for one that is not where it should be."""
        conversation, path, asked_at = agent._transcript
        now = self._clock.monotonic()
        same = conversation == live.seat().conversation_id
        if not same or now - asked_at >= (ASK_AGAIN_S if path is not None else ASK_S):
            path = live.adapter().transcript(live.berth())
            agent._transcript = (live.seat().conversation_id, path, now)
        return path

    def _saw_begin(self, seat: Seat) -> bool:
        """Whether its conversation began after we did."""
        age_s = process.age_s(seat.pid_start) if seat.pid_start else float("inf")
        return seat.incarnation == 1 and age_s < self._clock.monotonic() - self._began


def _stopped(seat: Seat, since: datetime | None, now: datetime) -> datetime | None:
    """Since when its process is stopped by a signal."""
    try:
        found = process.stat(seat.pid) if seat.pid else None
    except CouldNotTell:
        return since
    if found is None or not found.stopped or found.start != seat.pid_start:
        return None
    return since or now


def _block(adapter: Adapter, capture: str, title: str) -> str:
    """The agent's own words on its screen, where a rule file tells them from the rest."""
    if adapter.name not in load.PROGRAMS:
        return ""
    return regions(load.rules(adapter.name).layout, capture, title).block
