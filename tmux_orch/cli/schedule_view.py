"""What is scheduled, as a person reads it: local times, how long until then, why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tmux_orch.cli import plain, when
from tmux_orch.cli.table import Column, table
from tmux_orch.domain.names import split_key

_COLUMNS = (
    Column("ID"),
    Column("TO", 8),
    Column("NEXT", 10),
    Column("EVERY", right=True),
    Column("LAST", right=True),
    Column("SKIPS", right=True),
    Column("NOTE", 12),
)
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def listed(found: Mapping[str, Any]) -> list[str]:
    """The table of reminders, then check-ins; why the last of them was skipped below it."""
    rows = [*found["reminders"], *({**one, "check_in": True} for one in found["check_ins"])]
    lines = []
    if rows:
        lines += table(_COLUMNS, [_row(row) for row in rows])
        lines += [
            plain.line(f"  {_id(row)} {_name(row)}, last skipped: {row['reason']}")
            for row in rows
            if row["skips"] and row["reason"]
        ]
    else:
        lines.append(f"nothing is scheduled in {plain.line(str(found['project']))}")
    if not found["check_ins_on"]:
        lines.append("check-ins are switched off (check_ins: false in config.yaml)")
    return lines


def made(row: Mapping[str, Any]) -> str:
    """One line: the id, whom, when, and how it is ended."""
    head = f"{row['id']}: {_name(row)} is reminded "
    if row["kind"] == "after_reset":
        return head + "when the next usage limit of its account has ended"
    every = f", then every {lasting(row['every_s'])}" if row["every_s"] else ""
    return f"{head}at {_next(row)}{every}"


def ended(act: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line per reminder; one when there was none."""
    done = {"cancel": "cancelled", "pause": "paused", "resume": "rings again"}[act]
    if not rows:
        yield "there was nothing to end"
    for row in rows:
        again = f" at {_next(row)}" if act == "resume" and row["next_at"] else ""
        yield plain.line(f"{row['id']}: {done}{again} ({_name(row)}: {row['note']})")


def tested(found: Mapping[str, Any]) -> str:
    """What became of the test note."""
    name = split_key(str(found["to"]))[1]
    if not found["message"]:
        return f"the schedule does not work for {name}: {found['reason']}"
    head = f"the schedule works: the note for {name} is message {found['message']}"
    if found["state"] == "delivered":
        return f"{head}, and it was delivered"
    if found["own"]:
        return f"{head}; it arrives when this turn has ended (tmux-orch messages {name})"
    state, reason = str(found["state"]), str(found["reason"])
    why = reason if reason.startswith(state) else f"{state}: {reason}" if reason else state
    return f"{head}, but it is {why}"


def lasting(seconds: int) -> str:
    """A length of time as it may be typed: ``45m``, ``1h30m``, ``2d``."""
    parts = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    every = lasting(row["every_s"]) if row["every_s"] else ""
    last = when.ago(row["rang_at"]) if row["rang_at"] else ""
    note = str(row.get("note") or "")
    if row.get("by") and row["by"] != row["to"]:
        note = f"({split_key(row['by'])[1] or row['by']}) {note}"
    return (_id(row), _name(row), _next(row), every, last, str(row["skips"] or ""), note)


def _id(row: Mapping[str, Any]) -> str:
    return "check-in" if row.get("check_in") else str(row["id"])


def _name(row: Mapping[str, Any]) -> str:
    return plain.line(split_key(str(row["to"]))[1])


def _next(row: Mapping[str, Any]) -> str:
    if row.get("state") == "paused":
        return "paused"
    if row["next_at"] is None:
        return "after a limit" if row.get("kind") == "after_reset" else "-"
    return when.ahead(row["next_at"])
