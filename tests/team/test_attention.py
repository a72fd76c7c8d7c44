"""Who is called when: the hub once, tmux's marks only when they change, figures once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.briefing.team import plan_of, seats, templates
from tmux_orch.clock import SystemClock
from tmux_orch.domain.attention import DEFAULTS, RANGES, Alert, AlertKind
from tmux_orch.domain.errors import BadInput, CouldNotTell, Refused
from tmux_orch.domain.happened import SAYINGS
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Fused
from tmux_orch.domain.usage import Counter
from tmux_orch.domain.work import Figures, Progress
from tmux_orch.store.projects import Project
from tmux_orch.team import call, peek, rounds, usage
from tmux_orch.team.call import HUB_EVERY_S, Call
from tmux_orch.team.rounds import Rounds
from tmux_orch.team.usage import Meter
from tmux_orch.tmux import attention as marks
from tmux_orch.watch import work_seen
from tmux_orch.watch.alerts import COOLDOWN_S, News, What
from tmux_orch.watch.readings import Readings
from tmux_orch.watch.server_loss import ServerState
from tmux_orch.worktrees import task_page

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
PLAN = plan_of({"orchestrator": 1, "developer": 2, "tester": 1})
TEAM = [replace(s, window_id=f"@{s.slot}", server="1:1") for s in seats(PLAN)]
PROJECT = Project(
    name=TEAM[0].project, path="/p", common_dir="/p/.git", label="p", starting_branch="main",
    starting_commit="", created_at=NOW,
)  # type: ignore[call-arg]  # fmt: skip
PAGE = (Path(__file__).parents[2] / "docs/ATTENTION.md").read_text("utf-8")


class Office:
    """The rooms that a call reaches, and what they were asked."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.shown: list[tuple[dict[str, str], dict[str, int]]] = []
        self.standing: dict[str, tuple[Alert, ...]] = {}
        self.hub_state = AgentState.IDLE
        self.server_state = ServerState.PRESENT
        self.deaf = False
        fused = SimpleNamespace(fused=lambda: SimpleNamespace(state=self.hub_state))
        self.parts: Any = SimpleNamespace(
            board=SimpleNamespace(seat=lambda _key: fused, server_state=lambda: self.server_state),
            courier=SimpleNamespace(accept=lambda *message: self.sent.append(message)),
            work=SimpleNamespace(alerts=SimpleNamespace(of=lambda key: self.standing.get(key, ()))),
            server=None,
        )

    def news(self, *news: News) -> list[News]:
        """The same; what was raised stands from now on, what was cleared does not."""
        for one in news:
            others = [a for a in self.standing.get(one.alert.agent, ()) if a.kind != one.alert.kind]
            mine = [] if one.what is What.CLEARED else [one.alert]
            self.standing[one.alert.agent] = (*others, *mine)
        return list(news)

    def show(self, _server: Any, windows: dict[str, str], sessions: dict[str, int]) -> None:
        if self.deaf:
            raise CouldNotTell("tmux does not answer")
        self.shown.append((windows, sessions))


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    office = Office()
    monkeypatch.setattr(marks, "show", office.show)
    return office


def raised(seat: Seat, kind: AlertKind = AlertKind.STUCK) -> News:
    return News(What.RAISED, Alert(kind, seat.key, NOW - timedelta(minutes=6), "detail"))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_the_hub_is_told_of_all_together_and_not_more_often_than_every_two_minutes(
    office: Office,
) -> None:
    desk, hub = Call(office.parts), TEAM[0]
    news = office.news(raised(TEAM[1]), raised(TEAM[2], AlertKind.SILENT))
    desk.team(PROJECT, TEAM, news, NOW)
    ((sender, target, text),) = office.sent
    assert (sender, target) == ("orch", hub.key)
    assert f"{TEAM[1].name} is stuck" in text
    assert f"{TEAM[2].name} is silent" in text
    assert "6 minutes" in text
    for second in range(1, int(HUB_EVERY_S)):
        desk.team(PROJECT, TEAM, office.news(raised(TEAM[3])), at(second))
    assert len(office.sent) == 1
    cleared = replace(raised(TEAM[3]), what=What.CLEARED)
    desk.team(PROJECT, TEAM, office.news(cleared), at(HUB_EVERY_S))
    assert len(office.sent) == 1, "what is over is not told any more"


def test_the_hub_is_not_told_of_itself_nor_of_reminders_nor_what_it_cannot_act_on(
    office: Office,
) -> None:
    desk = Call(office.parts)
    reminder = replace(raised(TEAM[1]), what=What.REMINDED, reminder=1)
    news = office.news(raised(TEAM[0]), reminder, raised(TEAM[1], AlertKind.UNCOMMITTED))
    desk.team(PROJECT, TEAM, news, NOW)
    office.hub_state = AgentState.EXITED
    desk.team(PROJECT, TEAM, office.news(raised(TEAM[1])), NOW)
    assert office.sent == []
    office.hub_state = AgentState.IDLE
    desk.team(PROJECT, TEAM, [], at(1))
    assert len(office.sent) == 1, "it is told when it is there again"


def test_the_hub_is_not_told_of_what_was_ended_on_purpose_while_it_was_away(
    office: Office,
) -> None:
    desk = Call(office.parts)
    office.hub_state = AgentState.EXITED
    desk.team(PROJECT, TEAM, office.news(raised(TEAM[1])), NOW)
    office.standing.clear()  # a stop clears nothing: it forgets
    office.hub_state = AgentState.IDLE
    desk.team(PROJECT, TEAM, [], at(1))
    assert office.sent == []


def test_tmux_is_asked_only_when_a_mark_changes_and_again_after_it_did_not_answer(
    office: Office,
) -> None:
    desk = Call(office.parts)
    everybody = {seat.window_id: "" for seat in TEAM}
    desk.team(PROJECT, TEAM, [], NOW)
    desk.team(PROJECT, TEAM, [], NOW)
    assert office.shown == [(everybody, {PROJECT.name: 0})], "what an older daemon left goes"
    office.standing[TEAM[1].key] = (raised(TEAM[1]).alert,)
    office.deaf = True
    desk.team(PROJECT, TEAM, [], NOW)
    office.deaf = False
    desk.team(PROJECT, TEAM, [], NOW)
    desk.team(PROJECT, TEAM, [], NOW)
    assert office.shown[1:] == [({TEAM[1].window_id: "stuck"}, {PROJECT.name: 1})]
    office.server_state = ServerState.HUNG
    desk.team(PROJECT, TEAM, [], NOW)
    assert len(office.shown) == 2


# -- use ----------------------------------------------------------------------------------------


class Kept:
    def __init__(self) -> None:
        self.rows: list[Counter] = []

    def keep(self, rows: list[Counter]) -> None:
        self.rows += rows


def test_figures_of_another_conversation_are_not_taken_for_the_new_ones() -> None:
    kept = Kept()
    meter = Meter(kept, lambda live: live.figures())  # type: ignore[arg-type]
    seat = replace(TEAM[1], conversation_id="one", incarnation=1)
    old = Figures(NOW, input_tokens=100, output_tokens=10, cost_usd=1.0)

    def read(seat: Seat, figures: Figures | None) -> list[str]:
        kept.rows.clear()
        live: Any = SimpleNamespace(figures=lambda: figures, seat=lambda: seat)
        meter.read([live])
        return [row.meter for row in kept.rows]

    assert read(seat, None) == []
    assert read(seat, old) == ["c:one", f"p:{seat.tag}"]
    assert read(seat, old) == [], "nothing is new"
    after_clear = replace(seat, conversation_id="two")
    assert read(after_clear, old) == [], "these were the other conversation's"
    assert read(after_clear, replace(old, at=at(1), input_tokens=5))[0] == "c:two"
    again = replace(after_clear, incarnation=2)
    assert read(again, replace(old, at=at(1), input_tokens=5)) == []
    assert read(again, replace(old, at=at(2)))[1] == f"p:{again.tag}"


@pytest.mark.parametrize("days", [0, -1, 99999, "7", 1.5, True, None])
def test_days_are_a_number_in_range(days: Any) -> None:
    with pytest.raises(BadInput):
        usage.table(SimpleNamespace(), PROJECT, days)  # type: ignore[arg-type]


# -- rights -------------------------------------------------------------------------------------


def test_an_agent_reads_screens_of_its_own_team_and_only_with_the_right() -> None:
    known = templates()
    bare = replace(known, roles=known.roles | {
        "tester": replace(known.roles["tester"], rights=("data:read",))})  # fmt: skip
    parts: Any = SimpleNamespace(
        seats=SimpleNamespace(get=lambda key: known_seats.get(key)),
        templates_of=lambda _project: bare,
    )
    tester = next(seat for seat in TEAM if seat.role == "tester")
    other = replace(TEAM[1], project="elsewhere")
    known_seats = {seat.key: seat for seat in (*TEAM, other)}
    peek._check(parts, PROJECT, TEAM[1].key)
    for sender, why in (
        (tester.key, "no right session:read"),
        (other.key, "in another team"),
        (f"{PROJECT.name}/nobody", "no right"),
    ):
        with pytest.raises(Refused, match=why):
            peek._check(parts, PROJECT, sender)


# -- the page -----------------------------------------------------------------------------------


def test_the_page_has_every_alert_with_its_thresholds_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\|([^|]*)\|([^|]*)\|$", PAGE, re.MULTILINE)
    assert [row[0] for row in rows] == [kind.value for kind in AlertKind]
    named = re.findall(r"`(\w+)`", " ".join(row[1] for row in rows))
    assert set(named) == set(RANGES)
    for _, thresholds, default in rows:
        for name, number in zip(re.findall(r"`(\w+)`", thresholds), re.findall(r"\d+", default),
                                strict=True):  # fmt: skip
            assert getattr(DEFAULTS, name) == int(number), name


def test_the_page_tells_the_spans_and_names_of_the_code() -> None:
    assert f"every {rounds.ROUND_S:g} seconds" in PAGE
    assert rounds.ROUND_S / rounds.EACH_S == 100
    assert "more than 100 agents" in PAGE
    assert COOLDOWN_S == 5 * 60
    assert call.HUB_EVERY_S == 2 * 60
    assert all(f"`{name}`" in PAGE for name in (task_page.OURS, *task_page.KNOWN))
    told = ("attention.raised", "attention.cleared", "agent.said", "agent.blocked")
    assert all(kind in PAGE and kind in SAYINGS for kind in told)


# -- the round ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "dirty", "state", "complete"),
    [
        (Progress(2, 2, "tasks.md"), 0, AgentState.IDLE, True),
        (Progress(2, 2, "tasks.md"), 1, AgentState.IDLE, False),
        (Progress(2, 2, "tasks.md"), None, AgentState.IDLE, False),
        (Progress(2, 2, "tasks.md"), 0, AgentState.WORKING, False),
        (Progress(1, 2, "tasks.md"), 0, AgentState.IDLE, False),
        (Progress(0, 0, "tasks.md"), 0, AgentState.IDLE, False),
        (Progress(2, 2, work_seen.PLAN), 0, AgentState.IDLE, False),
        (None, 0, AgentState.IDLE, False),
    ],
)
def test_complete_needs_a_page_all_done_a_clean_tree_and_rest(
    work: Progress | None, dirty: int | None, state: AgentState, complete: bool
) -> None:
    parts: Any = SimpleNamespace(work=work_seen.WorkSeen(SystemClock()), usage=None)
    marked: list[AgentState | None] = []
    live: Any = SimpleNamespace(
        key=TEAM[1].key,
        fused=lambda: Fused(state, NOW, "test"),
        figures=lambda: None,
        readings=Readings,
        moved_at=lambda: NOW,
        mark=lambda state, _reading: marked.append(state),
    )
    desk = Rounds(parts)
    for second in (0, 5):
        facts = desk._facts(live, work, dirty, None, False, at(second))
        desk._mark(live, facts, (), at(second))
    assert marked == ([AgentState.COMPLETE] if complete else [])
