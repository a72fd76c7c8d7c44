"""What the program tells its status line: context, tokens, cost, model, the plan's windows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tmux_orch.agents.adapter import HookReading
from tmux_orch.agents.hook_calls import printable, text
from tmux_orch.domain.states import Reading, Source
from tmux_orch.domain.work import Figures, Quota

#: More windows than any plan has; what a payload may hold beyond is not kept.
_MOST_QUOTAS = 8


def read(payload: Mapping[str, Any], now: datetime) -> HookReading:
    """One call of the status line read; it says nothing about the state."""
    context, model = _part(payload, "context_window"), _part(payload, "model")
    figures = Figures(
        at=now,
        context_percent=_number(context.get("used_percentage")),
        input_tokens=_count(context.get("total_input_tokens")),
        output_tokens=_count(context.get("total_output_tokens")),
        cost_usd=_number(_part(payload, "cost").get("total_cost_usd")),
        model=printable(text(model, "id"))[:80],
        quotas=_quotas(_part(payload, "rate_limits")),
    )
    return HookReading(
        reading=Reading(Source.STATUS_LINE, None, now, "claude.status_line"),
        conversation_id=text(payload, "session_id"),
        figures=figures,
    )


def _quotas(limits: Mapping[str, Any]) -> tuple[Quota, ...]:
    found = []
    for name, window in list(limits.items())[:_MOST_QUOTAS]:
        used = _number(window.get("used_percentage")) if isinstance(window, dict) else None
        if used is not None:
            found.append(Quota(printable(name)[:40], used, _instant(window.get("resets_at"))))
    return tuple(found)


def _instant(value: object) -> datetime | None:
    number = _number(value)
    try:
        return datetime.fromtimestamp(number, UTC) if number else None
    except (ValueError, OverflowError, OSError):
        return None


def _part(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _count(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= 0 else None
