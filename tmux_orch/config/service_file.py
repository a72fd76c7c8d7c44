"""What ``tmux-orch service`` has set for this registry: what a restart means, and the unit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from tmux_orch.config.files import read_private, write_atomically
from tmux_orch.config.registry import Registry
from tmux_orch.domain.boot import OnBoot
from tmux_orch.domain.errors import Absent, BadInput


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """The settings of the service.

    Attributes:
        on_boot: What is done after a restart of the machine.
        unit: Name of the systemd unit that the daemon is started through; empty when there is none.
    """

    on_boot: OnBoot = OnBoot.STATUS
    unit: str = ""


def read(registry: Registry) -> ServiceFile:
    """What is set; the defaults when nothing was.

    Raises:
        BadInput: the file is not ours, or was damaged.
    """
    path = registry.service
    try:
        data = json.loads(read_private(path, 65536))
        return ServiceFile(OnBoot(data["on_boot"]), str(data["unit"]))
    except Absent:
        return ServiceFile()
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(
            f"{path} is damaged", "remove it, then say again: tmux-orch service install"
        ) from None


def write(registry: Registry, content: ServiceFile) -> None:
    """Store it, mode 0600; the registry must be prepared."""
    write_atomically(registry.service, json.dumps(asdict(content), indent=1).encode() + b"\n")
