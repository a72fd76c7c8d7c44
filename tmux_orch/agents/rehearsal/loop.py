"""One thread, one ``poll``: descriptors, timers, signals and children; and tasks that wait on them.

A task is a generator. What it yields is a *wait*: a function that is given ``resume`` and calls it
once, now or later, with the value that the ``yield`` is to have; it may return something with a
method ``cancel``, which is called when the task is cancelled meanwhile.
"""

from __future__ import annotations

import os
import select
import time

from tmux_orch.agents.rehearsal import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, Protocol

    class Cancellable(Protocol):
        """What can be taken back."""

        def cancel(self) -> None:
            """Take it back."""

    Resume = Callable[[Any], None]
    Wait = Callable[[Resume], Cancellable | None]
    Work = Generator[Wait, Any, None]

READ, WRITE = select.POLLIN, select.POLLOUT
_NEVER = float("inf")


class Timer:
    """One call at one instant; ``cancel`` takes it back."""

    __slots__ = ("at", "call")

    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at = at
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never call."""
        self.call = None
        self.at = 0.0  # so that it is swept at the next turn of the loop


class Loop:
    """Runs until :meth:`stop`."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._ready: dict[int, Callable[[], None]] = {}
        self._timers: list[Timer] = []
        self._children: dict[int, Callable[[int], None]] = {}
        self._on_signal: dict[int, Callable[[], None]] = {}
        self._soon: list[Callable[[], None]] = []
        self.running = True
        self._wake, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signals.write_to(write)
        self.watch(self._wake, READ, self._woken)
        self.on_signal(signals.SIGCHLD, self._reap)

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def watch(self, descriptor: int, events: int, call: Callable[[], None]) -> None:
        """Call when ``descriptor`` is ready (or at its end)."""
        self._ready[descriptor] = call
        self._poll.register(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Stop watching it; harmless when it is not watched."""
        if self._ready.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def at(self, instant: float, call: Callable[[], None]) -> Timer:
        """Call at a monotonic instant."""
        timer = Timer(instant, call)
        self._timers.append(timer)
        return timer

    def after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Call in ``delay_s``."""
        return self.at(self.now() + delay_s, call)

    def soon(self, call: Callable[[], None]) -> None:
        """Call in the next turn of the loop."""
        self._soon.append(call)

    def on_signal(self, number: int, call: Callable[[], None]) -> None:
        """Call when the signal came, in the loop and not in the middle of something."""
        self._on_signal[number] = call
        signals.handle(number, _noted)

    def child(self, pid: int, call: Callable[[int], None]) -> None:
        """Call with the wait status when this child ended."""
        self._children[pid] = call
        self.soon(self._reap)  # it may have ended before it was entered here

    def stop(self) -> None:
        """Leave :meth:`run`."""
        self.running = False

    def run(self, until: float = _NEVER) -> None:
        """Serve until :meth:`stop`, or until the instant ``until``."""
        while self.running and self.now() < until:
            self.turn(until)

    def turn(self, until: float = _NEVER) -> None:
        """Wait for the next thing, and do it."""
        calls, self._soon = self._soon, []
        for call in calls:
            call()
        due = min([timer.at for timer in self._timers], default=_NEVER)
        due = 0.0 if self._soon else min(due, until)
        wait_ms = None if due == _NEVER else max(0.0, (due - self.now()) * 1000 + 0.5)
        for descriptor, _events in self._poll.poll(wait_ms):
            ready = self._ready.get(descriptor)
            if ready is not None:
                ready()
        self._fire()

    def _fire(self) -> None:
        now = self.now()
        due = [timer for timer in self._timers if timer.at <= now]
        if due:
            self._timers = [timer for timer in self._timers if timer.at > now]
            for timer in sorted(due, key=lambda timer: timer.at):
                if timer.call is not None:
                    timer.call()

    def _woken(self) -> None:
        for number in dict.fromkeys(os.read(self._wake, 256)):
            call = self._on_signal.get(number)
            if call is not None:
                call()

    def _reap(self) -> None:
        for pid in list(self._children):
            try:
                ended, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                ended, status = pid, 0  # reaped elsewhere: its status is lost, its end is certain
            if ended:
                self._children.pop(pid)(status)


def _noted(_number: int, _frame: object) -> None:
    """The signal's number went into the wake-up pipe; nothing is done here."""


class Task:
    """One generator being driven. ``cancel`` ends it where it waits; its ``finally`` parts run."""

    def __init__(self, work: Work, ended: Callable[[], None]) -> None:
        self._work = work
        self._ended = ended
        self._serial = 0
        self._stepping = False
        self._answer: list[Any] = []
        self._waiting: Cancellable | None = None
        self.alive = True

    def start(self) -> None:
        """Run to the first wait."""
        self._step([None])

    def cancel(self) -> None:
        """End it now; ``ended`` is not called."""
        self.alive = False
        if self._waiting is not None:
            self._waiting.cancel()
        if not self._stepping:  # a task that ends itself stops at its next wait instead
            self._work.close()

    def _resume(self, serial: int, value: Any) -> None:
        if not self.alive or serial != self._serial:
            return  # an answer that is not waited for any more
        self._serial += 1
        if self._stepping:
            self._answer = [value]
        else:
            self._step([value])

    def _step(self, answer: list[Any]) -> None:
        self._stepping = True
        while answer and self.alive:
            try:
                wait = self._work.send(answer[0])
            except StopIteration:
                self.alive = False
                self._stepping = False
                self._ended()
                return
            self._answer = []
            serial = self._serial
            self._waiting = wait(lambda value, serial=serial: self._resume(serial, value))  # type: ignore[misc]
            answer = self._answer
        self._stepping = False
