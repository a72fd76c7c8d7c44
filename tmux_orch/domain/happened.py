"""What every kind of event says to a person: one table, kind → sentence.

The sentence follows the agent's name ("developer" "is idle"). Details come from programs and
agents: whoever prints a sentence makes it plain first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tmux_orch.domain.states import WAITING, AgentState


class Saying(NamedTuple):
    """A sentence and how it is meant.

    ``{field}`` is filled from the event's payload; ``[…]`` falls away when a field in it is empty.
    """

    text: str
    tone: str = ""  # "good", "look" (somebody should), "bad"


SAYINGS: dict[str, Saying] = {
    "agent.state": Saying("is {state}[ ({evidence})]"),
    "agent.failed": Saying("could not be brought up[: {reason}]", "bad"),
    "agent.stopped": Saying("was stopped by you; its worktree is kept"),
    "trust.answered": Saying("was trusted[: {option}][ (asked: {question})]", "good"),
    "permission.allowed": Saying("was allowed {tool}: {exact}[ ({reason})]", "good"),
    "permission.denied": Saying("was denied {tool}: {exact}[ ({reason})]", "look"),
    "dialog.opened": Saying("asks ({kind}): {question}[ - exactly: {exact}]", "look"),
    "dialog.closed": Saying("asks no more ({kind}) after {waited_s} s"),
    "dialog.waits": Saying("still asks ({kind}): {question}[ - exactly: {exact}]", "look"),
    "dialog.deadline": Saying("waited {deadline_s} s for an answer: {came}", "bad"),
    "dialog.answering": Saying("is being answered by {by}: {option}"),
    "dialog.answered": Saying("was answered by {by}, with {through}: {option}[ ({text})]", "good"),
    "dialog.refused": Saying("was not answered: {by} may not choose {option}: {why}", "look"),
    "message.accepted": Saying("message {id} from {from} was accepted"),
    "message.gate": Saying("message {id} from {from}: is it a good moment?"),
    "message.composing": Saying("message {id} from {from} is being typed"),
    "message.submitted": Saying("message {id} from {from} was handed over[ ({proof})]"),
    "message.delivered": Saying("message {id} from {from} has arrived[ ({proof})]", "good"),
    "message.held": Saying("message {id} from {from} waits[: {reason}]", "look"),
    "message.stranded": Saying("message {id} from {from} stands unsent[: {reason}]", "bad"),
    "message.refused": Saying("message {id} from {from} was refused[: {reason}]", "bad"),
    "message.unknown": Saying("message {id} from {from} may have arrived[: {reason}]", "bad"),
    "message.expired": Saying("message {id} from {from} has expired[: {reason}]", "bad"),
    "agent.said": Saying("said {kind}: {text}", "look"),
    "limit_seen": Saying("has reached its usage limit[ (until {until_at})][: {evidence}]", "look"),
    "limit_inside": Saying(
        "had helpers that a usage limit stopped[ (until {until_at})][: {evidence}]", "look"
    ),
    "hold.begun": Saying(
        "the account {account} is held: {what}[, until {until_at}] ({confidence})", "look"
    ),
    "hold.moved": Saying(
        "the hold of {account} ({what}) was moved[ to {until_at}] ({source})", "look"
    ),
    "hold.probed": Saying("the account is tried: {what} (try {probe})"),
    "hold.ended": Saying("the hold of {account} has ended: {what}[, {outcome}]", "good"),
    "wake.sent": Saying("was sent its one resume message {message}"),
    "wake.verified": Saying("works again after its limit", "good"),
    "wake.failed": Saying("was at its limit still[; held until {until_at}]", "look"),
    "wake.asked": Saying(
        "was not woken: its conversation fills {context_percent} % of its context and was held "
        "for {held_h} h; a person says: tmux-orch credits wake",
        "look",
    ),
    "wake.left": Saying("needed no resume message: {why}"),
    "condition_seen": Saying("shows {condition}[: {evidence}]", "look"),
    "agent.blocked": Saying("is blocked: {text}", "look"),
    "attention.raised": Saying("needs a look: {kind}, {detail}[ (reminder {reminder})]", "look"),
    "attention.cleared": Saying("needs no look any more: {kind}", "good"),
    "budget.set": Saying("{whose} budget per {period} is {amount} {unit} now"),
    "budget.extended": Saying("{whose} budget for this {period} has {amount} {unit} more"),
    "budget.cleared": Saying("{whose} budget per {period} of {amount} {unit} was taken away"),
    "budget.warned": Saying("{percent} % of {budget} is used ({words})", "look"),
    "budget.held": Saying("{budget} is used up ({words})[: {do}]", "bad"),
    "budget.freed": Saying("{budget} is not used up any more ({words})", "good"),
    "checkpoint.asked": Saying("was asked for a checkpoint: {why}"),
    "restart.planned": Saying("is started again in {in_s} s: it {why}", "look"),
    "restart.done": Saying("was started again (start {attempt} since it was healthy)", "good"),
    "restart.given_up": Saying("is not started any more: it {why}", "bad"),
    "restart.left": Saying("is not started again: it {why}", "look"),
    "server_lost": Saying("the tmux server is gone[ ({why})][; with it: {agents}]", "bad"),
    "server_hung": Saying("the tmux server does not answer[: {why}]", "bad"),
    "server_back": Saying("the tmux server answers again", "good"),
    "conversation_changed": Saying("changed its conversation[ to {to}]"),
    "boot.down": Saying("the machine was restarted; down are {agents}", "look"),
    "boot.returning": Saying("the machine was restarted; brought back are {agents}"),
    "boot.wave": Saying("wave {wave} after the machine's restart: {agents}"),
    "boot.left": Saying("was not brought back after the machine's restart: {reason}", "bad"),
    "schedule.missed": Saying(
        "{job} did not ring for {count} times since {since_at}: nobody was there to ring", "look"
    ),
    "schedule.made": Saying("is to get {what}[ at {at}][ every {every_s} s] (asked for by {by})"),
    "schedule.rang": Saying("was given its {what}[ (message {message})]"),
    "schedule.skipped": Saying("was spared its {what}: {reason}"),
    "schedule.dropped": Saying("never gets its {what}: {reason}", "look"),
    "schedule.cancelled": Saying("will not get its {what}: it was cancelled"),
    "schedule.paused": Saying("does not get its {what} for now: it is paused"),
    "schedule.resumed": Saying("gets its {what} again"),
    "hook_ignored": Saying("a hook call did not count[: {why}]", "look"),
}  # fmt: skip
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"\{(\w+)\}")
_TONES = {
    AgentState.IDLE: "good", AgentState.COMPLETE: "good", AgentState.EXITED: "bad",
    AgentState.ERROR: "bad", AgentState.STUCK: "bad", AgentState.USAGE_LIMITED: "look",
    **dict.fromkeys(WAITING, "look"),
}  # fmt: skip


def sentence(kind: str, payload: Mapping[str, Any]) -> str:
    """What happened, in words; an unknown kind as it is, with its payload."""
    saying = SAYINGS.get(kind)
    if saying is None:
        return " ".join([kind, *(f"{key}={value}" for key, value in payload.items())])

    def optional(match: re.Match[str]) -> str:
        wanted = _FIELD.findall(match[1])
        return match[1] if all(_said(payload.get(name)) for name in wanted) else ""

    text = _OPTIONAL.sub(optional, saying.text)  # the table's text: no payload is in it yet
    return _FIELD.sub(lambda match: _said(payload.get(match[1])) or "?", text)


def tone(kind: str, payload: Mapping[str, Any]) -> str:
    """``good``, ``look``, ``bad``, or nothing."""
    if kind == "agent.state":
        return next((t for state, t in _TONES.items() if payload.get("state") == state.value), "")
    saying = SAYINGS.get(kind)
    return saying.tone if saying else ""


def is_kind(word: str) -> bool:
    """Whether ``word`` is a kind, or the first part of some (``message``)."""
    return any(belongs(kind, word) for kind in SAYINGS)


def belongs(kind: str, word: str) -> bool:
    """Whether an event of ``kind`` is meant by ``word``: the kind itself, or its first part."""
    return kind == word or kind.startswith((f"{word}.", f"{word}_"))


def _said(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)
