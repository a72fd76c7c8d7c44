"""What is asked of plans and holds over the socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tmux_orch.domain.names import split_key
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.store.projects import Project
from tmux_orch.team.parts import Parts
from tmux_orch.upkeep.spending import Spending

Verb = Callable[[Request, Mapping[str, Any], Reply], None]


class CreditsDesk:
    """An agent sees its own team's accounts; who may wake and hold is the verbs' to say.

    Args:
        parts: The rooms' objects.
        spending: What is asked.
        project: The project that a request means by a name or directory.
    """

    def __init__(
        self,
        parts: Parts,
        spending: Spending,
        project: Callable[[Request, str | None], Project],
    ) -> None:
        self._parts = parts
        self._spending = spending
        self._credits = spending.credits
        self._project = project

    def verbs(self) -> dict[str, Verb]:
        """What answers to which verb."""
        return {
            "credits": self._status,
            "credits-history": self._history,
            "credits-wake": self._wake,
            "credits-hold": self._hold,
            "credits-check": self._check,
        }

    def _status(self, request: Request, _body: Mapping[str, Any], reply: Reply) -> None:
        reply.result(self._credits.status(self._own(request)))

    def _history(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        found = self._credits.history(
            body.get("account"), body.get("limit", 20), self._own(request), request.text("cwd", "/")
        )
        reply.result(found)

    def _wake(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        named, cwd = body.get("project"), request.text("cwd", "/")
        project = None if named is None else self._project(request, str(named)).name
        reply.result(self._credits.wake(body.get("who"), project, cwd))

    def _hold(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        cwd = request.text("cwd", "/")
        reply.result(self._credits.hold(body.get("account"), body.get("until_at"), cwd))

    def _check(self, _request: Request, _body: Mapping[str, Any], reply: Reply) -> None:
        reply.result(self._spending.check())

    def _own(self, request: Request) -> str | None:
        """The team of the agent that asks; ``None`` for the person."""
        sender = self._parts.board.who(request.peer.pid)
        return split_key(sender)[0] if sender is not None else None
