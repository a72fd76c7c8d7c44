"""Figures from the transcript, for a program whose status line is the person's own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tmux_orch.agents.hook_calls import printable
from tmux_orch.domain.work import Figures

#: The last answer stands within this of the end unless a tool wrote more after it: then nothing is
#: said this time. Read and searched in below 1 ms.
TAIL_BYTES = 256 * 1024


def figures(path: Path, now: datetime) -> Figures | None:
    """Tokens and model of the last answer, or ``None`` when its line is not near the end.

    The size of the context window is not in the transcript, so its used part is not said.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - TAIL_BYTES))
            lines = stream.read(TAIL_BYTES).split(b"\n")
    except OSError:
        return None
    for line in reversed(lines):
        if b'"usage"' in line and (found := _read(line, now)) is not None:
            return found
    return None


def _read(line: bytes, now: datetime) -> Figures | None:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None  # torn, or the end of a line cut by our window
    message = data.get("message") if isinstance(data, dict) else None
    if (
        not isinstance(message, dict)
        or data.get("type") != "assistant"
        or data.get("isSidechain") is True
        or message.get("model") == "<synthetic>"
        or not isinstance(message.get("usage"), dict)
    ):
        return None
    usage = message["usage"]
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    model = message.get("model")
    return Figures(
        at=now,
        input_tokens=sum(_count(usage, name) for name in names),
        output_tokens=_count(usage, "output_tokens"),
        model=printable(model)[:80] if isinstance(model, str) else "",
    )


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and value >= 0 else 0


def spent(line: bytes) -> tuple[str, int, int] | None:
    """What one request used, if the line tells: the answer's id, tokens in (cached too), out.

    An answer stands on several lines, one for each of its blocks, each with all of its use. What
    the program tells its status line as *total* is the last request's alone (2.1.329, 2.1.197).
    """
    if b'"usage"' not in line:
        return None
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    message = data.get("message") if isinstance(data, dict) else None
    usage = message.get("usage") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(usage, dict):
        return None
    name = message.get("id")
    if data.get("type") != "assistant" or not isinstance(name, str):
        return None
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return name, sum(_count(usage, one) for one in names), _count(usage, "output_tokens")
