"""The whole main job beside a naive script and beside its two unavoidable parts."""

from __future__ import annotations

import itertools
import json
import statistics
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import libtmux

from benchmarks.measure import DEADLINE_S, Figure, ms, quiet, ratio, together, until, wall
from benchmarks.place import STILL, Place, ground, repository
from tmux_orch.agents.adapter import Berth, Launch
from tmux_orch.agents.rehearsal.adapter import Rehearsal

FILES = 2000
BRIEFING_BYTES = 3000
TARGETS = {5: (0.85, 1.6), 15: (0.65, 1.35), 50: (0.65, 1.25)}
ROUNDS = {5: 11, 15: 7, 50: 3}
COLD_ROUNDS = 7
COLD_MORE_S = 1.5
# One tmux command line; its message to the server is limited to 16 kB.
TMUX_LINE = 8000


class Ground:
    """A repository that is cloned for every round, and counters so that every round has new names.

    Args:
        root: The directory of everything.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.number = itertools.count(1)
        self.spec = root / "spec.md"
        self.spec.write_text("# Benchmark\n\n" + "Do nothing in particular. " * 90)
        self.template = repository(root / "template", FILES)

    def checkout(self) -> Path:
        """A fresh clone with hard links, so that refs of earlier rounds do not add up."""
        path = self.root / f"p{next(self.number)}" / "sample"
        path.parent.mkdir()
        quiet(["git", "clone", "-q", "--local", str(self.template), str(path)])
        return path


def ours(ground: Ground, place: Place, agents: int) -> float:
    """``auto-orchestrate`` as a whole process: ends when every briefing is proved received."""
    project = ground.checkout()
    out = ""

    def act() -> None:
        nonlocal out
        out = place.up(project, ground.spec, agents)

    took = wall(act)
    result = json.loads(out)
    assert len(result["agents"]) == agents
    check_briefed(place, [agent["conversation_id"] for agent in result["agents"]])
    place.ask("stop", project=result["project"]["name"])
    return took


def check_briefed(place: Place, conversations: list[str]) -> None:
    """Every conversation has its briefing's marker in exactly one prompt."""
    for conversation in conversations:
        (transcript,) = place.agents_home.rglob(f"{conversation}.jsonl")
        entries = [json.loads(line) for line in transcript.read_text().splitlines()]
        prompts = [e for e in entries if e.get("type") == "user" and "[brief " in json.dumps(e)]
        assert len(prompts) == 1, (transcript, len(prompts))


class Baseline:
    """The same program started without us: a project, a tmux server and seats of no registry."""

    def __init__(self, ground: Ground, agents: int, prompt: str) -> None:
        self.project = ground.checkout()
        self.here = self.project.parent
        self.home = self.here / "home"
        self.home.mkdir()
        self.names = [f"a{number}" for number in range(agents)]
        self.environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                            "REHEARSAL_HOME": str(self.home), **STILL,
                            # It would swallow an Enter that follows a long text at once, and the
                            # script could not do without sleeps.
                            "REHEARSAL_PASTE_WINDOW_S": "0"}  # fmt: skip
        self.launches = {name: self._launch(name, prompt) for name in self.names}
        self.server = libtmux.Server(
            socket_path=self.here / "t.sock", config_file="/dev/null", colors=256
        )

    def _launch(self, name: str, prompt: str) -> Launch:
        private = self.here / "private" / name
        private.mkdir(parents=True)
        role = private / "role.md"
        role.write_text("Nothing in particular.\n")
        adapter = Rehearsal()
        berth = Berth(
            key=f"bench/{name}", worktree=self.worktree(name), private=private, mates=(),
            environment=self.environment, commands=private, hook=private / "none",
            role_page=role, conversation_id=str(uuid.uuid4()), brief_id="0badcafe",
        )  # fmt: skip
        return adapter.start(berth, adapter.locate({}), prompt)

    def worktree(self, name: str) -> Path:
        """Where the seat's worktree is made."""
        return self.here / "w" / name

    def add_worktree(self, name: str) -> None:
        """One plain ``git worktree add``."""
        quiet(["git", "-C", str(self.project), "worktree", "add", "-q", "--no-track",
               "-b", f"x/{name}", str(self.worktree(name))])  # fmt: skip

    def until_received(self, mark: bytes) -> None:
        """Wait until as many transcripts as seats have the mark, whole."""
        waiting = set(self.names)
        files: dict[str, Path] = {}

        def all_have_it() -> bool:
            if len(files) < len(self.names):
                files.update({path.stem: path for path in self.home.rglob("*.jsonl")})
            for name in sorted(waiting):
                path = files.get(self.launches[name].argv[5])
                if path is not None and mark in path.read_bytes():
                    waiting.discard(name)
            return not waiting

        until(all_have_it, "the briefings")

    @contextmanager
    def ended(self) -> Iterator[None]:
        """End the tmux server and with it every program."""
        try:
            yield
        finally:
            self.server.kill()


def naive(ground: Ground, agents: int) -> float:
    """libtmux, one after the other, no sleeps: worktree, window, wait for its screen, type."""
    base = Baseline(ground, agents, "")
    end = b"The briefing ends."
    text = ("Please read this briefing. " * 200)[: BRIEFING_BYTES - len(end)] + end.decode()

    def act() -> None:
        session = base.server.new_session("bench", x=200, y=50)
        for name, launch in base.launches.items():
            base.add_worktree(name)
            pane = session.new_window(
                name, start_directory=str(base.worktree(name)), environment=base.environment,
                window_shell=" ".join(launch.argv),
            ).active_pane  # fmt: skip
            assert pane is not None
            until(lambda p=pane: any("❯" in line for line in p.capture_pane()), name, 0)
            pane.send_keys(text, literal=True, enter=False)
            pane.send_keys("", enter=True)
        base.until_received(end)

    with base.ended():
        return wall(act)


def parts(ground: Ground, agents: int) -> float:
    """Parallel ``git worktree add`` beside as many starts of the program, each with its prompt."""
    base = Baseline(ground, agents, "Read it and begin. [brief 0badcafe]")
    (base.here / "w").mkdir()

    def starts() -> None:
        session = base.server.new_session("bench", x=200, y=50)
        line: list[str] = []
        for launch in base.launches.values():
            pairs = [w for k, v in base.environment.items() for w in ("-e", f"{k}={v}")]
            words = ["new-window", "-d", "-t", f"{session.session_name}:", "-c", str(base.project),
                     *pairs, "--", *launch.argv]  # fmt: skip
            if line and len(" ".join((*line, *words))) > TMUX_LINE:
                base.server.cmd(*line)
                line = []
            line += [";", *words] if line else words
        base.server.cmd(*line)
        base.until_received(b"[brief ")

    def act() -> None:
        beside = threading.Thread(target=starts)
        beside.start()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(base.add_worktree, base.names))
        beside.join(DEADLINE_S)

    with base.ended():
        return wall(act)


def figures(sizes: tuple[int, ...] = (5, 15, 50)) -> Iterator[Figure]:
    """The rows of the bootstrap."""
    with ground() as root:
        base, place = Ground(root), Place(root)
        place.ask("ping")
        try:
            for size in sizes:
                mine, script, both = together(
                    [
                        lambda n=size: ours(base, place, n),
                        lambda n=size: naive(base, n),
                        lambda n=size: parts(base, n),
                    ],
                    ROUNDS[size],
                )
                to_naive, to_parts = TARGETS[size]
                yield Figure(f"bootstrap of {size} / naive libtmux script", ratio(mine, script),
                             to_naive, detail=ms(mine, script))  # fmt: skip
                yield Figure(f"bootstrap of {size} / worktrees beside starts", ratio(mine, both),
                             to_parts, detail=ms(mine, both))  # fmt: skip
        finally:
            place.close()


def cold() -> Iterator[Figure]:
    """The bootstrap of five with no daemon running, beside the running-daemon case."""
    with ground() as root:
        base = Ground(root)
        warm = Place(root)
        warm.ask("ping")

        def from_cold() -> float:
            place = Place(root, f"cold{next(base.number)}")
            try:
                return ours(base, place, 5)
            finally:
                place.close()

        try:
            mine, theirs = together([from_cold, lambda: ours(base, warm, 5)], COLD_ROUNDS)
        finally:
            warm.close()
    more = statistics.median(a - b for a, b in zip(mine, theirs, strict=True))
    yield Figure("bootstrap of 5 without a daemon: longer by", more, COLD_MORE_S, "s",
                 ms(mine, theirs))  # fmt: skip
