"""``credits``: what is left of each account's plan, who is held until when, and a person's word."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from tmux_orch.cli import credits_view, options, printing
from tmux_orch.domain.errors import EXIT_DONE, BadInput, OrchError
from tmux_orch.rpc import client


@click.group(invoke_without_command=True)
@click.pass_context
def credits(context: click.Context) -> None:
    """Plans and their limits: what is used, what holds agents, until when.

    An account is where an agent program's sign-in lives. When its plan is used up, all agents of it
    are held, and woken once after the reset.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@credits.command()
@options.as_json
@options.debug
def status(as_json: bool) -> int:
    """Every account: its agents, its plan's windows, its hold and what happens next."""
    found = client.call("credits")
    return _show(found, credits_view.status, as_json)


@credits.command()
@options.as_json
@options.debug
def forecast(as_json: bool) -> int:
    """When each plan runs out at the pace of now."""
    found = client.call("credits")
    if as_json:
        shown = [
            {name: account[name] for name in ("account", "program", "directory", "windows",
                                              "stretch")}
            for account in found["accounts"]
        ]  # fmt: skip
        printing.as_json({"schema": "tmux-orch/credits-forecast/1", "accounts": shown})
    else:
        printing.lines(credits_view.forecast(found))
    return EXIT_DONE


def _show(found: Mapping[str, Any], view: Callable[[Any], Iterable[str]], as_json: bool) -> int:
    if as_json:
        printing.as_json(found)
    else:
        printing.lines(view(found))
    return EXIT_DONE


def _names(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Completion of accounts' programs, and of agents where one may be named."""
    try:
        accounts = client.call("credits", start_daemon=False)["accounts"]
    except OrchError:
        return []  # a completion has nowhere to say why
    names = {str(account["program"]) for account in accounts}
    if context.info_name == "wake":
        for account in accounts:
            names |= {str(agent).partition("/")[2] for agent in account["agents"]}
    return sorted(name for name in names if name.startswith(begun))


@credits.command()
@click.argument("account", required=False, shell_complete=_names)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True,
    help="At most so many, the last ones.",
)  # fmt: skip
@options.as_json
@options.debug
def history(account: str | None, limit: int, as_json: bool) -> int:
    """Holds that have ended: since when, until when, why, and how they ended."""
    found = client.call("credits-history", {"account": _named(account), "limit": limit})
    return _show(found, credits_view.history, as_json)


@credits.command()
@click.argument("who", metavar="[AGENT|ACCOUNT]", required=False, shell_complete=_names)
@options.project
@options.as_json
@options.debug
def wake(who: str | None, project: str | None, as_json: bool) -> int:
    """Wake AGENT, or all agents of ACCOUNT, now; without a name, everybody who is held.

    It also answers the question whether a large, old conversation shall go on. A plan that is used
    up nevertheless holds them again.
    """
    found = client.call("credits-wake", {"who": _named(who), "project": project})
    return _show(found, credits_view.woken, as_json)


@credits.command()
@click.argument("account", required=False, shell_complete=_names)
@click.option("--until", metavar="TIME", help="14:30, 9pm, 'tomorrow 9:00'; else until you wake.")
@options.as_json
@options.debug
def hold(account: str | None, until: str | None, as_json: bool) -> int:
    """Pause ACCOUNT: nothing is sent to its agents; what runs goes on to its end.

    ACCOUNT is a program (claude), its configuration directory, or left out when there is only one.
    """
    until_at = None if until is None else _moment(until)
    found = client.call("credits-hold", {"account": _named(account), "until_at": until_at})
    return _show(found, credits_view.held, as_json)


@credits.command()
@options.as_json
@options.debug
def check(as_json: bool) -> int:
    """Look once: for cron and timers. Starts the daemon only when a team is up."""
    from tmux_orch.config.registry import Registry
    from tmux_orch.rpc import start

    registry = Registry.find(os.environ)
    if not (registry.root.is_dir() and (start.listens(registry) or _team_is_up(registry.sessions))):
        if as_json:
            printing.as_json({"schema": "tmux-orch/credits-check/1", "running": False,
                              "registry": os.fspath(registry.root), "accounts": []})  # fmt: skip
        else:
            printing.line(f"no team is up in {credits_view.home(os.fspath(registry.root))}")
        return EXIT_DONE
    found = client.call("credits-check")
    if as_json:
        printing.as_json({**found, "schema": "tmux-orch/credits-check/1", "running": True,
                          "registry": os.fspath(registry.root)})  # fmt: skip
    else:
        printing.line(credits_view.checked(found))
    return EXIT_DONE


def _team_is_up(sessions: Any) -> bool:
    """Whether the registry's own note names an agent; one that cannot be read may."""
    import json

    try:
        found = json.loads(sessions.read_bytes())
        return bool(found["agents"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _named(text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise BadInput("the name is empty", "see tmux-orch credits status")
    return text


def _moment(text: str) -> str:
    from datetime import UTC, datetime

    from tmux_orch.agents import zone
    from tmux_orch.domain import moment

    return moment.moment(text, datetime.now(UTC), zone.of(os.environ)).at.isoformat()
