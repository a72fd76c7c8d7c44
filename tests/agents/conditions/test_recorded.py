"""The recorded screens: what is known to be an error or a limit is found, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tmux_orch.agents.conditions.read import read

DATA = Path(__file__).parents[2] / "data"
NOW = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)
PROGRAMS = ("claude", "codex", "gemini", "opencode", "rehearsal")
#: What may be found, by how the screen's name begins. Screens of no line here show no condition.
MAY = {
    "limit_": {"usage_limit"},
    "usage_limit": {"usage_limit"},
    "quota_429": {"usage_limit"},
    "seen_usage_limit": {"usage_limit"},
    "seen_rate_limit_options_menu": {"usage_limit"},
    "seen_api_400_usage_limits": {"usage_limit"},
    "error_400": {"api_error", "usage_limit"},  # of Claude Code, a used-up limit of the API
    "error_401": {"auth"},
    "error_403": {"auth"},
    "error_500": {"api_error", "overloaded"},
    "error_529": {"overloaded"},
    "error_credit": {"billing"},
    "seen_api_400_credit": {"billing"},
    "seen_api_400_prompt_too_long": {"context_low"},
    "seen_api_401": {"auth"},
    "seen_api_429_plain_retry": {"api_error"},
    "seen_api_connection_refused": {"api_error"},
    "seen_api_error_500_retry": {"api_error"},
    "seen_stream_aborted": {"api_error"},
    "seen_firstrun_1": {"api_error"},
    "retry_401": {"auth", "api_error"},
    "retry_4": {"api_error"},
    "retry_5": {"api_error", "overloaded"},
    "interrupted_retry_529": {"overloaded"},
    "after_429": {"api_error"},
    "rate_limited": {"api_error"},
    "login": {"auth"},
    "nokey_after_message": {"auth"},
    "compacting": {"context_low"},
}
#: States that only the condition's text shows.
MUST = {"usage_limited": "usage_limit"}


def recorded() -> Iterator[tuple[str, str, str]]:
    for line in (DATA / "screens/labels.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            file, state, *_ = line.split("\t")
            yield file, state, re.sub(r"^[\d.]+-", "", Path(file).stem)


def seen(file: str) -> str:
    program = next(name for name in PROGRAMS if f"/{name}/" in f"/{file}")
    text = (DATA / file).read_text("utf-8", errors="replace")
    return str(read(program, text, NOW, UTC).condition)


def allowed(name: str) -> set[str]:
    known = [found for begin, found in MAY.items() if name.startswith(begin)]
    return {"none"}.union(*known)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_recorded_screen_gives_a_wrong_condition(program):
    wrong = {
        file: found
        for file, _, name in recorded()
        if f"/{program}/" in f"/{file}" and (found := seen(file)) not in allowed(name)
    }
    assert wrong == {}


def test_each_recorded_screen_of_a_used_up_limit_is_found():
    screens = [(file, MUST[state]) for file, state, _ in recorded() if state in MUST]
    assert len(screens) > 10
    assert [file for file, wanted in screens if seen(file) != wanted] == []
