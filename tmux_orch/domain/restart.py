"""How a program ended, and whether it is started again. Pure.

The budget is systemd's: five starts in a minute, then a person decides. Before each start of ours
stands a wait of 1, 2, 4 … 300 s; ten healthy minutes begin it anew.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: So many starts within so long; also a person's ``--resume`` counts.
STARTS = 5
WINDOW_S = 60.0
TOO_OFTEN = "started five times within a minute"
#: The wait before the first start of ours, and the longest.
FIRST_S, LONGEST_S = 1.0, 300.0
#: A program that has run for so long is healthy: the waits begin anew.
HEALTHY_S = 600.0
#: Reasons of a session's end (its program's own hook) that only a person at its terminal gives.
_BY_HAND = frozenset({"prompt_input_exit", "logout", "exit"})


class Cause(StrEnum):
    """Why a program ended, as far as can be proved."""

    EXIT = "exit"  # by itself, with the status that is known
    SIGNAL = "signal"
    OOM = "oom"  # SIGKILL, and the kernel's counter of such kills has grown
    SERVER_LOST = "server_lost"  # the tmux server went, and it with it
    BY_PERSON = "by_person"  # somebody ended it at its own terminal
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class End:
    """How a program ended.

    Attributes:
        cause: Why.
        exit_status: As tmux told it, ``None`` when it did not.
        signal: Name of the signal (``SIGKILL``), empty when none is known.
    """

    cause: Cause
    exit_status: int | None = None
    signal: str = ""

    def words(self) -> str:
        """It in words that follow "it": for one line."""
        match self.cause:
            case Cause.SERVER_LOST:
                return "went with its tmux server"
            case Cause.OOM:
                return "was killed because memory ran out"
            case Cause.BY_PERSON:
                return "was ended at its own terminal"
            case Cause.SIGNAL:
                return f"was ended by {self.signal}"
            case Cause.EXIT:
                return f"ended with status {self.exit_status}"
        return "ended, nobody knows how"


@dataclass(frozen=True, slots=True)
class Signs:
    """What was seen of an end.

    Attributes:
        server_lost: The tmux server that held it is gone.
        status, signal: As tmux reaped it; both ``None`` when it never said.
        reason: Why its session ended, by its own hook; empty without one.
        asked: It stood at a question of its start (trust, sign-in) until then.
        oom_grew: The kernel killed something for want of memory since it was last seen alive.
    """

    server_lost: bool = False
    status: int | None = None
    signal: int | None = None
    reason: str = ""
    asked: bool = False
    oom_grew: bool = False


def how(signs: Signs) -> End:
    """What the signs prove."""
    if signs.server_lost:
        return End(Cause.SERVER_LOST)
    number = signs.signal or _signal_of(signs.status)
    if number is not None:
        name = _name(number)
        oom = number == signal.SIGKILL and signs.oom_grew
        return End(Cause.OOM if oom else Cause.SIGNAL, signs.status, name)
    if signs.reason in _BY_HAND and signs.status in (0, None):
        return End(Cause.BY_PERSON, signs.status)
    if signs.asked and signs.status is not None:
        return End(Cause.BY_PERSON, signs.status)  # "No, exit": an answer, not a crash
    if signs.status is None:
        return End(Cause.UNKNOWN)
    return End(Cause.EXIT, signs.status)


def _signal_of(status: int | None) -> int | None:
    """The signal that a clean end after it is told with (143), by the shells' convention."""
    number = (status or 0) - 128
    return number if 0 < number < signal.NSIG else None


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@dataclass(frozen=True, slots=True)
class Death:
    """One end of one agent's program, as it is kept.

    Attributes:
        agent, project: Whose; ``agent`` is the key.
        run, incarnation: Which start of it.
        at: When it was seen (aware UTC).
        end: How.
        screen: File with its last screen; empty when there was none to be seen.
    """

    agent: str
    project: str
    run: str
    incarnation: int
    at: datetime
    end: End
    screen: str = ""


class RestartState(StrEnum):
    """The life of one agent's restarts."""

    UP = "up"  # it runs; how often it was started again is remembered
    WAITING = "waiting"  # it ended; the next start is planned
    STARTING = "starting"  # a start of ours has begun
    GIVEN_UP = "given_up"  # the budget is used up: nothing more until a person says so
    LEFT = "left"  # a person ended it: nothing is started


class Move(StrEnum):
    """What changes it."""

    RETRY = "retry"  # it ended, or did not come up: it is started again
    GIVE_UP = "give_up"  # the same, and the budget is used up
    LEAVE = "leave"  # it was ended by a person
    BEGIN = "begin"  # the start's time has come
    PUT_OFF = "put_off"  # that start could not be made now, and does not count
    LIVES = "lives"  # its program was seen running
    RESET = "reset"  # a person starts it again


_S, _M = RestartState, Move
#: The whole life; a move that is not here is a fault of ours.
MOVES: dict[tuple[RestartState, Move], RestartState] = {
    (_S.UP, _M.RETRY): _S.WAITING,
    (_S.UP, _M.GIVE_UP): _S.GIVEN_UP,
    (_S.UP, _M.LEAVE): _S.LEFT,
    (_S.WAITING, _M.BEGIN): _S.STARTING,
    (_S.WAITING, _M.PUT_OFF): _S.WAITING,
    (_S.STARTING, _M.PUT_OFF): _S.WAITING,
    (_S.STARTING, _M.RETRY): _S.WAITING,
    (_S.STARTING, _M.GIVE_UP): _S.GIVEN_UP,
    (_S.STARTING, _M.LEAVE): _S.LEFT,
    **{(state, _M.LIVES): _S.UP for state in RestartState},
    **{(state, _M.RESET): _S.UP for state in RestartState},
}


class IllegalMove(RuntimeError):
    """A move that the table does not know."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Where one agent's restarts stand.

    Attributes:
        agent, project: Whose; ``agent`` is the key.
        state: Where.
        attempts: Starts of ours since it was last healthy.
        incarnation: The start of it that the state is about.
        since_at: Since when (aware UTC).
        next_at: When the next start is due, while it waits.
        reason: Why, in words that follow "it".
    """

    agent: str
    project: str
    state: RestartState
    attempts: int
    incarnation: int
    since_at: datetime
    next_at: datetime | None = None
    reason: str = ""


def moved(state: RestartState, move: Move) -> RestartState:
    """The state after a move.

    Raises:
        IllegalMove: the table does not know it.
    """
    after = MOVES.get((state, move))
    if after is None:
        raise IllegalMove(f"{state} has no {move}")
    return after


def backoff_s(attempts: int) -> float:
    """How long to wait before the next start, after so many of ours: 1, 2, 4 … 300 s."""
    return min(LONGEST_S, FIRST_S * 2.0 ** min(attempts, 32))


def recent(starts: Iterable[datetime], now: datetime, reset_at: datetime | None = None) -> int:
    """How many of these starts count now; those of a clock that was set back since do not."""
    window = timedelta(seconds=WINDOW_S)
    return sum(abs(now - at) < window and (reset_at is None or at > reset_at) for at in starts)


def within_budget(starts: int) -> bool:
    """Whether a seat that was started so often within :data:`WINDOW_S` may be started again."""
    return starts < STARTS


def after_end(cause: Cause, starts: int) -> Move:
    """What follows an end: the one decision.

    Args:
        cause: Why it ended.
        starts: How often it was started within :data:`WINDOW_S`.
    """
    if cause is Cause.BY_PERSON:
        return Move.LEAVE
    return Move.RETRY if within_budget(starts) else Move.GIVE_UP


def wait_s(attempts: int, now: datetime, next_at: datetime) -> float:
    """How much of a stored wait is left; never more than the backoff, whatever the clock did."""
    return max(0.0, min(backoff_s(attempts), (next_at - now).total_seconds()))
