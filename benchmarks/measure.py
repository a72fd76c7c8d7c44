"""Paired, interleaved measuring: the figure is the median of per-round ratios."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Timed = Callable[[], float]
# Nothing measured here takes a tenth of it: what is not done by then hangs.
DEADLINE_S = 90.0


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        what: The measured thing and its baseline.
        value: The figure; ``unit`` says of what (``x`` is a ratio).
        target: The most it may be.
        detail: Medians in milliseconds or other facts.
    """

    what: str
    value: float
    target: float
    unit: str = "x"
    detail: str = ""

    def row(self) -> str:
        """The line, with a mark when the target is missed."""
        mark = " " if self.value <= self.target else "!"
        return (
            f"{mark} {self.what:<58} {self.value:>7.2f} {self.unit:<4}"
            f" ≤ {self.target:<5g} {self.detail}"
        )


def wall(act: Callable[[], object]) -> float:
    """Seconds that ``act`` took."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def paired(ours: Timed, theirs: Timed, rounds: int) -> tuple[float, list[float], list[float]]:
    """Median of ``ours / theirs`` over interleaved rounds in random order, and all timings."""
    mine, base = together([ours, theirs], rounds)
    return ratio(mine, base), mine, base


def together(acts: Sequence[Timed], rounds: int) -> list[list[float]]:
    """Timings of several alternatives over interleaved rounds, each in random order."""
    taken: list[list[float]] = [[] for _ in acts]
    for number in range(rounds):
        for index in random.sample(range(len(acts)), len(acts)):
            taken[index].append(acts[index]())
        _say(f"round {number + 1}/{rounds}")
    _say("")
    return taken


def ratio(mine: Sequence[float], base: Sequence[float]) -> float:
    """Median of the per-round ratios."""
    return statistics.median(a / b for a, b in zip(mine, base, strict=True))


def ms(*several: Sequence[float]) -> str:
    """Medians in milliseconds."""
    shown = " / ".join(f"{statistics.median(values) * 1000:.1f}" for values in several)
    return f"{shown} ms"


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which ``part`` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def until(condition: Callable[[], object], what: str, pause_s: float = 0.002) -> None:
    """Look until ``condition`` holds.

    Raises:
        SystemExit: it does not within ``DEADLINE_S``.
    """
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come within {DEADLINE_S:g} s")
        time.sleep(pause_s)


def process(argv: Sequence[str], environment: Mapping[str, str]) -> float:
    """Wall seconds of one process from before its start until it is reaped, silent and successful.

    ``posix_spawn``, because a fork of this process would be part of what is measured.
    """
    null = os.open(os.devnull, os.O_RDWR)
    try:
        started = time.perf_counter()
        pid = os.posix_spawn(
            argv[0], argv, environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1)],
        )  # fmt: skip
        _, status = os.waitpid(pid, 0)
        took = time.perf_counter() - started
    finally:
        os.close(null)
    if status:
        raise SystemExit(f"{' '.join(argv)}: exit {os.waitstatus_to_exitcode(status)}")
    return took


def quiet(argv: Sequence[str], **more: object) -> subprocess.CompletedProcess[str]:
    """One process with a deadline that must succeed; what it said."""
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        timeout=DEADLINE_S, **more,
    )  # type: ignore[call-overload]  # fmt: skip
    if done.returncode:
        raise SystemExit(
            f"{argv}: exit {done.returncode}\n{done.stdout[-800:]}{done.stderr[-800:]}"
        )
    return done


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<30}\r", end="", file=sys.stderr, flush=True)
