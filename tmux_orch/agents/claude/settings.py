"""The settings file of one seat: hooks, allowances, and what must not act on its own."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from tmux_orch.agents import private_file
from tmux_orch.agents.adapter import Berth
from tmux_orch.agents.claude import events, home
from tmux_orch.agents.own_commands import COMMANDS

FILE = "claude-settings.json"
#: Seconds until the program gives up a hook. The client answers in milliseconds when the daemon is
#: there and at once when it is not; this is for a daemon that hangs.
HOOK_S = 20
#: A permission may be answered by a person who sleeps; after it the dialog simply stands.
PERMISSION_S = 7 * 24 * 3600
#: Told in the background: the agent does not wait for us, whose answer it would not use anyway.
_UNAWAITED = frozenset({"PreToolUse", "Notification", "PermissionDenied", "ElicitationResult"})


def write(berth: Berth, version: str) -> Path:
    """Write the seat's settings file (0600) for a program of this version; its path."""
    path = berth.private / FILE
    text = json.dumps(settings(berth, version), indent=1, ensure_ascii=False)
    private_file.replace(path, text.encode())
    return path


def settings(berth: Berth, version: str) -> dict[str, Any]:
    """What one process of this version is told beyond the person's own configuration."""
    command = shlex.quote(str(berth.hook))
    return {
        "hooks": {event: [_hook(command, event)] for event in events.told(version)},
        **_status_line(berth, command),
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
    hook: dict[str, Any] = {"type": "command", "command": command, "timeout": timeout}
    if event in _UNAWAITED:
        hook["async"] = True
    return {"hooks": [hook]}


def _status_line(berth: Berth, command: str) -> dict[str, Any]:
    """Ours, unless the person has one of their own: settings given to a process win over theirs.

    Its figures come from the transcript then.
    """
    if any(_has_status_line(path) for path in home.settings_files(berth)):
        return {}
    return {"statusLine": {"type": "command", "command": command, "padding": 0}}


def _has_status_line(path: Path) -> bool:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True  # could not tell: what may be theirs is not hidden
    return isinstance(data, dict) and "statusLine" in data


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
