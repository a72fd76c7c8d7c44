"""Tells of an open dialog: the sign on the agent's window, its watchers, and the hub, once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from tmux_orch.domain.answering import POLICY, AnswerRules, waiting_option
from tmux_orch.domain.dialog import DialogKind
from tmux_orch.domain.errors import OrchError
from tmux_orch.domain.names import split_key
from tmux_orch.domain.roles import HUB_ROLE
from tmux_orch.domain.sanitise import printable
from tmux_orch.messages.courier import Courier
from tmux_orch.store.seats import Seats
from tmux_orch.team.post import SYSTEM
from tmux_orch.tmux.dialog_sign import announce, mark
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.server import Server

_log = logging.getLogger(__name__)

_MOST = 200


class Herald:
    """Passes on ``dialog.*`` events; called in the board's one thread for them."""

    def __init__(
        self,
        server: Server,
        seats: Seats,
        courier: Courier,
        rules: AnswerRules,
    ) -> None:
        self._server = server
        self._seats = seats
        self._courier = courier
        self._rules = rules

    def event(self, kind: str, key: str | None, payload: Mapping[str, Any]) -> None:
        """Something happened; what is no dialog's is passed over. Never raises."""
        if key is None or kind not in ("dialog.opened", "dialog.closed", "dialog.deadline"):
            return
        for act in (self._sign, self._hub):
            try:
                act(kind, key, payload)
            except OrchError as error:
                _log.warning("%s of %s was not passed on: %s", kind, key, error.line())

    def _sign(self, kind: str, key: str, _payload: Mapping[str, Any]) -> None:
        seat = self._seats.get(key)
        if seat is None or not (seat.pane_id and seat.window_id):
            return
        on = kind != "dialog.closed"
        guard = Guard(seat.pane_id, seat.key, seat.tag)
        if mark(self._server, seat.window_id, guard, on) and on:
            announce(self._server, seat.project, seat.name)

    def _hub(self, kind: str, key: str, payload: Mapping[str, Any]) -> None:
        project, name = split_key(key)
        if kind != "dialog.opened" or _answered_by_us(payload):
            return
        for hub in self._seats.of_project(project):
            if hub.role == HUB_ROLE and hub.key != key:
                # The same question asked again gets its own; a restarted daemon tells none twice.
                about = repr((key, payload["question"], payload["options"], payload["exact"],
                              payload["since_at"]))  # fmt: skip
                mark_ = hashlib.sha256(about.encode("utf-8", "replace")).hexdigest()[:16]
                self._courier.accept(
                    SYSTEM, hub.key, self._line(name, payload), client_key=f"dialog-{mark_}"
                )

    def _line(self, name: str, payload: Mapping[str, Any]) -> str:
        kind = DialogKind(payload["kind"])
        what = payload["exact"] or payload["question"] or "a screen nobody understands"
        harm = f" It {payload['destructive']}." if payload["destructive"] else ""
        how = "The person is shown it and answers it."
        if kind in self._rules.hub_may and kind in POLICY and not payload["destructive"]:
            options = " | ".join(printable(str(option), 60) for option in payload["options"])
            how = f'You may answer it: tmux-orch answer {name} "OPTION" --yes. Options: {options}'
        told = printable(" ".join(str(what).split()), _MOST)
        # Quoted: the agent chose these words, and the message speaks in our voice.
        return f'{name} waits ({kind}): "{told}".{harm} {how}'


def _answered_by_us(payload: Mapping[str, Any]) -> bool:
    """Whether it is a limit's menu that ``LimitMenu`` answers: nobody else has to do anything."""
    options = [str(option) for option in payload["options"]]
    return payload["kind"] == DialogKind.LIMIT and bool(waiting_option(options))
