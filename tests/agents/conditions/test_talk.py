"""Words about a banner, where only the words tell that they are about one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tmux_orch.agents.conditions import read as reading
from tmux_orch.agents.conditions.read import read
from tmux_orch.agents.conditions.rules import phrases
from tmux_orch.domain.states import Condition

NOW = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)
NEVER = re.compile(r"(?!)")
#: Each begins as a banner does, and stands where one would.
TALK = [
    "Claude usage limit reached. Your limit will reset at 3pm. That is the text we park for.",
    "You've hit your weekly limit. The test should match this line and no other.",
    "Usage limit reached. This is what the parser must find.",
    "Weekly limit reached · resets 3pm, for example",
    "You've hit your limit · resets 3pm => UsageLimit",
    "  ⎿  You've hit your session limit. The tester says so, not this agent.",
    "■ You've hit your usage limit. This message is shown when the plan is used up.",
]


@pytest.mark.parametrize("text", TALK)
def test_words_about_a_banner_are_none(text):
    assert read("claude", text, NOW, UTC).condition is Condition.NONE


@pytest.mark.parametrize("text", TALK)
def test_nothing_but_the_words_about_it_tells_them_apart(text, monkeypatch):
    monkeypatch.setattr(reading, "phrases", lambda name: replace(phrases(name), talk=NEVER))
    assert read("claude", text, NOW, UTC).condition is Condition.USAGE_LIMIT
