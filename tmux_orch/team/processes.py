"""Ending what is ours: the program, then whatever carries its mark and their descendants.

A background child of an agent's tool has a session of its own and parent 1, and outlives both the
program and its process group: only ``ORCH_AGENT`` in its environment finds it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tmux_orch.domain.seat import Seat
from tmux_orch.watch.process import start_tick

# SIGTERM to the program, so long to end by itself, then everything that is left.
GRACE_S = 10.0
_POLL_S = 0.02


def is_alive(pid: int, tick: int) -> bool:
    """Whether this very process still runs (a zombie does not).

    Raises:
        CouldNotTell: it cannot be looked up; it must not be taken for gone.
    """
    return pid > 0 and start_tick(pid) == tick


def marked(key: str, registry: Path) -> list[tuple[int, int]]:
    """Pid and start tick of each process of ours that carries this agent's mark.

    The mark is ``ORCH_AGENT`` together with our registry, so that a team of another registry with
    the same names is never touched. Processes whose environment we may not read are not ours.
    """
    wanted = {f"ORCH_AGENT={key}".encode(), f"TMUX_ORCH_REGISTRY={registry}".encode()}
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = set(Path(entry.path, "environ").read_bytes().split(b"\0"))
        except OSError:
            continue  # gone, or of another user: neither is ours to end
        tick = start_tick(int(entry.name))
        if wanted <= environment and tick is not None:
            found.append((int(entry.name), tick))
    return found


def descendants(roots: Iterable[int]) -> list[tuple[int, int]]:
    """Pid and start tick of every living descendant of ``roots`` (without them)."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            fields = Path(entry.path, "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue  # gone between the listing and the read
        children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], list(roots)
    while todo:
        for child in children.get(todo.pop(), []):
            tick = start_tick(child)
            if tick is not None:
                found.append((child, tick))
                todo.append(child)
    return found


def send(processes: Iterable[tuple[int, int]], number: signal.Signals) -> None:
    """Signal each process that is still the one that was found."""
    for pid, tick in processes:
        if is_alive(pid, tick):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # it ended by itself in between: that is what was wanted


def wait_gone(processes: list[tuple[int, int]], deadline_s: float) -> list[tuple[int, int]]:
    """Wait until all have ended; returns those that live after ``deadline_s``."""
    end = time.monotonic() + deadline_s
    left = [p for p in processes if is_alive(*p)]
    while left and time.monotonic() < end:
        time.sleep(_POLL_S)
        left = [p for p in left if is_alive(*p)]
    return left


def end(
    seats: list[Seat],
    registry: Path,
    note: Callable[[Seat], None],
    asks: Callable[[Seat], signal.Signals] = lambda _: signal.SIGTERM,
) -> list[tuple[int, int]]:
    """End the programs of ``seats`` and everything that carries their mark.

    Args:
        seats: Whose programs end; all at once.
        registry: The registry's root, the second half of the mark.
        note: Called for each seat whose program ended within the grace time.
        asks: The signal that asks a seat's program to end.

    Returns:
        What could not be ended; normally nothing.
    """
    programs = {s.key: (s.pid, s.pid_start) for s in seats if is_alive(s.pid, s.pid_start)}
    family = {key: descendants([pid]) for key, (pid, _) in programs.items()}
    for seat in seats:
        if seat.key in programs:
            send([programs[seat.key]], asks(seat))
    wait_gone(list(programs.values()), GRACE_S)
    for seat in seats:
        note(seat)
    left = {*programs.values()}
    for seat in seats:
        found = marked(seat.key, registry)
        left.update(found, family.get(seat.key, []), descendants(pid for pid, _ in found))
    send(left, signal.SIGTERM)
    rest = wait_gone(list(left), 2.0)
    send(rest, signal.SIGKILL)
    return wait_gone(rest, 2.0)


def end_orphan(seat: Seat) -> None:
    """End the seat's program when it outlived its terminal (its tmux server was killed).

    It cannot be given a terminal again, and its conversation must not be open twice.
    """
    if is_alive(seat.pid, seat.pid_start):
        orphan = [(seat.pid, seat.pid_start)]
        send(orphan, signal.SIGTERM)
        send(wait_gone(orphan, GRACE_S), signal.SIGKILL)
        wait_gone(orphan, 2.0)
