from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tmux_orch.domain.message import Message, MessageState, Priority
from tmux_orch.messages.receipt import exit_code, line, receipt

S = MessageState
THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BASE = Message(
    "1a2b3c4d", 7, "shop", "shop/developer", "user", "x", Priority.MEDIUM, False, None,
    S.DELIVERED, THEN + timedelta(seconds=0.42), "", "answered", 1, THEN,
)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "reason", "no_wait", "said", "code"),
    [
        (S.DELIVERED, "", False, "delivered to developer in 0.4 s (msg 1a2b3c4d)", 0),
        (S.HELD, "a dialog is open", False, "held: a dialog is open (msg 1a2b3c4d)", 3),
        (S.ACCEPTED, "", True, "accepted for developer (msg 1a2b3c4d)", 0),
        (S.HELD, "held until 14:32 (x)", False, "held until 14:32 (x) (msg 1a2b3c4d)", 3),
        (S.ACCEPTED, "", False, "held: waits for its turn (msg 1a2b3c4d)", 3),
        (S.SUBMITTED, "", False, "held: submitted, not yet proved (msg 1a2b3c4d)", 3),
        (S.STRANDED, "it stands there", False, "stranded: it stands there (msg 1a2b3c4d)", 5),
        (S.UNKNOWN, "r", False, "unknown whether developer got it: r (msg 1a2b3c4d)", 5),
        (S.EXPIRED, "too old", False, "expired: too old (msg 1a2b3c4d)", 5),
        (S.REFUSED, "a rule", False, "refused: a rule (msg 1a2b3c4d)", 4),
    ],
)
def test_each_end_has_its_line_and_exit_code(
    state: MessageState, reason: str, no_wait: bool, said: str, code: int
) -> None:
    message = replace(BASE, state=state, reason=reason)
    assert line(message, no_wait) == said
    assert exit_code(message, no_wait) == code


def test_every_state_has_a_documented_exit_code() -> None:
    for state in MessageState:
        message = replace(BASE, state=state)
        assert exit_code(message) in (0, 3, 4, 5)
        assert (exit_code(message) == 0) == (state is S.DELIVERED)


def test_the_receipt_has_the_documented_fields() -> None:
    assert receipt(BASE) == {
        "id": "1a2b3c4d", "state": "delivered", "proof": "answered", "to": "shop/developer",
        "took_s": 0.42, "reason": "",
    }  # fmt: skip
