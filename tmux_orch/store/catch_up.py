"""Lines that a crash or a full disk kept out of the mirrors, written at the next start."""

from __future__ import annotations

from dataclasses import replace

from tmux_orch.clock import SystemClock
from tmux_orch.domain.message import MessageState
from tmux_orch.store.database import Database
from tmux_orch.store.events import Event, Events, event_line
from tmux_orch.store.message_rows import message_line
from tmux_orch.store.mirror import Mirrors, last_number
from tmux_orch.store.outbox import Outbox

_PAGE = 500
_OF_MESSAGES = "message."


def catch_up(database: Database) -> int:
    """Write what was committed after the mirrors' last lines; returns how many lines that were.

    Only for the one daemon of a registry, before it writes anything: a line that another writer is
    about to write would be there twice. A mirror without any line is left so: somebody cleared it.
    """
    mirrors = database.mirrors
    if mirrors is None:
        return 0
    events = Events(database, SystemClock())
    outbox = Outbox(database, SystemClock())
    newest = events.last()
    seen = last_number(mirrors.events.directory, "*.jsonl", "seq") or newest
    told = last_number(mirrors.messages.directory, "*/messages.jsonl", "event") or newest
    lines, at = 0, min(seen, told)
    while at < newest:
        for event in events.since(at, _PAGE):
            at = event.seq
            if event.seq > seen:
                mirrors.write(mirrors.events, event_line(event))
                lines += 1
            if event.seq > told and event.kind.startswith(_OF_MESSAGES):
                lines += _tell(mirrors, outbox, event)
    return lines


def _tell(mirrors: Mirrors, outbox: Outbox, event: Event) -> int:
    now = outbox.get(str(event.payload.get("id", "")))
    if now is None:
        return 0
    then = replace(
        now,
        state=MessageState(event.kind.removeprefix(_OF_MESSAGES)),
        state_at=event.at,
        reason=str(event.payload["reason"]),
        proof=str(event.payload["proof"]),
        attempts=int(event.payload["attempts"]),
    )
    # What was given and what was to be typed differ in rare cases; only the latter is stored.
    text = now.text if then.state is MessageState.ACCEPTED else None
    mirrors.write(mirrors.messages, message_line(event.seq, then, text))
    return 1
