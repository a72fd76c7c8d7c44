"""Recorded screens of every program and version, and screens derived from them by code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.agents.screens import quoting
from tests.agents.screens.corpus import UNKNOWN, Labelled, narrow, plain, recorded, said
from tmux_orch.agents.screens import load, read
from tmux_orch.domain.states import BUSY, READY

#: States that a program shows on its screen, and that at least 20 screens of the corpus must show.
LIVE = (
    "idle", "thinking", "reading", "working", "testing", "compacting", "retrying",
    "waiting_permission", "waiting_answer", "needs_trust", "needs_login", "usage_limited", "error",
    "exited",
)  # fmt: skip
QUOTED = (
    "You've hit your 5-hour limit · resets 1:23pm (UTC)",
    "⚠ Usage limit reached · limit resets 1:23pm",
    "  ⎿  You've hit your weekly limit · resets Nov 22, 7pm (UTC)",
    "■ You’ve hit your usage limit. Try again at 1:55 PM.",
    " Do you want to proceed?\n ❯ 1. Yes\n   2. No\n\n Esc to cancel",
    "Would you like to run the following command?\n› 1. Yes, proceed (y)\n  2. No (esc)",
    "│ Allow execution of [Shell]?\n│ ● 1. Allow once\n│   3. No, suggest changes (esc)",
    "┃  △ Permission required\n┃   Allow once   Allow always   Reject",
    "● API Error: 500 Internal server error",
    "✻ 500 Internal server error · retrying in 8s · attempt 5/10",
)


def derived() -> list[Labelled]:
    """Recorded at 80 columns or more, drawn again in narrower windows."""
    return [
        narrow(screen, width)
        for screen in recorded()
        if screen.program in ("claude", "codex") and "60x20" not in screen.name
        for width in (40, 50, 66, 72)
    ]


def judged(screens: Iterable[Labelled], *, title: bool = True) -> tuple[Counter[str], list[str]]:
    """How many are right, unknown and wrong, and the wrong ones."""
    counts: Counter[str] = Counter()
    wrong = []
    for screen in screens:
        state = said(screen, title=title)
        verdict = "right" if state in screen.right else "unknown" if state == UNKNOWN else "wrong"
        counts[verdict] += 1
        if verdict == "wrong":
            wrong.append(f"{screen.name}: {state}, not {screen.state}")
    return counts, wrong


def test_the_corpus_is_large_and_has_every_live_state() -> None:
    screens = [*recorded(), *derived()]
    states = Counter(screen.state for screen in screens)
    assert len(recorded()) >= 300
    assert {state: states[state] for state in LIVE if states[state] < 20} == {}
    assert {one.program for one in recorded()} == {*load.PROGRAMS}


def test_no_recorded_screen_is_read_wrongly_and_nearly_all_are_known() -> None:
    counts, wrong = judged(recorded())
    assert wrong == []
    assert counts["right"] / counts.total() >= 0.95


def test_without_colours_and_titles_none_is_read_wrongly() -> None:
    counts, wrong = judged(map(plain, recorded()), title=False)
    assert wrong == []
    assert counts["right"] / counts.total() >= 0.9


def test_in_narrower_windows_none_is_read_wrongly() -> None:
    counts, wrong = judged(derived())
    assert wrong == []
    assert counts["right"] / counts.total() >= 0.9


def test_a_live_limit_and_a_live_question_are_found() -> None:
    for state in ("usage_limited", "waiting_permission", "waiting_answer", "needs_trust"):
        of_it = [screen for screen in recorded() if screen.state == state]
        assert len([one for one in of_it if said(one) in one.right]) >= 0.95 * len(of_it), state


@pytest.mark.parametrize("place", quoting.PLACES)
def test_a_quoted_limit_or_question_parks_nobody(place: str) -> None:
    for screen, bottom in quoting.bases():
        expected = {"idle"} if screen.state == "idle" else {state.value for state in BUSY}
        for quoted in QUOTED:
            for width in quoting.WIDTHS:
                text = quoting.quoting(screen.program, place, quoted.split("\n"), bottom, width)
                found = read.read(load.rules(screen.program), text, "")
                state = found.state.value if found.state else UNKNOWN
                assert state in expected, (screen.name, quoted, width, found)


def test_a_dead_pane_is_never_idle_whatever_stands_on_it() -> None:
    for screen in recorded():
        dead = screen.capture.rstrip() + "\n\nPane is dead (signal 9, Fri Nov 20 11:49:54 2026)\n"
        found = read.read(load.rules(screen.program), dead, screen.title)
        assert found.state == "exited", screen.name


def test_half_a_screen_is_never_taken_for_a_ready_one_that_it_is_not() -> None:
    for screen in recorded():
        if screen.state in {state.value for state in READY} | {"error", "usage_limited", "exited"}:
            continue
        lines = plain(screen).capture.split("\n")
        for kept in range(0, len(lines), 3):
            cut = "\n".join(lines[:kept])
            found = read.read(load.rules(screen.program), cut, screen.title)
            assert found.state not in READY, (screen.name, kept, found)
