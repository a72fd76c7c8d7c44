"""Scores the choice of a team over labelled projects: ``python -m tests.eval_detection [FILE]``."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.data.detection import materialize

CORPUS = Path(__file__).parent / "data/detection/dev.jsonl"
#: Below this share a number is a failure.
TARGETS = {
    "lenient": 0.92,
    "strict": 0.82,
    "spec_only": 0.9,
    "conflict": 1.0,
    "has_database": 0.85,
    "production_deployment": 0.80,
    "size": 0.80,
}
Entry = dict[str, Any]
Answer = Mapping[str, Any]
Ask = Callable[[Path, str], Answer]


@dataclass
class Score:
    """Right answers of all that count, and what was wrong."""

    right: int = 0
    of: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, entry: Entry, got: object, expected: object, good: bool) -> None:
        self.of += 1
        self.right += good
        if not good:
            self.wrong.append(f"{entry['id']}: {got}, not {expected}")

    @property
    def share(self) -> float:
        return self.right / self.of if self.of else 1.0


def entries(path: Path = CORPUS) -> list[Entry]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def score(pairs: Iterable[tuple[Entry, Answer]], *, padded: bool) -> dict[str, Score]:
    """Every number over answers of the form of ``auto-orchestrate --dry-run --json``."""
    table = {name: Score() for name in TARGETS}
    for entry, answer in pairs:
        doubtful = entry.get("doubtful", [])
        _score_type(table, entry, answer["team_type"])
        for name in ("has_database", "production_deployment"):
            if name not in doubtful:
                got, expected = answer["conditions"][name], entry[name]
                table[name].add(entry, got, expected, got == expected)
        # A tree without its lines is not the project whose size is known.
        if "size" not in doubtful and entry["kind"] == "repo" and padded:
            accepted = entry["size_acceptable"]
            table["size"].add(entry, answer["size"], accepted, answer["size"] in accepted)
    return table


def _score_type(table: dict[str, Score], entry: Entry, got: str) -> None:
    accepted, label = entry["acceptable"], entry["label"]
    table["lenient"].add(entry, got, accepted, got in accepted)
    table["strict"].add(entry, got, label, got == label)
    if entry["kind"] in ("spec_only", "conflict"):
        table[entry["kind"]].add(entry, got, accepted, got in accepted)


def trees(wanted: Iterable[Entry], place: Path, *, pad: bool) -> Iterator[tuple[Entry, Path]]:
    """Each entry with its materialised tree, made once per ``place``."""
    for entry in wanted:
        root = place / entry["id"]
        done = place / f"{entry['id']}.done"
        if not done.exists():
            shutil.rmtree(root, ignore_errors=True)
            materialize.build(entry, place, git=False, pad=pad)
            _track(root)
            done.touch()
        yield entry, root


def _track(root: Path) -> None:
    """One commit that holds everything."""
    identity = ("-c", "user.name=Corpus", "-c", "user.email=corpus@example.invalid")
    for arguments in (("init", "-q"), ("add", "-A", "-f"), ("commit", "-q", "-m", "Import")):
        argv = ["git", "-c", "gc.auto=0", "-c", "core.fsync=none", *identity, *arguments]
        subprocess.run(argv, cwd=root, check=True, stdout=subprocess.DEVNULL, timeout=120)


def in_process() -> Ask:
    """Asks the analysis directly; answers have the form of the command's."""
    from tmux_orch.analysis.detect import analyse
    from tmux_orch.config.templates import load_templates

    templates = load_templates({})

    def ask(root: Path, spec_text: str) -> Answer:
        found = analyse(root, os.environ, spec_text, templates)
        names = ("has_database", "production_deployment")
        conditions = {name: found.conditions.value(name) for name in names}
        return {"team_type": found.team_type, "size": found.size, "conditions": conditions}

    return ask


def by_command(root: Path, _spec_text: str) -> Answer:
    """What the installed command says."""
    command = shutil.which("auto-orchestrate", path=os.fspath(Path(sys.executable).parent))
    if command is None:
        raise SystemExit(
            "auto-orchestrate is not installed; run ./scripts/install, or --in-process"
        )
    argv = [command, "--project", os.fspath(root), "--spec", os.fspath(root / "spec.md")]
    argv += ["--agent", "rehearsal", "--dry-run", "--json", "--planner", "offline"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise SystemExit(f"{root.name}: {done.stderr.strip() or done.stdout.strip()}")
    answer: Answer = json.loads(done.stdout)
    return answer


def run(path: Path, ask: Ask, *, pad: bool, half: str = "") -> dict[str, Score]:
    """The table over the entries of ``path``, or the odd or even numbered ``half`` of them."""
    wanted = [e for e in entries(path) if not half or _half(e) == half]
    digest = hashlib.sha256(path.read_bytes() + str(pad).encode()).hexdigest()[:12]
    place = Path(tempfile.gettempdir()) / f"tmux-orch-detection-{os.getuid()}-{digest}"
    place.mkdir(mode=0o700, exist_ok=True)
    pairs = [(e, ask(root, e["spec"])) for e, root in trees(wanted, place, pad=pad)]
    return score(pairs, padded=pad)


def _half(entry: Entry) -> str:
    return "odd" if int(entry["id"].rpartition("-")[2]) % 2 else "even"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Scores the choice of a team.")
    parser.add_argument("file", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--in-process", action="store_true", help="call the analysis directly")
    parser.add_argument("--quick", action="store_true", help="small trees; size is not scored")
    parser.add_argument("--half", choices=("odd", "even"), default="", help="by entry number")
    parser.add_argument("--errors", action="store_true", help="name the wrong answers")
    asked = parser.parse_args(arguments)
    ask = in_process() if asked.in_process else by_command
    table = run(asked.file, ask, pad=not asked.quick, half=asked.half)
    missed = False
    for name, result in table.items():
        if not result.of:
            continue
        low = result.share < TARGETS[name]
        missed |= low
        mark = "!" if low else " "
        counts = f"{result.right}/{result.of}"
        print(f"{mark} {name:<22} {result.share:5.3f}  {counts:>7}  target {TARGETS[name]:.2f}")
        for line in result.wrong if asked.errors else ():
            print(f"      {line}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
