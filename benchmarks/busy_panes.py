"""A program: HOW PANES DIRECTORY SECONDS. Watches busy panes and prints what that cost, as JSON.

Every pane prints three times a second; twice a second one of them shows a permission dialog of
Claude Code for three seconds. ``ours`` is the product's board over agents without any hook or
session file, so all is read from screens; ``processes`` runs one ``capture-pane`` per pane and
second and throws the screen away.
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Never

import psutil

from benchmarks.measure import quantile
from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.claude.adapter import Claude
from tmux_orch.clock import SystemClock
from tmux_orch.domain.seat import Seat
from tmux_orch.domain.states import AgentState, Fused, Reading
from tmux_orch.tmux.server import Server
from tmux_orch.watch.board import Board
from tmux_orch.watch.eyes import TmuxEyes

# A pane works again for so long before it shows the next one, so that each is news.
SHOWN_S, EVERY_S, AGAIN_S = 3.0, 0.5, 10.0
_DIALOG = Path(__file__).with_name("permission.ansi.txt")
_RULE = "─" * 100
_WORDS = ("Reading the parser", "Now the tests", "One more case", "That was the last of them")
#: What stands under the printed lines all the time: a working agent's input box.
_BOX = f"{_RULE}\n❯\xa0\n{_RULE}\n  ⏵⏵ accept edits on · esc to interrupt"


class OnScreen(Claude):
    """Claude Code as seen by somebody without its hooks and files."""

    hands_over = False

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        """Nothing is published."""
        del berth, now
        return None

    def transcript(self, berth: Berth) -> Path | None:
        """None can be read."""
        del berth
        return None


def write(log: str, *ttys: str) -> Never:
    """Print three times a second in each pane, spread over the second; dialogs in between.

    A process of its own, so that its work is nobody else's. Each dialog is a line of ``log``:
    the pane's number and when it was shown.
    """
    files = [os.open(tty, os.O_WRONLY | os.O_NOCTTY) for tty in ttys]
    dialog = _DIALOG.read_text().rstrip("\n").encode().replace(b"\n", b"\r\n")
    panes, number = len(files), 0
    held, used = dict[int, float](), dict[int, float]()
    next_dialog, started = time.monotonic() + SHOWN_S, time.monotonic()
    with Path(log).open("w", buffering=1) as shown:
        while True:
            now = time.monotonic()
            free = [n for n in range(panes) if used.get(n, 0.0) <= now]
            if now >= next_dialog and free:
                chosen = random.choice(free)
                os.write(files[chosen], b"\x1b[H\x1b[2J" + dialog)
                shown.write(f"{chosen} {time.time()}\n")
                held[chosen], next_dialog = now + SHOWN_S, now + EVERY_S
                used[chosen] = now + SHOWN_S + AGAIN_S
            for pane in [n for n, until_s in held.items() if now >= until_s]:
                del held[pane]
            if number % panes not in held:
                words = f"● {random.choice(_WORDS)} {number}"
                text = f"\x1b[H\x1b[2J{words}\n\n✢ Working… ({number}s)\n\n{_BOX}"
                os.write(files[number % panes], text.replace("\n", "\r\n").encode())
            number += 1
            time.sleep(max(0.0, started + number / (3 * panes) - time.monotonic()))


def ours(server: Server, panes: list[str], told: dict[str, list[float]]) -> Callable[[], None]:
    """The product's board over all panes; returns how to end it."""
    clock = SystemClock()
    berth = Berth(
        key="", worktree=Path("/"), private=Path("/"), mates=(), environment={}, commands=Path("/"),
        hook=Path("/"), role_page=Path("/"), conversation_id="none", brief_id="",
    )  # fmt: skip

    def on_change(key: str, fused: Fused) -> None:
        if fused.state is AgentState.WAITING_PERMISSION:
            told.setdefault(key.partition("/")[2], []).append(time.time())

    board = Board(TmuxEyes(server), {"claude": OnScreen()}, clock, on_change=on_change)
    identity = str(server.identity())
    for number, line in enumerate(panes):
        pane_id, pid = line.split(" ")[:2]
        seat = Seat(
            project="busy", name=f"pane-{number}", role="developer", run="abcdef", slot=number,
            adapter="claude", worktree="/", branch="", base="", incarnation=1,
            conversation_id="none", brief_id="", pane_id=pane_id, server=identity, pid=int(pid),
        )  # fmt: skip
        board.adopt(seat, replace(berth, key=seat.key))
    board.start()
    return board.close


def processes(server: Server, panes: list[str], told: dict[str, list[float]]) -> Callable[[], None]:
    """One ``capture-pane`` process per pane and second."""
    del told
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            started = time.monotonic()
            for line in panes:
                words = [*server.prefix, "capture-pane", "-p", "-t", line.split(" ")[0]]
                subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
            over.wait(max(0.0, 1.0 - (time.monotonic() - started)))

    thread = threading.Thread(target=look)
    thread.start()

    def end() -> None:
        over.set()
        thread.join()

    return end


def main(how: str, count: str, directory: str, seconds: str) -> None:
    """Measure and print."""
    place = Path(directory)
    server = Server(place / "tmux.sock", place / "tmux.conf", os.environ)
    panes, told = _open(server, int(count), place), dict[str, list[float]]()
    tmux = psutil.Process(int(str(server.identity()).partition(":")[0]))
    log, ttys = place / "dialogs", [line.split(" ")[2] for line in panes]
    writer = subprocess.Popen([sys.executable, "-m", __spec__.name, "write", str(log), *ttys])
    try:
        time.sleep(3)
        idle = [_share(float(seconds) / 2, tmux)]
        end = (ours if how == "ours" else processes)(server, panes, told)
        time.sleep(3)
        started = time.time()
        busy = _share(float(seconds), tmux)
        over = time.time() - SHOWN_S
        end()
        # What the printing itself costs the server grows with what it has kept: before and after.
        idle.append(_share(float(seconds) / 2, tmux))
    finally:
        writer.kill()
        writer.wait()
        server.stop()
    lines = [line.split() for line in log.read_text().splitlines()]
    shown = [(int(number), float(at)) for number, at in lines if started <= float(at) <= over]
    memory_mb = psutil.Process().memory_info().rss / 2**20
    print(
        json.dumps({"cpu": busy - sum(idle) / 2, "memory_mb": memory_mb, **_lateness(shown, told)})
    )


def _open(server: Server, count: int, place: Path) -> list[str]:
    """So many panes with a program that does nothing; ``%pane pid tty`` of each."""
    server.ensure()
    program = ["sh", "-c", "stty raw -echo; exec sleep 100000"]
    for number in range(count):
        session = (
            ["new-session", "-d", "-s", "busy"]
            if not number
            else ["new-window", "-d", "-t", "busy:"]
        )
        words = [*server.prefix, *session, *program]
        subprocess.run(words, check=True, cwd=place, stdout=subprocess.DEVNULL)
    listed = [
        *server.prefix,
        "list-panes",
        "-s",
        "-t",
        "busy",
        "-F",
        "#{pane_id} #{pane_pid} #{pane_tty}",
    ]
    done = subprocess.run(listed, check=True, capture_output=True, text=True)
    time.sleep(0.5)
    return done.stdout.splitlines()


def _share(seconds: float, tmux: psutil.Process) -> float:
    """Percent of a core used by this process, its ended children and the tmux server."""

    def used() -> float:
        whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return sum(sum(resource.getrusage(who)[:2]) for who in whose) + sum(tmux.cpu_times()[:2])

    before, started = used(), time.monotonic()
    time.sleep(seconds)
    return 100 * (used() - before) / (time.monotonic() - started)


def _lateness(shown: list[tuple[int, float]], told: dict[str, list[float]]) -> dict[str, float]:
    late = []
    for number, at in shown:
        after = [t for t in told.get(f"pane-{number}", []) if at <= t <= at + SHOWN_S + 1.0]
        late.append((after[0] - at) * 1000 if after else float("inf"))
    if not any(told.values()):
        return {}
    return {
        "p50_ms": statistics.median(late), "p95_ms": quantile(late, 0.95),
        "worst_ms": max(late), "told": float(len(late)),
    }  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(*sys.argv[2:])
    main(*sys.argv[1:])
