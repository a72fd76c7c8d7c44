"""Answers to agents' dialogs: shown first, checked against who may, given by hook or by keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tmux_orch.agents.adapter import Dialog
from tmux_orch.domain.answering import hub_refusal, plain_answer
from tmux_orch.domain.dialog import OpenDialog, bare, choose, is_field, settled_text
from tmux_orch.domain.errors import Absent, BadInput, CouldNotTell, Refused
from tmux_orch.domain.names import split_key
from tmux_orch.domain.roles import HUB_ROLE
from tmux_orch.domain.sanitise import sanitise
from tmux_orch.domain.seat import Seat
from tmux_orch.store.projects import Project
from tmux_orch.team.choose import MOST_TEXT, Chooser
from tmux_orch.team.parts import Parts
from tmux_orch.tmux.capture import capture

PERSON = "user"
_MOST_OPTION = 500


def is_hub(parts: Parts, key: str) -> bool:
    """Whether the agent is its project's hub."""
    return any(
        seat.key == key and seat.role == HUB_ROLE
        for seat in parts.seats.of_project(split_key(key)[0])
    )


def waiting(parts: Parts, project: Project) -> list[dict[str, Any]]:
    """The project's open dialogs as JSON-ready data, the one that waits longest first."""
    return [d.shown() for d in parts.board.dialogs.all() if split_key(d.key)[0] == project.name]


def answer(
    parts: Parts, seat: Seat, body: Mapping[str, Any], sender: str | None, by: str = ""
) -> dict[str, Any]:
    """Show the agent's dialog, or choose the option of it that ``body["option"]`` means.

    Args:
        parts, seat: Whose dialog.
        body: ``option``; ``text`` for a field; ``id`` and ``seen`` (question, options, exact) of
            what was shown, so that nothing else is answered; ``show_only``.
        sender: The agent that answers (only the hub comes here), or ``None`` for the person.
        by: Who is written down to have answered, where it is neither.

    Raises:
        Absent: no dialog waits, or not the one that was shown any more.
        BadInput: the option is none, or not one; a person types; the text cannot be given.
        Refused: the hub may not.
        Partly: keys were pressed and the answer is not proved; somebody must look.
    """
    wanted, text = _words(body)
    if body.get("show_only"):
        dialog = _now(parts, seat, body)
        option = _option(dialog, wanted, text, seat)
        return {**dialog.shown(), "option": option, "answered": False, "project": seat.project}
    with parts.courier.typing(seat.key):
        dialog = _now(parts, seat, body)
        option = _option(dialog, wanted, text, seat)
        may(parts, seat, dialog, option, sender)
        told = {
            "id": dialog.id, "kind": str(dialog.kind), "question": dialog.question,
            "exact": dialog.exact, "option": option, "text": text, "by": by or sender or PERSON,
        }  # fmt: skip
        through, after = _give(parts, seat, dialog, wanted, text, told)
    _noted(parts, seat, dialog)
    told["through"] = through
    parts.events.append("dialog.answered", seat.project, seat.key, told)
    follows = None
    if after is not None:
        follows = {"question": after.question, "options": [bare(o) for o in after.options]}
    return {**dialog.shown(), "option": option, "answered": True, "through": through,
            "follows": follows}  # fmt: skip


def may(parts: Parts, seat: Seat, dialog: OpenDialog, option: str, sender: str | None) -> None:
    """Let the person pass, and the hub where the written policy lets it.

    Raises:
        Refused: with the reason.
    """
    if sender is None:
        return
    why = f"{sender} is not the hub"
    if is_hub(parts, sender) and split_key(sender)[0] == seat.project:
        why = hub_refusal(parts.board.dialogs.rules, sender, dialog, option)
    if why:
        told = {"id": dialog.id, "option": option, "by": sender, "why": why}
        parts.events.append("dialog.refused", seat.project, seat.key, told)
        raise Refused(why, "tell the person with what you know: the dialog is shown to him")


def _noted(parts: Parts, seat: Seat, dialog: OpenDialog) -> None:
    """What is open after the answer is known before the one who gave it is told."""
    parts.board.dialogs.note_answer(seat.key, dialog.id)
    live = parts.board.seat(seat.key)
    if dialog.asked_id is None and live is not None:
        try:
            parts.board.dialogs.look_at(live)
        except CouldNotTell:
            pass  # the next tick looks


def _words(body: Mapping[str, Any]) -> tuple[str, str]:
    wanted, text = str(body.get("option") or ""), str(body.get("text") or "")
    if not wanted.strip():
        raise BadInput("no option was named", "see them: tmux-orch dialogs")
    if len(wanted) > _MOST_OPTION:
        raise BadInput(f"an option of {len(wanted)} characters", "give its text, or a part of it")
    clean = " ".join(sanitise(text).text.split())
    if text and not clean:
        raise BadInput("the text is empty", 'give some: --text "..."')
    if len(clean) > MOST_TEXT:
        raise BadInput(
            f"the text has {len(clean)} characters",
            f"at most {MOST_TEXT} can be typed there; send the rest with scm",
        )
    return wanted, clean


def _now(parts: Parts, seat: Seat, body: Mapping[str, Any]) -> OpenDialog:
    """The dialog as it stands now, if it is the one that was shown."""
    live = parts.board.seat(seat.key)
    dialog = parts.board.dialogs.look_at(live) if live is not None else None
    if dialog is None:
        raise Absent(f"{seat.name} shows no dialog", "see who waits: tmux-orch dialogs")
    step = "look again: tmux-orch dialogs"
    asked_for = body.get("id")
    if asked_for is not None and not (isinstance(asked_for, int) and asked_for == dialog.id):
        raise Absent(f"dialog {str(asked_for)[:20]} of {seat.name} does not wait any more", step)
    seen = body.get("seen")
    if isinstance(seen, Mapping):
        shown = dialog.shown()
        if any(seen.get(part) != shown[part] for part in ("question", "options", "exact")):
            raise Absent(f"{seat.name} asks something else than was shown", step)
    return dialog


def _option(dialog: OpenDialog, wanted: str, text: str, seat: Seat) -> str:
    """The whole text of the option meant."""
    if not dialog.options:
        raise BadInput(
            f"the dialog of {seat.name} is not understood",
            f"answer it there: tmux-orch attach {seat.name}",
        )
    option = dialog.options[choose(dialog.options, wanted)]
    if is_field(option) and not text:
        raise BadInput(f"{bare(option)!r} takes a text", 'give it: --text "..."')
    if text and not is_field(option):
        raise BadInput(
            f"{bare(option)!r} takes no text that we know how to type",
            f"leave out --text, or answer it there: tmux-orch attach {seat.name}",
        )
    return bare(option)


def _asks(shown: Dialog | None, dialog: OpenDialog) -> bool:
    """Whether the screen shows this dialog: many ask something else with the same options."""
    if shown is None or shown.options != dialog.options:
        return False
    return settled_text(shown.question) == settled_text(dialog.question)


def _give(
    parts: Parts, seat: Seat, dialog: OpenDialog, wanted: str, text: str, told: Mapping[str, Any]
) -> tuple[str, Dialog | None]:
    """The answer given: ``hook`` or ``keys``, and the dialog that follows it, if one does."""
    index = choose(dialog.options, wanted)
    allow = plain_answer(bare(dialog.options[index]))
    screen = capture(parts.server, [seat.pane_id], escapes=True).get(seat.pane_id)
    shown = parts.adapter(seat).dialog(screen) if screen is not None else None
    by_hook = dialog.asked_id is not None and allow is not None
    # After a "yes" at the terminal the hook hangs on; a dialog not drawn yet has no cursor.
    if not _asks(shown, dialog) and (not by_hook or dialog.cursor is not None):
        raise Absent(
            f"the dialog of {seat.name} does not stand on its screen any more",
            "look again: tmux-orch dialogs",
        )
    if by_hook or shown is None:
        parts.board.permissions.answer(dialog.key, bool(allow), "", dialog.asked_id)
        return "hook", None
    # Written before the first key: a daemon that dies now leaves word of what it was doing.
    parts.events.append("dialog.answering", seat.project, seat.key, told)
    since = parts.clock.now()
    after = Chooser(parts, seat, shown).choose(index, text)
    parts.board.permissions.drop(seat.key, since)
    return "keys", after
