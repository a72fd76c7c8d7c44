"""Every kind of event that the product writes has a sentence; sentences are filled, not run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain import happened
from tmux_orch.domain.message import MessageState
from tmux_orch.schedule.reminders import TOLD
from tmux_orch.watch.server_loss import MOVES

PRODUCT = Path(happened.__file__).parents[1]
# Calls whose kind is reckoned, by their source text: the kinds it can be.
RECKONED = {
    "f'message.{message.state}'": {f"message.{state}" for state in MessageState},
    "TOLD[new]": set(TOLD.values()),
    "change.event": {event for _, events in MOVES.values() for event in events},
}
# Passed on from one of the other calls.
PASSED_ON = {"kind"}


def kinds_in(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Kinds appended or told in a module, and the source of what is neither known nor reckoned."""
    known: set[str] = set()
    unclear: set[str] = set()
    for function in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
        named = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and node.args and is_told(node.func):
                kind = node.args[0]
                if isinstance(kind, ast.Name) and isinstance(named.get(kind.id), ast.IfExp):
                    kind = named[kind.id]
                for one in [kind.body, kind.orelse] if isinstance(kind, ast.IfExp) else [kind]:
                    source = ast.unparse(one)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        known.add(one.value)
                    elif source in RECKONED:
                        known |= RECKONED[source]
                    elif source not in PASSED_ON:
                        unclear.add(source)
    return known, unclear


def is_told(function: ast.expr) -> bool:
    source = ast.unparse(function)
    return source.endswith(("events.append", "board.tell", ".on_event")) or source in (
        "self.tell", "self._tell", "self._board.tell", "self._around.tell",
    )  # fmt: skip


def all_kinds() -> tuple[set[str], set[str]]:
    known: set[str] = set()
    unclear: set[str] = set()
    for path in PRODUCT.rglob("*.py"):
        if path.parts[-2] in ("agents", "analysis", "briefing", "rehearsal", "tui", "cli"):
            continue  # rooms without an event log; their lists of events are others
        tree = ast.parse(path.read_text("utf-8"))
        if "messages" in path.parts[-2:] or path.name == "reconcile.py":
            # `_tell` there speaks of messages and of stages; the log is `events.append`.
            tree = without_tell(tree)
        found, open_ones = kinds_in(tree)
        known |= found
        unclear |= open_ones
    return known, unclear


def without_tell(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "_tell":
            node.attr = "_other"
    return tree


def test_every_kind_that_is_written_anywhere_has_a_sentence():
    known, unclear = all_kinds()
    assert known >= {"agent.state", "agent.failed", "message.held", "server_lost", "hook_ignored"}
    assert not unclear, f"say in RECKONED which kinds these are: {sorted(unclear)}"
    known |= {
        "limit_seen",
        "limit_inside",
        "condition_seen",
    }  # told by the seats through their surroundings
    assert not known - set(happened.SAYINGS), "give each a line in domain/happened.py"


def test_a_sentence_is_filled_from_the_payload_and_its_empty_parts_fall_away():
    state = {"state": "idle", "evidence": "hook: stop"}
    assert happened.sentence("agent.state", state) == "is idle (hook: stop)"
    assert happened.sentence("agent.state", {"state": "idle", "evidence": ""}) == "is idle"
    held = {"id": "1a", "from": "p/a", "reason": None}
    assert happened.sentence("message.held", held) == "message 1a from p/a waits"
    assert happened.sentence("agent.state", {}) == "is ?"
    lost = {"agents": ["p/a", "p/b"], "why": "it ended"}
    assert happened.sentence("server_lost", lost).endswith("(it ended); with it: p/a, p/b")


def test_an_unknown_kind_is_shown_as_it_is():
    assert happened.sentence("new.kind", {"a": 1, "b": "x"}) == "new.kind a=1 b=x"
    assert happened.tone("new.kind", {}) == ""


@given(st.sampled_from(sorted(happened.SAYINGS)), st.text())
def test_text_in_a_payload_is_never_taken_for_a_part_of_the_sentence(kind: str, text: str):
    names = ("id", "from", "state", "evidence", "reason", "why", "exact", "tool", "proof", "to")
    said = happened.sentence(kind, dict.fromkeys(names, f"[{{id}}{text}{{state}}]"))
    assert "{" not in said.replace(f"[{{id}}{text}{{state}}]", "")


@pytest.mark.parametrize(
    ("kind", "word", "meant"),
    [("message.held", "message", True), ("message.held", "message.held", True),
     ("message.held", "mess", False), ("server_lost", "server", True), ("agent.state", "", False)],
)  # fmt: skip
def test_a_kind_is_meant_by_its_name_or_its_first_part(kind: str, word: str, meant: bool):
    assert happened.belongs(kind, word) is meant
