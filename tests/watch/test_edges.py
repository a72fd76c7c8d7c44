"""The small parts: the line on the agent's screen, figures, the worktree's last change, titles."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.watch.conftest import Scene
from tests.watch.real import real_board
from tmux_orch.domain.states import AgentState, Condition, Fused, Reading, Source
from tmux_orch.domain.work import Figures, Quota
from tmux_orch.tmux.capture import shown
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.server import Server
from tmux_orch.watch import gauge, worktree
from tmux_orch.watch.edges import Edges
from tmux_orch.watch.eyes import TmuxEyes
from tmux_orch.watch.hooks import HookDesk
from tmux_orch.watch.readings import Readings

NOW = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


def test_the_line_on_the_agents_screen_is_short_and_says_what_matters() -> None:
    figures = Figures(NOW, context_percent=41.6, cost_usd=1.239, model="m")
    assert gauge.line("developer", figures) == "developer · context 42 % · $1.24"
    near = Figures(NOW, quotas=(Quota("five_hour", 93, None), Quota("seven_day", 20, None)))
    assert gauge.line("tester", near) == "tester · five hour limit 93 %"


def test_a_condition_is_told_when_it_appears_and_not_while_it_stands() -> None:
    edges = Edges()
    said = Reading(Source.SCREEN, None, NOW, "rule", "Context low (8% remaining)")
    told = edges.condition(Condition.CONTEXT_LOW, said)
    assert told is not None and told["condition"] == "context_low"
    assert edges.condition(Condition.CONTEXT_LOW, said) is None
    assert edges.condition(Condition.NONE, said) is None
    assert edges.condition(Condition.CONTEXT_LOW, said) is not None


def test_a_condition_that_counts_down_is_told_once() -> None:
    edges, words = Edges(), "Rate limit reached [retrying in {}s attempt #1]"
    said = [Reading(Source.SCREEN, None, NOW, "rule", words.format(n)) for n in (18, 14, 9)]
    told = [edges.condition(Condition.API_ERROR, one) for one in said]
    assert [one is not None for one in told] == [True, False, False]


def test_a_limit_is_told_again_after_it_was_over() -> None:
    edges = Edges()
    limit = Reading(Source.HOOK, AgentState.USAGE_LIMITED, NOW, "rule")
    held, free = (Fused(state, NOW, "") for state in (AgentState.USAGE_LIMITED, AgentState.IDLE))
    assert edges.limit(held, Readings(hook=limit)) is not None
    assert edges.limit(held, Readings(hook=limit)) is None
    assert edges.limit(free, Readings(hook=limit)) is None
    assert edges.limit(held, Readings(hook=limit)) is not None


def test_the_last_change_of_a_worktree_needs_no_git_process(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path / "main", check=True, capture_output=True)

    (tmp_path / "main").mkdir()
    git("init", "-q")
    git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "x")
    git("worktree", "add", "-q", str(tmp_path / "tree"))
    tree = str(tmp_path / "tree")
    before = worktree.last_change(tree)
    assert before is not None and before.state is None
    later = time.time() + 60
    os.utime(tmp_path / "main" / ".git" / "worktrees" / "tree" / "index", (later, later))
    after = worktree.last_change(tree)
    assert after is not None and after.at > before.at and after.detail == "index"
    begun = time.perf_counter()
    for _ in range(100):
        worktree.last_change(tree)
    assert time.perf_counter() - begun < 5
    assert worktree.last_change(str(tmp_path / "nowhere")) is None


def test_a_worktree_that_appears_later_is_seen_and_a_pipe_in_its_place_holds_nobody(
    tmp_path: Path,
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    assert worktree.last_change(str(tree)) is None
    (tmp_path / "index").touch()
    (tree / ".git").write_text(f"gitdir: {tmp_path}\n")
    assert worktree.last_change(str(tree)) is not None
    (tree / ".git").unlink()
    os.mkfifo(tree / ".git")
    assert worktree.last_change(str(tree)) is None


def test_the_screens_of_a_server_that_has_just_ended_are_missing(short_path: Path) -> None:
    server = Server(short_path / "s", short_path / "c", dict(os.environ))
    assert TmuxEyes(server).capture(["%0"]) == {}


def test_a_title_with_a_newline_forges_no_screen(short_path: Path) -> None:
    with real_board(short_path) as real:
        one, two = real.open("one", "two")
        forged = f"a\n{'0' * 24} {two.pane_id[1:]}\nb"
        real.server.run([Command("select-pane", "-t", one.pane_id, "-T", forged)])
        real.server.run([Command("select-pane", "-t", two.pane_id, "-T", "plain ✳")])
        found = shown(real.server, [one.pane_id, two.pane_id, "%999"], 5.0)
        assert set(found) == {one.pane_id, two.pane_id}
        assert found[two.pane_id].title == "plain ✳"
        assert not found[two.pane_id].screen.strip()


def test_the_status_line_is_answered_and_is_no_sign_of_hooks(scene: Scene) -> None:
    from tests.watch.conftest import FakeDeliverer
    from tmux_orch.clock import SystemClock

    seat = scene.seat()
    live = scene.board.seat(seat.key)
    assert live is not None
    scene.adapter.hook = lambda payload, now: telling(now)  # type: ignore[method-assign,assignment]
    desk = HookDesk(scene.board, FakeDeliverer(), SystemClock())
    assert desk.handle(b"{}", seat.pid, lambda: False) == b"developer \xc2\xb7 context 12 %"
    figures = live.figures()
    assert figures is not None and figures.context_percent == 12
    assert scene.adapter.figure_reads == 0, "what the program tells is not read from its files"
    assert not live.busy_with_hooks()


def telling(now: datetime) -> object:
    from tmux_orch.agents.adapter import HookReading

    reading = Reading(Source.STATUS_LINE, None, now, "fake.status_line")
    return HookReading(reading, figures=Figures(now, context_percent=12))
