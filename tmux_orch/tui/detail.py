"""What is known of one agent, line by line, for the pane below the team. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tmux_orch.cli import plain, when
from tmux_orch.domain import happened
from tmux_orch.tui.rows import Cell, line, number, objects

_LABEL = 10
# A message's way; where it came to is told.
_STEPS = frozenset({f"message.{step}" for step in ("accepted", "gate", "composing", "submitted")})
_UNITS = ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"))


def lines(
    agent: Mapping[str, Any],
    dialogs: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    room: int,
    now: datetime,
) -> list[Cell]:
    """The lines, the most important first; text that does not fit is wrapped, not cut."""
    found = [Cell(_head(agent))]
    for label, text, tone in _facts(agent, now):
        if text:
            found += _wrapped(label, text, tone, room)
    for dialog in dialogs:
        found += asked(dialog, room)
    found += [
        Cell(f"{when.clock(event.get('at'))[11:]:<{_LABEL}}{_said(event)}", _tone(event))
        for event in reversed(events)
        if event.get("kind") not in _STEPS
    ]
    return found


def asked(dialog: Mapping[str, Any], room: int) -> list[Cell]:
    """A dialog with its options; what exactly is asked for stands there whole."""
    found = _wrapped("asks", line(dialog.get("question")) or line(dialog.get("kind")), "look", room)
    if exact := dialog.get("exact"):
        told = plain.exact(str(exact)).replace("\n", "\\n").replace("\t", "\\t")
        found += _wrapped("exactly", f"{line(dialog.get('tool'))} {told}".strip(), "look", room)
    if destructive := line(dialog.get("destructive")):
        found += _wrapped("careful", f"it {destructive}", "bad", room)
    options = ", ".join(f"{n}. {line(text)}" for n, text in enumerate(options_of(dialog), 1))
    found += _wrapped("options", f"{options}  (a answers)" if options else "", "look", room)
    if dialog.get("deadline_at"):
        end = "it is denied" if dialog.get("outcome") == "deny" else "it stays, and you are told"
        found += _wrapped(
            "until", f"{when.clock(dialog['deadline_at'])[11:]}, then {end}", "", room
        )
    return found


def options_of(dialog: Mapping[str, Any]) -> list[str]:
    """The options' texts as the daemon has them: to be answered with, plain only where shown."""
    found = dialog.get("options")
    return [str(option) for option in found] if isinstance(found, list) else []


def _head(agent: Mapping[str, Any]) -> str:
    role = line(agent.get("role"))
    program = line(agent.get("adapter"))
    name = line(agent.get("name"))
    kind = ", ".join(part for part in (role if role != name else "", program) if part)
    return f"{name} ({kind})" if kind else name


def _facts(agent: Mapping[str, Any], now: datetime) -> list[tuple[str, str, str]]:
    facts = [
        ("because", line(agent.get("evidence")), ""),
        ("against", line(agent.get("conflict")), "look"),
    ]
    for one in objects(agent, "attention"):
        told = f"{line(one.get('kind')).replace('_', ' ')}: {line(one.get('detail'))}"
        ago = when.ago(one.get("since_at"), now)
        facts.append(("look", f"{told.rstrip(': ')} ({ago})", "look"))
    return [
        *facts,
        ("work", _work(agent, now), ""),
        ("git", line(agent.get("git_trouble")), "bad"),
        ("used", _used(agent), ""),
        ("says", line(agent.get("last_line")), "dim"),
    ]


def _work(agent: Mapping[str, Any], now: datetime) -> str:
    told = [line(agent.get("branch"))]
    for field, what in (
        ("commits_ahead", "ahead"),
        ("commits_behind", "behind"),
        ("dirty_files", "dirty"),
    ):
        if (count := number(agent.get(field))) is not None and (count or field == "commits_ahead"):
            told.append(f"{count:.0f} {what}")
    if agent.get("last_commit_at"):
        told.append(f"last commit {when.ago(agent['last_commit_at'], now)} ago")
    return ", ".join(filter(None, told))


def _used(agent: Mapping[str, Any]) -> str:
    told = []
    if (context := number(agent.get("context_percent"))) is not None:
        told.append(f"{context:.0f}% of its context")
    for field, what in (("input_tokens", "in"), ("output_tokens", "out")):
        if (tokens := number(agent.get(field))) is not None:
            told.append(f"{_short(tokens)} tokens {what}")
    if (cost := number(agent.get("cost_usd"))) is not None:
        told.append(f"${cost:.2f}")
    if (cpu := number(agent.get("cpu_percent"))) is not None:
        told.append(f"{cpu:.0f}% CPU")
    if (memory := number(agent.get("memory_bytes"))) is not None:
        told.append(_bytes(memory))
    return ", ".join(told)


def _short(count: float) -> str:
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return f"{count:.0f}"


def _bytes(count: float) -> str:
    for size, unit in _UNITS:
        if count >= size:
            return f"{count / size:.0f} {unit}"
    return f"{count:.0f} B"


def _said(event: Mapping[str, Any]) -> str:
    return plain.line(happened.sentence(str(event.get("kind")), event.get("payload") or {}))


def _tone(event: Mapping[str, Any]) -> str:
    return happened.tone(str(event.get("kind")), event.get("payload") or {})


def _wrapped(label: str, text: str, tone: str, room: int) -> list[Cell]:
    if not text:
        return []
    parts = textwrap.wrap(text, max(20, room - _LABEL), break_on_hyphens=False) or [""]
    return [
        Cell(f"{label if not at else '':<{_LABEL}}{part}", tone) for at, part in enumerate(parts)
    ]
