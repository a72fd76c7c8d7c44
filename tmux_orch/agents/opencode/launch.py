"""Starting the program: its words, and our plugin beside the person's own configuration."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

from tmux_orch.agents import private_file
from tmux_orch.agents.adapter import Berth, Launch, Program
from tmux_orch.agents.opencode import seat_files
from tmux_orch.agents.own_commands import COMMANDS
from tmux_orch.domain.errors import BadInput

PLUGIN = "plugin.js"
CONTENT = "OPENCODE_CONFIG_CONTENT"
#: Permission mode → words for the program. It has no modes: without one it asks as the person's
#: own configuration says.
MODES: dict[str, tuple[str, ...]] = {
    "": (),
    "default": (),
    "acceptEdits": (),
    "plan": ("--agent=plan",),
    "bypassPermissions": ("--auto",),
}


def start(berth: Berth, program: Program, prompt: str) -> Launch:
    """Begin the seat's conversation; the program names its session itself.

    Raises:
        BadInput: the program has nothing for this permission mode; nothing was written.
    """
    return _launch(berth, program, "", prompt, "")


def resume(berth: Berth, program: Program, prompt: str) -> Launch:
    """Go on with the seat's conversation; an empty prompt leaves the program waiting.

    The program ignores ``--prompt`` beside ``--session`` (1.18.33), so the plugin gives it.
    """
    session = seat_files.session(berth)
    if not session:
        return _launch(berth, program, "", prompt, "")
    return _launch(berth, program, session, "", prompt)


def _launch(berth: Berth, program: Program, session: str, prompt: str, later: str) -> Launch:
    mode = MODES.get(berth.permission_mode)
    if mode is None:
        known = ", ".join(filter(None, MODES))
        raise BadInput(
            f"opencode has no permission mode {berth.permission_mode!r}", f"accepted are: {known}"
        )
    argv = [program.path, *mode]
    if berth.model:
        argv += [f"--model={berth.model}"]
    if session:
        argv += [f"--session={session}"]
    if prompt:
        argv += [f"--prompt={prompt}"]  # one word: a text that begins with "-" is no option
    configuration = _with_plugin(berth, _options(berth, session, later))
    environment = {CONTENT: json.dumps(configuration, ensure_ascii=False)}
    # It would replace its own program while agents run from it.
    environment["OPENCODE_DISABLE_AUTOUPDATE"] = berth.environment.get(
        "OPENCODE_DISABLE_AUTOUPDATE", "1"
    )
    return Launch(tuple(argv), environment)


def _with_plugin(berth: Berth, options: dict[str, Any]) -> dict[str, Any]:
    """What the person hands over in the same variable, and our plugin after theirs."""
    plugin = seat_files.directory(berth) / PLUGIN
    source = resources.files(__package__).joinpath(PLUGIN).read_bytes()
    given = berth.environment.get(CONTENT, "")
    try:
        configuration = json.loads(given) if given.strip() else {}
    except ValueError as error:
        raise BadInput(f"{CONTENT} is no JSON ({error})", "correct or unset it") from error
    if not isinstance(configuration, dict):
        raise BadInput(f"{CONTENT} is no JSON object", "correct or unset it")
    theirs = configuration.get("plugin")
    plugins = theirs if isinstance(theirs, list) else []
    private_file.replace(plugin, source)
    return {**configuration, "plugin": [*plugins, [plugin.as_uri(), options]]}


def _options(berth: Berth, session: str, prompt: str) -> dict[str, Any]:
    return {
        "conversation": berth.conversation_id,
        "session": session,
        "prompt": prompt,
        "state": str(seat_files.state(berth)),
        "transcript": str(seat_files.transcript(berth)),
        "hook": str(berth.hook),
        "instructions": str(berth.role_page),
        "permission": _permission(berth),
    }


def _permission(berth: Berth) -> dict[str, dict[str, str]]:
    outside = {}
    edit = {"*": "allow"} if berth.permission_mode == "acceptEdits" else {}
    for mate in berth.mates:
        if _is_plain(mate):
            outside[f"{mate}/*"] = "allow"
        # Edits are named by their path from the worktree.
        edit[f"{os.path.relpath(mate, berth.worktree)}/*"] = "deny"
    if berth.notes is not None and _is_plain(berth.notes):
        outside[f"{berth.notes}/*"] = "allow"
    return {
        "bash": {f"{command} *": "allow" for command in COMMANDS},
        "external_directory": outside,
        "edit": edit,
    }


def _is_plain(path: Path) -> bool:
    """A star or a question mark cannot be said as itself: the agent is asked instead."""
    return not {"*", "?"} & set(str(path))
