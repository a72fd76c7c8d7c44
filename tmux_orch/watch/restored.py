"""What was known of an agent before the daemon started again, and how far it still holds. Pure.

Hooks, looks at the screen and marks of others are kept in memory only: without this every agent
would begin a new state at each start of the daemon, and one held for its limit would seem idle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tmux_orch.domain.states import BUSY, READY, WAITING, AgentState, Fused, Reading, Source
from tmux_orch.watch.fusion import EVENT_LEADS_S, decide, evidence
from tmux_orch.watch.readings import Readings

#: How long it is believed while no source says anything: a screen needs two looks, tmux one.
BLIND_S = 5.0
_MARKS = frozenset({AgentState.STUCK, AgentState.COMPLETE})
_FAILED = frozenset({AgentState.ERROR, AgentState.NEEDS_LOGIN})


@dataclass(frozen=True, slots=True)
class Known:
    """What was written down of one agent whose program has run on.

    Attributes:
        fused: Its state as last kept.
        limit: What its usage limit said last (the payload of ``limit_seen``).
        condition: What it said last of errors and limits (the payload of ``condition_seen``).
    """

    fused: Fused
    limit: Mapping[str, Any] = field(default_factory=dict)
    condition: Mapping[str, Any] = field(default_factory=dict)


def seeds(known: Known) -> Readings:
    """The readings that nothing tells again."""
    fused = known.fused
    source, rule, detail = _parts(fused.evidence)
    told = Reading(source, fused.state, fused.since_at, rule, detail) if source else None
    if fused.state is AgentState.USAGE_LIMITED:
        return _limited(known)
    if told is not None and fused.state in _MARKS:
        return Readings(mark=told)
    if told is not None and fused.state in _FAILED and source is Source.HOOK:
        return Readings(hook=told)
    return Readings()


def holds(known: Known, facts: Readings, now: datetime, watched_s: float) -> bool:
    """Whether nothing is known that is newer than the state that was kept."""
    was, (state, reading) = known.fused.state, decide(facts, now)
    if state is AgentState.INITIALIZING or reading is None:
        return watched_s < BLIND_S
    if state is AgentState.EXITED:
        # The exit status follows from tmux.
        told = facts.tmux is not None and facts.tmux.state is AgentState.EXITED
        return was is state and not told and watched_s < BLIND_S
    if state is was and state in _MARKS | {AgentState.USAGE_LIMITED}:
        return True
    if was in _MARKS or _kind(state) is not _kind(was):
        return False
    if reading.source is Source.SCREEN:
        return True
    return reading.at <= known.fused.since_at + timedelta(seconds=EVENT_LEADS_S)


def shown(known: Known, facts: Readings, now: datetime) -> Fused:
    """The state as it still holds, with the reading of now where one says the same."""
    state, reading = decide(facts, now)
    # The exit status is the better word, and comes a moment after the death.
    same = reading is not None and state is known.fused.state is not AgentState.EXITED
    return replace(known.fused, evidence=evidence(reading)) if same else known.fused


def before(known: Known, facts: Readings, now: datetime) -> Fused | None:
    """What the first newer state follows; another rest or another question begins anew."""
    state = decide(facts, now)[0]
    same = state is known.fused.state and state not in READY | WAITING
    return known.fused if same else None


def is_blind(facts: Readings, now: datetime) -> bool:
    """Whether no source has said anything yet."""
    state, reading = decide(facts, now)
    return reading is None or state is AgentState.INITIALIZING


def _limited(known: Known) -> Readings:
    fused, said = known.fused, known.limit
    source = Source.HOOK if said.get("source") == Source.HOOK else Source.SCREEN
    until_at = datetime.fromisoformat(said["until_at"]) if said.get("until_at") else None
    limit = Reading(
        source,
        AgentState.USAGE_LIMITED,
        fused.since_at,
        str(said.get("rule", "")),
        str(said.get("evidence", "")),
        until_at,
    )
    if source is Source.HOOK:
        return Readings(hook=limit)
    return Readings(limit=limit, parked=True)


def _parts(evidence: str) -> tuple[Source | None, str, str]:
    """``source: rule (detail)`` taken apart."""
    name, _, rest = evidence.partition(": ")
    rule, _, detail = rest.partition(" (")
    try:
        return Source(name), rule, detail.removesuffix(")")
    except ValueError:
        return None, "", ""


def _kind(state: AgentState) -> object:
    return next((kind for kind in (BUSY, READY, WAITING) if state in kind), state)
