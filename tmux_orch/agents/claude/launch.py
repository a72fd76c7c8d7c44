"""The command line of a new or continued conversation."""

from __future__ import annotations

from tmux_orch.agents.adapter import Berth, Launch, Program
from tmux_orch.agents.claude import conversation, settings
from tmux_orch.domain.errors import BadInput

_ENVIRONMENT = {
    # A running team keeps the version it started with: an update changes screens and hooks.
    "DISABLE_AUTOUPDATER": "1",
    # A resume after 70 minutes of a conversation over 100,000 tokens may open with a menu (resume
    # from summary or as it is), which nobody is there to answer. In the bundles of both versions,
    # behind a switch of the server's; not provoked. Ten years, in minutes.
    "CLAUDE_CODE_RESUME_THRESHOLD_MINUTES": "5256000",
}
#: What both tried versions accept; 2.1.329 calls ``default`` also ``manual``, 2.1.197 does not.
MODES = ("default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions")


def start(berth: Berth, program: Program, prompt: str) -> Launch:
    """Begin the seat's conversation; the program refuses an id that was ever used.

    Raises:
        BadInput: the program has no such permission mode; nothing was written.
    """
    return _launch(berth, program, "--session-id", prompt)


def resume(berth: Berth, program: Program, prompt: str) -> Launch:
    """Go on with the seat's conversation; an empty prompt leaves the program waiting."""
    return _launch(berth, program, "--resume", prompt)


def _launch(berth: Berth, program: Program, identity: str, prompt: str) -> Launch:
    argv = [program.path, identity, conversation.current(berth), "--name", berth.key]
    if berth.permission_mode:
        argv += ["--permission-mode", _mode(berth.permission_mode)]
    if berth.model:
        argv += [f"--model={berth.model}"]  # one word: a name that begins with "-" is no option
    argv += ["--settings", str(settings.write(berth, program.version))]
    argv += ["--append-system-prompt-file", str(berth.role_page)]
    if prompt:
        argv += ["--", prompt]
    return Launch(tuple(argv), _ENVIRONMENT | _chosen(berth))


def _mode(asked: str) -> str:
    mode = "default" if asked == "manual" else asked
    if mode not in MODES:
        raise BadInput(
            f"Claude Code has no permission mode {asked!r}", f"accepted are: {', '.join(MODES)}"
        )
    return mode


def _chosen(berth: Berth) -> dict[str, str]:
    """What the person set of these variables stays as it is."""
    return {name: berth.environment[name] for name in _ENVIRONMENT if name in berth.environment}
