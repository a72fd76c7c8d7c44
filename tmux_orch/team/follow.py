"""What happened and what waits: messages, events and held permissions, as rows for a person."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.domain.happened import belongs
from tmux_orch.domain.message import Message
from tmux_orch.domain.seat import Seat
from tmux_orch.rpc.request import Reply
from tmux_orch.store.events import Event
from tmux_orch.store.projects import Project
from tmux_orch.team.answer import PERSON, may
from tmux_orch.team.parts import Parts

# A person's eye does not tell 0.25 s from at once; the events table is asked by its primary key.
_LOOK_EVERY_S = 0.25
LIMIT = 1000


def limit_of(body: Mapping[str, Any]) -> int:
    """The row limit asked for.

    Raises:
        BadInput: not a number from 1 to 1000.
    """
    limit = body.get("limit", 50)
    if not isinstance(limit, int) or not 1 <= limit <= LIMIT:
        raise BadInput(f"--limit {limit!r}", f"give a number from 1 to {LIMIT}")
    return limit


def message_row(message: Message) -> dict[str, Any]:
    """One message as JSON-ready data."""
    return {
        "id": message.id,
        "seq": message.seq,
        "at": message.accepted_at.isoformat(),
        "sender": message.sender,
        "to": message.target,
        "state": str(message.state),
        "state_at": message.state_at.isoformat(),
        "proof": message.proof,
        "reason": message.reason,
        "text": message.text,
    }


def messages(
    parts: Parts, project: Project, body: Mapping[str, Any], reply: Reply, gone: Callable[[], bool]
) -> None:
    """The last messages of a project, then, with ``follow``, each change as a progress frame."""
    agent = body.get("agent")
    target = f"{project.name}/{agent}" if agent else None
    rows = parts.outbox.recent(project.name, limit_of(body), agent=target)
    if not body.get("follow"):
        reply.result({"messages": [message_row(m) for m in rows]})
        return
    reply.only_follows()
    for message in rows:
        reply.progress(message_row(message))
    seen = {m.id: m.state for m in rows}
    pause = threading.Event()
    while not gone():
        for message in parts.outbox.recent(project.name, LIMIT, agent=target):
            if seen.get(message.id) is not message.state:
                seen[message.id] = message.state
                reply.progress(message_row(message))
        pause.wait(_LOOK_EVERY_S)


def events(
    parts: Parts, project: Project, body: Mapping[str, Any], reply: Reply, gone: Callable[[], bool]
) -> None:
    """The last events of a project, then, with ``follow``, each new one as a progress frame.

    ``agent`` and ``kinds`` (or their first parts, see ``domain.happened``) narrow both.
    """
    wanted = _wanted(parts, project, body)
    since, limit = body.get("since"), limit_of(body)
    if since is not None and not isinstance(since, int):
        raise BadInput(f"--since {since!r}", "give the number of an event")
    last = parts.events.last() if since is None else since
    if since is None:
        found = parts.events.recent(project.name, LIMIT, wanted.agent)
    else:
        found = parts.events.since(since, limit, project.name)
    rows = [event_row(event) for event in found if wanted(event)][-limit:]
    if not body.get("follow"):
        reply.result({"events": rows})
        return
    reply.only_follows()
    for row in rows:
        reply.progress(row)
    last = max(last, found[-1].seq if found else 0)
    pause = threading.Event()
    while not gone():
        for event in parts.events.since(last, LIMIT, project.name):
            last = event.seq
            if wanted(event):
                reply.progress(event_row(event))
        pause.wait(_LOOK_EVERY_S)


@dataclass(frozen=True, slots=True)
class _Wanted:
    agent: str | None
    kinds: tuple[str, ...]

    def __call__(self, event: Event) -> bool:
        if self.agent is not None and event.agent != self.agent:
            return False
        return not self.kinds or any(belongs(event.kind, word) for word in self.kinds)


def _wanted(parts: Parts, project: Project, body: Mapping[str, Any]) -> _Wanted:
    agent, kinds = body.get("agent"), body.get("kinds") or []
    if not isinstance(kinds, list):
        raise BadInput(f"kinds {kinds!r}", "give a list of kinds")
    key = f"{project.name}/{agent}" if agent else None
    seats = parts.seats.of_project(project.name)
    # Of one that was removed the events stay.
    if key and key not in {s.key for s in seats} and not parts.events.recent(project.name, 1, key):
        known = ", ".join(sorted(seat.name for seat in seats)) or "none"
        raise BadInput(f"{project.name} has no agent {str(agent)[:80]!r}", f"it has {known}")
    return _Wanted(key, tuple(map(str, kinds)))


def event_row(event: Event) -> dict[str, Any]:
    """One event as JSON-ready data."""
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "project": event.project,
        "agent": event.agent,
        "payload": event.payload,
    }


def permission(
    parts: Parts, seat: Seat, allow: bool, body: Mapping[str, Any], sender: str | None = None
) -> dict[str, Any]:
    """Show or answer the permission an agent waits for, through the hook that asked.

    Args:
        parts, seat: Whose question.
        allow: The answer.
        body: ``show_only``; or ``id`` of what was shown, so that no other question is answered,
            and a ``reason`` for the agent.
        sender: The hub, where it is the one who answers; else ``None``.

    Raises:
        Refused: the hub may not.
        Absent: it waits for none that a hook holds, or not for the one shown any more.
    """
    permissions = parts.board.permissions
    asked = permissions.pending(seat.key)
    if asked is None:
        raise Absent(f"{seat.name} waits for no permission", "look what it does: tmux-orch status")
    answer = not body.get("show_only")
    reason = str(body.get("reason") or "")
    if answer:
        if sender is not None:
            dialog = parts.board.dialogs.of(seat.key)
            if dialog is None or dialog.asked_id != asked.id:
                raise Absent(f"{seat.name} asks something else now", "see: tmux-orch dialogs")
            may(parts, seat, dialog, "Yes" if allow else "No", sender)
        shown_id = body.get("id")
        asked_id = shown_id if isinstance(shown_id, int) else asked.id
        asked = permissions.answer(seat.key, allow, reason, asked_id)
    shown = {
        "agent": seat.name,
        "id": asked.id,
        "tool": asked.tool,
        "exact": asked.exact,
        "asked_at": asked.at.isoformat(),
    }
    if answer:
        kind = "permission.allowed" if allow else "permission.denied"
        by = sender or PERSON
        parts.board.dialogs.note_answer(seat.key, asked.id)
        parts.events.append(kind, seat.project, seat.key, {**shown, "reason": reason, "by": by})
    return {**shown, "answered": answer, "allowed": allow}
