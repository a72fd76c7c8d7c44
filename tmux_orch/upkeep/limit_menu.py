"""The menu that some programs open at a used-up plan: answered with the option that only waits.

Behind it the agent takes no message, so nobody could wake it after the reset. A menu without such
an option, or with a doubt which it is, is left to a person.
"""

from __future__ import annotations

import logging
import threading

from tmux_orch.domain.answering import waiting_option
from tmux_orch.domain.dialog import DialogKind, OpenDialog
from tmux_orch.domain.errors import OrchError
from tmux_orch.team.answer import answer
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import SYSTEM

_log = logging.getLogger(__name__)


class LimitMenu:
    """Answers in a thread of its own per menu: reading one until it stands still takes a second.

    Args:
        parts: The rooms' objects.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def look(self) -> None:
        """Begin to answer every menu that stands; what could not be answered is tried again."""
        for dialog in self._parts.board.dialogs.all():
            self._begin(dialog)

    def _begin(self, dialog: OpenDialog) -> None:
        option = waiting_option(dialog.options) if dialog.kind is DialogKind.LIMIT else ""
        if not option:
            return
        with self._lock:
            if dialog.key in self._busy:
                return
            self._busy.add(dialog.key)
        name = f"limit-menu-{dialog.key}"
        threading.Thread(target=self._answer, args=(dialog, option), name=name, daemon=True).start()

    def _answer(self, dialog: OpenDialog, option: str) -> None:
        try:
            seat = self._parts.seats.get(dialog.key)
            if seat is not None:
                body = {"id": dialog.id, "option": option}
                answer(self._parts, seat, body, None, by=SYSTEM)
        except OrchError as error:
            # A person types there, or has answered; the next look sees what stands then.
            _log.info("the limit menu of %s was not answered: %s", dialog.key, error.line())
        except Exception:  # noqa: BLE001 - a fault of ours must not go unseen
            _log.exception("the limit menu of %s was not answered", dialog.key)
        finally:
            with self._lock:
                self._busy.discard(dialog.key)
