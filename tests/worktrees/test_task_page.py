"""A page that agents write is read without following them anywhere."""

from __future__ import annotations

import os
from pathlib import Path

from tmux_orch.briefing import facts
from tmux_orch.worktrees.task_page import LARGEST, OURS, is_theirs, names, read


def test_our_page_is_the_one_that_the_briefing_names() -> None:
    assert OURS == facts.TASKS_FILE
    assert names(("docs/plan.md",))[:2] == ["docs/plan.md", OURS]


def test_a_page_is_read_once_until_it_changes(tmp_path: Path) -> None:
    (tmp_path / ".orch").mkdir()
    (tmp_path / OURS).write_text("- [ ] a\n")
    first = read(tmp_path, OURS)
    assert first is not None
    assert first.text == "- [ ] a\n"
    assert read(tmp_path, OURS, first) is first
    (tmp_path / OURS).write_text("- [x] ab\n")
    again = read(tmp_path, OURS, first)
    assert again is not None
    assert again.text == "- [x] ab\n"


def test_links_pipes_directories_and_huge_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("- [x] a\n")
    work = tmp_path / "work"
    work.mkdir()
    (work / "link.md").symlink_to(secret)
    (work / "place").symlink_to(tmp_path)
    os.mkfifo(work / "pipe.md")
    (work / "directory.md").mkdir()
    (work / "huge.md").write_bytes(b"- [x] a\n" * (LARGEST // 8 + 1))
    for name in ("link.md", "place/secret", "pipe.md", "directory.md", "huge.md", "absent.md",
                 "../secret", str(secret), ""):  # fmt: skip
        assert read(work, name) is None, name
    assert read(tmp_path / "gone", "tasks.md") is None


def test_bytes_that_are_no_text_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "TODO.md").write_bytes(b"\xff- [x] a\r\n- [x] \xc3\n")
    page = read(tmp_path, "TODO.md")
    assert page is not None
    assert "�- [x] a" in page.text


def test_a_page_of_the_repository_counts_once_it_was_changed(tmp_path: Path) -> None:
    (tmp_path / "TODO.md").write_text("- [ ] somebody's\n")
    (tmp_path / ".orch").mkdir()
    (tmp_path / ".orch/.gitignore").write_text("*\n")
    (tmp_path / OURS).write_text("- [ ] ours\n")
    os.utime(tmp_path / "TODO.md", ns=(0, (tmp_path / ".orch/.gitignore").stat().st_mtime_ns))
    theirs, ours = read(tmp_path, "TODO.md"), read(tmp_path, OURS)
    assert theirs is not None and is_theirs(tmp_path, theirs)
    assert ours is not None and not is_theirs(tmp_path, ours)
    (tmp_path / "TODO.md").write_text("- [x] mine\n")
    later = (tmp_path / ".orch/.gitignore").stat().st_mtime_ns + 1
    os.utime(tmp_path / "TODO.md", ns=(0, later))
    changed = read(tmp_path, "TODO.md")
    assert changed is not None and not is_theirs(tmp_path, changed)
