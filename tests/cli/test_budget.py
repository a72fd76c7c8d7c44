"""``budget``: what is asked of the daemon, what is shown, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest

from tmux_orch.cli import budget
from tmux_orch.cli.budget import budget_lines
from tmux_orch.domain.errors import BadInput

TEAM = {
    "agent": None, "period": "day", "unit": "usd", "ceiling": 5.0, "extended": 2.0, "limit": 7.0,
    "used": 6.5, "percent": 92, "stage": "warned", "blind": ["tester (codex)"],
}  # fmt: skip
DEV = {
    "agent": "developer", "period": "run", "unit": "tokens", "ceiling": 2e6, "extended": 0.0,
    "limit": 2e6, "used": None, "percent": None, "stage": "below", "blind": [],
}  # fmt: skip
SHOWN = {"schema": "tmux-orch/budget/1", "budgets": [TEAM, DEV]}

BAD = [
    ("set",), ("set", "--usd"), ("set", "--usd", ""), ("set", "--usd", "0"), ("set", "--usd", "-1"),
    ("set", "--usd", "five"), ("set", "--usd", "1e3"), ("set", "--usd", "5$"),
    ("set", "--usd", "inf"), ("set", "--usd", "nan"), ("set", "--usd", "0.00001"),
    ("set", "--usd", "1000001"), ("set", "--usd", "5k"), ("set", "--usd", "5,00"),
    ("set", "--usd", "٥"), ("set", "--usd", "5", "--tokens", "5"), ("set", "--tokens", "0"),
    ("set", "--tokens", "1.5"), ("set", "--tokens", "2G"), ("set", "--tokens", "2m"),
    ("set", "--tokens", "0x10"), ("set", "--tokens", "9999999M"), ("set", "--tokens", "$(id)"),
    ("set", "--tokens", "5\x1b[2J"), ("set", "--usd", "5", "--per", "week"),
    ("set", "--usd", "5", "--per", ""), ("set", "--usd", "5", "--agent", ""),
    ("set", "--usd", "5", "--agent", "../x"), ("set", "--usd", "5", "extra"),
    ("set", "--usd", "5", "--project", ""), ("extend",), ("extend", "--usd", "0"),
    ("extend", "--usd", "5", "--bogus"), ("clear", "--usd", "5"), ("clear", "extra"),
    ("clear", "--per", "month"), ("show", "extra"), ("show", "--agent", "x"), ("bogus",),
]  # fmt: skip


@pytest.mark.parametrize("argv", BAD, ids=[" ".join(one)[:40] for one in BAD])
def test_what_cannot_be_meant_never_reaches_the_daemon(
    monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    monkeypatch.setattr(budget.client, "call", lambda *_: pytest.fail("it was asked"))
    with pytest.raises((BadInput, click.UsageError)) as caught:
        budget.budget.main([*argv], standalone_mode=False)
    assert str(caught.value).strip()


@pytest.mark.parametrize("argv", [*BAD[:2], *BAD[22:27]], ids=str)
def test_it_is_refused_in_one_line_and_nothing_is_started(house: Any, argv: Any) -> None:
    done = house.run("tmux-orch", "budget", *argv)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done.both
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err
    assert house.started_nothing()


def test_a_budget_is_set_extended_and_cleared_as_it_was_typed(served) -> None:
    served.answers |= dict.fromkeys(("budget-set", "budget-extend", "budget-clear"), SHOWN)
    for argv in (
        ("set", "--tokens", "2.5M", "--agent", "developer", "--per", "run"),
        ("extend", "--usd", "2"),
        ("clear", "--agent", "developer"),
    ):
        assert served.run("tmux-orch", "budget", *argv).code == 0
    whole = {"project": None, "agent": "", "period": ""}
    assert served.asked == [
        ("budget-set", {
            **whole, "agent": "developer", "period": "run", "unit": "tokens", "amount": "2.5M",
        }),
        ("budget-extend", {**whole, "unit": "usd", "amount": "2"}),
        ("budget-clear", {**whole, "agent": "developer"}),
    ]  # fmt: skip


def test_show_is_a_table_within_80_columns_that_names_whom_a_budget_does_not_see(served) -> None:
    served.answers["budget"] = SHOWN
    done = served.run("tmux-orch", "budget", "show", env={"COLUMNS": "80"})
    assert max(map(len, done.out.splitlines())) <= 80
    assert "7.00 USD (+2.00 USD)" in done.out
    assert "the team's budget of usd does not count tester (codex): no cost told" in done.out
    assert json.loads(served.run("tmux-orch", "budget", "show", "--json").out) == SHOWN
    assert "no budget is set" in budget_lines({"budgets": []})[0]


def test_an_agents_name_cannot_steer_the_terminal() -> None:
    hostile = {**TEAM, "agent": "x\x1b[2Jy", "blind": ["a\x1b]0;t\x07 (b)"]}
    assert not any(c in line for c in "\x1b\x07" for line in budget_lines({"budgets": [hostile]}))
