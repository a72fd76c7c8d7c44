"""What is to be a service: which command, for which registry, under which name."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import BadInput

NAME = "tmux-orch"
#: How often the safety net looks, in minutes.
CHECK_MINUTES = 5
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Subject:
    """What every kind of service file is made from; all its paths are absolute, on one line.

    Attributes:
        name: Name of the units and of the block: ``tmux-orch`` for the default registry, with
            eight hex digits of its path for another one.
        program: The command ``tmux-orch``.
        registry: Whose daemon.
        log: Where it writes what it cannot write to its own log.
    """

    name: str
    program: str
    registry: str
    log: str

    @property
    def run(self) -> tuple[str, ...]:
        """The daemon in the foreground."""
        return (self.program, "daemon", "run", "--stay")

    @property
    def stop(self) -> tuple[str, ...]:
        """What makes a daemon that somebody's command has started give way."""
        return (self.program, "daemon", "stop")

    @property
    def check(self) -> tuple[str, ...]:
        """The safety net: one look, which starts the daemon where there is a team."""
        return (self.program, "credits", "check")

    @property
    def environment(self) -> dict[str, str]:
        """Nothing else is needed: the daemon's own environment is recorded in the registry."""
        return {"TMUX_ORCH_REGISTRY": self.registry}


def subject(registry: Registry, environ: Mapping[str, str], program: Path | None = None) -> Subject:
    """What ``registry``'s service is made from.

    Args:
        registry: Whose daemon.
        environ: The person's environment, which says what the default registry is.
        program: The command; default is the one beside this interpreter.

    Raises:
        BadInput: the command is not installed, a path cannot be written into a line, or there is
            no home, where service files are.
    """
    if not environ.get("HOME", "").startswith("/"):
        raise BadInput("HOME is not set to an absolute path", "set it")
    program = program or Path(sys.executable).with_name(NAME)
    if not os.access(program, os.X_OK):
        raise BadInput(
            f"there is no command {program}",
            "install the package (./scripts/install), then use its tmux-orch",
        )
    root = os.fspath(registry.root)
    for path in (os.fspath(program), root):
        if _UNPRINTABLE.search(path):
            raise BadInput(
                f"a path with control characters cannot be a service's: {path!r}", "choose another"
            )
    home = Registry.find({"HOME": environ["HOME"]})
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
    name = NAME if registry.root == home.root else f"{NAME}-{digest}"
    return Subject(name, os.fspath(program), root, os.fspath(registry.logs / "daemon.stderr.log"))
