"""What is refused before a message is accepted: oneself, floods, loops. In memory, per daemon."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from tmux_orch.domain.errors import Refused
from tmux_orch.domain.names import split_key

# Generous: a busy hub sends some dozen messages a minute; a loop of a program sends hundreds.
BURST = 100
PER_S = 1.0
# A standing backlog this long means that nobody reads; a person's scripts are held to it too.
OPEN_PER_TARGET = 1000
# Two agents that answer each other this often within the window talk for the sake of talking
# ("thanks!" - "you are welcome!"); a working turn takes longer than that.
LOOP_TURNS = 12
LOOP_WINDOW_S = 120.0
_PAIRS = 2000


@dataclass(slots=True)
class _Pair:
    """What is remembered of two parties; ``level`` is a token bucket per direction."""

    level: dict[str, tuple[float, float]] = field(default_factory=dict)
    turns: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=LOOP_TURNS + 1))


class Rules:
    """The rules before acceptance; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pairs: OrderedDict[frozenset[str], _Pair] = OrderedDict()

    def check(self, sender: str, target: str, at: float, open_now: int) -> None:
        """Count one message from ``sender`` to ``target`` at the monotonic instant ``at``.

        Args:
            open_now: Messages that are open for the target already.

        Raises:
            Refused: a rule forbids it; nothing was counted.
        """
        name = split_key(target)[1] or target
        if sender == target:
            raise Refused("an agent cannot send to itself", "name another agent")
        if open_now >= OPEN_PER_TARGET:
            raise Refused(
                f"{open_now} messages wait for {name} already",
                f"look at it: tmux-orch attach {name}",
            )
        if "/" not in sender:
            return  # a person is not an agent: no loop, no budget beyond the backlog
        with self._lock:
            pair = self._pair(sender, target)
            level = self._level(pair, sender, at)
            if level < 1.0:
                raise Refused(
                    f"too many messages to {name}",
                    f"at most {BURST} at once and {PER_S:g} per second are taken",
                )
            if self._loops(pair, sender, at):
                raise Refused(
                    f"this and {name} answer each other without end",
                    f"say it in fewer messages, or wait {LOOP_WINDOW_S:g} s",
                )
            pair.level[sender] = (level - 1.0, at)
            pair.turns.append((at, sender))

    def _pair(self, sender: str, target: str) -> _Pair:
        key = frozenset((sender, target))
        pair = self._pairs.setdefault(key, _Pair())
        self._pairs.move_to_end(key)
        if len(self._pairs) > _PAIRS:
            self._pairs.popitem(last=False)
        return pair

    @staticmethod
    def _level(pair: _Pair, sender: str, at: float) -> float:
        level, then = pair.level.get(sender, (float(BURST), at))
        return min(float(BURST), level + max(0.0, at - then) * PER_S)

    @staticmethod
    def _loops(pair: _Pair, sender: str, at: float) -> bool:
        """Whether the last turns alternate between the two, all within the window."""
        turns = list(pair.turns)[-LOOP_TURNS:]
        if len(turns) < LOOP_TURNS or at - turns[0][0] > LOOP_WINDOW_S:
            return False
        speakers = [who for _, who in turns] + [sender]
        return all(a != b for a, b in itertools.pairwise(speakers))
