"""Whether every rule of a file is exercised by a recorded screen. Reads files only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from tmux_orch.agents.screens import load, read
from tmux_orch.agents.screens.rules import Rule, Rules
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import READY

#: Recordings of a program's rules, in its package and beside a person's file.
DIRECTORY = "screens"
_MAX_SCREEN = 400_000


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded screen.

    Attributes:
        name: Its file's name without the ending: a rule's id, and more after it.
        capture: The screen, with or without escapes.
        title: The pane's title, from the file ``NAME.title`` beside it.
    """

    name: str
    capture: str
    title: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that passed: its program, its rules, and how many screens exercise each."""

    program: str
    rules: tuple[Rule, ...]
    screens: dict[str, int]


def check(target: str) -> Checked:
    """Check a program's shipped rules (by its name), or a person's file (by its path).

    Raises:
        BadInput: the file is refused, or a rule has no recorded screen, or reads one wrongly; or a
            person's rule takes a shipped recording of an agent that is not ready for a ready one.
    """
    if target in load.PROGRAMS:
        rules = load.rules(target)
        here = resources.files("tmux_orch.agents").joinpath(target, DIRECTORY)
        return _exercised(rules, rules.rules, here, f"{target}/{load.FILE}")
    path = Path(target)
    if not path.exists():
        raise BadInput(f"no rule file {target}", f"a path, or one of: {', '.join(load.PROGRAMS)}")
    program, mine = load.own(path)
    rules = load.rules(program, path)
    _safe(rules, path)
    return _exercised(rules, mine, path.parent / DIRECTORY / program, target)


def recordings(directory: Traversable) -> Iterator[Recording]:
    """The recorded screens of a directory, by name; none when it is not there."""
    if not directory.is_dir():
        return
    for file in sorted(directory.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".txt") or not file.is_file():
            continue
        name = file.name.removesuffix(".txt")
        title = directory.joinpath(f"{name}.title")
        yield Recording(name, _text(file), _text(title).strip() if title.is_file() else "")


def _exercised(
    rules: Rules, wanted: tuple[Rule, ...], directory: Traversable, place: str
) -> Checked:
    counts = dict.fromkeys((rule.id for rule in wanted), 0)
    for recording in recordings(directory):
        owner = max((one for one in counts if _is_for(recording.name, one)), key=len, default="")
        if not owner:
            continue
        found = read.read(rules, recording.capture, recording.title)
        if found.rule != owner:
            by = f"rule {found.rule!r} reads it" if found.rule else "no rule reads it"
            raise BadInput(f"{place}: {recording.name}.txt is for rule {owner!r}, but {by}")
        counts[owner] += 1
    for identity, count in counts.items():
        if not count:
            raise BadInput(
                f"{place}: no recorded screen exercises rule {identity!r}",
                f"record one as {directory}/{identity}.txt (tmux capture-pane -e -p -J)",
            )
    return Checked(rules.program, wanted, counts)


def _safe(rules: Rules, path: Path) -> None:
    """A person's rules may say more than ours, but not that a busy or asking agent is ready."""
    shipped = load.rules(rules.program)
    here = resources.files("tmux_orch.agents").joinpath(rules.program, DIRECTORY)
    for recording in recordings(here):
        before = read.read(shipped, recording.capture, recording.title)
        now = read.read(rules, recording.capture, recording.title)
        if now.state in READY and before.state not in READY:
            raise BadInput(
                f"{path}: rule {now.rule!r} says {now.state} of a recorded screen that shows"
                f" {before.state} ({recording.name})"
            )


def _is_for(name: str, identity: str) -> bool:
    return name == identity or name.startswith((f"{identity}-", f"{identity}_", f"{identity}."))


def _text(file: Traversable) -> str:
    with file.open("rb") as stream:
        return stream.read(_MAX_SCREEN).decode("utf-8", "replace")
