"""Where the program keeps its things, and how a process is known again; shared with the adapter.

``<home>/sessions/<pid>.json`` is what a running program says of itself, ``<home>/conversations/
<id>.jsonl`` the transcript of a conversation, ``<home>/trusted`` the directories a person trusted.
"""

# pathlib costs 9 ms of a start.
# ruff: noqa: PTH110, PTH118, PTH123

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def home(environment: Mapping[str, str]) -> str:
    """``REHEARSAL_HOME``, else a directory of our own in the user's state directory."""
    if environment.get("REHEARSAL_HOME"):
        return environment["REHEARSAL_HOME"]
    state = environment.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        state = os.path.join(environment.get("HOME") or "/", ".local", "state")
    return os.path.join(state, "tmux-orch-rehearsal")


def session_file(where: str, pid: int) -> str:
    """The file in which process ``pid`` publishes its state."""
    return os.path.join(where, "sessions", f"{pid}.json")


def transcript_file(where: str, conversation: str) -> str:
    """The conversation's transcript."""
    return os.path.join(where, "conversations", f"{conversation}.jsonl")


def trust_file(where: str) -> str:
    """Directories that a person trusted, one JSON string in a line."""
    return os.path.join(where, "trusted")


def is_conversation(text: str) -> bool:
    """Whether ``text`` may be a conversation id: it becomes a file name, so nothing else may."""
    return 0 < len(text) <= 64 and text.replace("-", "").isalnum() and text.isascii()


def process_start(pid: int) -> str:
    """The kernel's start tick of process ``pid``; empty when it is gone or there is no ``/proc``.

    Pid and tick together name a process; a pid alone is used again.
    """
    fields = _stat(pid)
    return fields[19].decode() if fields else ""


def lives(pid: int, start: str) -> bool:
    """Whether the process that published ``pid`` and ``start`` still runs.

    One that ended and was not waited for (its parent, tmux, may take its time) does not.
    """
    fields = _stat(pid)
    if fields:
        return fields[0] not in (b"Z", b"X") and (not start or fields[19].decode() == start)
    if os.path.exists("/proc/self"):
        return False
    try:  # no /proc on this system: the number alone has to do
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _stat(pid: int) -> list[bytes]:
    """The fields of ``/proc/<pid>/stat`` from the state on; none when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()  # the name before it may hold anything
    except OSError:
        return []  # gone, or a system without /proc
