"""Which team a request may be about, and what an agent may ask for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from tmux_orch.domain.errors import BadInput, Refused
from tmux_orch.upkeep import budget_desk
from tmux_orch.upkeep.upkeep import Upkeep
from tmux_orch.verbs import OPEN_TO_AGENTS, Verbs


def asked(sender: str | None, about: str) -> str:
    """The project that ``sender`` is told about when the request means ``about``."""
    verbs: Any = SimpleNamespace(
        parts=SimpleNamespace(board=SimpleNamespace(who=lambda _pid: sender)),
        _meant=lambda _request, name: SimpleNamespace(name=name),
    )
    request: Any = SimpleNamespace(peer=SimpleNamespace(pid=1))
    return Verbs.project(verbs, request, about).name


def test_an_agent_asks_about_its_own_team_only_and_the_person_about_every_one() -> None:
    assert asked("shop/developer", "shop") == "shop"
    assert asked(None, "other") == "other"
    with pytest.raises(Refused, match="other is another team than that of shop/developer"):
        asked("shop/developer", "other")


#: What only a person may ask for: whatever starts, ends, wakes, pays for or approves something.
PERSONS = frozenset(
    {
        *("up", "stop", "restart", "remove", "attach", "trust", "plan-edit", "replan", "brief"),
        *("follow-status", "checkpoint", "boot-plan", "answer", "approve", "deny"),
        *("budget-set", "budget-extend", "budget-clear"),
        *("credits-wake", "credits-hold", "credits-check"),
    }
)


def daemon_verbs(sender: str | None) -> Verbs:
    """Every verb of the daemon, asked by ``sender``; none of them does anything."""
    parts: Any = MagicMock()
    parts.board.who = lambda _pid: sender
    verbs = Verbs(parts, MagicMock(), MagicMock(), MagicMock(), {}, MagicMock())
    upkeep: Any = SimpleNamespace(_parts=parts, spending=MagicMock(), scheduled=MagicMock())
    for name in (*verbs._verbs, *Upkeep.verbs(upkeep, MagicMock(), MagicMock())):
        verbs.add(name, lambda _request, _body, reply: reply.result({}))
    for name in (*verbs.of_project, *budget_desk.verbs(MagicMock())):
        verbs.of_project[name] = lambda _project, _body: {}
    return verbs


def known(verbs: Verbs) -> set[str]:
    return {"scm", "hook", *verbs._verbs, *verbs.of_project}


def test_every_verb_is_an_agents_or_only_a_persons() -> None:
    verbs = known(daemon_verbs(None))
    assert verbs >= PERSONS
    assert verbs - OPEN_TO_AGENTS == PERSONS


@pytest.mark.parametrize("verb", sorted(PERSONS))
def test_an_agent_is_refused_what_is_only_a_persons(verb: str) -> None:
    request: Any = MagicMock(verb=verb)
    reply = MagicMock()
    with pytest.raises((Refused, BadInput), match="runs as agent shop/developer"):
        daemon_verbs("shop/developer").handle(request, reply)
    reply.result.assert_not_called()
    person = daemon_verbs(None)
    person._meant = MagicMock()  # type: ignore[method-assign]
    person.handle(request, reply)
    reply.result.assert_called_once_with({})
