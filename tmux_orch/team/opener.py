"""Windows opened together: whatever is ready now goes into one tmux command list.

Worktrees finish one after the other; starting each program by a tmux call of its own costs 5 ms,
in one list 2.2 ms, and waiting for the last worktree would leave a core idle.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from tmux_orch.tmux.windows import Opened, WindowSpec

OpenAll = Callable[[Sequence[tuple[str, WindowSpec]]], Sequence[Opened]]


class Opener:
    """Collects windows to open; a context manager whose thread ends with the block.

    Args:
        open_all: Opens all given ``(agent key, window)`` in one list and journals it.
    """

    def __init__(self, open_all: OpenAll) -> None:
        self._open_all = open_all
        self._queue: queue.SimpleQueue[tuple[str, WindowSpec, Future[Opened]] | None]
        self._queue = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="opener", daemon=True)

    def __enter__(self) -> Opener:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.put(None)
        self._thread.join()

    def open(self, key: str, spec: WindowSpec) -> Opened:
        """Open one window with whatever else is ready; blocks until it is there.

        Raises:
            Whatever ``open_all`` raised for its list.
        """
        future: Future[Opened] = Future()
        self._queue.put((key, spec, future))
        return future.result()

    def _loop(self) -> None:
        ended = False
        while not ended:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            ended = None in batch
            wanted = [item for item in batch if item is not None]
            if not wanted:
                continue
            try:
                opened = self._open_all([(key, spec) for key, spec, _ in wanted])
            except BaseException as error:  # noqa: BLE001 - carried to every waiting thread
                for _, _, future in wanted:
                    future.set_exception(error)
            else:
                for (_, _, future), one in zip(wanted, opened, strict=True):
                    future.set_result(one)
