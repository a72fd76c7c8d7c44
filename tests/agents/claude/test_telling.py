"""What Claude Code tells by its hooks, its status line and its transcript."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.claude.test_settings import berth_in
from tmux_orch.agents.claude import events, hooks, settings, status_line, usage
from tmux_orch.domain.states import AgentState, Condition, Source
from tmux_orch.domain.work import Quota

S = AgentState
NOW = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


def hook(event: str, **fields: Any) -> Any:
    return hooks.read({"hook_event_name": event, "session_id": "s", **fields}, NOW)


# -- settings ------------------------------------------------------------------------------------


def test_no_version_is_given_an_event_it_does_not_know() -> None:
    for version in ("2.1.197", "2.1.200", "2.1.329", "2.2.0", "3.0.1"):
        numbers = tuple(map(int, version.split(".")))
        for event in events.told(version):
            assert events.SINCE[event] <= numbers
    assert set(events.told("2.1.197")) <= set(events.told("2.1.329"))
    assert "PostModelSwitch" not in {e for e in events.SINCE if events.SINCE[e] <= (2, 1, 197)}


def test_the_agent_never_waits_for_us_before_a_tool(tmp_path: Path) -> None:
    told = settings.settings(berth_in(tmp_path), "2.1.329")["hooks"]
    assert told["PreToolUse"][0]["hooks"][0]["async"] is True
    # Those whose answer it uses are awaited.
    for event in ("PostToolUse", "Stop", "PermissionRequest", "UserPromptSubmit"):
        assert "async" not in told[event][0]["hooks"][0]


@pytest.mark.parametrize("place", ["user", "project", "local", "broken"])
def test_a_status_line_of_the_persons_own_is_left_to_them(tmp_path: Path, place: str) -> None:
    berth = replace(
        berth_in(tmp_path),
        worktree=tmp_path / "tree",
        environment={"CLAUDE_CONFIG_DIR": str(tmp_path / "config")},
    )
    assert settings.settings(berth, "2.1.329")["statusLine"]["type"] == "command"
    path = {
        "user": tmp_path / "config" / "settings.json",
        "project": tmp_path / "tree" / ".claude" / "settings.json",
        "local": tmp_path / "tree" / ".claude" / "settings.local.json",
        "broken": tmp_path / "config" / "settings.json",
    }[place]
    path.parent.mkdir(parents=True)
    theirs = json.dumps({"statusLine": {"type": "command", "command": "mine"}})
    path.write_text(theirs if place != "broken" else "{")
    assert "statusLine" not in settings.settings(berth, "2.1.329")


# -- hooks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "given", "state"),
    [
        ("Read", {"file_path": "/a"}, S.READING),
        ("Grep", {"pattern": "x"}, S.READING),
        ("WebFetch", {"url": "http://x"}, S.READING),
        ("Edit", {"file_path": "/a"}, S.WORKING),
        ("Bash", {"command": "ls"}, S.WORKING),
        ("Bash", {"command": "cd x && pytest -q"}, S.TESTING),
        ("Bash", {"command": 7}, S.WORKING),
        ("AskUserQuestion", {}, S.THINKING),
        ("mcp__thing__do", None, S.WORKING),
    ],
)
def test_a_tool_says_what_is_done(tool: str, given: Any, state: S) -> None:
    told = hook("PreToolUse", tool_name=tool, tool_input=given)
    assert told.reading.state is state
    assert told.reading.detail.startswith(tool)
    assert not told.turn_ended and not told.tool_done


def test_a_compaction_by_itself_goes_on_and_one_by_hand_ends_the_turn() -> None:
    assert hook("PreCompact", trigger="auto").reading.state is S.COMPACTING
    assert hook("PostCompact", trigger="auto").reading.state is S.THINKING
    assert hook("PostCompact", trigger="manual").reading.state is None


@pytest.mark.parametrize(
    ("said", "until_at"),
    [
        ("You've hit your 5-hour limit · resets 1:23pm (UTC)", datetime(2026, 11, 21, 13, 23)),
        ("You've hit your session limit · resets 11:23am (UTC)", datetime(2026, 11, 21, 11, 23)),
        ("You've hit your weekly limit · resets Nov 22, 7pm (UTC)", datetime(2026, 11, 22, 19)),
        ("You've hit your Opus limit", None),
    ],
)
def test_a_plans_limit_is_told_with_its_end(said: str, until_at: datetime | None) -> None:
    told = hook("StopFailure", error="rate_limit", last_assistant_message=said)
    assert (told.reading.state, told.condition) == (S.USAGE_LIMITED, Condition.USAGE_LIMIT)
    assert told.reading.until_at == (until_at.replace(tzinfo=UTC) if until_at else None)


@pytest.mark.parametrize(
    ("error", "said", "state", "condition"),
    [
        ("rate_limit", "API Error: Request rejected (429)", S.ERROR, Condition.API_ERROR),
        ("server_error", "API Error: Repeated 529 Overloaded", S.ERROR, Condition.OVERLOADED),
        ("server_error", "500 Internal server error", S.ERROR, Condition.API_ERROR),
        ("billing_error", "Credit balance is too low", S.ERROR, Condition.BILLING),
        ("authentication_failed", "Please run /login", S.NEEDS_LOGIN, Condition.AUTH),
        # An agent may write anything; only the program's own word for it makes it a limit.
        ("unknown", "You've hit your 5-hour limit", S.ERROR, Condition.API_ERROR),
    ],
)
def test_every_other_failed_turn_is_what_it_is(
    error: str, said: str, state: S, condition: Condition
) -> None:
    told = hook("StopFailure", error=error, last_assistant_message=said)
    assert (told.reading.state, told.condition) == (state, condition)


def test_a_helpers_limit_is_no_state_of_the_agent() -> None:
    said = "You've hit your 5-hour limit · resets 1:23pm (UTC)"
    told = hook("StopFailure", error="rate_limit", last_assistant_message=said, agent_id="a1")
    assert told.subagent and told.reading.state is None
    assert told.condition is Condition.USAGE_LIMIT
    assert told.reading.until_at == datetime(2026, 11, 21, 13, 23, tzinfo=UTC)


def test_any_other_end_of_a_helper_says_nothing() -> None:
    told = hook("StopFailure", error="server_error", last_assistant_message="500", agent_id="a1")
    assert told.subagent and told.reading.state is None
    assert told.condition is Condition.NONE


def test_only_the_notice_that_it_goes_on_says_a_state() -> None:
    fired = hook("Notification", notification_type="quota_auto_resume_fired")
    assert fired.reading.state is S.THINKING
    for kind in ("idle_prompt", "permission_prompt"):
        assert hook("Notification", notification_type=kind).reading.state is None


# -- the status line -----------------------------------------------------------------------------

SAMPLE = {
    "session_id": "f2b2",
    "model": {"id": "claude-opus-5-5", "display_name": "Opus 5.5"},
    "cost": {"total_cost_usd": 0.025828},
    "context_window": {
        "total_input_tokens": 3222,
        "total_output_tokens": 5,
        "context_window_size": 1000000,
        "used_percentage": 12,
    },
    "rate_limits": {
        "five_hour": {"used_percentage": 100, "resets_at": 1795181008},
        "seven_day": {"used_percentage": 20, "resets_at": None},
    },
}


def test_the_status_line_tells_figures_and_no_state() -> None:
    told = hooks.read(SAMPLE, NOW)
    assert (told.reading.source, told.reading.state) == (Source.STATUS_LINE, None)
    assert told.conversation_id == "f2b2"
    figures = told.figures
    assert figures is not None
    assert (figures.context_percent, figures.cost_usd) == (12.0, 0.025828)
    assert (figures.input_tokens, figures.output_tokens) == (3222, 5)
    assert figures.model == "claude-opus-5-5"
    assert figures.quotas == (
        Quota("five_hour", 100.0, datetime.fromtimestamp(1795181008, UTC)),
        Quota("seven_day", 20.0, None),
    )


_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=9,
)


@given(st.fixed_dictionaries(dict.fromkeys(SAMPLE, _json)))
def test_no_status_line_is_too_odd(payload: dict[str, Any]) -> None:
    figures = status_line.read(payload, NOW).figures
    assert figures is not None
    assert figures.input_tokens is None or figures.input_tokens >= 0


# -- the transcript ------------------------------------------------------------------------------


def answer(tokens: int, **other: Any) -> str:
    use = {"input_tokens": tokens, "cache_read_input_tokens": 100, "output_tokens": 3}
    message = {"role": "assistant", "model": "claude-opus-5-5", "usage": use}
    return json.dumps({"type": "assistant", "message": message, **other})


def test_the_last_answers_use_is_read_from_the_end_of_the_transcript(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    long = json.dumps({"type": "user", "message": {"content": "x" * 5000}})
    lines = [answer(1), *([long] * 200), answer(7), answer(9, isSidechain=True), long]
    path.write_text("\n".join(lines) + "\n" + answer(99)[:40])
    found = usage.figures(path, NOW)
    assert found is not None
    assert (found.input_tokens, found.output_tokens) == (107, 3)
    assert found.context_percent is None and found.cost_usd is None
    path.write_text("\n".join([answer(1), *([long] * 200)]))
    assert usage.figures(path, NOW) is None, "too far from the end"
    assert usage.figures(tmp_path / "none", NOW + timedelta(1)) is None
