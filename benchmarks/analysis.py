"""Looking at a large repository, beside ``git grep -Ic ''`` over the same files."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import DEADLINE_S, Figure, ms, paired, quiet, wall
from tmux_orch.analysis.detect import analyse
from tmux_orch.config.templates import load_templates

FILES, MANY = 10_000, 100_000
ROUNDS, FEW = 9, 3
TO_GREP, TO_LINEAR = 4.0, 1.0

# What repositories of this size are made of; the texts hold what the analysis looks for.
_KINDS = {
    ".py": "import json\nfrom airflow import DAG\n\n\ndef run(value):\n    return value\n",
    ".ts": "import { page } from './page'\n\nexport const value = page(1)\n",
    ".go": "package main\n\nfunc main() {\n\tprintln(1)\n}\n",
    ".yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n",
    ".tf": 'resource "aws_s3_bucket" "this" {\n  bucket = var.name\n}\n',
    ".sql": "select id, name from orders where paid;\n",
    ".json": '{"name": "example", "values": [1, 2, 3]}\n',
    ".md": "# Title\n\nSome words about the thing.\n",
}
_SPEC = "Add a page where users see their orders, and load them into the warehouse every night.\n"


def figures() -> Iterator[Figure]:
    """The rows of the analysis."""
    with tempfile.TemporaryDirectory(prefix="orch-bench-") as place:
        ours, base = _look(_tree(Path(place) / "ten", FILES), ROUNDS)
        ratio = sorted(a / b for a, b in zip(ours, base, strict=True))[len(ours) // 2]
        yield Figure(f"analysis of {FILES:,} files / git grep -Ic ''", ratio, TO_GREP,
                     detail=ms(ours, base))  # fmt: skip
        shutil.rmtree(Path(place) / "ten")
        many, _ = _look(_tree(Path(place) / "hundred", MANY), FEW)
        growth = sorted(many)[len(many) // 2] / sorted(ours)[len(ours) // 2] / (MANY / FILES)
        yield Figure(f"analysis of {MANY:,} files / {MANY // FILES} times {FILES:,}", growth,
                     TO_LINEAR, detail=ms(many))  # fmt: skip


def _look(root: Path, rounds: int) -> tuple[list[float], list[float]]:
    templates = load_templates({})
    grep = ["git", "-C", os.fspath(root), "grep", "-Ic", ""]

    def ours() -> float:
        return wall(lambda: analyse(root, os.environ, _SPEC, templates))

    def theirs() -> float:
        return wall(lambda: subprocess.run(grep, stdout=subprocess.PIPE, timeout=DEADLINE_S))

    ours(), theirs()  # both read from the page cache afterwards
    _, mine, base = paired(ours, theirs, rounds)
    return mine, base


def _tree(root: Path, files: int) -> Path:
    """A repository of many packages; files of all kinds, 5 to 300 lines long."""
    chance = random.Random(files)
    kinds = list(_KINDS)
    for number in range(files // 50):
        package = root / f"packages/group{number % 40}/part{number}"
        for part in ("src", "src/models", "deploy"):
            (package / part).mkdir(parents=True)
        (package / "package.json").write_text('{"dependencies": {"express": "4", "pg": "8"}}\n')
        for index in range(49):
            ending = chance.choice(kinds)
            part = chance.choice(("src", "src/models", "deploy"))
            text = _KINDS[ending] * chance.randint(1, 60)
            (package / part / f"file{index}{ending}").write_text(text)
    quiet(["git", "init", "-q", os.fspath(root)])
    quiet(["git", "-C", os.fspath(root), "add", "-A"])
    return root
