"""Edges of budgets: what warns, what holds, what an extension and a new day change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.budget import (
    MOST,
    TEAM,
    Budget,
    Period,
    Stage,
    Unit,
    amount,
    per_day,
    used,
    words,
)
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.usage import Counter, Used
from tmux_orch.domain.usage import used as used_per_day

DAY, NEXT = "2026-05-04", "2026-05-05"
TODAY = date(2026, 5, 4)
MONEY = Budget("shop", TEAM, Period.DAY, Unit.USD, 5.0)
TOKENS = Budget("shop", "shop/dev", Period.DAY, Unit.TOKENS, 1000.0)


@pytest.mark.parametrize(
    ("spent", "stage"),
    [
        (None, Stage.BELOW), (0.0, Stage.BELOW), (3.99, Stage.BELOW), (4.0, Stage.WARNED),
        (4.99, Stage.WARNED), (5.0, Stage.HELD), (500.0, Stage.HELD),
    ],
)  # fmt: skip
def test_four_fifths_warn_and_all_of_it_holds(spent: float | None, stage: Stage) -> None:
    assert MONEY.stage(spent, DAY) is stage


@given(
    ceiling=st.integers(1, 10**12), spent=st.integers(0, 10**12), more=st.integers(0, 10**12)
)  # fmt: skip
def test_the_edges_are_exact_and_an_extension_never_holds_more(
    ceiling: int, spent: int, more: int
) -> None:
    budget = replace(TOKENS, ceiling=float(ceiling))
    stage = budget.stage(float(spent), DAY)
    assert (stage is Stage.HELD) == (spent >= ceiling)
    assert (stage is Stage.BELOW) == (spent * 100 < ceiling * 80)
    if ceiling + more <= MOST[Unit.TOKENS]:
        assert budget.extend(float(more), DAY).stage(float(spent), DAY) <= stage
        assert budget.extend(float(more), DAY).stage(float(spent), NEXT) is stage


def test_extensions_add_up_within_their_day_and_are_gone_the_next() -> None:
    after = MONEY.extend(2, DAY).extend(1, DAY)
    assert (after.limit(DAY), after.limit(NEXT)) == (8.0, 5.0)
    assert after.extend(1, NEXT).limit(NEXT) == 6.0
    with pytest.raises(BadInput, match="no budget is that large"):
        MONEY.extend(MOST[Unit.USD], DAY)


def test_what_was_told_counts_for_its_own_day() -> None:
    told = MONEY.telling(Stage.HELD, DAY)
    assert told.told_stage(DAY) is Stage.HELD
    assert told.told_stage(NEXT) is Stage.BELOW
    assert told.was_held
    assert not told.telling(Stage.BELOW, NEXT).was_held


def test_the_reason_names_whose_budget_it_is_and_what_to_do() -> None:
    held = "the team's budget of 5.00 USD for today is used up; tmux-orch budget extend"
    assert MONEY.used_up(DAY) == held
    assert TOKENS.extend(500, DAY).used_up(DAY) == (
        "dev's budget of 1.5k tokens for today is used up; tmux-orch budget extend --agent dev"
    )


def test_a_team_uses_what_its_agents_use_and_an_agent_its_own() -> None:
    rows = [
        Used(TODAY, "shop", "shop/dev", 100, 20, 1.0),
        Used(TODAY, "shop", "shop/test", 7, None, None),
        Used(TODAY - timedelta(days=1), "shop", "shop/dev", 1000, 0, 9.0),
    ]
    assert used(rows, replace(TOKENS, agent=TEAM), TODAY) == 127
    assert used(rows, TOKENS, TODAY) == 120
    assert used(rows, MONEY, TODAY) == 1.0
    assert used(rows, MONEY, TODAY - timedelta(days=1)) == 10.0
    assert used(rows, replace(MONEY, agent="shop/test"), TODAY) is None


@given(told=st.lists(st.integers(0, 5000), min_size=1, max_size=12))
def test_a_counter_that_goes_back_frees_nobody(told: list[int]) -> None:
    """A program started anew may tell less; what was used stays used."""
    stages = []
    for number in range(1, len(told) + 1):
        highest = max(told[:number])
        kept = [Counter(TODAY, "shop", "shop/dev", "c:1", highest, 0)]
        stages.append(TOKENS.stage(used(used_per_day(kept, TODAY), TOKENS, TODAY), DAY))
    assert stages == sorted(stages)


def test_a_conversation_that_goes_on_the_next_day_begins_that_day_at_nought() -> None:
    kept = [
        Counter(TODAY, "shop", "shop/dev", "c:1", 990, 0),
        Counter(TODAY + timedelta(days=1), "shop", "shop/dev", "c:1", 1200, 0),
    ]
    tomorrow = TODAY + timedelta(days=1)
    assert used(used_per_day(kept, tomorrow), TOKENS, tomorrow) == 210


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1", Unit.TOKENS, 1), ("500k", Unit.TOKENS, 500_000), ("2.5M", Unit.TOKENS, 2_500_000),
        ("0.001k", Unit.TOKENS, 1), ("5", Unit.USD, 5), ("0.50", Unit.USD, 0.5),
        ("0.0001", Unit.USD, 0.0001), ("1000000", Unit.USD, 1_000_000),
    ],
)  # fmt: skip
def test_amounts_as_people_type_them(text: str, unit: Unit, value: float) -> None:
    assert amount(text, unit) == value


@given(text=st.text(max_size=20), unit=st.sampled_from(Unit))
def test_no_text_makes_an_amount_out_of_range(text: str, unit: Unit) -> None:
    try:
        value = amount(text, unit)
    except BadInput as error:
        assert "\n" not in error.line()
    else:
        assert 0 < value <= MOST[unit]


def test_a_teams_budget_for_each_day_in_one_word() -> None:
    assert per_day("5usd") == (Unit.USD, 5.0)
    assert per_day("2.5Mtokens") == (Unit.TOKENS, 2_500_000.0)
    for text in ("", "5", "usd", "5 usd", "5eur", "-1usd", "0tokens", "5usdtokens", "1e3usd"):
        with pytest.raises(BadInput, match="--budget"):
            per_day(text)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (5, Unit.USD, "5.00 USD"), (0.004, Unit.USD, "0.0040 USD"), (0, Unit.USD, "0.00 USD"),
        (2_000_000, Unit.TOKENS, "2M tokens"), (1500, Unit.TOKENS, "1.5k tokens"),
        (950, Unit.TOKENS, "950 tokens"), (1e12, Unit.TOKENS, "1000000M tokens"),
        (1_234_567_890, Unit.TOKENS, "1234.57M tokens"),
    ],
)  # fmt: skip
def test_amounts_as_people_read_them(value: float, unit: Unit, said: str) -> None:
    assert words(value, unit) == said
