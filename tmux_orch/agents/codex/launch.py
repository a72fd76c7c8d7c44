"""The command line of a new or continued conversation, with our hooks and the trust in them.

Hooks given with ``-c`` run only when they are trusted: by their exact text, as a hash that the
program computes from it. The hash is given along, so that these hooks run and no others: a switch
that trusts all hooks would also run those of the repository.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator

from tmux_orch.agents import private_file
from tmux_orch.agents.adapter import Berth, Launch, Program
from tmux_orch.agents.codex import conversation
from tmux_orch.domain.errors import BadInput

ROLE_FILE, TRUSTED_FILE = "codex-role.json", "codex-trusted"
#: Seconds until the program gives up a hook; it takes no more than 3 for the end of a session.
HOOK_S, SESSION_END_S = 20, 3
#: What a hook adds arrives whole up to 10,000 characters; longer is cut in the middle.
ROLE_CHARS = 9_500
#: While the hook runs the program shows no dialog of its own, only :func:`_waits`; a person who
#: sits there may press Esc. Without an answer the dialog comes then.
PERMISSION_S = 7 * 24 * 3600
EVENTS = {
    "SessionStart": "session_start",
    "UserPromptSubmit": "user_prompt_submit",
    "PreToolUse": "pre_tool_use",
    "PostToolUse": "post_tool_use",
    "PermissionRequest": "permission_request",
    "PreCompact": "pre_compact",
    "PostCompact": "post_compact",
    "Stop": "stop",
    "SessionEnd": "session_end",
}
_SOURCE = "/<session-flags>/config.toml"
#: Our names of permission modes; the sandbox and the approvals of the person's configuration hold
#: where nothing is said.
MODES: dict[str, tuple[str, ...]] = {
    "default": (),
    "manual": (),
    "acceptEdits": ("--sandbox", "workspace-write", "--ask-for-approval", "on-request"),
    "plan": ("--sandbox", "read-only", "--ask-for-approval", "on-request"),
    "auto": ("--approve-for-me",),
    "dontAsk": ("--sandbox", "workspace-write", "--ask-for-approval", "never"),
    "bypassPermissions": ("--dangerously-bypass-approvals-and-sandbox",),
}
#: Modes in which we choose a sandbox that knows directories to write in.
_WRITING = frozenset({"acceptEdits", "auto", "dontAsk"})
_FIXED = (
    # The shared background server and its updater would outlive the agent.
    "--no-daemon",
    # The alternate screen has no history to capture.
    "--no-alt-screen",
    "--config=check_for_update_on_startup=false",
)


def start(berth: Berth, program: Program, prompt: str) -> Launch:
    """Begin a conversation; the program chooses its id.

    Raises:
        BadInput: the program has no such permission mode; nothing was written.
    """
    return Launch((program.path, *_options(berth), *_last(prompt)))


def resume(berth: Berth, program: Program, prompt: str) -> Launch:
    """Go on with the seat's conversation; an empty prompt leaves the program waiting."""
    identity = conversation.current(berth) or berth.conversation_id
    return Launch((program.path, "resume", *_options(berth), identity, *_last(prompt)))


def _last(prompt: str) -> tuple[str, ...]:
    return ("--", prompt) if prompt else ()


def _options(berth: Berth) -> Iterator[str]:
    mode = berth.permission_mode or "default"
    if mode not in MODES:
        raise BadInput(
            f"Codex has no permission mode {mode!r}", f"accepted are: {', '.join(MODES)}"
        )
    yield from _FIXED
    yield from MODES[mode]
    if berth.model:
        yield f"--model={berth.model}"
    if berth.notes is not None and mode in _WRITING:
        yield f"--add-dir={berth.notes}"
    if _is_trusted(berth):
        worktree = json.dumps(str(berth.worktree), ensure_ascii=False)
        yield f'--config=projects={{{worktree}={{trust_level="trusted"}}}}'
    trusted: dict[str, str] = {}
    for event, label in EVENTS.items():
        handlers = [_handler(berth, event)]
        if event == "SessionStart":
            handlers.append(_role(berth))
        yield f"--config=hooks.{event}=[{{hooks=[{','.join(map(_toml, handlers))}]}}]"
        for place, handler in enumerate(handlers):
            trusted[f"{_SOURCE}:{label}:0:{place}"] = fingerprint(label, handler)
    told = [f'{json.dumps(k)}={{trusted_hash="{v}"}}' for k, v in trusted.items()]
    yield f"--config=hooks.state={{{','.join(told)}}}"


def _is_trusted(berth: Berth) -> bool:
    """Whether the person said so, now or at an earlier start of this seat."""
    mark = berth.private / TRUSTED_FILE
    if berth.trusted and not mark.exists():
        private_file.replace(mark, f"{berth.worktree}\n".encode())
    return mark.exists()


def fingerprint(label: str, handler: dict[str, object]) -> str:
    """The program's own hash of one hook (0.169.0: ``hooks/list`` of its server shows it)."""
    identity = {"event_name": label, "hooks": [{"async": False, **handler}]}
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _handler(berth: Berth, event: str) -> dict[str, object]:
    command = shlex.quote(str(berth.hook))
    if event == "PermissionRequest":
        return _command(command, PERMISSION_S) | {"statusMessage": _waits(berth)}
    return _command(command, SESSION_END_S if event == "SessionEnd" else HOOK_S)


def _waits(berth: Berth) -> str:
    name = berth.key.partition("/")[2]
    return f"Permission asked: tmux-orch approve {name} (or deny); Esc interrupts"


def _role(berth: Berth) -> dict[str, object]:
    """A hook that prints the role text, at every start and after each compaction."""
    text = berth.role_page.read_text("utf-8", "replace")
    if len(text) > ROLE_CHARS:
        text = (
            f"Your role is described in {berth.role_page}: read that file whole before you begin."
        )
    told = {"hookEventName": "SessionStart", "additionalContext": text}
    path = berth.private / ROLE_FILE
    private_file.replace(path, json.dumps({"hookSpecificOutput": told}).encode())
    return _command(f"cat {shlex.quote(str(path))}", HOOK_S)


def _command(command: str, timeout_s: int) -> dict[str, object]:
    return {"type": "command", "command": command, "timeout": timeout_s}


def _toml(handler: dict[str, object]) -> str:
    # What JSON calls a string or a number TOML does too.
    return "{" + ",".join(f"{k}={json.dumps(v)}" for k, v in handler.items()) + "}"
