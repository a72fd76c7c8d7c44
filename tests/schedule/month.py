"""A month of a team on a virtual clock: what happens is made up, what keeps the time is not.

Real are the clockwork, reminders, check-ins, the keeper, the decision about restarts, the fusion of
states, the outbox and the database. Made up are the programs, their plans, and the weather: limits,
crashes, kills of the daemon, reboots, suspends, and a clock that is set.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from zoneinfo import ZoneInfo

from tmux_orch.domain import moment, restart
from tmux_orch.domain.check_in import Duty
from tmux_orch.domain.hold import HoldState
from tmux_orch.domain.job import CatchUp
from tmux_orch.domain.message import Priority
from tmux_orch.domain.reminder import Reminder, ReminderKind, ReminderState
from tmux_orch.domain.reset_time import resolve
from tmux_orch.domain.states import AgentState
from tmux_orch.schedule.check_ins import WHAT, CheckIns
from tmux_orch.schedule.clockwork import WAKE_S, Ring
from tmux_orch.schedule.reminders import Reminders
from tmux_orch.store.events import Event
from tmux_orch.store.reminders import Reminders as Rows

from .limited_team import ROUND_S, Killed, Program, Team

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
#: Both change their clocks in the month: New York on the 8th, Berlin on the 29th.
BEGIN = datetime(2026, 3, 1, 7, 0, 0, 123456, tzinfo=UTC)
NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
HUB = "shop/orchestrator"
ACCOUNTS = {
    "claude:/home/a/.claude": (HUB, "shop/developer", "shop/tester"),
    "claude:/home/b/.claude": ("shop/reviewer", "shop/writer"),
}
RHYTHM_S = {HUB: 1800, "shop/developer": 1800}


@dataclass
class Life:
    """What supervision keeps of one agent."""

    starts: list[datetime] = field(default_factory=list)
    attempts: int = 0
    due: float | None = None
    given_up: bool = False
    #: So many of its next starts end at once.
    sick: int = 0


@dataclass
class Month(Team):
    """A team of five, and what becomes of it.

    Attributes:
        seed: What happens.
        begin_at: When.
        awake: Seconds that the machine was awake.
        heard: Each ring as it was handed over: job, time.
        broken: What should not have been.
    """

    seed: int = 1
    begin_at: datetime = BEGIN
    awake: float = 0.0
    heard: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.rows = Rows(self.database)
        self.lives: dict[str, Life] = {}
        self.weather: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = count(1)
        self.last_ring: dict[str, float] = {}
        self.wait_s = 0.0
        self.asked: list[str] = []
        self.told_states: dict[str, AgentState] = {}
        self.clock.at = self.begin_at
        super().__post_init__()
        for account, keys in ACCOUNTS.items():
            self.add(*keys, account=account)
        self.lives = {key: Life() for key in self.seats}
        self.begin()

    # -- the daemon ------------------------------------------------------------------------------

    def wind(self) -> None:
        super().wind()
        self.reminders = Reminders(
            self.rows, self.clockwork, self._ours, self.seats.get, self.outbox.open_for,
            self.events.append, self.clock,
        )  # fmt: skip
        self.check_ins = CheckIns(
            self.clockwork, self._ours, lambda: [self.duty(key) for key in self.seats],
            self._seen, self.outbox.open_for, self.events.append,
        )  # fmt: skip
        self.clockwork.answers |= {
            "reminder": self._hearing(self.reminders.ring),
            "checkin": self._hearing(self.check_ins.ring),
        }
        self.clockwork.missed = self._missed
        self.keeper.reminders_after_reset = self.reminders.after_reset

    def begin(self) -> None:
        """What a daemon does once its clockwork may ring."""
        self.reminders.start()
        told = self.events.of_kinds({"schedule.rang", "schedule.skipped"})
        self.check_ins.remember(
            (e.agent, e.at, str(e.payload.get("reason") or ""))
            for e in told
            if e.agent and e.payload.get("what") == WHAT
        )
        self.check_ins.plan()
        self.last_ring = dict.fromkeys((self.duty(key).job_id for key in self.seats), self.awake)

    def restart(self) -> None:
        super().restart()
        self.told_states.clear()
        self.begin()

    def duty(self, key: str) -> Duty:
        return Duty(key, key.partition("/")[2], RHYTHM_S.get(key, 2700), HUB)

    def _ours(self, key: str, text: str, *, client_key: str) -> object:
        return self.accept("orch", key, text, client_key=client_key)

    def _seen(self, key: str) -> tuple[AgentState, str | None]:
        return self.programs[key].fused().state, self.keeper.held(self.seats[key])

    def _missed(self, job_id: str, number: int, since: datetime) -> None:
        self.counts["times that passed with a line in the log"] += number
        if job_id.startswith("reminder:"):
            self.reminders.missed(job_id, number, since)
        told = {"job": job_id, "count": number, "since_at": since.isoformat()}
        self.events.append("schedule.missed", None, None, told)

    def _hearing(self, ring: Ring) -> Ring:
        def answer(job_id: str, due: Sequence[datetime]) -> None:
            for at in due:
                self.heard[job_id, at] += 1
            if job_id in self.last_ring:
                self.last_ring[job_id] = self.awake
            ring(job_id, due)

        return answer

    # -- time ------------------------------------------------------------------------------------

    def at(self, awake: float, act: Callable[[], None]) -> None:
        """Have something happen when the machine was awake for so long."""
        heappush(self.weather, (awake, next(self.numbers), act))

    def live(self, days: float) -> None:
        """Let so much time pass: in rounds while something is going on, else in leaps."""
        end = self.awake + days * DAY
        while self.awake < end:
            leap = min(end, self.weather[0][0] if self.weather else end) - self.awake
            leap = max(0.001, min(leap, self._nothing_for_s()))
            self.clock.go(leap)
            self.awake += leap
            for key, program in self.programs.items():
                program.tick()
                self._supervise(key, program)
            while self.weather and self.weather[0][0] <= self.awake:
                heappop(self.weather)[2]()
            if self.up:
                self.counts["looks"] += 1
                self.look()
                self._check()

    def _nothing_for_s(self) -> float:
        if not self.up:
            return 60.0
        busy = any(p.turn_ends is not None for p in self.programs.values())
        sent = any(hold.state is HoldState.WAKING for hold in self.keeper.open())
        down = any(
            not program.runs
            and not self.lives[key].given_up
            and self.keeper.held(self.seats[key]) is None
            for key, program in self.programs.items()
        )
        return ROUND_S if busy or sent or down else max(0.001, min(self.wait_s, 900.0))

    def look(self) -> None:
        try:
            for key, program in self.programs.items():
                fused = program.fused()
                news = program.edges.limit(fused, program.readings())
                if news is not None:
                    self.keeper.event("limit_seen", key, news)
                if self.told_states.get(key) is not fused.state:
                    self.told_states[key] = fused.state
                    self.keeper.state(key, fused)
            self.keeper.round()
            self.wait_s = 0.0
            while self.wait_s <= 0:
                self.wait_s = self.clockwork.look()
            self.reminders.keep()
            if self.outbox.targets_with_open():
                self.deliver()
        except Killed:
            self.up = False
        if not self.up:
            self.counts["deaths of the daemon"] += 1
            self.dies_in = -1
            self.at(self.awake + self.dice.choice([5.0, 60.0, HOUR, 8 * HOUR]), self._back)

    def _back(self) -> None:
        if not self.up:
            self.restart()

    def _check(self) -> None:
        """Whether every agent is thought of in its rhythm."""
        for key in self.seats:
            duty = self.duty(key)
            most = duty.every_s + 2 * duty.jitter_s + WAKE_S + ROUND_S
            quiet = self.awake - self.last_ring.get(duty.job_id, self.awake)
            if quiet > most:
                self.broken.append(f"{self.clock.now()}: no check-in of {key} for {quiet:.0f} s")
                self.last_ring[duty.job_id] = self.awake

    # -- what was and what should not have been ------------------------------------------------

    def settle(self) -> None:
        """The weather ends: every plan is there again, nobody dies, whoever was given up runs."""
        self.weather.clear()
        for plan in self.plans.values():
            plan.used_until = None
        for life in self.lives.values():
            self._reset(life)
        self.dies_in = -1
        if not self.up:
            self.restart()
        for hold in self.keeper.open():
            self.keeper.wake(hold.account)
        self.live(1.5)
        for row in self.rows.standing():
            if row.kind is ReminderKind.EVERY:
                self.reminders.cancel(row.id)
        self.live(0.1)

    def wrong(self) -> list[str]:
        """Everything that should not have been."""
        return [
            *self.broken, *self._unheard(), *self._reminders(), *self._resumes(), *self._starts(),
            *(f"{m.id} to {m.target} is {m.state}: {m.text[:60]}"
              for key in self.seats for m in self.outbox.open_for(key)
              if self.clock.now() - m.accepted_at > timedelta(hours=1)),
            *(f"hold {hold.id} has not ended" for hold in self.keeper.open()),
        ]  # fmt: skip

    def _all(self, kinds: set[str]) -> Iterator[Event]:
        """Also what is too long ago for the daemon to look at."""
        seq = 0
        while page := self.events.since(seq, 5000):
            yield from (event for event in page if event.kind in kinds)
            seq = page[-1].seq

    def _unheard(self) -> Iterator[str]:
        """Each time that rang has an event that says what became of it, and one message at most."""
        told: Counter[tuple[str, str]] = Counter()
        messages: dict[tuple[str, str], set[str]] = {}
        for event in self._all({"schedule.rang", "schedule.skipped"}):
            about = event.payload
            job = f"checkin:{event.agent}" if about["what"] == WHAT else ""
            if job and "due_at" in about:
                told[job, about["due_at"]] += 1
                messages.setdefault((job, about["due_at"]), set()).add(about.get("message", ""))
        # A kill before the event was written: after it the next ring speaks for the time, too.
        since: dict[str, list[datetime]] = {}
        for event in self._all({"schedule.missed"}):
            at = datetime.fromisoformat(event.payload["since_at"])
            since.setdefault(event.payload["job"], []).append(at)

        def covered(job: str, at: datetime) -> bool:
            return any(abs(at - one) < timedelta(seconds=1) for one in since.get(job, ()))

        for job, at in self.heard:
            due = at.isoformat(timespec="seconds")
            if job.startswith("checkin:") and not told[job, due] and not covered(job, at):
                yield f"nothing says what became of {job} at {due}"
        for key, ids in messages.items():
            if len(ids - {""}) > 1:
                yield f"{key} gave {len(ids)} messages"
        self.counts["check-ins"] = sum(job.startswith("checkin:") for job, _ in self.heard)
        self.counts["check-ins asked"] = sum(bool(ids - {""}) for ids in messages.values())

    def _reminders(self) -> Iterator[str]:
        """No reminder is lost, and none arrives twice."""
        ended = [(h.account, h.ended_at) for h in self.keeper.history(limit=10_000) if h.ended_at]
        arrived = Counter(
            str(self.message(one).client_key)
            for program in self.programs.values()
            for one in program.taken
        )
        for row in (self.rows.get(one) for one in self.asked):
            assert row is not None
            brought = [key for key in arrived if key.startswith(f"{row.job_id}@")]
            if any(arrived[key] > 1 for key in brought):
                yield f"{row} arrived twice"
            if row.state is ReminderState.CANCELLED or row.kind is ReminderKind.EVERY:
                continue
            if row.state is ReminderState.OPEN and row.at and row.at > self.clock.now():
                continue  # asked for while the clock was a day ahead
            passed = False
            if row.kind is ReminderKind.AFTER_RESET:
                account = self.accounts[row.target]
                wanted = any(who == account and at > row.made_at for who, at in ended)
            else:
                passed = row.state is ReminderState.MISSED and row.catch_up is CatchUp.SKIP
                wanted = not passed
            # Killed right after its message was accepted, a reminder may count as missed.
            if len(brought) != int(wanted) and not (len(brought) == 1 and passed):
                yield f"{row} arrived {len(brought)} times"
            self.counts["reminders that arrived"] += len(brought)

    def _resumes(self) -> Iterator[str]:
        """One resume for each agent and hold, and one more for each that met the limit again."""
        failed: Counter[tuple[str, int]] = Counter()
        for event in self._all({"wake.failed"}):
            failed[str(event.agent), int(event.payload["hold"])] += 1
        sent: Counter[tuple[str, int]] = Counter()
        for key in self.seats:
            for one in self.programs[key].taken:
                message = self.message(one)
                if message.priority is Priority.FIRST:
                    hold = int(str(message.client_key).split(":")[1])
                    sent[key, hold] += 1
        for (key, hold), times in sent.items():
            if times > 1 + failed[key, hold]:
                yield f"{key} was resumed {times} times for hold {hold}"
        self.counts["resumes"] = sum(sent.values())
        self.counts["holds"] = len(self.keeper.history(limit=10_000))

    def _starts(self) -> Iterator[str]:
        """Never more than five starts within a minute."""
        for key, life in self.lives.items():
            for first, sixth in zip(life.starts, life.starts[restart.STARTS :], strict=False):
                if timedelta(0) <= sixth - first < timedelta(seconds=restart.WINDOW_S):
                    yield f"{key} was started six times from {first} on"

    # -- programs that end -----------------------------------------------------------------------

    def _supervise(self, key: str, program: Program) -> None:
        life, now = self.lives[key], self.clock.now()
        if program.runs or not self.up or life.given_up:
            return
        if life.due is None:
            if life.starts and now - life.starts[-1] > timedelta(seconds=restart.HEALTHY_S):
                life.attempts = 0
            starts = restart.recent(life.starts, now)
            if restart.after_end(restart.Cause.EXIT, starts) is restart.Move.GIVE_UP:
                life.given_up = True
                self.counts["crash loops that were stopped"] += 1
                self.at(self.awake + 3 * HOUR, lambda: self._reset(life))
                return
            life.due = self.awake + restart.backoff_s(life.attempts)
        elif self.awake >= life.due and self.keeper.held(self.seats[key]) is None:
            life.due = None
            life.attempts += 1
            life.starts.append(now)
            self._start(key)

    def _reset(self, life: Life) -> None:
        life.given_up, life.attempts, life.sick = False, 0, 0
        life.starts.clear()

    def _start(self, key: str) -> None:
        self.counts["starts of agents"] += 1
        program, life = self.programs[key], self.lives[key]
        program.runs = True
        program.start()
        if life.sick:
            life.sick -= 1
            self._crash(key)

    def _crash(self, key: str) -> None:
        program = self.programs[key]
        program.runs, program.turn_ends = False, None

    # -- weather ---------------------------------------------------------------------------------

    def forecast(self, days: float) -> None:
        """What shall happen in the coming days."""
        dice, begin = self.dice, self.awake

        def some(per_day: float, act: Callable[[], None]) -> None:
            for _ in range(max(1, round(per_day * days))):
                self.at(begin + dice.uniform(0, days * DAY), act)

        some(40, self._work)
        some(5, self._limit)
        some(12, self._letter)
        some(20, self._remind)
        some(3, lambda: self._cancel())
        some(3, lambda: self._crash(dice.choice(list(self.seats))))
        some(2, self._die_soon)
        some(0.4, self._reboot)
        some(0.3, self._sicken)
        some(0.5, lambda: self._set_clock(dice.choice([HOUR, -HOUR, 40.0, -40.0])))
        some(0.1, lambda: self._set_clock(dice.choice([DAY, -DAY])))
        some(0.7, lambda: self._suspend(dice.uniform(MINUTE, 9 * HOUR)))

    def _work(self) -> None:
        program = self.programs[self.dice.choice(list(self.seats))]
        if program.runs and program.fused().state is AgentState.IDLE and program.turn_ends is None:
            program.turn()

    def _limit(self) -> None:
        account = self.dice.choice(list(self.plans))
        plan, now = self.plans[account], self.clock.now()
        if plan.used_until is not None and now < plan.used_until:
            return
        self.counts["plans used up"] += 1
        kind = self.dice.random()
        hours = self.dice.uniform(0.2, 5) if kind < 0.9 else self.dice.uniform(10, 40)
        plan.words = (
            "You've hit your 5-hour limit" if kind < 0.9 else "You've hit your weekly limit"
        )
        plan.used_until = (now + timedelta(hours=hours)).replace(second=0, microsecond=0)
        plan.says = plan.used_until if self.dice.random() < 0.7 else None
        zone = self.dice.choice([NEW_YORK, BERLIN])
        local = plan.used_until.astimezone(zone)
        if hours < 5 and plan.says is None and not local.fold and self.dice.random() < 0.7:
            text = f"resets {local:%I:%M%p} ({zone.key})"
            plan.says = resolve(text, now, UTC, five_hour=True)
            if plan.says != plan.used_until:
                self.broken.append(f"{now}: {text} was read as {plan.says}")

    def _letter(self) -> None:
        if self.up:
            self.counts["messages of people"] += 1
            key = self.dice.choice(list(self.seats))
            try:
                self.accept("user", key, f"letter {next(self.numbers)}")
            except Killed:
                self.up = False
                self.at(self.awake + 30, self._back)

    def _remind(self) -> None:
        if not self.up:
            return
        dice, now = self.dice, self.clock.now()
        number = next(self.numbers)
        zone, target = dice.choice([NEW_YORK, BERLIN]), dice.choice(list(self.seats))
        policy = dice.choice(list(CatchUp))
        kind, at, every_s = ReminderKind.ONCE, None, None
        match dice.randrange(5):
            case 0:
                at = moment.delay(f"{dice.randrange(1, 300)}m", now).at
            case 1:
                text = f"tomorrow {dice.randrange(24)}:{dice.randrange(60):02}"
                at = moment.moment(text, now, zone).at
            case 2:
                text = f"{dice.randrange(24)}:{dice.randrange(60):02} {zone.key}"
                at = moment.moment(text, now, UTC).at
            case 3:
                kind, every_s = ReminderKind.EVERY, dice.choice([2700, 3600, 7200])
                at = now + timedelta(seconds=every_s)
            case 4:
                kind = ReminderKind.AFTER_RESET
        asked = sum(row.kind is kind for row in self.rows.standing())
        if kind is not ReminderKind.ONCE and asked >= 5:
            return
        self.counts["reminders"] += 1
        made = Reminder(
            f"{number:08x}", "shop", target, "0a1b2c", target, f"note {number}.", kind, at,
            every_s, policy, ReminderState.OPEN, now,
        )  # fmt: skip
        self.asked.append(self.reminders.add(made).id)

    def _cancel(self) -> None:
        every = [r for r in self.rows.standing() if r.kind is ReminderKind.EVERY]
        if self.up and every:
            act = self.dice.choice([self.reminders.cancel, self.reminders.cancel, self._rest])
            act(self.dice.choice(every).id)

    def _rest(self, reminder_id: str) -> None:
        row = self.rows.get(reminder_id)
        assert row is not None
        self.reminders.pause(reminder_id, row.state is ReminderState.OPEN)

    def _die_soon(self) -> None:
        self.dies_in = self.dice.randrange(1, 8)

    def _sicken(self) -> None:
        key = self.dice.choice(list(self.seats))
        self.lives[key].sick = 10
        self._crash(key)

    def _reboot(self) -> None:
        self.counts["reboots"] += 1
        self.clock.jump(120)
        self.clock.count = self.dice.uniform(5, 60)
        for key in self.seats:
            self._crash(key)
        if not self.up or self.dice.random() < 0.5:
            self.restart()
        else:
            self.up = False
            self.at(self.awake + 20 * MINUTE, self._back)

    def _set_clock(self, seconds: float) -> None:
        used = [plan.used_until for plan in self.plans.values() if plan.used_until]
        if seconds == -DAY and any(at > self.clock.now() - timedelta(days=1) for at in used):
            return  # a plan would be used up again, which it never is
        self.counts["times the clock was set"] += 1
        self.clock.jump(seconds)
        if seconds < 0:  # what was due within the interval may be late by what is repeated
            self.last_ring = dict.fromkeys(self.last_ring, self.awake)

    def _suspend(self, seconds: float) -> None:
        self.counts["suspends"] += 1
        self.clock.jump(seconds)
