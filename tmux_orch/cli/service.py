"""``tmux-orch service``: the daemon kept there, and what a restart of the machine means."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tmux_orch.cli import options, printing, question, screen
from tmux_orch.domain.boot import OnBoot
from tmux_orch.domain.errors import EXIT_DONE, EXIT_PARTLY, BadInput, Refused

if TYPE_CHECKING:
    from tmux_orch.config.registry import Registry
    from tmux_orch.service.acts import Done
    from tmux_orch.service.subject import Subject

_KINDS = ("systemd", "cron", "launchd")


@click.group(invoke_without_command=True)
@click.pass_context
def service(context: click.Context) -> None:
    """Keep the daemon there, also after a crash, a log-out or a restart.

    Without a service every command starts the daemon when it is needed. A
    service makes it be there by itself: limits that end at night are noticed,
    and after a restart of the machine the teams come back when you want that.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@service.command("install")
@click.option(
    "--on-boot",
    type=click.Choice([str(one) for one in OnBoot]),
    help="After a restart of the machine: bring the teams back, say that it happened (default), "
    "or nothing.",
)
@click.option("--cron", is_flag=True, help="Put lines into your crontab; for no systemd.")
@click.option("--print", "only_print", is_flag=True, help="Print it; change nothing.")
@click.option("--for", "kind", type=click.Choice(_KINDS), help="What to print, with --print.")
@options.as_json
@options.debug
def install_command(
    on_boot: str | None, cron: bool, only_print: bool, kind: str | None, as_json: bool
) -> int:
    """Install it: systemd's user units, else a crontab block; launchd on macOS."""
    from tmux_orch.service import acts

    if kind and not only_print:
        raise BadInput("--for chooses what is printed", "add --print, or use --cron")
    if kind and cron:
        raise BadInput("--for and --cron exclude each other", "give one of them")
    _person_only()
    registry, what = _subject()
    chosen = acts.Kind(kind or ("cron" if cron else acts.usual(os.environ, sys.platform)))
    policy = OnBoot(on_boot) if on_boot else acts.policy(registry)
    text = acts.shown(chosen, what, os.environ, policy)
    if only_print:
        _print_text(chosen, text, as_json)
        return EXIT_DONE
    if chosen is acts.Kind.CRON and not cron and not _wants_cron(text, as_json):
        if on_boot:
            registry.prepare()
            acts.set_policy(registry, policy)
        return _not_installed(text, as_json)
    _prepare(registry)
    if chosen is acts.Kind.CRON:
        done = acts.install_cron(what, os.environ, registry, policy)
    else:
        done = acts.install_files(chosen, what, os.environ, registry, policy)
    return _installed(chosen, done, what, registry, as_json)


@service.command("remove")
@options.as_json
@options.debug
def remove_command(as_json: bool) -> int:
    """Remove what install has made; teams go on, nothing else is touched."""
    from tmux_orch.service import acts

    _person_only()
    registry, what = _subject(installed=False)
    done = acts.remove(what, os.environ, registry)
    if as_json:
        printing.as_json({"schema": "tmux-orch/service-change/1", "changed": list(done.changed)})
    else:
        for one in done.changed:
            printing.line(
                f"removed {one}" if one != "crontab" else "our lines are out of it: crontab"
            )
        printing.line(
            "the next command starts the daemon again" if done.changed else "nothing is installed"
        )
    return EXIT_DONE


@service.command("status")
@options.as_json
@options.debug
def status_command(as_json: bool) -> int:
    """What is installed and runs, and what is missing; exit code 1 when something is."""
    from tmux_orch.cli import service_view

    registry, what = _subject(installed=False)
    found = service_view.look(registry, what, os.environ, sys.platform)
    if as_json:
        printing.as_json(found)
    else:
        printing.lines(service_view.lines(found))
    return EXIT_DONE if found["ok"] else EXIT_PARTLY


@service.command("plan")
@options.as_json
@options.debug
def plan_command(as_json: bool) -> int:
    """Who would be brought back after a restart of the machine, and in which waves."""
    from tmux_orch.cli import service_view
    from tmux_orch.rpc import client

    found = {"schema": "tmux-orch/boot-plan/1", **client.call("boot-plan")}
    if as_json:
        printing.as_json(found)
    else:
        printing.lines(service_view.plan_lines(found))
    return EXIT_DONE


def _person_only() -> None:
    if agent := os.environ.get("ORCH_AGENT"):
        raise Refused(
            f"the service is the person's, and this runs as agent {agent}",
            "ask the person, with scm",
        )


def _subject(*, installed: bool = True) -> tuple[Registry, Subject]:
    """The registry and what its service is made from; with ``installed`` the command must be."""
    from pathlib import Path

    from tmux_orch.config.registry import Registry
    from tmux_orch.service.subject import NAME, subject

    registry = Registry.find(os.environ)
    program = Path(sys.executable).with_name(NAME)
    # To look and to remove, any command will do: names and marks do not depend on it.
    if not installed and not os.access(program, os.X_OK):
        program = Path(sys.executable)
    return registry, subject(registry, os.environ, program)


def _prepare(registry: Registry) -> None:
    """The registry is there, with the environment that the daemon will have."""
    from tmux_orch.rpc import environment

    registry.prepare()
    environment.recorded(registry, os.environ, anew=True)


def _wants_cron(text: str, as_json: bool) -> bool:
    if as_json or not screen.can_ask():
        return False
    printing.note("There is no systemd of yours to reach. These lines do the same in your crontab:")
    for line in text.splitlines():
        printing.note(f"  {line}")
    return question.confirm("Put them into your crontab?", yes=False)


def _not_installed(text: str, as_json: bool) -> int:
    step = "tmux-orch service install --cron"
    if as_json:
        printing.as_json(
            {"schema": "tmux-orch/service-change/1", "changed": [], "crontab": text, "next": [step]}
        )
    else:
        _print_plain(text)
        printing.note("nothing was installed: there is no systemd of yours to reach")
        printing.note(f"to put these lines into your crontab: {step}")
    return EXIT_PARTLY


def _installed(kind: str, done: Done, what: Subject, registry: Registry, as_json: bool) -> int:
    from tmux_orch.cli import service_view

    found = service_view.look(registry, what, os.environ, sys.platform)
    steps = [*done.next_steps, *(one["next"] for one in (*found["missing"], *found["advice"]))]
    if as_json:
        printing.as_json(
            {"schema": "tmux-orch/service-change/1", "kind": kind, "changed": list(done.changed),
             "on_boot": found["on_boot"], "next": steps}
        )  # fmt: skip
        return EXIT_DONE
    for one in done.changed:
        printing.line(f"wrote {one}" if one != "crontab" else "your crontab has our lines")
    if not done.changed:
        printing.line("it is installed already; nothing was changed")
    printing.lines(service_view.lines(found))
    for step in done.next_steps:
        printing.line(f"next: {step}")
    return EXIT_DONE


def _print_text(kind: str, text: str, as_json: bool) -> None:
    if as_json:
        content: dict[str, Any] = {"schema": "tmux-orch/service-text/1", "kind": kind, "text": text}
        printing.as_json(content)
    else:
        _print_plain(text)


def _print_plain(text: str) -> None:
    for one in text.splitlines():
        printing.line(one)
