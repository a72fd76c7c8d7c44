"""Readings of one agent → one state. Pure: a table of rules, the first that speaks decides.

The order is the order of trust (hooks alone go wrong on Esc, retries and kills):

1. The process. A dead program is ``exited`` whatever files and screens still say.
2. tmux. A window that is gone leaves nothing that could be reached: ``unknown``, with the reason.
3. A permission whose hook is held stands until the session file says that it is over.
4. The session file is the *level*. A hook is an *event*: it may hasten a state that makes us hold
   back (working, waiting) for :data:`EVENT_LEADS_S`, never ``idle``, which the level must confirm.
5. A usage limit needs two signals, and ends when the program works or its time has come.
6. A turn that failed: its hook says why, the level only that the program is idle.
   Until that hook can have come, a turn whose end only the level tells goes on.
7. The level; what a busy program does is said by its newest hook, a retry by its screen.
8. Without a session file the last hook stands for the level, until the screen says otherwise.
9. Without both, the screen speaks, when two looks agreed and nobody has to be held for its words.
10. A young process without a word is ``initializing``; an old one is ``unknown``.

What others marked from outside (``stuck``, ``complete``) is put over the state it fits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState, Fused, Reading, Source
from tmux_orch.watch.readings import Readings

_S = AgentState

#: How long a hook that is younger than the session file's last change leads the file. The file
#: follows a hook within 0.1 s on a quiet machine; after this long the file is right and the hook
#: is history (a turn cancelled with Esc makes no hook at all). A screen is led as long.
EVENT_LEADS_S = 3.0
#: A program says that it is idle up to 0.1 s before the hook that tells of a failed turn (a limit;
#: Claude Code 2.1.197, watched). Without a word of how the turn ended, it has not for so long.
TURN_ENDS_S = 0.3
#: Age below which a program without any sign of life is still starting. Windows are ready in 0.4
#: to 0.6 s (Claude Code) and 6 s (opencode); a minute covers a loaded machine.
STARTING_S = 60.0
#: How long a turn that ended in an error keeps messages away. Claude Code has retried for minutes
#: by then; an agent that nobody may write to again after one bad answer would stop its team.
ERROR_STANDS_S = 60.0
#: A screen that was not looked at for so long says nothing any more.
SCREEN_FRESH_S = 15.0
#: Words of a limit on the screen are believed of a program that has been at rest for so long.
LIMIT_QUIET_S = 5.0
#: The program may need a moment after the reset.
AFTER_RESET_S = 120.0
#: No limit is believed for longer without being seen again: an unreadable time, a wrong one.
LIMIT_MOST_S = 5 * 3600.0

_HOLDS_BACK = BUSY | WAITING
#: What a screen may say of a program that says nothing itself.
_BY_SCREEN = (BUSY | WAITING | READY | {_S.INITIALIZING, _S.ERROR}) - {_S.STUCK, _S.COMPLETE}
#: What a screen adds to a level that only says busy or waiting.
_SEEN_WHILE_BUSY = frozenset({_S.RETRYING, _S.COMPACTING})
_ENDED_BADLY = frozenset({_S.ERROR, _S.USAGE_LIMITED})
_SEEN_WHILE_WAITING = frozenset({_S.NEEDS_TRUST, _S.NEEDS_LOGIN})
#: States that stand over an idle or waiting level without contradicting it.
_OVER_REST = frozenset({_S.USAGE_LIMITED, _S.ERROR, _S.NEEDS_LOGIN, _S.COMPLETE})

Verdict = tuple[AgentState, Reading | None]


def _dead(facts: Readings, now: datetime) -> Verdict | None:
    del now
    # tmux first, because it knows the exit status; either alone is proof.
    for reading in (facts.tmux, facts.process):
        if reading is not None and reading.state is _S.EXITED:
            return _S.EXITED, reading
    return None


def _unreachable(facts: Readings, now: datetime) -> Verdict | None:
    del now
    if facts.tmux is not None and facts.tmux.state is _S.UNKNOWN:
        return _S.UNKNOWN, facts.tmux
    return None


def _asks(facts: Readings, now: datetime) -> Verdict | None:
    """A held request stands until the level, changed since, says that the dialog is gone."""
    del now
    asking, level = facts.asking, facts.level
    if asking is None:
        return None
    over = level is not None and level.at > asking.at and level.state in READY | BUSY
    return None if over else (_S.WAITING_PERMISSION, asking)


def _event_leads(facts: Readings, now: datetime) -> Verdict | None:
    hook, level = facts.hook, facts.level
    if hook is None or level is None or level.state is None or hook.state not in _HOLDS_BACK:
        return None
    young = _since(hook, now) <= EVENT_LEADS_S
    return (hook.state, hook) if young and hook.at > level.at and hook.state else None


def _limited(facts: Readings, now: datetime) -> Verdict | None:
    """A plan's limit: what the program itself tells, or the screen and a program at rest."""
    if facts.level is not None and facts.level.state in BUSY:
        return None
    limit = facts.limit_said()
    if limit is None or _is_over(facts, limit, now):
        return None
    if limit is facts.limit and not _rests(facts, now):
        return None
    return _S.USAGE_LIMITED, limit


def _is_over(facts: Readings, limit: Reading, now: datetime) -> bool:
    if _is_let_go(facts, limit):
        return True
    # A turn that ended in it after the end that was told: that end was wrong, or has moved.
    met_later = limit.source is not Source.SCREEN and limit.until_at and limit.at >= limit.until_at
    until_at = None if met_later else limit.until_at
    if until_at is not None and now >= until_at + timedelta(seconds=AFTER_RESET_S):
        return True
    shown = facts.limit is not None and _shows(facts) and facts.screen_age_s <= SCREEN_FRESH_S
    return _since(limit, now) > LIMIT_MOST_S and not shown


def _is_let_go(facts: Readings, limit: Reading) -> bool:
    return facts.let_go == (limit.source, limit.rule, limit.at)


def limit_met(facts: Readings, now: datetime) -> Reading | None:
    """The limit that broke off its last turn, also when its time has passed, until it works again.

    Nobody may have been there to see it begin, or its reset may have been told wrong.
    """
    if facts.level is not None and facts.level.state in BUSY:
        return None
    limit = facts.limit_said()
    if limit is None or _is_let_go(facts, limit):
        return None
    return None if limit is facts.limit and not _rests(facts, now) else limit


def _rests(facts: Readings, now: datetime) -> bool:
    """The second signal: by its own word the program does not work, and has not for a moment."""
    level, hook = facts.level, facts.hook
    if level is not None:
        if level.state in WAITING:
            return True  # the menu that comes with a limit
        # A turn that ended well was not stopped by a limit, whatever its last words were.
        ended_well = hook is not None and hook.state is _S.IDLE
        quiet = facts.parked or _since(level, now) >= LIMIT_QUIET_S
        return level.state in READY and not ended_well and quiet
    screen = facts.screen
    if facts.parked:
        return screen is None or screen.state not in BUSY
    if hook is not None and hook.state in BUSY and facts.still_s < LIMIT_QUIET_S:
        return False
    by_screen = screen is not None and screen.state in READY | WAITING | _ENDED_BADLY
    return by_screen and facts.still_s >= LIMIT_QUIET_S


def _turn_failed(facts: Readings, now: datetime) -> Verdict | None:
    """A turn that ended badly leaves an idle program: its hook tells why, the level does not.

    A missing sign-in stands until something else happens; an error of the model's service passes.
    """
    hook, level = facts.hook, facts.level
    if hook is None or hook.state not in (_S.ERROR, _S.NEEDS_LOGIN):
        return None
    if level is not None:
        later = (level.at - hook.at).total_seconds() > EVENT_LEADS_S
        if later or level.state is not _S.IDLE:
            return None
    passed = hook.state is _S.ERROR and _since(hook, now) > ERROR_STANDS_S
    return None if passed else (hook.state, hook)


def _ending(facts: Readings, now: datetime) -> Verdict | None:
    """The turn is over by the level alone: its last hook may be on the way."""
    level, hook = facts.level, facts.hook
    if level is None or hook is None or level.state not in READY or hook.state not in BUSY:
        return None
    young = level.at > hook.at and _since(level, now) <= TURN_ENDS_S
    return (hook.state, hook) if young and hook.state else None


def is_ending(facts: Readings, now: datetime) -> bool:
    """Whether the state is about to change by itself, :data:`TURN_ENDS_S` after the level did."""
    return _ending(facts, now) is not None


def _level(facts: Readings, now: datetime) -> Verdict | None:
    level = facts.level
    # The file cannot outlive its process here: rule 1 has spoken. ``exited`` in it is no death.
    if level is None or level.state is None or level.state is _S.EXITED:
        return None
    if level.state in BUSY:
        return _while_busy(facts, level, now)
    if level.state in WAITING:
        return _while_waiting(facts, level)
    # A limit that it tells counts above, until it is over; the file may not change with that.
    return (_S.IDLE if level.state is _S.USAGE_LIMITED else level.state), level


def _while_busy(facts: Readings, level: Reading, now: datetime) -> Verdict:
    doing, screen = facts.doing, facts.screen
    newest_at = max(level.at, doing.at) if doing is not None else level.at
    # In a call without a result the program may be asking, which some session files do not tell.
    seen = _SEEN_WHILE_BUSY | WAITING if level.rule.endswith(".call") else _SEEN_WHILE_BUSY
    if screen is not None and _adds(facts, seen) and _seen_at(facts, now) > newest_at:
        return screen.state or _S.WORKING, screen
    if doing is not None and doing.state is not None:
        return doing.state, doing
    hook = facts.hook
    if hook is not None and hook.state not in BUSY | WAITING and level.at > hook.at:
        # A turn begins with the model being asked; the hook that says so follows within 0.1 s.
        return _S.THINKING, level
    return (level.state or _S.WORKING), level


def _while_waiting(facts: Readings, level: Reading) -> Verdict:
    hook, screen = facts.hook, facts.screen
    # Both know that it waits; the hook knows what for (an approval of a plan is a question).
    if (
        hook is not None
        and hook.state in WAITING
        and (level.at - hook.at).total_seconds() <= EVENT_LEADS_S
    ):
        return hook.state or _S.UNKNOWN, hook
    if screen is not None and _adds(facts, _SEEN_WHILE_WAITING):
        return screen.state or _S.UNKNOWN, screen
    return (level.state or _S.UNKNOWN), level


def _adds(facts: Readings, states: Collection[AgentState]) -> bool:
    """The screen says one of these, and said so lately."""
    screen = facts.screen
    return screen is not None and screen.state in states and facts.screen_age_s <= SCREEN_FRESH_S


def _seen_at(facts: Readings, now: datetime) -> datetime:
    return now - timedelta(seconds=facts.screen_age_s)


def _hook_alone(facts: Readings, now: datetime) -> Verdict | None:
    hook = facts.hook
    # A session's end is also the sign of /clear; only the process proves that the program ended.
    # A file that was there and is gone is not replaced by an older hook either.
    if (
        facts.published
        or facts.level is not None
        or hook is None
        or hook.state in (None, _S.EXITED, _S.ERROR, _S.USAGE_LIMITED)
    ):
        return None
    # Esc and an answer at the terminal make no hook: the screen is the level of such a program.
    if _shows(facts) and _since(hook, now) - facts.screen_age_s >= EVENT_LEADS_S:
        screen = facts.screen
        if screen is not None and screen.state is not None and _kind(screen) != _kind(hook):
            return screen.state, screen
    return (hook.state, hook) if hook.state else None


def _screen_alone(facts: Readings, now: datetime) -> Verdict | None:
    screen = facts.screen
    if facts.published or not _shows(facts) or screen is None or screen.state is None:
        return None
    if screen.state is _S.ERROR and _since(screen, now) > ERROR_STANDS_S:
        return _S.IDLE, screen  # its words stay on the screen of a program that is ready again
    return screen.state, screen


def _shows(facts: Readings) -> bool:
    """The screen says a state that it may say alone, and said so lately."""
    return _adds(facts, _BY_SCREEN)


def _starting(facts: Readings, now: datetime) -> Verdict | None:
    del now
    # A file that is gone while the process lives is the moment before its end.
    if facts.process is None or facts.ran or facts.age_s > STARTING_S:
        return None
    return _S.INITIALIZING, facts.screen or facts.process


RULES: tuple[Callable[[Readings, datetime], Verdict | None], ...] = (
    _dead,
    _unreachable,
    _asks,
    _event_leads,
    _limited,
    _turn_failed,
    _ending,
    _level,
    _hook_alone,
    _screen_alone,
    _starting,
)


def _marked(facts: Readings, verdict: Verdict) -> Verdict:
    mark, state = facts.mark, verdict[0]
    if mark is not None:
        over_busy = mark.state is _S.STUCK and state in BUSY
        if over_busy or (mark.state is _S.COMPLETE and state in READY):
            return mark.state or state, mark
    return verdict


def evidence(reading: Reading | None) -> str:
    """One line for a person: ``source: rule (detail)``."""
    if reading is None:
        return "no source says anything"
    told = f"{reading.source}: {reading.rule}"
    return f"{told} ({reading.detail})" if reading.detail else told


def fuse(facts: Readings, before: Fused | None, now: datetime) -> Fused:
    """What the readings together say.

    ``since_at`` is kept while the state stays the same; a new state begins when its reading was
    true, but never before the state it follows.
    """
    parked = before is not None and before.state is _S.USAGE_LIMITED
    facts = replace(facts, parked=parked)
    state, reading = decide(facts, now)
    against = conflict(facts, state, reading, now)
    if before is not None and before.state is state:
        return Fused(state, before.since_at, evidence(reading), against)
    since = min(reading.at, now) if reading is not None else now
    if before is not None:
        since = max(since, before.since_at)
    return Fused(state, since, evidence(reading), against)


def decide(facts: Readings, now: datetime) -> Verdict:
    """The state, and the reading that decided it (``None`` when no source says anything)."""
    for rule in RULES:
        verdict = rule(facts, now)
        if verdict is not None:
            return _marked(facts, verdict)
    return _S.UNKNOWN, None


def conflict(facts: Readings, state: AgentState, decided: Reading | None, now: datetime) -> str:
    """The strongest reading that is no history and says another kind of state; empty for none."""
    if state in (_S.EXITED, _S.UNKNOWN):
        return ""
    for reading in facts.all():
        if reading is decided or reading.state is None or reading is facts.mark:
            continue
        if _kind(reading) == _kind_of(state) or _is_history(facts, reading, decided, now):
            continue
        if state in _OVER_REST and reading.state in READY | WAITING:
            continue
        return evidence(reading)
    return ""


def _is_history(facts: Readings, reading: Reading, decided: Reading | None, now: datetime) -> bool:
    """What it said was true once, and the reading that decided is later."""
    level = facts.level
    if reading in (facts.hook, facts.doing):
        # A hook is an event; a level or a screen of later speaks of now.
        return decided is level or reading.at < (decided.at if decided else now)
    if reading in (facts.screen, facts.limit):
        seen_at = _seen_at(facts, now)
        lag = timedelta(seconds=EVENT_LEADS_S)
        return facts.screen_age_s > SCREEN_FRESH_S or (
            decided is not None and seen_at < decided.at + lag
        )
    # The level lags behind the hook that leads it.
    return reading is level and decided is facts.hook


def _since(reading: Reading, now: datetime) -> float:
    return (now - reading.at).total_seconds()


def _kind(reading: Reading) -> object:
    return _kind_of(reading.state) if reading.state is not None else None


def _kind_of(state: AgentState) -> object:
    """States that do not contradict each other are of one kind."""
    for kind in (BUSY, READY, WAITING):
        if state in kind:
            return kind
    return state
