"""Following what the daemon tells, over its end and the start of the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from tmux_orch.rpc import client

#: A daemon is there again within 0.3 s of its start.
AGAIN_S = 0.5
_DOUBLINGS = 6
_ENDED = "the daemon has ended; waiting until a command starts it again"
_DIED = "the daemon died; starting it again"


def follow(
    verb: str,
    body: Callable[[], Mapping[str, Any]],
    step: Callable[[dict[str, Any]], None],
    *,
    away: Callable[[str], None] = lambda _why: None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Hand each progress frame of ``verb`` to ``step``, for ever.

    A daemon that ended of itself (idle, stopped, replaced) is waited for and not started again: a
    follower must not keep it. One that died is started again, as any command would.

    Args:
        verb: What is followed.
        body: The request; asked anew each time, so that it can go on where ``step`` was.
        step: Called with each frame.
        away: Called with why, each time nobody answers any more.
        environ: See ``client.call``.

    Raises:
        OrchError: what was asked is refused, or no daemon can be started.
    """
    pause, start, told, deaths = threading.Event(), True, "", 0

    def heard(frame: dict[str, Any]) -> None:
        nonlocal told, deaths
        told, deaths = "", 0
        step(frame)

    while True:
        try:
            client.call(
                verb, body(), on_progress=heard, start_daemon=start, again=False, environ=environ
            )
            start, why = False, _ENDED
        except client.Gone as gone:
            start, why = gone.died, _DIED if gone.died else gone.message
            deaths += gone.died
        if not told:
            told = why
            away(why)
        # One that dies whenever it is asked is not started twice a second for ever.
        pause.wait(AGAIN_S * 2 ** min(max(deaths - 1, 0), _DOUBLINGS))
