import os
import subprocess
from pathlib import Path

import pytest

from tests.analysis import trees
from tmux_orch.analysis.detect import analyse
from tmux_orch.analysis.paths import Paths
from tmux_orch.analysis.tree import Reader, tracked
from tmux_orch.config.templates import load_templates
from tmux_orch.domain.findings import Findings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return trees.make(tmp_path / "p", {"app.py": "x = 1\n" * 3})


def look(root: Path, environ=None) -> Findings:
    return analyse(root, environ or os.environ, "Do it.\n", load_templates({}))


def test_a_link_out_of_the_repository_is_not_followed(root, tmp_path):
    outside = tmp_path / "outside"
    trees.make(outside, {"requirements.txt": "django\n", "code.py": "x\n" * 500})
    (root / "requirements.txt").symlink_to(outside / "requirements.txt")
    (root / "code.py").symlink_to(outside / "code.py")
    trees.git(root, "add", "-A")
    found = look(root)
    assert found.lines == 3
    assert not any("web framework" in one.indicator for one in found.evidence)


def test_a_directory_that_became_a_link_after_it_was_tracked_is_not_followed(root, tmp_path):
    trees.make(root, {"sub/requirements.txt": "", "sub/code.py": ""})
    outside = tmp_path / "outside"
    trees.make(outside, {"requirements.txt": "django\n", "code.py": "x\n" * 500})
    (root / "sub/requirements.txt").unlink()
    (root / "sub/code.py").unlink()
    (root / "sub").rmdir()
    (root / "sub").symlink_to(outside)
    assert Reader(root).text("sub/requirements.txt") == ""
    found = look(root)
    assert found.lines == 3
    assert not any("web framework" in one.indicator for one in found.evidence)


@pytest.mark.parametrize("path", ["/etc/hostname", "../outside.txt", "a\0b", "missing", ""])
def test_a_path_that_is_no_tracked_file_reads_as_nothing(root, path):
    (root.parent / "outside.txt").write_text("secret")
    assert Reader(root).text(path) == ""


@pytest.mark.timeout(20)
def test_a_named_pipe_in_the_place_of_a_manifest_does_not_hold_us(root):
    trees.make(root, {"package.json": "{}", "docker-compose.yml": ""})
    for name in ("package.json", "docker-compose.yml"):
        (root / name).unlink()
        os.mkfifo(root / name)
    assert look(root).team_type == "general"


def test_a_huge_manifest_is_read_to_a_bound(root):
    (root / "requirements.txt").write_text("flask\n" + "x" * 5_000_000 + "\ndjango\n")
    assert len(Reader(root).text("requirements.txt")) < 300_000
    trees.git(root, "add", "-A")
    assert look(root).team_type == "web_application"


def test_binary_files_count_no_lines_and_say_nothing(root):
    (root / "package.json").write_bytes(b'\0\1{"dependencies": {"express": "1"}}\n' * 50)
    (root / "module.py").write_bytes(b"\0\n" * 500)
    trees.git(root, "add", "-A")
    found = look(root)
    assert (found.lines, found.team_type) == (3, "general")


HOSTILE = [b"caf\xe9.py", b"new\nline.py", b"tab\there.py", b'quote".py', b"-c.py", b" .py",
           b"\xf0\x9f\x92\xa9.py", b"[a]*?.py", b":(exclude)x.py", b"a" * 200 + b".py"]  # fmt: skip


def test_names_of_any_bytes_are_tracked_files_like_others(root):
    for name in HOSTILE:
        (root / os.fsdecode(name)).write_text("x\n")
    trees.git(root, "add", "-A")
    assert {os.fsencode(path) for path in tracked(root, os.environ)} == {*HOSTILE, b"app.py"}
    found = look(root)
    assert found.lines == 3 + len(HOSTILE)
    assert all("\n" not in one.indicator for one in found.evidence)


def test_a_submodule_is_not_part_of_the_project(root, tmp_path):
    other = trees.make(tmp_path / "other", trees.DJANGO)
    person = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
    trees.git(other, *person, "commit", "-q", "-m", "x")
    trees.git(root, "submodule", "--quiet", "add", os.fspath(other), "lib")
    trees.git(root, "config", "submodule.recurse", "true")
    found = look(root)
    assert (found.lines, found.team_type) == (3, "general")


def test_only_tracked_files_count(root):
    (root / "manage.py").write_text("import django\n" * 100)
    (root / "requirements.txt").write_text("django\n")
    found = look(root)
    assert (found.lines, found.team_type) == (3, "general")


def test_a_tracked_file_that_was_deleted_does_no_harm(root):
    trees.make(root, trees.DJANGO)
    (root / "manage.py").unlink()
    assert look(root).team_type == "web_application"


def test_variables_and_settings_that_redirect_git_change_nothing(root, tmp_path):
    elsewhere = trees.make(tmp_path / "elsewhere", trees.DJANGO)
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    for name, value in (("core.fsmonitor", hook), ("color.ui", "always"), ("grep.fullName", "true"),
                        ("grep.lineNumber", "true"), ("grep.column", "true")):  # fmt: skip
        trees.git(root, "config", name, os.fspath(value))
    environ = os.environ | {"GIT_DIR": os.fspath(elsewhere / ".git"), "GIT_INDEX_FILE": "/nowhere"}
    found = look(root, environ)
    assert (found.lines, found.team_type) == (3, "general")
    assert not (tmp_path / "ran").exists()


def test_nothing_in_the_repository_is_changed_by_looking_at_it(root):
    def state() -> dict[str, tuple[int, int]]:
        files = (p for p in root.rglob("*") if p.is_file())
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in files}

    before = state()
    look(root)
    assert state() == before


def test_an_unmerged_file_counts_once(root):
    blob = subprocess.run(["git", "-C", root, "hash-object", "-w", "app.py"], capture_output=True)
    sha = blob.stdout.decode().strip()
    entries = "".join(f"100644 {sha} {stage}\tapp.py\n" for stage in (1, 2, 3))
    index = ["git", "-C", root, "update-index", "--index-info"]
    trees.git(root, "rm", "--cached", "-q", "app.py")
    subprocess.run(index, input=entries.encode(), check=True)
    assert tracked(root, os.environ) == ("app.py",)


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("setup.py", {"setup.py", "lib/Setup.py"}),
        ("/setup.py", {"setup.py"}),
        ("*.tf", {"a/b/main.tf", "a/main.tf"}),
        ("a/*.tf", {"a/main.tf"}),
        ("roles/*/tasks/*.yml", {"x/roles/web/tasks/main.yml"}),
        ("b/", {"a/b/main.tf"}),
        ("mai?.yml", {"x/roles/web/tasks/main.yml"}),
        ("*.py", {"setup.py", "lib/Setup.py"}),
        ("nothing", set()),
    ],
)  # fmt: skip
def test_a_glob_means_names_directories_ends_of_paths_or_the_root(glob, expected):
    paths = ["setup.py", "lib/Setup.py", "a/b/main.tf", "a/main.tf", "x/roles/web/tasks/main.yml"]
    assert set(Paths.of(paths).matching(glob)) == expected
