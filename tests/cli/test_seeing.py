"""What a person sees of work: the table at every width, who needs a look, peek and usage."""

from __future__ import annotations

import json

import pytest

from tmux_orch.cli import agents_view, screen, seeing

from .conftest import AGENT, STATUS

FULL = AGENT | {
    "state": "waiting_permission", "name": "documentation_writer", "progress_done": 12,
    "progress_total": 34, "context_percent": 91.5, "cost_usd": 12.345, "commits_behind": 7,
    "cpu_percent": 99.0, "memory_bytes": 3 * 2**30, "last_line": "x" * 300, "held_messages": 120,
    "commits_ahead": 1234, "dirty_files": 12345,
    "attention": [{"kind": "unanswered", "since_at": "2026-01-02T03:04:05+00:00",
                   "detail": "waiting permission " + "y" * 200}],
}  # fmt: skip


@pytest.mark.parametrize("room", [80, 100, 120])
def test_the_table_fits_and_a_wider_terminal_shows_more(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "width", lambda: room)
    lines = agents_view.rows([FULL, AGENT]) + agents_view.needs([FULL, AGENT])
    assert max(map(len, lines)) <= room
    head = lines[0].split()
    assert head[:4] == ["AGENT", "STATE", "SINCE", "TASKS"]
    assert ("COST" in head, "MEMORY" in head) == (room >= 100, room >= 120)
    assert "12/34" in lines[1]
    assert lines[4] == "Needs a look:"
    assert lines[5].startswith("  documentation_writer: unanswered (")


def test_why_somebody_is_needed_is_told_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "width", lambda: 80)
    why = "the team's budget of 7.00 USD for today is used up; tmux-orch budget extend"
    alert = {"kind": "budget", "since_at": "2026-11-21T21:26:25+00:00", "detail": why}
    shown = agents_view.needs([AGENT | {"name": "orchestrator", "attention": [alert]}])
    assert " ".join(" ".join(shown).split()).endswith(why)
    assert max(map(len, shown)) <= 80
    assert len(agents_view.needs([AGENT | {"attention": [alert | {"detail": "x " * 900}]}])) == 4


def test_last_words_stand_for_a_state_that_needs_no_reason() -> None:
    agent = AGENT | {"last_line": "I am at it"}
    assert "I am at it" in agents_view.rows([agent])[1]
    assert "I am at it" not in agents_view.rows([agent | {"state": "exited"}])[1]
    assert (
        "could not be read" in agents_view.rows([agent | {"git_trouble": "could not be read"}])[1]
    )


@pytest.mark.parametrize(
    ("hold", "said"),
    [
        ({"until_at": None, "wake": None}, "held until you say go"),
        ({"until_at": "2100-01-02T03:04:05+00:00", "wake": "waiting"}, "held until 01-0"),
        ({"until_at": "2100-01-02T03:04:05+00:00", "wake": "asked"}, "held: shall it go on?"),
    ],
)
def test_a_hold_is_said_once_for_all_whom_it_holds(
    hold: dict[str, str | None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "width", lambda: 80)
    agents = [FULL | {"hold": hold}, AGENT | {"hold": hold}, AGENT | {"name": "free"}]
    lines = agents_view.held(agents)
    assert lines[1].startswith(said)
    assert lines[1].endswith(": documentation_writer, developer")
    assert lines[2] == "see tmux-orch credits status"
    assert max(map(len, agents_view.rows(agents) + lines)) <= 80
    assert agents_view.held([AGENT]) == []
    monkeypatch.setattr(screen, "width", lambda: 120)
    assert said in agents_view.rows([AGENT | {"hold": hold}])[1]


def test_nothing_an_agent_says_steers_the_terminal(served):
    hostile = "x\x1b]52;c;cm0=\x07\x1b[2J\u202e\x9b31m\r\nfake line"
    alert = {"kind": "stuck", "since_at": "2026-01-02T03:04:05+00:00", "detail": hostile}
    agent = AGENT | {"last_line": hostile, "attention": [alert]}
    served.answers["status"] = STATUS | {"agents": [agent]}
    served.answers["peek"] = {"agent": "developer", "dead": True, "lines": [hostile, "é漢 plain"]}
    for words in (("status",), ("peek", "developer")):
        for done in (
            served.run("tmux-orch", *words),
            served.on_terminal("tmux-orch", *words, NO_COLOR="1"),
        ):
            assert done.code == 0, done.both
            assert not set("\x1b\x07\u202e\x9b") & set(done.both)
            assert not [line for line in done.out.splitlines() if line.startswith("fake")]


def test_peek_prints_the_lines_and_says_when_the_program_has_ended(served):
    served.answers["peek"] = {"agent": "developer", "dead": True, "lines": ["one", "", "two"]}
    done = served.run("tmux-orch", "peek", "developer", "--lines", "3")
    assert done.out == "one\n\ntwo\n"
    assert "has ended" in done.err
    assert served.asked == [("peek", {"project": None, "agent": "developer", "lines": 3})]
    assert served.run("tmux-orch", "peek", "developer", "--lines", "9999").code == 2


def test_usage_is_a_table_with_its_sum_and_dashes_for_what_nobody_tells(served):
    row = {"day": "2026-05-04", "agent": "dev", "input_tokens": 1234567, "output_tokens": 950,
           "cost_usd": None}  # fmt: skip
    whole = {"input_tokens": 1234567, "output_tokens": 950, "cost_usd": None}
    served.answers["usage"] = {"used": [row], "total": whole, "days": 7}
    out = served.run("tmux-orch", "usage", "--days", "7").out.splitlines()
    assert out[0].split() == ["DAY", "AGENT", "IN", "OUT", "COST"]
    assert out[1].split() == ["2026-05-04", "dev", "1.2M", "950", "-"]
    assert out[2].split() == ["total", "1.2M", "950", "-"]
    found = json.loads(served.run("tmux-orch", "usage", "--json").out)
    assert found["used"] == [row]
    served.answers["usage"] = {"used": [], "total": whole, "days": 7}
    assert "no agent's program" in served.run("tmux-orch", "usage").out


@pytest.mark.parametrize(
    ("number", "shown"), [(None, "-"), (0, "0"), (999, "999"), (1000, "1.0k"), (10**9, "1.0G")]
)
def test_counts_are_short(number: int | None, shown: str) -> None:
    assert seeing.count(number) == shown
