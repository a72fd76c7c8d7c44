"""The round that looks for what needs a person: every agent each few seconds, only what is cheap.

Nothing here ends, restarts or answers anything: alerts are shown and told.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from tmux_orch.domain.attention import Alert, AlertKind, Thresholds
from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.said import BLOCKED
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import BUSY, READY, AgentState, Reading, Source
from tmux_orch.domain.work import Progress
from tmux_orch.store.projects import Project
from tmux_orch.team import tasks
from tmux_orch.team.call import Call
from tmux_orch.team.parts import Parts
from tmux_orch.team.usage import Meter
from tmux_orch.watch import attention
from tmux_orch.watch.alerts import News, What
from tmux_orch.watch.attention import Facts
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.panes import SERVER_LOST
from tmux_orch.watch.work_seen import PLAN

_log = logging.getLogger(__name__)

#: A round costs 0.2 ms of processor time per agent (20 rehearsal agents: 4 ms); thresholds are
#: minutes. Beyond 100 agents rounds are rarer, so that all together stay below 1 % of a core.
ROUND_S, EACH_S = 3.0, 0.03
#: Memory is looked at this often when nobody asks for it (a pass over all processes).
LOADS_S = 30.0
#: What programs tell of their use is written down this often.
USAGE_S = 20.0
#: git is asked about an idle agent so often: while all its tasks are done, and else.
GIT_SOON_S, GIT_S = 2.0, 60.0
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Rounds:
    """Looks at every agent of every live team, until stopped.

    Args:
        parts: The rooms' objects.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._seen = parts.work
        self._call = Call(parts)
        self._meter = Meter(parts.usage, parts.work.figures)
        self._usage_at = float("-inf")
        #: What others look at in the same rhythm; one that fails keeps none of the rest from it.
        self.also: list[Callable[[], None]] = []
        #: Called when what was used has been written down.
        self.used: Callable[[], None] = lambda: None
        #: What a person should know of an agent's budget; empty when nothing.
        self.budget: Callable[[str], str] = lambda _key: ""
        #: What a person is asked before an agent goes on after its limit.
        self.asked: Callable[[str], str] = lambda _key: ""
        self._started: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="attention", daemon=True)

    def start(self) -> None:
        """Go round in a thread of our own."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what was used so far is written down."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._safely(self.read_usage)

    def read_usage(self) -> None:
        """Write down what the programs tell of their use now."""
        self._meter.read(self._parts.board.seats())

    def _run(self) -> None:
        while not self._stop.wait(max(ROUND_S, EACH_S * len(self._parts.board.seats()))):
            for look in (self.round, *self.also):
                self._safely(look)

    def _safely(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OrchError as error:
            _log.warning("%s", error.line())
        except Exception:  # noqa: BLE001 - the next round may do better
            _log.exception("a round of attention failed")

    def round(self) -> None:
        """One look at everybody."""
        parts, now = self._parts, self._parts.clock.now()
        for project in parts.projects.all():
            seats = parts.seats.of_project(project.name)
            up = [s for s in seats if project.live and s.desired is Desired.UP]
            for seat in seats:
                if seat not in up:
                    self._seen.forget(seat.key)
            if up:
                self._team(project, up, now)
        monotonic = parts.clock.monotonic()
        if monotonic - self._usage_at >= USAGE_S:
            self._usage_at = monotonic
            self.read_usage()
            self.used()

    def _team(self, project: Project, seats: list[Seat], now: datetime) -> None:
        parts, templates = self._parts, self._parts.templates_of(project)
        planned = tasks.planned(parts, project, seats)
        lives = {seat.key: live for seat in seats if (live := parts.board.seat(seat.key))}
        pids = {key: live.seat().pid for key, live in lives.items() if live.seat().pid}
        memory = {
            key: load.memory_bytes for key, load in self._seen.loads.of(pids, LOADS_S).items()
        }
        news: list[News] = []
        for seat in seats:
            live = lives.get(seat.key)
            if live is None:
                continue
            self._remember_starts(seat)
            role = templates.roles.get(seat.role)
            over = parts.thresholds.over(role.attention if role is not None else {})
            work = tasks.progress(parts, seat, templates, planned)
            self._tell_words(live, now)
            files = self._files(live, work, over, now)
            # The server is lost once, however many agents it held: the first of them says so.
            lost = seat.key == next(iter(lives)) and _lost_with_server(live)
            facts = self._facts(live, work, files, memory.get(seat.key), lost, now)
            found = attention.alerts(facts, over, now)
            news += self._seen.alerts.look(seat.key, found, now)
            self._mark(live, facts, found, now)
        for one in news:
            self._record(one, project)
        self._call.team(project, seats, news, now)

    def _remember_starts(self, seat: Seat) -> None:
        """What the journal says of starts under an earlier daemon, since it was last stopped."""
        if seat.key in self._started:
            return
        self._started.add(seat.key)
        stop = self._parts.journal.last(seat.project, seat.key, "stop")
        since = stop.begun_at if stop is not None else _EVER
        begun = self._parts.journal.begun(seat.project, seat.key, "window", since)
        self._seen.of(seat.key).starts.extend(begun[1:])  # the first of them is no restart

    def _facts(
        self,
        live: LiveSeat,
        work: Progress | None,
        dirty: int | None,
        memory: int | None,
        lost: bool,
        now: datetime,
    ) -> Facts:
        agent, fused = self._seen.of(live.key), live.fused()
        agent.completion = agent.completion.look(
            work if _is_done(work) else None,
            clean=dirty == 0,
            idle=fused.state in READY,
            now=now,
        )
        figures, limit = live.figures(), live.readings().limit_said()
        moved = [at for at in (live.moved_at(), agent.words.moved_at) if at is not None]
        said, said_at = agent.words.last or (None, None)
        return Facts(
            key=live.key,
            state=fused.state,
            state_since_at=fused.since_at,
            moved_at=max(moved, default=None),
            stopped_since_at=agent.stopped_since_at,
            said=said,
            said_at=said_at,
            worked_at=agent.worked_at,
            progress=work,
            dirty_files=dirty,
            starts=tuple(agent.starts),
            server_lost=lost,
            context_percent=figures.context_percent if figures is not None else None,
            memory_bytes=memory,
            limit=limit.detail if limit is not None else "",
            asked=self.asked(live.key),
            budget=self.budget(live.key),
        )

    def _files(
        self, live: LiveSeat, work: Progress | None, over: Thresholds, now: datetime
    ) -> int | None:
        """Files not committed, of an idle agent, when it matters; git is asked as rarely as can be.

        When all tasks are done, soon and until that is proved; else once its files would be an
        alert, and then now and then. A new turn of work makes it new.
        """
        fused = live.fused()
        if fused.state not in READY:
            return None
        resting_s = (now - fused.since_at).total_seconds()
        if _is_done(work) and not self._seen.of(live.key).completion.proved:
            older_s = GIT_SOON_S
        elif _is_done(work) or (over.uncommitted_s and resting_s >= min(over.uncommitted_s, GIT_S)):
            older_s = GIT_S
        else:
            return None
        files = self._seen.activity(live.seat(), min(older_s, resting_s))
        return files.dirty_files if files is not None else None

    def _mark(self, live: LiveSeat, facts: Facts, found: tuple[Alert, ...], now: datetime) -> None:
        """Let the state say it: ``stuck`` of a busy agent, ``complete`` of an idle one."""
        stuck = next((one for one in found if one.kind is AlertKind.STUCK), None)
        proved = self._seen.of(live.key).completion.proved
        if stuck is not None and facts.state in BUSY - {AgentState.STUCK}:
            told = Reading(Source.PROCESS, None, now, "attention.stuck", stuck.detail)
            live.mark(AgentState.STUCK, told)
        elif proved and facts.state is AgentState.IDLE and facts.progress is not None:
            page = f"{facts.progress.total} tasks in {facts.progress.source}, all committed"
            live.mark(AgentState.COMPLETE, Reading(Source.GIT, None, now, "work.complete", page))
        elif (facts.state is AgentState.STUCK and stuck is None) or (
            facts.state is AgentState.COMPLETE and not proved
        ):
            live.mark(None, None)

    def _tell_words(self, live: LiveSeat, now: datetime) -> None:
        project = live.seat().project
        for one in self._seen.look(live, now):
            kind = "agent.blocked" if one.kind == BLOCKED else "agent.said"
            self._parts.events.append(kind, project, live.key, {"kind": one.kind, "text": one.text})

    def _record(self, one: News, project: Project) -> None:
        kind = "attention.cleared" if one.what is What.CLEARED else "attention.raised"
        payload: dict[str, object] = {
            "kind": str(one.alert.kind),
            "since_at": one.alert.since_at.isoformat(),
            "detail": one.alert.detail,
        }
        if one.reminder:
            payload["reminder"] = one.reminder
        self._parts.events.append(kind, project.name, one.alert.agent, payload)


def _lost_with_server(live: LiveSeat) -> bool:
    """Whether the tmux server that held it is gone, also after another one was started."""
    tmux = live.readings().tmux
    return tmux is not None and tmux.rule == SERVER_LOST


def _is_done(work: Progress | None) -> bool:
    """Whether a page says that all tasks are done; the plan alone never does."""
    return work is not None and work.is_complete and work.source != PLAN
