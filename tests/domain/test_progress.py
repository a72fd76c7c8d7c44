"""Tasks are counted where a page says they are done, and nowhere else (fault C10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.progress import DONE, OPEN, TWICE_AFTER_S, Completion, progress, tasks
from tmux_orch.domain.work import Progress

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def counted(page: str) -> tuple[int, int]:
    found = progress(page)
    return found.done, found.total


TABLE = "| Task | Status | Who |\n|---|:---:|---|\n"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("", (0, 0)),
        ("# Tasks\n\nNothing yet.\n", (0, 0)),
        ("- [x] a\n- [ ] b\n", (1, 2)),
        ("* [X] a\n+ [x] b\n1. [ ] c\n2) [x] d\n", (3, 4)),
        ("- [-] dropped\n- [~] begun\n- [>] moved\n", (0, 3)),
        ("- [] forgotten blank\n", (0, 1)),
        ("- [x] a\r\n- [ ] b\r\n", (1, 2)),
        ("\ufeff- [x] a\n", (1, 1)),
        ("- [x] a\n  - [ ] b\n    - [x] c\n", (2, 3)),
        ("1. first\n   - [x] deep\n      - [ ] deeper\n", (1, 2)),
        ("- [x", (0, 0)),
        ("- [x]", (0, 0)),
        ("- [ ", (0, 0)),
        ("- [x]no blank\n", (0, 0)),
        ("[x] no list\n", (0, 0)),
        ("- [x](https://a.example) a link\n", (0, 0)),
        ("- see [x] there\n", (0, 0)),
        ("```\n- [x] code\n```\n- [ ] real\n", (0, 1)),
        ("~~~md\n- [x] code\n```\n- [x] code\n~~~\n- [ ] real\n", (0, 1)),
        ("- [ ] one\n  ```\n  - [x] code\n  ```\n- [ ] two\n", (0, 2)),
        ("```\n- [x] never closed\n", (0, 0)),
        ("Text:\n\n    - [x] indented code\n", (0, 0)),
        ("<!--\n- [x] hidden\n-->\n- [ ] shown\n", (0, 1)),
        ("<!-- - [x] hidden --> \n- [x] shown <!-- why -->\n", (1, 1)),
        ("## Task: a\n- **Status**: completed\n## Task: b\n- **Status**: in progress\n", (1, 2)),
        ("Status: done\n", (1, 1)),
        ("**Status:** Done.\n", (1, 1)),
        ("status: in_progress\n", (0, 1)),
        ("Status: ✅\n", (1, 1)),
        ("Status: almost done\n", (0, 0)),
        ("The status: done is what we want.\n", (0, 0)),
        ("All tasks are completed and done.\n", (0, 0)),
        ("- [ ] T1\n  - Status: done\n", (0, 1)),
        ("- [ ] T1\n\n## b\nStatus: done\n", (1, 2)),
        (TABLE + "| a | done | x |\n| b | in progress | y |\n| c | | z |\n", (1, 3)),
        ("Task | Done\n--- | ---\na | [x]\nb | yes\nc | no\n", (2, 3)),
        (TABLE + "| a | done | x |\n\nProse | done | here\n", (1, 1)),
        (TABLE.replace("Status", "Size") + "| a | done | x |\n", (0, 0)),
        ("a | done | b\n", (0, 0)),
        (TABLE + "| a |\n", (0, 0)),
    ],
)
def test_a_page_is_counted(page: str, expected: tuple[int, int]) -> None:
    assert counted(page) == expected


def test_tasks_of_the_plan_that_the_page_lost_are_open() -> None:
    page = "- [x] **T1** one\n- [X] T3: three\n- [x] own\n"
    assert [task.id for task in tasks(page)] == ["T1", "T3", ""]
    assert progress(page, ("T1", "T2", "T3")) == Progress(3, 4)
    assert progress("", ("T1", "T2"), "plan") == Progress(0, 2, "plan")
    assert not progress("", ()).is_complete


lines = st.sampled_from(
    ["- [x] a", "- [ ] b", "  - [X] c", "```", "~~~", "Status: done", "Status: open", "", "# h",
     "| a | Status |", "|---|---|", "| b | done |", "| c | todo |", "prose done", "<!--", "-->",
     "    - [x] d", "\t* [ ] e", "> - [x] quoted", "- [x", "1. [x] f"]
)  # fmt: skip


@given(st.lists(lines, max_size=30), st.sampled_from(["\n", "\r\n", "\r"]))
def test_never_more_done_than_there_is_and_line_ends_do_not_matter(
    page: list[str], ends: str
) -> None:
    done, total = counted("\n".join(page))
    assert 0 <= done <= total <= len(page)
    assert counted(ends.join(page)) == (done, total)


@given(st.text(max_size=300))
def test_any_text_is_read(page: str) -> None:
    done, total = counted(page)
    assert 0 <= done <= total


@given(st.lists(st.booleans(), min_size=1, max_size=20), st.integers(0, 400))
def test_a_half_written_page_never_says_more_than_the_whole(marks: list[bool], cut: int) -> None:
    page = "".join(f"- [{'x' if mark else ' '}] task {i}\n" for i, mark in enumerate(marks))
    assert counted(page) == (sum(marks), len(marks))
    done, total = counted(page[:cut])
    assert done <= sum(marks)
    assert total <= len(marks)


@given(st.sampled_from(sorted(DONE | OPEN)), st.text("abc \n", min_size=1, max_size=40))
def test_a_status_word_within_prose_is_no_task(word: str, prose: str) -> None:
    assert counted(f"x {prose.replace(chr(10), ' ')} {word}") == (0, 0)


def test_complete_is_seen_twice_with_a_clean_tree_and_an_idle_agent() -> None:
    done, later = Progress(2, 2, "f"), NOW + timedelta(seconds=TWICE_AFTER_S)
    first = Completion().look(done, clean=True, idle=True, now=NOW)
    assert not first.proved
    assert not first.look(done, clean=True, idle=True, now=later - timedelta(seconds=1)).proved
    twice = first.look(done, clean=True, idle=True, now=later)
    assert twice.proved
    assert twice.look(done, clean=True, idle=True, now=later).proved
    for other, clean, idle in (
        (done, False, True),
        (done, True, False),
        (Progress(1, 2, "f"), True, True),
        (Progress(0, 0, "f"), True, True),
        (None, True, True),
    ):
        assert not first.look(other, clean=clean, idle=idle, now=later).proved
        assert not twice.look(other, clean=clean, idle=idle, now=later).proved
    more = twice.look(Progress(3, 3, "f"), clean=True, idle=True, now=later)
    assert not more.proved  # another list has to be seen twice itself
