"""The settings file of one seat: hooks, allowances, and what must not act on its own."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from tmux_orch.agents import private_file
from tmux_orch.agents.adapter import Berth

FILE = "claude-settings.json"
#: Seconds until the program gives up a hook. The client answers in milliseconds when the daemon is
#: there and at once when it is not; this is for a daemon that hangs.
HOOK_S = 20
#: A permission may be answered by a person who sleeps; after it the dialog simply stands.
PERMISSION_S = 7 * 24 * 3600
#: Only events that every supported version knows: an unknown one stops 2.1.197 with a menu.
EVENTS = (
    "SessionStart",
    "UserPromptSubmit",
    "PostToolUse",
    "PermissionRequest",
    "Stop",
    "StopFailure",
    "SessionEnd",
    "Notification",
    "PreCompact",
)
#: Commands that never need a question: our own, and recording one's own work. Not `git diff` and
#: the like: the programs let their reading forms pass by themselves, and a rule of ours would let
#: `git diff --output=FILE` write anywhere (seen, both versions).
COMMANDS = (
    "scm",
    "tmux-orch status",
    "tmux-orch ls",
    "tmux-orch messages",
    "tmux-orch log",
    "git add",
    "git commit",
)


def write(berth: Berth) -> Path:
    """Write the seat's settings file (0600) and return its path."""
    path = berth.private / FILE
    text = json.dumps(settings(berth), indent=1, ensure_ascii=False)
    private_file.replace(path, text.encode())
    return path


def settings(berth: Berth) -> dict[str, Any]:
    """What one process is told beyond the person's own configuration."""
    command = shlex.quote(str(berth.hook))
    return {
        "hooks": {event: [_hook(command, event)] for event in EVENTS},
        "permissions": _permissions(berth),
        # Main screen: the alternate one of 2.1.329 has no history to capture.
        "tui": "default",
        # We resume after a usage limit; if the program did too, the work would be asked for twice.
        "autoContinueAtUsageLimit": False,
        # One Left in an empty box (two in 2.1.329) takes the session into a background service of
        # the program's own, out of its pane, and leaves a list in which a text begins a new one.
        "disableAgentView": True,
    }


def _hook(command: str, event: str) -> dict[str, Any]:
    timeout = PERMISSION_S if event == "PermissionRequest" else HOOK_S
    return {"hooks": [{"type": "command", "command": command, "timeout": timeout}]}


def _permissions(berth: Berth) -> dict[str, Any]:
    allow = [f"Bash({command}:*)" for command in COMMANDS]
    deny = []
    for mate in berth.mates:
        pattern = f"/{_escaped(str(mate))}/**"
        allow.append(f"Read({pattern})")
        deny.append(f"Edit({pattern})")
    if berth.notes is not None:
        pattern = f"/{_escaped(str(berth.notes))}/**"
        allow += [f"Read({pattern})", f"Edit({pattern})"]
    return {"allow": allow, "deny": deny}


def _escaped(path: str) -> str:
    r"""A path as a pattern that means only itself; the rules' syntax is that of ``.gitignore``.

    A ``?`` means itself only unescaped, and a backslash cannot be said at all (tried, both
    versions): there the agent is asked instead of allowed or denied.
    """
    return re.sub(r"([*\[\]])", r"\\\1", path)
