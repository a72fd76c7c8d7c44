"""What a sender is told: one line, a JSON receipt, an exit code. Pure."""

from __future__ import annotations

from typing import Any

from tmux_orch.domain.errors import EXIT_DONE, EXIT_HELD, EXIT_REFUSED, EXIT_UNDECIDED
from tmux_orch.domain.message import OPEN, Message, MessageState
from tmux_orch.domain.names import split_key


def took_s(message: Message) -> float:
    """Seconds from acceptance to the state it is in."""
    return max(0.0, (message.state_at - message.accepted_at).total_seconds())


def receipt(message: Message) -> dict[str, Any]:
    """The receipt of ``scm --json``: ``{id, state, proof, to, took_s, reason}``."""
    return {
        "id": message.id,
        "state": message.state.value,
        "proof": message.proof,
        "to": message.target,
        "took_s": round(took_s(message), 3),
        "reason": message.reason,
    }


def line(message: Message, no_wait: bool = False) -> str:
    """The one line that ``scm`` prints."""
    to = split_key(message.target)[1]
    reason = message.reason or message.state.value
    ident = f"(msg {message.id})"
    if message.state is MessageState.DELIVERED:
        return f"delivered to {to} in {took_s(message):.1f} s {ident}"
    if message.state in OPEN:
        if no_wait:
            return f"accepted for {to} {ident}"
        why = _open_reason(message)
        return f"{why if why.startswith('held') else f'held: {why}'} {ident}"
    if message.state is MessageState.UNKNOWN:
        return f"unknown whether {to} got it: {reason} {ident}"
    return f"{message.state.value}: {reason} {ident}"


def _open_reason(message: Message) -> str:
    if message.reason:
        return message.reason
    if message.state is MessageState.SUBMITTED:
        return "submitted, not yet proved"
    return "waits for its turn"


def exit_code(message: Message, no_wait: bool = False) -> int:
    """The exit code of ``scm`` for this message.

    0 delivered, or with ``no_wait`` durably accepted · 3 accepted and held · 4 refused by a rule ·
    5 stranded, unknown or expired: it needs a look.
    """
    if message.state is MessageState.DELIVERED:
        return EXIT_DONE
    if message.state in OPEN:
        return EXIT_DONE if no_wait else EXIT_HELD
    return EXIT_REFUSED if message.state is MessageState.REFUSED else EXIT_UNDECIDED
