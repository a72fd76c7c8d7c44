"""Installing and removing the service, by what this machine has for such things."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tmux_orch.config import service_file
from tmux_orch.config.registry import Registry
from tmux_orch.domain.boot import OnBoot
from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.service import crontab, launchd, systemd
from tmux_orch.service.crontab import Crontab
from tmux_orch.service.subject import Subject
from tmux_orch.service.systemd import Manager
from tmux_orch.service.written import ServiceFile, Standing


class Kind(StrEnum):
    """Who keeps the daemon there."""

    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"


@dataclass(frozen=True, slots=True)
class Done:
    """What an act changed.

    Attributes:
        changed: Paths written or removed, and ``crontab``.
        next_steps: What the person may want to type now.
    """

    changed: tuple[str, ...]
    next_steps: tuple[str, ...] = ()


def usual(environ: Mapping[str, str], platform: str) -> Kind:
    """What this machine has."""
    if platform == "darwin":
        return Kind.LAUNCHD
    return Kind.SYSTEMD if Manager(environ).is_there() else Kind.CRON


def shown(kind: Kind, subject: Subject, environ: Mapping[str, str], on_boot: OnBoot) -> str:
    """Everything that would be written, with its place."""
    if kind is Kind.CRON:
        return crontab.block(subject, on_boot).decode()
    files = _to_write(kind, subject, environ)
    return "\n".join(f"# {file.path}\n{file.text}" for file in files)


def install_files(
    kind: Kind, subject: Subject, environ: Mapping[str, str], registry: Registry, on_boot: OnBoot
) -> Done:
    """Write units or property lists, and let systemd start the daemon.

    The daemon that runs must have given way already, or gives way to the unit's own.

    Raises:
        BadInput: a file of the person's own is in the way, or systemd could not run the command;
            nothing was changed.
        Partly: the files are there, but the user manager did not do as told.
    """
    files = _to_write(kind, subject, environ)
    for file in files:
        file.check()
    unit = systemd.units(subject)[0] if kind is Kind.SYSTEMD else ""
    service_file.write(registry, service_file.ServiceFile(on_boot, unit))
    changed = tuple(str(file.path) for file in files if file.write())
    if kind is Kind.LAUNCHD:
        steps = tuple(shlex.join(launchd.load(file)) for file in files) if changed else ()
        return Done(changed, steps)
    manager = Manager(environ)
    if changed:
        manager.tell("daemon-reload")
    manager.tell("enable", *systemd.units(subject))
    state = manager.properties(unit).get("ActiveState")
    if state == "failed":
        manager.tell("reset-failed", unit)
    if changed or state != "active":
        manager.tell("restart", unit)
    manager.tell("start", systemd.units(subject)[1])
    return Done(changed)


def install_cron(
    subject: Subject, environ: Mapping[str, str], registry: Registry, on_boot: OnBoot
) -> Done:
    """Put our block into the person's crontab.

    Raises:
        OrchError: nothing was changed.
    """
    table = Crontab(environ)
    before = table.read() or b""
    after = crontab.placed(before, subject, crontab.block(subject, on_boot))
    if after != before:
        table.write(after)
    service_file.write(registry, service_file.ServiceFile(on_boot))
    return Done(("crontab",) if after != before else ())


def remove(subject: Subject, environ: Mapping[str, str], registry: Registry) -> Done:
    """Take out whatever of ours is there; the policy goes back to its default.

    Raises:
        OrchError: something of the person's own is in the way; nothing was changed.
    """
    files = [file for kind in (Kind.SYSTEMD, Kind.LAUNCHD) for file in
             _files(kind, subject, environ)]  # fmt: skip
    there = [file for file in files if file.standing() is not Standing.ABSENT]
    for file in there:
        file.check()
    table, before = Crontab(environ), _crontab(environ)
    after = crontab.without(before, subject)
    manager = Manager(environ)
    managed = bool(there) and manager.is_there()
    if managed and (known := _known(manager, subject)):
        manager.tell("disable", "--now", *known)
    changed = [str(file.path) for file in there if file.remove()]
    if managed:
        manager.tell("daemon-reload")
    if after != before:
        table.write(after)
        changed.append("crontab")
    registry.service.unlink(missing_ok=True)
    return Done(tuple(changed))


def set_policy(registry: Registry, on_boot: OnBoot) -> None:
    """Keep what the person wants after a restart, where nothing is installed either."""
    service_file.write(registry, replace(_settings(registry), on_boot=on_boot))


def policy(registry: Registry) -> OnBoot:
    """What is set now.

    Raises:
        BadInput: the file is damaged.
    """
    return service_file.read(registry).on_boot


def standings(
    subject: Subject, environ: Mapping[str, str]
) -> dict[Kind, Sequence[tuple[Path, Standing]]]:
    """What of each kind's files is there."""
    return {
        kind: [(file.path, file.standing()) for file in _files(kind, subject, environ)]
        for kind in (Kind.SYSTEMD, Kind.LAUNCHD)
    }


def has_block(subject: Subject, environ: Mapping[str, str]) -> bool:
    """Whether our block is in the crontab; not where there is no cron.

    Raises:
        BadInput: its marks are damaged.
        CouldNotTell: the crontab cannot be read.
    """
    return bool(crontab.found(_crontab(environ), subject))


def _to_write(kind: Kind, subject: Subject, environ: Mapping[str, str]) -> list[ServiceFile]:
    if kind is Kind.SYSTEMD:
        systemd.check(subject)
    return _files(kind, subject, environ)


def _files(kind: Kind, subject: Subject, environ: Mapping[str, str]) -> list[ServiceFile]:
    if kind is Kind.SYSTEMD:
        return systemd.files(subject, environ)
    return launchd.files(subject, environ)


def _crontab(environ: Mapping[str, str]) -> bytes:
    try:
        return Crontab(environ).read() or b""
    except Absent:
        return b""


def _known(manager: Manager, subject: Subject) -> list[str]:
    units = systemd.units(subject)
    return [u for u in reversed(units) if manager.properties(u).get("LoadState") == "loaded"]


def _settings(registry: Registry) -> service_file.ServiceFile:
    try:
        return service_file.read(registry)
    except BadInput:
        os.unlink(registry.service)  # noqa: PTH108 - damaged, and about to be written anew
        return service_file.ServiceFile()
