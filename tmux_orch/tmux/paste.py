"""Typing into an agent's pane: the text, then Enter, each only if the guard holds at that moment.

The two halves are separate because agents' composers swallow an Enter that comes with the paste;
the caller holds one lock per pane over both, with the agent program's own gap in between. Measured
on 3.3a: 200 of 200 messages of 8 concurrent senders whole with the lock, about 50 without.
"""

from __future__ import annotations

import re

from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.tmux.command import Command, chain
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.server import CommandFailed, Server, ServerAbsent

_BUFFER_ID = re.compile(r"[a-z0-9-]{1,64}")
_KEY = re.compile(
    r"(?:[CMS]-)?(?:[A-Za-z0-9]|Enter|Escape|Tab|BTab|Space|BSpace|Up|Down|Left|Right|Home|End)"
)
# ESC [201~ inside a text ends the bracketed paste and the rest is typed as keys; tmux before 3.7
# passes all control characters through. The sender cleans the text; this is the last door.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DONE, _REFUSED = "orch-done", "orch-refused"


def paste(server: Server, guard: Guard, message_id: str, text: str) -> bool:
    """Put ``text`` into the composer as one bracketed paste, without Enter.

    Returns:
        ``True``: tmux gave it to the program (which is not yet proof that it was read).
        ``False``: refused by the guard; nothing reached the pane, and no buffer is left.

    Raises:
        BadInput: the text is empty or holds control characters other than tab and newline.
        ServerAbsent: no server; nothing was pasted.
        CouldNotTell: no answer in time; it may have been pasted.
    """
    if not text:
        raise BadInput("an empty message cannot be pasted")
    if found := _CONTROL.search(text):
        raise BadInput(f"the text holds the control character {found[0]!r}")
    try:
        body = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput("the text holds half a surrogate pair") from error
    name = _buffer(message_id)
    # -p: brackets, when the program asked for them; -r: newlines stay newlines (else they submit);
    # -d: the buffer goes with it.
    act = Command("paste-buffer", "-p", "-r", "-d", "-b", name, "-t", guard.pane_id)
    clean = Command("delete-buffer", "-b", name)
    load = Command("load-buffer", "-b", name, "-")
    return _guarded(server, guard.pane_id, guard.condition(), [act], [clean], [load], body)


def press(server: Server, guard: Guard, key: str = "Enter") -> bool:
    """Press one key (a tmux key name); ``False`` when the guard refused it.

    Raises as :func:`paste`.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key name that we press: {key!r}")
    act = Command("send-keys", "-t", guard.pane_id, key)
    return _guarded(server, guard.pane_id, guard.condition(), [act])


def leave_mode(server: Server, guard: Guard) -> bool:
    """End copy mode or another mode in the agent's pane, if it is in one; ``False`` when refused.

    In copy mode a paste reaches the program and the Enter after it does not (3.3a), so
    :func:`paste` refuses there. ``copy-mode -q`` succeeds in and out of a mode.
    """
    act = Command("copy-mode", "-q", "-t", guard.pane_id)
    return _guarded(server, guard.pane_id, guard.condition(any_mode=True), [act])


def forget_text(server: Server, message_id: str) -> None:
    """Remove the buffer that a paste which was cut off may have left; none is fine too."""
    try:
        server.run([Command("delete-buffer", "-b", _buffer(message_id))])
    except (CommandFailed, Absent, ServerAbsent):
        pass  # "unknown buffer", or nothing that could hold one: it is not there, as wanted


def _buffer(message_id: str) -> str:
    if not _BUFFER_ID.fullmatch(message_id):
        raise ValueError(f"not a message id: {message_id!r}")
    return f"m-{message_id}"


def _guarded(
    server: Server,
    pane_id: str,
    condition: str,
    act: list[Command],
    otherwise: list[Command] | None = None,
    before: list[Command] | None = None,
    stdin: bytes = b"",
) -> bool:
    said = Command("display-message", "-p", _DONE)
    refused = Command("display-message", "-p", _REFUSED)
    choice = Command(
        "if-shell", "-F", "-t", pane_id, condition,
        chain([*act, said]), chain([*(otherwise or []), refused]),
    )  # fmt: skip
    reply = server.run([*(before or []), choice], stdin=stdin)
    if reply.lines == [_DONE]:
        return True
    if reply.lines == [_REFUSED]:
        return False
    raise CommandFailed(f"tmux answered {reply.out[:60]!r} to a guarded act")
