"""Readings of one agent → one state. Pure: a table of rules, the first that speaks decides.

The order is the order of trust (hooks alone go wrong on Esc, retries and kills):

1. The process. A dead program is ``exited`` whatever files and screens still say.
2. tmux. A window that is gone leaves nothing that could be reached: ``unknown``, with the reason.
3. The session file is the *level*. A hook is an *event*: it may hasten a state that makes us hold
   back (working, waiting) for :data:`EVENT_LEADS_S`, never ``idle``, which the level must confirm.
4. Without a session file the last hook stands for the level.
5. Without both, the screen may show a start-up dialog (the missing file is the second signal);
   it never says ``idle`` or ``working``.
6. A young process without a word is ``initializing``; an old one is ``unknown``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState, Fused, Reading

_S = AgentState

#: How long a hook that is younger than the session file's last change leads the file. The file
#: follows a hook within 0.1 s on a quiet machine; after this long the file is right and the hook
#: is history (a turn cancelled with Esc makes no hook at all).
EVENT_LEADS_S = 3.0
#: Age below which a program without any sign of life is still starting. Windows are ready in 0.4
#: to 0.6 s (Claude Code) and 6 s (opencode); a minute covers a loaded machine.
STARTING_S = 60.0

#: How long a turn that ended in an error keeps messages away. Claude Code has retried for minutes
#: by then; an agent that nobody may write to again after one bad answer would stop its team.
ERROR_STANDS_S = 60.0

_HOLDS_BACK = BUSY | WAITING
_START_DIALOGS = frozenset({_S.NEEDS_TRUST, _S.NEEDS_LOGIN, _S.INITIALIZING})


@dataclass(frozen=True, slots=True)
class Readings:
    """The newest reading of each source, and the process's age.

    Attributes:
        process, tmux, level, hook, screen: At most one reading of each source.
        asking: The permission request whose hook is held now; also a hook's, but a lasting one.
        published: A session file of this very process was seen before.
        age_s: Seconds since the program was started.
    """

    process: Reading | None = None
    tmux: Reading | None = None
    asking: Reading | None = None
    level: Reading | None = None
    hook: Reading | None = None
    screen: Reading | None = None
    published: bool = False
    age_s: float = 0.0

    def all(self) -> list[Reading]:
        """Those that are there, in the order of trust."""
        slots = (self.process, self.tmux, self.asking, self.level, self.hook, self.screen)
        return [reading for reading in slots if reading is not None]


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
    young = (now - hook.at).total_seconds() <= EVENT_LEADS_S
    return (hook.state, hook) if young and hook.at > level.at and hook.state else None


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
    passed = hook.state is _S.ERROR and (now - hook.at).total_seconds() > ERROR_STANDS_S
    return None if passed else (hook.state, hook)


def _level(facts: Readings, now: datetime) -> Verdict | None:
    del now
    level = facts.level
    # The file cannot outlive its process here: rule 1 has spoken. ``exited`` in it is no death.
    if level is None or level.state is None or level.state is _S.EXITED:
        return None
    return level.state, level


def _hook_alone(facts: Readings, now: datetime) -> Verdict | None:
    del now
    hook = facts.hook
    # A session's end is also the sign of /clear; only the process proves that the program ended.
    # A file that was there and is gone is not replaced by an older hook either.
    if (
        facts.published
        or facts.level is not None
        or hook is None
        or hook.state in (None, _S.EXITED, _S.ERROR)
    ):
        return None
    return (hook.state, hook) if hook.state else None


def _start_dialog(facts: Readings, now: datetime) -> Verdict | None:
    del now
    screen = facts.screen
    if screen is None or screen.state not in _START_DIALOGS or facts.published:
        return None
    return (screen.state, screen) if screen.state else None


def _starting(facts: Readings, now: datetime) -> Verdict | None:
    del now
    # A file that is gone while the process lives is the moment before its end.
    if facts.process is None or facts.published or facts.age_s > STARTING_S:
        return None
    return _S.INITIALIZING, facts.screen or facts.process


RULES: tuple[Callable[[Readings, datetime], Verdict | None], ...] = (
    _dead,
    _unreachable,
    _asks,
    _event_leads,
    _turn_failed,
    _level,
    _hook_alone,
    _start_dialog,
    _starting,
)


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
    for rule in RULES:
        verdict = rule(facts, now)
        if verdict is not None:
            break
    else:
        verdict = (_S.UNKNOWN, None)
    state, reading = verdict
    if before is not None and before.state is state:
        return Fused(state, before.since_at, evidence(reading))
    since = min(reading.at, now) if reading is not None else now
    if before is not None:
        since = max(since, before.since_at)
    return Fused(state, since, evidence(reading))
