"""launchd: the same for macOS, as property lists in the person's LaunchAgents."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tmux_orch.service.subject import CHECK_MINUTES, Subject
from tmux_orch.service.written import ServiceFile

_PREFIX = "io.github."


def label(subject: Subject, part: str = "") -> str:
    """The name that launchd knows it by."""
    return f"{_PREFIX}{subject.name}{part}"


def files(subject: Subject, environ: Mapping[str, str]) -> list[ServiceFile]:
    """The daemon and the safety net."""
    daemon = _common(subject, "", subject.run) | {
        "KeepAlive": {"SuccessfulExit": False},
        "RunAtLoad": True,
        "ThrottleInterval": 10,
        "ExitTimeOut": 40,
    }
    check = _common(subject, "-check", subject.check) | {"StartInterval": CHECK_MINUTES * 60}
    where = Path(environ["HOME"], "Library/LaunchAgents")
    return [
        _file(where / f"{label(subject)}.plist", daemon),
        _file(where / f"{label(subject, '-check')}.plist", check),
    ]


def load(file: ServiceFile) -> list[str]:
    """How the person loads it now; at the next log-in it is loaded anyway."""
    return ["launchctl", "load", "-w", str(file.path)]


def _common(subject: Subject, part: str, argv: tuple[str, ...]) -> dict[str, Any]:
    return {
        "Label": label(subject, part),
        "ProgramArguments": list(argv),
        "EnvironmentVariables": subject.environment,
        # What the daemon has started (tmux, the agents) outlives it.
        "AbandonProcessGroup": True,
        "StandardErrorPath": subject.log,
    }


def _file(path: Path, content: dict[str, Any]) -> ServiceFile:
    head, _, body = plistlib.dumps(content).decode().partition("?>\n")
    return ServiceFile(path, body, "<!-- ", " -->", f"{head}?>\n")
