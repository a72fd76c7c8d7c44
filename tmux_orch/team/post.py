"""What ``scm`` asks for: a target resolved, a message accepted, its delivery waited for."""

from __future__ import annotations

import json
from collections.abc import Callable

from tmux_orch.domain import address
from tmux_orch.domain.errors import BadInput, Refused
from tmux_orch.domain.message import SYSTEM as SYSTEM
from tmux_orch.domain.message import Priority
from tmux_orch.domain.names import split_key
from tmux_orch.domain.seat import Desired
from tmux_orch.messages import receipt
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.team.parts import Parts

# At most so long unless told otherwise, then the sender is told "held".
WAIT_S = 10.0
USER = "user"


class Post:
    """Accepts messages for the courier.

    Args:
        parts: The rooms' objects.
        project_of: The project a directory belongs to, or ``None``.
    """

    def __init__(self, parts: Parts, project_of: Callable[[str], str | None]) -> None:
        self.parts = parts
        self.project_of = project_of

    def handle(self, request: Request, sender: str | None, reply: Reply) -> None:
        """Answer one ``scm`` request.

        Raises:
            OrchError: nothing was accepted; the line says why.
        """
        raw = request.text("raw") == "1"
        if raw and sender is not None:
            raise Refused("--raw is the person's", "send it without --raw")
        target = self._target(request, sender)
        wait_s = self._wait_s(request)
        message = self.parts.courier.accept(
            sender or USER,
            target,
            request.text("text"),
            priority=self._priority(request),
            raw=raw,
            client_key=request.text("id") or None,
            begin=wait_s > 0,
        )
        if wait_s > 0:
            until = request.text("until", "delivered")
            message = self.parts.courier.wait(message.id, until, wait_s, request.gone)
        if request.text("json") == "1":
            line = json.dumps(receipt.receipt(message), ensure_ascii=False)
        else:
            line = receipt.line(message, no_wait=wait_s == 0)
        reply.out(line.encode("utf-8", "replace") + b"\n")
        reply.exit(receipt.exit_code(message, no_wait=wait_s == 0))
        if wait_s == 0:
            # Looking and typing would compete with the answer for the interpreter.
            reply.finish()
            self.parts.courier.kick(target)

    def _priority(self, request: Request) -> Priority:
        named = request.text("priority", "medium")
        if named not in ("low", "medium", "high"):
            raise BadInput(f"--priority {named[:40]!r}", "use low, medium or high")
        return Priority(named)

    def _wait_s(self, request: Request) -> float:
        try:
            return float(request.text("wait", str(WAIT_S)))
        except ValueError:
            raise BadInput(f"--wait {request.text('wait')[:40]!r}", "give seconds") from None

    def _target(self, request: Request, sender: str | None) -> str:
        own = split_key(sender)[0] if sender else None
        return self.target(request.text("to"), own, request.text("cwd", "/"))

    def target(self, word: str, own: str | None, cwd: str) -> str:
        """Key of the one agent that ``word`` means.

        Args:
            word: As typed after ``scm``.
            own: The project of a bare name; ``None`` for the directory's or the only live one.
            cwd: Where it was typed.

        Raises:
            BadInput: none or several are meant; the candidates are named.
        """
        meant = address.parse(word)
        projects = [p for p in self.parts.projects.all() if p.run]
        live = [p.name for p in projects if p.live]
        # With one team on the machine every directory means it: git need not be asked about ours.
        only = len(projects) == len(live) == 1
        here = None if own or only else self.project_of(cwd)
        return address.resolve(meant, self._known(), address.home(own, here, live)).key

    def _known(self) -> list[address.Known]:
        templates = {p.name: self.parts.templates_of(p) for p in self.parts.projects.all()}
        return [
            address.Known(
                project=seat.project,
                name=seat.name,
                role=seat.role,
                aliases=templates[seat.project].aliases_of(seat.role),
                window=templates[seat.project].window_of(seat.role, seat.name),
                slot=seat.slot,
                pane_id=seat.pane_id,
            )
            for seat in self.parts.seats.all()
            if seat.desired is not Desired.REMOVED
        ]
