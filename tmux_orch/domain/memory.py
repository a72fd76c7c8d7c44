"""Whether a team's programs fit into memory. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: What a person can do about it.
FEWER = "take fewer agents (--roles, --size or a smaller --plan)"


@dataclass(frozen=True, slots=True)
class Room:
    """Memory for programs, in MB; a control group's limit counts where it is lower."""

    free_mb: int
    total_mb: int


def is_hopeless(needs_mb: Sequence[int], room: Room) -> bool:
    """Whether it could not even fit into a machine that does nothing else."""
    return sum(needs_mb) > room.total_mb


def warning(needs_mb: Sequence[int], room: Room) -> str:
    """One line with the figures when agents of these needs do not fit now; empty when they do."""
    need = sum(needs_mb)
    if need <= room.free_mb:
        return ""
    agents = "1 agent needs" if len(needs_mb) == 1 else f"{len(needs_mb)} agents need"
    return (
        f"{agents} about {gigabytes(need)} of memory, and {gigabytes(room.free_mb)} of "
        f"{gigabytes(room.total_mb)} are free"
    )


def gigabytes(megabytes: int) -> str:
    """``1.5 GB``, ``0.3 GB``."""
    return f"{megabytes / 1000:.1f} GB"
