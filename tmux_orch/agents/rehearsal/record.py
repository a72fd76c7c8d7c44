"""What the program writes down: its state, the conversation, and the bytes it was sent."""

# pathlib costs 9 ms of a start.
# ruff: noqa: PTH103, PTH105, PTH108, PTH112, PTH120

from __future__ import annotations

import os
import time

from tmux_orch.agents.rehearsal import places
from tmux_orch.agents.rehearsal.jsontext import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def identity() -> str:
    """A new random UUID (version 4)."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def timestamp() -> str:
    """Now, UTC, with milliseconds."""
    now = time.time()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03}Z"


def make_directory(path: str) -> None:
    """Make it 0700; what is missing above it is made as the umask says."""
    if not os.path.isdir(path):
        os.makedirs(path, mode=0o700, exist_ok=True)


class SessionFile:
    """``sessions/<pid>.json``: rewritten whole at every change, removed at a clean end."""

    def __init__(self, where: str, facts: dict[str, Any]) -> None:
        self._path = places.session_file(where, os.getpid())
        self._facts = facts
        make_directory(os.path.dirname(self._path))

    def publish(self, status: str, waiting_for: str = "") -> None:
        """Say ``idle``, ``busy``, or ``waiting`` for what."""
        instant = int(time.time() * 1000)
        facts = {**self._facts, "updatedAt": instant, "status": status, "statusUpdatedAt": instant}
        if waiting_for:
            facts["waitingFor"] = waiting_for
        draft = f"{self._path}.new"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, encode(facts).encode())
        finally:
            os.close(descriptor)
        os.replace(draft, self._path)

    def use(self, used: dict[str, float]) -> None:
        """Add to what this process used, as the file tells it from the next state on.

        The part of a plan's window that is used is told as it is, not added.
        """
        facts = {"tokens": 0, "usd": 0.0, **self._facts.get("usage", {})}
        facts["tokens"] += used.get("tokens", 0)
        facts["usd"] += used.get("usd", 0.0)
        if "percent" in used:
            facts["percent"] = used["percent"]
            facts["resetsAt"] = int(time.time()) + used["reset_s"] if "reset_s" in used else None
        self._facts["usage"] = facts

    def remove(self) -> None:
        """The clean end."""
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass  # somebody tidied up before: what we want is so


class Transcript:
    """``conversations/<id>.jsonl``: one line for one thing that was said or done."""

    def __init__(self, where: str, conversation: str) -> None:
        self.path = places.transcript_file(where, conversation)
        self._conversation = conversation
        self._descriptor = -1

    def add(self, kind: str, **fields: Any) -> None:
        """Append one line in one write; a line that a crash cut short stays alone on its line."""
        if self._descriptor < 0:
            make_directory(os.path.dirname(self.path))
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
            size = os.fstat(self._descriptor).st_size
            if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
                os.write(self._descriptor, b"\n")
        line = {
            "type": kind,
            "uuid": identity(),
            "sessionId": self._conversation,
            "timestamp": timestamp(),
            **fields,
        }
        os.write(self._descriptor, encode(line).encode() + b"\n")

    def user(self, text: str, prompt: str, meta: bool = False) -> None:
        """Text the agent is asked with; ``meta``: a hook's, not a person's."""
        message = {"role": "user", "content": text}
        extra = {"isMeta": True} if meta else {}
        self.add("user", promptId=prompt, **extra, message=message)

    def assistant(self, text: str, prompt: str) -> None:
        """What the agent answered."""
        message = {"role": "assistant", "content": [{"type": "text", "text": text}]}
        self.add("assistant", promptId=prompt, message=message)

    def tool(self, name: str, given: dict[str, Any], result: dict[str, Any]) -> None:
        """One tool call and its result."""
        self.add("tool", tool_name=name, tool_input=given, tool_response=result)

    def attachment(self, kind: str, text: str) -> None:
        """Text put beside a tool result or a prompt."""
        self.add("attachment", attachment={"type": kind, "content": text})

    def queue(self, operation: str, text: str, **extra: str) -> None:
        """A message typed while busy: ``enqueue``, ``dequeue``, or ``remove`` (with a reason)."""
        self.add("queue-operation", operation=operation, content=text, **extra)


class ByteLog:
    """Every byte that the terminal gave us, for the tests of delivery (``REHEARSAL_BYTES``).

    A path that ends with ``/`` is a directory for the logs of several programs: the file in it is
    named after ``ORCH_AGENT`` (``/`` as ``_``), else after the pid.
    """

    def __init__(self, path: str, agent: str) -> None:
        if path.endswith("/"):
            make_directory(path)
            path += f"{agent.replace('/', '_') or os.getpid()}.bytes"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)

    def add(self, data: bytes) -> None:
        """Append what was read."""
        os.write(self._descriptor, data)
