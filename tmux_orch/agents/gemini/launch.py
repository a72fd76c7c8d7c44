"""The command line of a new or continued conversation, and the seat's settings with our hooks."""

from __future__ import annotations

import json
import shlex
from typing import Any

from tmux_orch.agents import own_commands, private_file
from tmux_orch.agents.adapter import Berth, Launch, Program
from tmux_orch.agents.gemini import home
from tmux_orch.domain.errors import BadInput

ROLE_FILE, POLICY_FILE = "gemini-role.json", "gemini-policy.toml"
#: Milliseconds until the program gives up a hook.
HOOK_MS = 20_000
EVENTS = ("SessionStart", "BeforeAgent", "AfterTool", "Notification", "AfterAgent", "SessionEnd")
#: Our names of permission modes and the program's own.
MODES = {
    "default": "default",
    "manual": "default",
    "acceptEdits": "auto_edit",
    "plan": "plan",
    "bypassPermissions": "yolo",
}
#: Of the tiers of rules, one given on the command line may have a priority below 1000.
_PRIORITY = 500


def start(berth: Berth, program: Program, prompt: str) -> Launch:
    """Begin the seat's conversation.

    Raises:
        BadInput: the program has no such permission mode, or the person's settings cannot be read;
            nothing was written.
    """
    return _launch(berth, program, "--session-id", prompt)


def resume(berth: Berth, program: Program, prompt: str) -> Launch:
    """Go on with the seat's conversation; an empty prompt leaves the program waiting."""
    return _launch(berth, program, "--resume", prompt)


def _launch(berth: Berth, program: Program, identity: str, prompt: str) -> Launch:
    argv = [program.path, identity, berth.conversation_id]
    mode = berth.permission_mode or "default"
    if mode not in MODES:
        raise BadInput(
            f"Gemini CLI has no permission mode {mode!r}", f"accepted are: {', '.join(MODES)}"
        )
    if berth.permission_mode:
        argv.append(f"--approval-mode={MODES[mode]}")
    if berth.model:
        argv.append(f"--model={berth.model}")
    environment = {home.VARIABLE: str(home.place(berth))}
    if home.prepare(berth, _settings(berth)):
        # It starts itself a second time, with a larger heap and to apply trust given in its dialog:
        # that costs as long again as the first start.
        environment["GEMINI_CLI_NO_RELAUNCH"] = "true"
    argv.append(f"--policy={_policy(berth)}")
    if prompt:
        # What follows "--" is no prompt to it, so that a prompt must not begin like an option;
        # ours begin with a letter.
        argv += ["--prompt-interactive", prompt]
    return Launch(tuple(argv), environment)


def _settings(berth: Berth) -> dict[str, Any]:
    call = {"type": "command", "name": "tmux-orch", "timeout": HOOK_MS}
    hooks: dict[str, list[dict[str, Any]]] = {
        event: [{"hooks": [call | {"command": shlex.quote(str(berth.hook))}]}] for event in EVENTS
    }
    hooks["SessionStart"].append({"hooks": [call | {"command": _role(berth), "name": "role"}]})
    return {
        "hooks": hooks,
        # A running team keeps the version it started with: an update changes screens and hooks.
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
    }


def _role(berth: Berth) -> str:
    """A command that prints the role text, at every start."""
    told = {
        "hookEventName": "SessionStart",
        "additionalContext": berth.role_page.read_text("utf-8", "replace"),
    }
    path = berth.private / ROLE_FILE
    private_file.replace(path, json.dumps({"hookSpecificOutput": told}).encode())
    return f"cat {shlex.quote(str(path))}"


def _policy(berth: Berth) -> str:
    """A file of rules: our own commands pass without a question."""
    path = berth.private / POLICY_FILE
    text = (
        '[[rule]]\ntoolName = "run_shell_command"\n'
        f"commandPrefix = {json.dumps(own_commands.COMMANDS)}\n"
        f'decision = "allow"\npriority = {_PRIORITY}\n'
    )
    private_file.replace(path, text.encode())
    return str(path)
