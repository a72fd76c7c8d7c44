"""What is remembered of an agent's work: pages, signals, starts, git; each look cheap."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import git, make_repository
from tests.watch.conftest import Scene, eventually, make_berth, make_seat
from tmux_orch.clock import SystemClock
from tmux_orch.domain.attention import AlertKind, Thresholds
from tmux_orch.domain.said import Said
from tmux_orch.domain.states import AgentState, Reading, Source
from tmux_orch.domain.work import Progress
from tmux_orch.watch import attention, process, work_seen
from tmux_orch.watch.attention import Facts
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.work_seen import WorkSeen

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


@pytest.fixture
def seen() -> WorkSeen:
    return WorkSeen(SystemClock())


def live_of(scene: Scene, key: str = "shop/developer") -> LiveSeat:
    live = scene.board.seat(key)
    assert live is not None
    return live


def facts(seen: WorkSeen, live: LiveSeat) -> Facts:
    agent, fused = seen.of(live.key), live.fused()
    return Facts(
        live.key, fused.state, fused.since_at, moved_at=live.moved_at(),
        stopped_since_at=agent.stopped_since_at, starts=tuple(agent.starts),
    )  # fmt: skip


def test_a_stopped_process_is_stuck_whatever_it_said_last(scene: Scene, seen: WorkSeen) -> None:
    """tmux continues its windows' programs; one that it did not start stays stopped (C9)."""
    for status in ("idle", "working"):
        seat = scene.seat(status, status)
        live = live_of(scene, seat.key)
        seen.look(live, NOW)
        assert seen.of(live.key).stopped_since_at is None
        os.kill(seat.pid, signal.SIGSTOP)
        eventually(lambda pid=seat.pid: (found := process.stat(pid)) and found.stopped)
        seen.look(live, NOW)
        seen.look(live, NOW + timedelta(seconds=299))
        found = attention.alerts(facts(seen, live), Thresholds(), NOW + timedelta(seconds=299))
        assert [a.kind for a in found if "stopped" in a.detail] == []
        found = attention.alerts(facts(seen, live), Thresholds(), NOW + timedelta(seconds=300))
        assert [a.kind for a in found if "stopped" in a.detail] == [AlertKind.STUCK]
        os.kill(seat.pid, signal.SIGCONT)
        eventually(lambda pid=seat.pid: (found := process.stat(pid)) and not found.stopped)
        seen.look(live, NOW + timedelta(seconds=301))
        assert seen.of(live.key).stopped_since_at is None


def test_a_frozen_screen_of_a_busy_program_is_stuck_until_anything_moves(scene: Scene) -> None:
    seat = scene.seat(status="working")
    live = live_of(scene)
    over = Thresholds(stuck_s=5)
    scene.board.tick()
    late = live.fused().since_at + timedelta(seconds=60)
    seen = WorkSeen(SystemClock())
    assert [a.kind for a in attention.alerts(facts(seen, live), over, late)] == [AlertKind.STUCK]
    live.mark(AgentState.STUCK, Reading(Source.PROCESS, None, late, "attention.stuck"))
    assert scene.state(seat) is AgentState.STUCK
    assert [a.kind for a in attention.alerts(facts(seen, live), over, late)] == [AlertKind.STUCK]
    live.take_output(late, live.seat())
    assert attention.alerts(facts(seen, live), over, late + timedelta(seconds=4)) == ()


def test_starts_are_counted_from_incarnations(scene: Scene, seen: WorkSeen) -> None:
    seat = scene.seat()
    live = live_of(scene)
    seen.look(live, NOW)
    assert list(seen.of(live.key).starts) == []
    for number, second in ((2, 10), (3, 20), (6, 30)):
        again = replace(seat, incarnation=number)
        scene.board.adopt(again, make_berth(again))
        seen.look(live, NOW + timedelta(seconds=second))
    assert len(seen.of(live.key).starts) == 5
    found = attention.alerts(facts(seen, live), Thresholds(), NOW + timedelta(seconds=31))
    assert [alert.kind for alert in found] == [AlertKind.RESTART_LOOP]
    later = NOW + timedelta(seconds=700)
    assert attention.alerts(facts(seen, live), Thresholds(), later) == ()


def test_words_are_read_from_the_transcript_and_kept(
    scene: Scene, seen: WorkSeen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_seen, "ASK_S", 0.0)
    seat = scene.seat()
    live = live_of(scene)
    path = scene.adapter.home / f"{seat.conversation_id}.jsonl"
    assert seen.look(live, NOW) == []
    path.write_text('{"kind": "answer", "text": "QUESTION: which port?"}\n')
    assert seen.look(live, NOW) == [Said("question", "which port?")]
    assert seen.of(live.key).words.last_line == "QUESTION: which port?"
    seen.forget(live.key)
    assert seen.of(live.key).words.last_line == ""


# -- pages and git ------------------------------------------------------------------------------


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    path = make_repository(tmp_path / "work")
    (path / ".orch").mkdir()
    (path / ".orch/.gitignore").write_text("*\n")
    return path


def write(worktree: Path, name: str, text: str) -> None:
    made = (worktree / ".orch/.gitignore").stat().st_mtime_ns
    (worktree / name).write_text(text)
    os.utime(worktree / name, ns=(made + 10**9, made + 10**9 + len(text)))


def test_the_roles_page_is_first_then_ours_then_a_known_one(seen: WorkSeen, worktree: Path) -> None:
    seat = make_seat(worktree=str(worktree))
    assert seen.progress(seat) is None
    assert seen.progress(seat, planned=("T1", "T2")) == Progress(0, 2, "plan")
    (worktree / "TODO.md").write_text("- [ ] somebody else's\n")
    os.utime(worktree / "TODO.md", (0, 0))  # as the checkout left it
    assert seen.progress(seat) is None
    write(worktree, "TODO.md", "- [ ] a\n")
    assert seen.progress(seat) == Progress(0, 1, "TODO.md")
    write(worktree, ".orch/tasks.md", "# no task yet\n")
    assert seen.progress(seat) == Progress(0, 1, "TODO.md")
    write(worktree, ".orch/tasks.md", "- [x] **T1** a\n- [ ] b\n")
    assert seen.progress(seat) == Progress(1, 2, ".orch/tasks.md")
    assert seen.progress(seat, planned=("T1", "T2")) == Progress(1, 3, ".orch/tasks.md")
    write(worktree, "mine.md", "Status: done\n")
    assert seen.progress(seat, ("gone.md", "mine.md")) == Progress(1, 1, "mine.md")


def test_a_page_that_did_not_change_is_not_read_again(
    seen: WorkSeen, worktree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = make_seat(worktree=str(worktree))
    write(worktree, ".orch/tasks.md", "- [x] a\n")
    first = seen.progress(seat)
    monkeypatch.setattr(work_seen.progress, "tasks", None)
    assert seen.progress(seat) is first


def test_git_is_asked_no_more_often_than_wanted_and_a_failure_is_not_repeated(
    seen: WorkSeen, worktree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = make_seat(worktree=str(worktree), base=git(worktree, "rev-parse", "HEAD"))
    found = seen.activity(seat, 0)
    assert found is not None
    assert found.dirty_files == 0
    (worktree / "new.txt").write_text("x")
    assert seen.activity(seat, 60) is found
    again = seen.activity(seat, 0)
    assert again is not None
    assert again.dirty_files == 1
    gone = make_seat("gone", worktree=str(worktree / "gone"))
    assert seen.activity(gone, 0) is None
    monkeypatch.setattr(work_seen, "activity", None)
    assert seen.activity(gone, 0) is None
