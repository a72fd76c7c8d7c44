"""What the program was told at its start: options, prompt, and the ``REHEARSAL_*`` defaults."""

# pathlib costs 9 ms of a start.
# ruff: noqa: PTH109, PTH110, PTH123

from __future__ import annotations

import os

from tmux_orch import __version__
from tmux_orch.agents.rehearsal import directive, hooks, places
from tmux_orch.agents.rehearsal.jsontext import decode
from tmux_orch.agents.rehearsal.record import identity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MODES = ("default", "acceptEdits", "plan", "auto", "manual", "dontAsk", "bypassPermissions")
USAGE = """Usage: rehearsal [options] [--] [prompt]

An interactive agent that needs no account: it does what REHEARSAL{...} in a message says.

  --session-id ID                     start a new conversation with this id
  --resume ID                         go on with a conversation
  --settings FILE                     hooks to call, as JSON
  --hooks daemon                      send all events to the tmux-orch daemon
  --append-system-prompt-file FILE    the agent's role
  --model NAME                        shown, and told to the hooks
  --permission-mode MODE              default, acceptEdits, plan, bypassPermissions ...
  --name NAME                         shown
  --version, --help
"""
_TAKES = {
    "--session-id": "session",
    "--resume": "resume",
    "--settings": "settings_path",
    "--append-system-prompt-file": "role_path",
    "--model": "model",
    "--permission-mode": "mode",
    "--hooks": "hook_target",
    "--name": "name",
}


class Refusal(Exception):
    """The program does not start: one line, and the exit status."""

    def __init__(self, line: str, status: int = 2) -> None:
        super().__init__(line)
        self.line = line
        self.status = status


class Defaults:
    """The ``REHEARSAL_*`` variables; each is described in ``docs/REHEARSAL.md``."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.start_s = self._seconds("REHEARSAL_START_S", 0.0)
        self.start_exit = self._count("REHEARSAL_START_EXIT", -1, 255)
        self.paste_window_s = self._seconds("REHEARSAL_PASTE_WINDOW_S", 0.15)
        self.paste_enter = self._one_of("REHEARSAL_PASTE_ENTER", "newline", "swallow")
        self.swallow_enters = self._count("REHEARSAL_SWALLOW_ENTERS", 0, 100)
        self.deaf_s = self._seconds("REHEARSAL_DEAF_S", 0.0)
        self.work_s = self._seconds("REHEARSAL_WORK_S", 0.2)
        self.asks_trust = self._one_of("REHEARSAL_TRUST", "given", "ask") == "ask"
        self.asks_login = self._one_of("REHEARSAL_LOGIN", "given", "ask") == "ask"
        self.on_brief = self._directive("REHEARSAL_ON_BRIEF")
        self.on_message = self._directive("REHEARSAL_ON_MESSAGE")
        self.bytes_path = environment.get("REHEARSAL_BYTES", "")

    def _seconds(self, name: str, default: float) -> float:
        text = self._environment.get(name, "")
        try:
            value = float(text) if text else default
        except ValueError:
            value = -1.0
        if not 0 <= value <= directive.LONGEST_S:
            raise Refusal(f"{name} wants seconds, not {text!r}")
        return value

    def _count(self, name: str, default: int, most: int) -> int:
        text = self._environment.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and int(text) <= most):
            raise Refusal(f"{name} wants a number from 0 to {most}, not {text!r}")
        return int(text)

    def _one_of(self, name: str, default: str, other: str) -> str:
        text = self._environment.get(name, "") or default
        if text not in (default, other):
            raise Refusal(f"{name} wants {default} or {other}, not {text!r}")
        return text

    def _directive(self, name: str) -> directive.Directive | None:
        text = self._environment.get(name, "")
        if not text:
            return None
        try:
            return directive.parse(text)
        except directive.NotUnderstood as error:
            raise Refusal(f"{name}: {error}") from None


class Options:
    """One start of the program.

    Raises:
        Refusal: what was given cannot be started with.
    """

    def __init__(self, argv: list[str], environment: Mapping[str, str]) -> None:
        self.session = self.resume = self.settings_path = self.role_path = self.hook_target = ""
        self.model = self.mode = self.name = self.prompt = ""
        self._parse(argv)
        self.defaults = Defaults(environment)
        self.home = places.home(environment)
        self.agent = environment.get("ORCH_AGENT", "")
        self.directory = os.getcwd()
        self.model = self.model or "rehearsal-1"
        self.mode = self.mode or "default"
        if self.mode not in MODES:
            raise Refusal(f"unknown permission mode {self.mode!r}; known are {', '.join(MODES)}")
        if self.role_path and not os.access(self.role_path, os.R_OK):
            raise Refusal(f"cannot read {self.role_path}")
        self.hooks = self._read_hooks()
        self.conversation = self._choose_conversation()

    def _parse(self, argv: list[str]) -> None:
        rest = list(argv)
        prompts: list[str] = []
        while rest:
            word = rest.pop(0)
            if word == "--":
                prompts += rest
                break
            if word in ("--help", "-h"):
                raise Refusal(USAGE, 0)
            if word == "--version":
                raise Refusal(f"{__version__} (rehearsal)", 0)
            option, glued, value = word.partition("=")
            if option in _TAKES:
                if not glued and not rest:
                    raise Refusal(f"{option} wants a value")
                setattr(self, _TAKES[option], value if glued else rest.pop(0))
            elif word.startswith("-") and word != "-":
                raise Refusal(f"unknown option {word!r}; --help lists them")
            else:
                prompts.append(word)
        if len(prompts) > 1:
            raise Refusal("more than one prompt; put it in quotes")
        self.prompt = prompts[0] if prompts else ""

    def _read_hooks(self) -> dict[str, Any]:
        if self.hook_target not in ("", "daemon"):
            raise Refusal(f"--hooks wants daemon, not {self.hook_target!r}")
        if not self.settings_path:
            return hooks.daemon() if self.hook_target else {}
        try:
            with open(self.settings_path, encoding="utf-8") as file:
                settings = decode(file.read())
        except (OSError, ValueError) as error:
            raise Refusal(f"settings file {self.settings_path}: {error}") from None
        found = settings.get("hooks", {}) if isinstance(settings, dict) else None
        wrong = hooks.problem(found)
        if wrong:
            raise Refusal(f"settings file {self.settings_path}: {wrong}")
        return dict(found) if found else {}

    def _choose_conversation(self) -> str:
        if self.session and self.resume:
            raise Refusal("--session-id and --resume exclude each other")
        chosen = self.session or self.resume or identity()
        if not places.is_conversation(chosen):
            raise Refusal(f"not a conversation id: {chosen!r}")
        exists = os.path.exists(places.transcript_file(self.home, chosen))
        if self.resume and not exists:
            raise Refusal(f"No conversation found with session ID: {chosen}", 1)
        if self.session and exists:
            raise Refusal(f"Session ID {chosen} is already in use.", 1)
        return chosen
