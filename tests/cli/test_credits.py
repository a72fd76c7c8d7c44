"""``credits``: accounts in 80 columns, and what a person may say about them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tmux_orch.cli import credits_view, screen
from tmux_orch.rpc import start

from .conftest import House

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


WINDOW: dict[str, Any] = {
    "name": "five_hour", "used_percent": 96.6, "resets_at": at(240), "told_at": at(-1),
    "rate_percent_per_h": 31.25, "runs_out_at": at(6), "lasts": False, "sureness": "good",
}  # fmt: skip
HOLD: dict[str, Any] = {
    "id": 3, "account": "claude:/home/me/.claude", "program": "claude",
    "directory": "/home/me/.claude", "scope": "", "cause": "five_hour", "agent": "shop/developer",
    "since_at": at(-30), "until_at": at(40), "source": "hook", "confidence": "structured",
    "state": "held", "probes": 0, "ended_at": None, "outcome": "", "next_at": at(42),
    "agents": [f"shop/agent_number_{n}" for n in range(5)], "wakes": [],
}  # fmt: skip
ACCOUNT: dict[str, Any] = {
    "account": "claude:/home/me/.claude", "program": "claude", "directory": "/home/me/.claude",
    "agents": HOLD["agents"], "windows": [WINDOW], "stretch": 4.0, "holds": [], "asked": [],
}  # fmt: skip
STATUS = {"schema": "tmux-orch/credits/1", "accounts": [ACCOUNT]}


def with_hold(**more: Any) -> dict[str, Any]:
    return {"accounts": [ACCOUNT | {"holds": [HOLD | more]}]}


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("TZ", "UTC")
    import time

    time.tzset()


def test_an_account_says_who_is_on_it_what_is_used_and_how_long_it_lasts() -> None:
    lines = credits_view.status(STATUS, NOW)
    assert lines[0].startswith("claude ~/.claude: 5 agents (shop/agent_number_0, ")
    assert lines[2].split("  ")[0] == "five hour"
    assert "97%" in lines[2]
    assert "14:00 (in 4h)" in lines[2]
    assert "31.2%" in lines[2]
    assert "runs out 10:06" in lines[2]


def test_a_hold_says_why_until_when_and_what_happens_next() -> None:
    lines = credits_view.status(with_hold(), NOW)
    assert lines[1] == "  held until 10:40 (in 40m): 5-hour limit, told by the program"
    assert lines[2] == "  wakes 5 agents from 10:42"
    sent = [{"agent": "shop/agent_number_0", "state": "sent", "due_at": at(42)}]
    lines = credits_view.status(with_hold(state="waking", wakes=sent), NOW)
    assert lines[2:4] == ["  wakes 4 agents from 10:42", "  waking now: shop/agent_number_0"]
    lines = credits_view.status(with_hold(cause="person", until_at=None, next_at=None), NOW)
    assert lines[1:3] == [
        "  held until you say go: your hold",
        "  5 agents on hold; let go with: tmux-orch credits wake",
    ]
    guess = credits_view.status(with_hold(cause="model", scope="opus", confidence="guess"), NOW)
    assert ": opus limit, its end is not known, it is tried then" in guess[1]


def test_a_limit_that_stopped_only_helpers_holds_nobody() -> None:
    lines = credits_view.status(with_hold(scope="inside", agents=[]), NOW)
    assert lines[1].startswith("  helpers inside shop/developer stopped until 10:40 (in 40m): 5-")
    assert lines[2].startswith("WINDOW")


def test_completion_knows_accounts_and_agents(served: House) -> None:
    served.answers["credits"] = STATUS
    for words, cword, expected in (
        ("tmux-orch credits wake ", 3, {"claude", *(f"agent_number_{n}" for n in range(5))}),
        ("tmux-orch credits hold c", 3, {"claude"}),
        ("tmux-orch credits history ", 3, {"claude"}),
        ("tmux-orch credits ", 2, {"status", "forecast", "history", "wake", "hold", "check"}),
    ):
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(cword)}
        out = served.run("tmux-orch", env={"_TMUX_ORCH_COMPLETE": "bash_complete", **asked}).out
        assert {line.partition(",")[2] for line in out.splitlines()} == expected


def test_a_stale_conversation_is_asked_about_with_the_command_that_answers() -> None:
    lines = credits_view.status({"accounts": [ACCOUNT | {"asked": ["shop/dev"]}]}, NOW)
    assert "go on with it: tmux-orch credits wake shop/dev" in lines[2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rate_percent_per_h": None, "runs_out_at": None, "lasts": None}, "too little seen"),
        ({"lasts": True}, "lasts until its reset"),
        ({"lasts": None, "sureness": "low"}, "perhaps runs out 10:06"),
        ({"lasts": None, "runs_out_at": None, "resets_at": None}, "lasts"),
        ({"used_percent": 100.0, "lasts": False}, "used up"),
    ],
)
def test_a_forecast_says_how_sure_it_is(change: dict[str, Any], said: str) -> None:
    found = {"accounts": [ACCOUNT | {"windows": [WINDOW | change]}]}
    assert credits_view.forecast(found, NOW)[2].endswith("  " + said)
    assert credits_view.forecast(found, NOW)[3] == "  check-ins come 4 times as rarely"


def test_what_is_needed_is_said_when_nothing_is_known() -> None:
    nobody = ACCOUNT | {"windows": [], "agents": []}
    assert credits_view.forecast({"accounts": [nobody]}) == [credits_view.NO_WINDOWS]
    assert credits_view.status({"accounts": [nobody]})[1].strip() == credits_view.NO_WINDOWS
    assert "no team is up" in credits_view.status({"accounts": []})[0]
    assert "no team is up" in credits_view.forecast({"accounts": []})[0]
    assert credits_view.history({"holds": []}) == ["no hold has ended yet"]


def test_everything_fits_eighty_columns_and_steers_no_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screen, "width", lambda: 80)
    hostile = "x\x1b]52;c;cm0=\x07\x1b[2J\u202e\r\nfake line " + "y" * 100
    hold = HOLD | {"scope": hostile, "cause": "model", "agents": [hostile] * 9, "outcome": hostile}
    account = ACCOUNT | {
        "directory": hostile, "agents": [hostile] * 9, "holds": [hold], "asked": [hostile],
        "windows": [WINDOW | {"name": hostile}],
    }  # fmt: skip
    ended = hold | {"ended_at": at(42), "directory": hostile}
    for lines in (
        credits_view.status({"accounts": [account]}, NOW),
        credits_view.forecast({"accounts": [account]}, NOW),
        credits_view.history({"holds": [ended]}),
        list(credits_view.woken({"agents": [hostile]})),
        list(credits_view.held(hold | {"agents": [hostile]}, NOW)),
    ):
        assert not set("\x1b\x07\u202e\r\n") & set("".join(lines))
        assert not [line for line in lines if line.startswith("fake")]
    wide = [
        *credits_view.status({"accounts": [account]}, NOW),
        *credits_view.forecast({"accounts": [account]}, NOW),
        *credits_view.history({"holds": [ended]}),
        *credits_view.status(with_hold(), NOW),
    ]
    assert max(map(len, wide)) <= 80


def test_the_home_is_a_tilde_and_only_the_home() -> None:
    assert credits_view.home("/home/me") == "~"
    assert credits_view.home("/home/me/.claude") == "~/.claude"
    assert credits_view.home("/home/melissa/.claude") == "/home/melissa/.claude"


def test_the_commands_ask_what_they_say(served: House) -> None:
    served.answers |= {
        "credits": STATUS, "credits-wake": {"agents": ["shop/dev"]},
        "credits-history": {"holds": [HOLD | {"ended_at": at(43), "outcome": "verified"}]},
        "credits-hold": HOLD | {"until_at": at(60)}, "credits-check": STATUS,
    }  # fmt: skip
    assert "five hour" in served.run("tmux-orch", "credits", "status").out
    assert json.loads(served.run("tmux-orch", "credits", "status", "--json").out) == STATUS
    found = json.loads(served.run("tmux-orch", "credits", "forecast", "--json").out)
    assert found["schema"] == "tmux-orch/credits-forecast/1"
    assert found["accounts"][0]["stretch"] == 4
    history = served.run("tmux-orch", "credits", "history", "claude", "--limit", "3").out
    assert history.splitlines()[1].endswith("verified")
    assert "woken: shop/dev" in served.run("tmux-orch", "credits", "wake", "dev").out
    held = served.run("tmux-orch", "credits", "hold", "claude", "--until", "23:59 UTC").out
    assert "is held until" in held
    one = served.run("tmux-orch", "credits", "check").out
    assert one == "5 agents on 1 account, nothing is held\n"
    bodies = dict(served.asked)
    assert bodies["credits-history"] == {"account": "claude", "limit": 3}
    assert bodies["credits-wake"] == {"who": "dev", "project": None}
    assert bodies["credits-hold"]["until_at"].endswith("T23:59:00+00:00")
    assert "status" in served.run("tmux-orch", "credits").out


@pytest.mark.parametrize(
    "words",
    [
        ("status", "x"), ("status", "--until", "9pm"), ("forecast", "x"), ("check", "x"),
        ("check", "--project", "x"), ("history", "--limit", "0"), ("history", "--limit", "1001"),
        ("history", "--limit", "x"), ("history", ""), ("history", "a", "b"), ("wake", ""),
        ("wake", " "), ("wake", "a", "b"), ("wake", "--project", ""), ("wake", "--until", "9pm"),
        ("hold", ""), ("hold", "a", "b"), ("hold", "--until"), ("hold", "--until", ""),
        ("hold", "--until", "soon"), ("hold", "--until", "9"), ("hold", "--until", "25:00"),
        ("hold", "--until", "2020-01-01 09:00"), ("hold", "--until", "9:00 Mars/Olympus"),
        ("hold", "--until", "2h"), ("hold", "--for", "2h"), ("resume",), ("--json",),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_in_one_line_and_nothing_is_asked(
    house: House, words: tuple[str, ...]
) -> None:
    done = house.run("tmux-orch", "credits", *words)
    assert done.code == 2, done.both
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err
    assert house.started_nothing()


def test_check_without_a_team_does_nothing_and_starts_nothing(house: House) -> None:
    done = house.run("tmux-orch", "credits", "check")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("no team is up in /")
    assert house.started_nothing()
    house.registry.prepare()
    house.registry.sessions.write_text('{"agents": []}')
    found = json.loads(house.run("tmux-orch", "credits", "check", "--json").out)
    assert (found["running"], found["accounts"]) == (False, [])
    assert not start.listens(house.registry)


def test_how_a_hold_ended_is_told_whole_in_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "width", lambda: 80)
    deep = "/home/me/.local/state/tmux-orch-rehearsal"
    ended = HOLD | {"directory": deep, "ended_at": at(43), "outcome": "2 resumed, 2 left alone"}
    shown = credits_view.history({"holds": [ended]})
    assert shown[1].endswith("2 resumed, 2 left alone")
    assert max(map(len, shown)) <= 80
