"""Budgets are kept one per scope, period and unit, over restarts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tmux_orch.domain.budget import TEAM, Budget, Period, Stage, Unit
from tmux_orch.store.budgets import Ceilings
from tmux_orch.store.database import Database

TEAMS = Budget("shop", TEAM, Period.DAY, Unit.USD, 5.0)


def test_what_was_set_extended_and_told_is_there_after_a_restart(
    reopen: Callable[[], Database],
) -> None:
    kept = Ceilings(reopen())
    others = [
        replace(TEAMS, agent="shop/dev"),
        replace(TEAMS, period=Period.RUN),
        replace(TEAMS, unit=Unit.TOKENS, ceiling=1e12),
        replace(TEAMS, project="other"),
    ]
    for one in [*others, TEAMS]:
        kept.put(one)
    changed = TEAMS.extend(2.5, "2026-05-04").telling(Stage.WARNED, "2026-05-04")
    kept.put(changed)
    kept.drop(others[0])
    kept.drop(others[0])
    kept = Ceilings(reopen())
    assert sorted(kept.all(), key=repr) == sorted([*others[1:], changed], key=repr)
