"""Why we believe what we say of an agent: every reading, and the one that decided."""

from __future__ import annotations

from typing import Any

from tmux_orch.domain.restart import Death
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import Reading
from tmux_orch.domain.work import Figures
from tmux_orch.team import status
from tmux_orch.team.parts import Parts
from tmux_orch.watch import fusion

#: The last ends of its program that are shown.
ENDS = 3


def explain(parts: Parts, seat: Seat) -> dict[str, Any]:
    """One agent's state, the readings behind it in the order of trust, and its figures.

    ``held`` says why nothing is sent to it, or is ``None``. ``ends`` are the last ends of its
    program, newest first. ``conflict`` and each reading's
    ``detail`` may hold text of the agent's.
    """
    parts.board.look_at_screen(seat.key)
    fused = status.fused(parts, seat)
    live = parts.board.seat(seat.key)
    readings = live.readings().all() if live is not None else []
    decided = next((r for r in readings if fusion.evidence(r) == fused.evidence), None)
    figures = live.figures() if live is not None else None
    return {
        "agent": seat.name,
        "state": str(fused.state),
        "state_since_at": fused.since_at.isoformat(),
        "evidence": fused.evidence,
        "conflict": fused.conflict,
        "held": parts.board.held(seat),
        "readings": [_reading(reading, reading is decided) for reading in readings],
        "figures": _figures(figures),
        "ends": [_end(death) for death in parts.deaths.of(seat.key, ENDS)],
    }


def _end(death: Death) -> dict[str, Any]:
    return {
        "at": death.at.isoformat(),
        "start": death.incarnation,
        "cause": str(death.end.cause),
        "exit_status": death.end.exit_status,
        "signal": death.end.signal,
        "words": death.end.words(),
        "screen": death.screen,
    }


def _reading(reading: Reading, decided: bool) -> dict[str, Any]:
    return {
        "source": str(reading.source),
        "state": str(reading.state) if reading.state is not None else None,
        "at": reading.at.isoformat(),
        "rule": reading.rule,
        "detail": reading.detail,
        "until_at": reading.until_at.isoformat() if reading.until_at else None,
        "decided": decided,
    }


def _figures(figures: Figures | None) -> dict[str, Any] | None:
    if figures is None:
        return None
    return {
        "at": figures.at.isoformat(),
        "context_percent": figures.context_percent,
        "input_tokens": figures.input_tokens,
        "output_tokens": figures.output_tokens,
        "cost_usd": figures.cost_usd,
        "model": figures.model,
        "quotas": [
            {
                "name": quota.name,
                "used_percent": quota.used_percent,
                "resets_at": quota.resets_at.isoformat() if quota.resets_at else None,
            }
            for quota in figures.quotas
        ],
    }
