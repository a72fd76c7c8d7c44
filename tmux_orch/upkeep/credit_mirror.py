"""``credit_schedule.json``: a copy of plans and holds under the names that older tools read.

Off unless the person's settings say ``credit_mirror: true``. Never read by us. Its times are local
without a zone, because that is what its readers compare with.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tmux_orch.config.files import write_atomically

_log = logging.getLogger(__name__)

NAME = "credit_schedule.json"
#: Whose readers there are: programs that share Claude Code's configuration directory.
PROGRAM = "claude"
MOST_HISTORY = 20
_HOURS = 5


class CreditMirror:
    """Writes the file of each account beside its program's settings. One thread at a time."""

    def __init__(self) -> None:
        self._written: dict[str, dict[str, Any]] = {}
        self._refused: set[str] = set()

    def write(
        self,
        accounts: Sequence[Mapping[str, Any]],
        history: Sequence[Mapping[str, Any]],
        now: datetime,
    ) -> None:
        """Write what has changed.

        Args:
            accounts, history: As ``credits status`` and ``credits history`` tell them.
            now: The instant, which the file names.
        """
        for account in accounts:
            directory = account["directory"]
            if account["program"] != PROGRAM:
                continue
            ended = [hold for hold in history if hold["account"] == account["account"]]
            told = body(account, ended)
            if self._written.get(directory) == told:
                continue
            if trouble := _trouble(Path(directory)):
                if directory not in self._refused:
                    _log.warning("no %s is written: %s", NAME, trouble)
                self._refused.add(directory)
                continue
            for agent in told["agents"].values():
                agent["last_checked"] = _local(now.isoformat())
            text = json.dumps(told, indent=2, ensure_ascii=False).encode("utf-8", "replace")
            try:
                write_atomically(Path(directory) / NAME, text, durable=False)
            except OSError as error:
                _log.warning("%s could not be written: %s", Path(directory) / NAME, error)
                continue
            self._written[directory] = body(account, ended)


def body(account: Mapping[str, Any], ended: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the file says of one account, but for when it was written."""
    past = sorted(hold["until_at"] for hold in ended if hold["until_at"])
    resets = [one["resets_at"] for one in account["windows"] if one["resets_at"]]
    holds = account["holds"]
    ahead = [hold["until_at"] for hold in holds if hold["until_at"]] or resets
    return {
        "last_known_reset": _local(past[-1]) if past else None,
        "next_reset_time": _local(min(ahead)) if ahead else None,
        "fallback_cycle_hours": _HOURS,
        "agents": {
            key.replace("/", ":", 1): _agent(key, account, _local(min(resets)) if resets else None)
            for key in account["agents"]
        },
        "reset_history": [
            {"timestamp": _local(hold["since_at"]), "reset_time": _local(hold["until_at"])}
            for hold in sorted(ended, key=lambda hold: str(hold["since_at"]))[-MOST_HISTORY:]
            if hold["until_at"]
        ],
    }


def _agent(key: str, account: Mapping[str, Any], reset: str | None) -> dict[str, Any]:
    hold = next((hold for hold in account["holds"] if key in hold["agents"]), None)
    if hold is None:
        soon = any(window["lasts"] is False for window in account["windows"])
        status = "warning" if soon else "active"
        return {"status": status, "next_reset": reset, "ui_reset_detected": False}
    until = _local(hold["until_at"]) if hold["until_at"] else None
    return {
        "status": "paused" if hold["cause"] == "person" else "exhausted",
        "next_reset": until,
        "ui_reset_detected": hold["confidence"] == "screen",
        "exhausted_at": _local(hold["since_at"]),
        "scheduled_resume": _local(hold["next_at"]) if hold["next_at"] else None,
    }


def _trouble(directory: Path) -> str:
    """Why nothing is written there: it is not the person's own, or others may write in it."""
    try:
        facts = directory.lstat()
    except OSError as error:
        return f"{directory}: {error.strerror}"
    if not stat.S_ISDIR(facts.st_mode):
        return f"{directory} is not a directory"
    if facts.st_uid != os.geteuid():
        return f"{directory} belongs to another user"
    if facts.st_mode & 0o022:
        return f"{directory} can be written by other users"
    return ""


def _local(instant: str) -> str:
    at = datetime.fromisoformat(instant).astimezone()
    return at.replace(tzinfo=None).isoformat(timespec="seconds")
