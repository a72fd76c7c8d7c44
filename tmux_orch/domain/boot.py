"""After a restart of the machine: what is brought back, and in which waves. Decisions only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class OnBoot(StrEnum):
    """What the person wants done after a restart of the machine."""

    RESUME = "resume"  # bring every live team back, in waves
    STATUS = "status"  # say that it happened; start nothing
    NOTHING = "nothing"


class Phase(StrEnum):
    """How far the last restart of the machine has been dealt with."""

    SETTLED = "settled"  # nothing is to be done
    TOLD = "told"  # the person was told, and has not brought everybody back yet
    RETURNING = "returning"  # the teams are being brought back


_MOVES = {
    Phase.SETTLED: frozenset[Phase](),
    Phase.TOLD: frozenset({Phase.SETTLED}),
    Phase.RETURNING: frozenset({Phase.SETTLED}),
}
_FIRST = {
    OnBoot.RESUME: Phase.RETURNING,
    OnBoot.STATUS: Phase.TOLD,
    OnBoot.NOTHING: Phase.SETTLED,
}

#: So many agents per core start at once: a start is mostly waiting, and a real program needs about
#: a second of processor time for it.
PER_CORE = 2
#: What one agent may come to need; a wave never asks for more memory than is free now.
EACH_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Boot:
    """What is stored of one start of the machine.

    Attributes:
        boot_id: The kernel's id of that start.
        phase: How far it has been dealt with.
    """

    boot_id: str
    phase: Phase = Phase.SETTLED

    def moved(self, phase: Phase) -> Boot:
        """The same start, dealt with one step further.

        Raises:
            ValueError: there is no such step.
        """
        if phase not in _MOVES[self.phase]:
            raise ValueError(f"{self.phase} does not become {phase}")
        return Boot(self.boot_id, phase)


def noticed(stored: Boot | None, boot_id: str, server_lives: bool, policy: OnBoot) -> Boot:
    """What is to be stored when the daemon starts: equal to ``stored`` when nothing is new.

    Args:
        stored: What the last daemon knew; ``None`` when it knew nothing, so no restart is seen.
        boot_id: The kernel's id of the machine's start, now.
        server_lives: Whether our tmux server is there: then nothing was lost, whatever the id says.
        policy: What the person wants.
    """
    if stored is None:
        return Boot(boot_id)
    if stored.boot_id == boot_id:
        return stored
    return Boot(boot_id, stored.phase if server_lives else _FIRST[policy])


def wave_size(cores: int, free_bytes: int | None) -> int:
    """How many agents are started at once; memory that cannot be told does not count."""
    by_memory = PER_CORE * cores if free_bytes is None else free_bytes // EACH_BYTES
    return max(1, min(PER_CORE * cores, by_memory))


def waves(keys: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """``keys`` in their order, so many at a time."""
    return [tuple(keys[at : at + size]) for at in range(0, len(keys), size)]


def startable(keys: Iterable[str], held: Callable[[str], str | None]) -> list[str]:
    """Those whom no hold keeps down."""
    return [key for key in keys if held(key) is None]
