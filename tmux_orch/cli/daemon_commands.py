"""``tmux-orch daemon``: the process behind the commands."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import click

from tmux_orch.cli import options, plain, printing, when
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import (
    EXIT_DONE,
    EXIT_UNREACHABLE,
    Absent,
    Busy,
    Internal,
    Unreachable,
)
from tmux_orch.rpc import client, environment, lock, start
from tmux_orch.rpc.ready import NOTIFY_VARIABLE

# For crash tests only; everything else of the caller's environment stays out.
_CRASH = ("ORCH_CRASH_AT", "ORCH_FAIL_AT")
# What a service manager says to each start; the runtime directory is where the tmux server's own
# scope is asked for, and one that a shell had recorded may be another log-in's.
_OF_THIS_START = (*_CRASH, NOTIFY_VARIABLE, "XDG_RUNTIME_DIR")
# A log that is followed is looked at so often; the eye does not tell it from at once.
_LOOK_S = 0.25


@click.group(invoke_without_command=True)
@click.pass_context
def daemon(context: click.Context) -> None:
    """Start, stop and look at the daemon.

    It keeps the record, watches the agents and delivers messages. Every command starts it when it
    is needed; agents do not notice when it ends.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@daemon.command("start")
@options.as_json
@options.debug
def start_command(as_json: bool) -> int:
    """Start it; its environment (PATH …) is recorded anew from this shell."""
    registry = Registry.find(os.environ)
    registry.prepare()
    if start.listens(registry):
        raise Busy(f"the daemon runs already{_holder(registry)}", "see tmux-orch daemon status")
    if not os.environ.get("ORCH_AGENT"):
        recorded = environment.recorded(registry, os.environ, anew=True)
        if registry.service.exists():
            from tmux_orch.rpc import unit

            unit.forgive(registry, recorded)
        start.forgive(registry)
    if not start.ensure(registry, os.environ):
        raise Busy(f"the daemon runs already{_holder(registry)}", "see tmux-orch daemon status")
    return _print(client.call("ping", start_daemon=False), as_json)


@daemon.command("stop")
@options.as_json
@options.debug
def stop_command(as_json: bool) -> int:
    """Stop it; the agents go on, the next command starts it again."""
    registry = Registry.find(os.environ)
    running = True
    try:
        client.call("shutdown", start_daemon=False)
    except Unreachable:
        if _listens(registry):
            raise Unreachable(
                f"the daemon does not answer{_holder(registry)}", "end that process with kill"
            ) from None
        running = False
    if running:
        client.give_way(os.environ, older=False)
        lock.take_within(registry.lock, client.STOP_S).release()
    if as_json:
        printing.as_json({"running": False, "was_running": running})
    else:
        printing.line("stopped" if running else "it was not running")
    return EXIT_DONE


@daemon.command("status")
@options.as_json
@options.debug
def status_command(as_json: bool) -> int:
    """Whether it runs, which one, since when; exit code 6 when it does not."""
    registry = Registry.find(os.environ)
    if not _listens(registry):
        if as_json:
            printing.as_json({"running": False, "registry": os.fspath(registry.root)})
        else:
            printing.line(f"not running; the registry is {registry.root}")
        return EXIT_UNREACHABLE
    return _print(client.call("ping", start_daemon=False), as_json)


@daemon.command("run")
@click.option("--stay", is_flag=True, help="Do not end when there is nothing to do for long.")
@options.debug
def run_command(stay: bool) -> int:
    """Run it in the foreground, for a service manager; ends with SIGTERM."""
    registry = Registry.find(os.environ)
    registry.prepare()
    environ = environment.recorded(registry, os.environ)
    environ |= {name: os.environ[name] for name in _OF_THIS_START if name in os.environ}
    argv = [*start.daemon_argv(), *(["--stay"] if stay else [])]
    try:
        os.chdir("/")
        os.execve(argv[0], argv, environ)  # noqa: S606 - an argv list, no shell
    except OSError as error:
        raise Internal(f"cannot run {argv[0]}: {error.strerror}") from error


@daemon.command("logs")
@click.option("--lines", "-n", type=click.IntRange(0, 100_000), default=50, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is written next.")
@options.debug
def logs_command(lines: int, follow: bool) -> int:
    """The end of its log."""
    path = Registry.find(os.environ).logs / "daemon.log"
    try:
        _tail(path, lines, follow=follow)
    except FileNotFoundError:
        raise Absent(f"there is no log {path} yet", "the daemon has not run here") from None
    return EXIT_DONE


def _listens(registry: Registry) -> bool:
    return registry.root.is_dir() and start.listens(registry)


def _holder(registry: Registry) -> str:
    pid = lock.holder_of(registry.lock)
    return f" (process {pid})" if pid else ""


def _print(about: dict[str, Any], as_json: bool) -> int:
    if as_json:
        printing.as_json({"running": True, **about})
    else:
        printing.line(
            f"running: process {about['pid']}, version {about['version']}, "
            f"for {when.ago(about['started_at'])}"
        )
    return EXIT_DONE


def _tail(path: Path, lines: int, *, follow: bool) -> None:
    with path.open("rb") as file:
        inode = os.fstat(file.fileno()).st_ino
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 200 * max(lines, 1)))
        last = file.read().splitlines(keepends=True)[-lines:] if lines else []
        _write(b"".join(last))
        while follow:
            piece = file.read()
            if piece:
                _write(piece)
                continue
            time.sleep(_LOOK_S)
            try:
                if path.stat().st_ino != inode:
                    break  # turned over: the new file from its beginning
            except FileNotFoundError:
                continue  # between the renames of turning over
    if follow:
        _tail(path, 100_000, follow=True)


def _write(data: bytes) -> None:
    printing.write(plain.plain(data.decode("utf-8", "replace")), now=True)
