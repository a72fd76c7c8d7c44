import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis import trees
from tmux_orch.analysis import size
from tmux_orch.analysis.tree import Reader
from tmux_orch.config.templates import load_templates
from tmux_orch.domain.roles import Size

ORDER = ("small", "medium", "large", "enterprise")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(1, "small"), (4_999, "small"), (5_000, "medium"), (49_999, "medium"), (50_000, "large"),
     (299_999, "large"), (300_000, "enterprise"), (10**9, "enterprise")],
)  # fmt: skip
def test_a_size_begins_where_the_one_before_it_ends(lines, expected):
    assert size.of(lines, 3, False, load_templates({}).sizes) == expected
    assert size.of(lines, 3, False, {}) == expected


@pytest.mark.parametrize(
    ("breadth", "expected"),
    [(0, "small"), (3, "small"), (4, "medium"), (20, "large"), (80, ORDER[3])],
)
def test_an_empty_repository_is_as_large_as_its_spec_is_broad(breadth, expected):
    assert size.of(0, breadth, True, {}) == expected


def test_a_broad_spec_lifts_a_small_project_one_step_less_than_an_empty_one():
    assert size.of(100, 10, False, {}) == "small"
    assert size.of(100, 30, False, {}) == "medium"
    assert size.of(100, 200, False, {}) == "large"
    assert size.of(400_000, 1, False, {}) == "enterprise"


@given(st.integers(0, 10**6), st.integers(0, 500), st.booleans())
def test_more_code_and_more_work_never_make_a_project_smaller(lines, breadth, empty):
    here = ORDER.index(size.of(lines, breadth, empty, {}))
    assert ORDER.index(size.of(lines + 1000, breadth, empty, {})) >= here
    assert ORDER.index(size.of(lines, breadth + 5, empty, {})) >= here


def test_sizes_come_from_the_templates():
    sizes = {
        "huge": Size("huge", None, (1, 1), (0, 0), 9),
        "tiny": Size("tiny", 10, (1, 1), (0, 0), 1),
    }
    assert size.of(9, 1, False, sizes) == "tiny"
    assert size.of(10, 1, False, sizes) == "huge"
    assert size.of(0, 500, True, sizes) == "huge"


COUNTED = ["a.py", "src/b.tsx", "c.tf", "d.yaml", "Dockerfile", "Makefile", "e.sql", "f.sh",
           "g.css", "h.unknownlanguage", "lib/i.vue"]  # fmt: skip
LEFT_OUT = [
    "README.md", "LICENSE", "vendor/a.go", "node_modules/b.js", "dist/c.js", "d.min.js",
    "package-lock.json", "yarn.lock", "go.sum", "e.pb.go", "f_pb2.py", "pnpm-lock.yaml",
    "g.svg", "h.csv", "src/generated/i.ts", "third_party/j.c", "k.json", "l.snap",
    ".gitignore", "__snapshots__/m.js", "zz_generated.deepcopy.go", "n.designer.cs",
]  # fmt: skip


@pytest.mark.parametrize("name", COUNTED + LEFT_OUT)
def test_lines_are_of_code_that_people_write_here(tmp_path, name):
    root = trees.make(tmp_path, {name: "x\n" * 7})
    assert size.lines(root, os.environ, Reader(root)) == (7 if name in COUNTED else 0)


def test_a_notebook_counts_for_the_part_that_is_code(tmp_path):
    root = trees.make(tmp_path, {"look.ipynb": "x\n" * 100})
    assert size.lines(root, os.environ, Reader(root)) == 25


def test_a_repository_without_files_has_no_lines(tmp_path):
    root = trees.make(tmp_path, {})
    assert size.lines(root, os.environ, Reader(root)) == 0


def test_only_the_part_below_the_project_counts(tmp_path):
    root = trees.make(tmp_path, {"a/x.py": "1\n2\n", "b/y.py": "1\n"})
    trees.git(root, "config", "grep.fullName", "true")
    assert size.lines(root / "a", os.environ, Reader(root / "a")) == 2
