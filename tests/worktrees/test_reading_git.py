"""What is read from git, for any input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import git
from tests.worktrees.conftest import Bench
from tests.worktrees.zoo import script
from tmux_orch import crash, external
from tmux_orch.domain.errors import Internal
from tmux_orch.worktrees.elsewhere import OnlyHere, only_here
from tmux_orch.worktrees.entries import entries, pointed_at
from tmux_orch.worktrees.git import Git, GitFailed
from tmux_orch.worktrees.shown import counted, few, shown
from tmux_orch.worktrees.status import Changed, parse, read_status

PATHS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), min_size=1)


@given(st.text() | st.binary())
def test_whatever_is_shown_is_one_printable_line(name: str | bytes) -> None:
    text = shown(name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass"))
    assert text.isprintable()
    assert len(text) <= 160


@given(st.lists(PATHS, max_size=6))
def test_few_names_and_counts(names: list[str]) -> None:
    text = few(names)
    assert text.isprintable()
    assert (" more" in text) >= (len(names) > 3)
    assert counted(len(names), "file").startswith(str(len(names)))


@given(st.lists(st.tuples(st.sampled_from("1u?!"), PATHS)), PATHS, st.booleans())
def test_a_status_is_read_whatever_the_names(
    changes: list[tuple[str, str]], branch: str, initial: bool
) -> None:
    oid = "(initial)" if initial else "a" * 40
    records = [f"# branch.oid {oid}", f"# branch.head {branch}", "# branch.ab +1 -2"]
    facts = {
        "1": "1 .M N... 100644 100644 100644 " + f"{'b' * 40} {'c' * 40} ",
        "u": "u UU N... 100644 100644 100644 100644 " + f"{'b' * 40} {'c' * 40} {'d' * 40} ",
        "?": "? ",
        "!": "! ",
    }
    records += [facts[kind] + path for kind, path in changes]
    status = parse("\0".join([*records, ""]))
    assert status.branch == branch
    assert status.commit == (None if initial else oid)
    assert [(c.kind, c.path) for c in status.changed] == changes


@given(st.text())
def test_no_answer_of_git_breaks_the_reader(text: str) -> None:
    try:
        parse(text)
    except IndexError:
        # A record shorter than git writes; nothing else may come of it.
        assert any(record[:1] in ("1", "u") for record in text.split("\0"))


def test_letters_of_index_and_tree_are_told_apart(bench: Bench) -> None:
    (bench.root / "file-0.txt").write_text("changed")
    (bench.root / "file-1.txt").write_text("staged")
    git(bench.root, "add", "file-1.txt")
    found = {c.path: c for c in read_status(Git(bench.root)).changed}
    assert found["file-0.txt"] == Changed("1", ".", "M", "N...", "file-0.txt")
    assert found["file-1.txt"] == Changed("1", "M", ".", "N...", "file-1.txt")


def test_entries_are_those_of_git(bench: Bench, tmp_path: Path) -> None:
    odd = tmp_path / "new\nline"
    git(bench.root, "worktree", "add", "-q", "-b", "a", str(odd))
    git(bench.root, "worktree", "add", "-q", "--detach", str(tmp_path / "b"))
    git(bench.root, "worktree", "lock", "--reason", "why not", str(tmp_path / "b"))
    found = {entry.worktree: entry for entry in entries(bench.repo.common_dir)}
    assert set(found) == {odd, tmp_path / "b"}
    assert found[odd].branch == "refs/heads/a"
    assert found[tmp_path / "b"].branch is None
    assert found[tmp_path / "b"].locked == "why not"
    assert pointed_at(odd) == found[odd].admin


def test_relative_pointers_of_newer_gits_are_followed(bench: Bench) -> None:
    bench.make()
    admin = bench.root / ".git/worktrees/developer"
    (bench.path / ".git").write_text(f"gitdir: {os.path.relpath(admin, bench.path)}\n")
    (admin / "gitdir").write_text(f"{os.path.relpath(bench.path / '.git', admin)}\n")
    assert bench.make().state == "kept"


def test_reading_leaves_the_index_as_it_is(bench: Bench) -> None:
    index = bench.root / ".git/index"
    os.utime(bench.root / "file-0.txt", ns=(1, 1))
    before = (index.read_bytes(), index.stat().st_mtime_ns)
    read_status(Git(bench.root))
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


def test_a_git_that_met_a_half_written_entry_is_run_again(bench: Bench, tmp_path: Path) -> None:
    """Seen with 16 adds at once: git reads all entries and dies of one that is being written."""
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin/git", f"""
if test -e {tmp_path}/second; then echo fine; exit 0; fi
touch {tmp_path}/second
echo "fatal: failed to read .git/worktrees/agent-3/commondir: Success" >&2
exit 128""")  # fmt: skip
    environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    assert Git(bench.root, environment).line("worktree", "list") == "fine"


def test_filters_see_the_persons_characters_and_we_read_english(
    bench: Bench, tmp_path: Path
) -> None:
    (bench.root / ".gitattributes").write_text("file-0.txt filter=locale\n")
    git(bench.root, "config", "filter.locale.smudge", "cat; echo $LC_ALL $LC_CTYPE $LC_MESSAGES")
    git(bench.root, "add", ".")
    git(bench.root, "commit", "-q", "-m", "Attributes")
    environment = {**os.environ, "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}
    place = tmp_path / "w"
    Git(bench.root, environment).run("worktree", "add", "-q", "--detach", str(place))
    assert (place / "file-0.txt").read_text().endswith("de_DE.UTF-8 C\n")
    with pytest.raises(GitFailed, match="already exists"):
        Git(bench.root, environment).run("worktree", "add", "--detach", str(place))


def test_a_git_that_cannot_be_run_is_one_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise crash.InjectedFault("injected at call:1")

    monkeypatch.setattr(external, "run", fail)
    with pytest.raises(Internal, match="git status could not be run: injected at call:1"):
        read_status(Git(bench.root))


def test_a_stash_and_a_rescue_do_not_count_as_elsewhere(bench: Bench) -> None:
    git(bench.root, "switch", "-q", "-c", "home")
    git(bench.root, "commit", "-q", "--allow-empty", "-m", "Work")
    tip = git(bench.root, "rev-parse", "HEAD")
    (bench.root / "file-0.txt").write_text("changed")
    git(bench.root, "stash", "-q")
    git(bench.root, "update-ref", "refs/orch/rescue/x", tip)
    assert only_here(bench.repo.git(), [tip], "refs/heads/home") == OnlyHere(1, (tip,))
    assert only_here(bench.repo.git(), [], "refs/heads/home", [tip]) == OnlyHere(0, (tip,))
    git(bench.root, "tag", "v1", tip)
    assert only_here(bench.repo.git(), [tip, "0" * 40], "refs/heads/home") == OnlyHere()
