"""Crash points: the N-th step, write or external call can be made to die or to fail.

``ORCH_CRASH_AT=step:7`` kills this process with SIGKILL at the seventh ``point("step")``;
``ORCH_FAIL_AT=call:3`` raises :class:`InjectedFault` there instead. Unset, a point costs one
comparison. Used by the tests of promise 2; never set in normal use.
"""

from __future__ import annotations

import os
import signal
import threading


class InjectedFault(OSError):
    """Raised at the point that ``ORCH_FAIL_AT`` names."""


def _parse(name: str) -> tuple[str, int] | None:
    kind, _, number = os.environ.get(name, "").partition(":")
    return (kind, int(number)) if kind and number.isdigit() else None


_crash_at = _parse("ORCH_CRASH_AT")
_fail_at = _parse("ORCH_FAIL_AT")
_armed = _crash_at is not None or _fail_at is not None
_lock = threading.Lock()
_counts: dict[str, int] = {}


def point(kind: str) -> None:
    """Count one event of ``kind``; die or raise if it is the one asked for."""
    if not _armed:
        return
    with _lock:
        count = _counts[kind] = _counts.get(kind, 0) + 1
    if _crash_at == (kind, count):
        os.kill(os.getpid(), signal.SIGKILL)
    if _fail_at == (kind, count):
        raise InjectedFault(f"injected at {kind}:{count}")
