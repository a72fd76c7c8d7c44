"""``schedule``: notes that reach an agent later, and the check-ins of a team."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

import click

from tmux_orch.cli import options, printing, schedule_view
from tmux_orch.domain import moment
from tmux_orch.domain.errors import BadInput, OrchError
from tmux_orch.domain.job import At, CatchUp, Every
from tmux_orch.domain.reminder import clean_note
from tmux_orch.rpc import client

F = TypeVar("F", bound=Callable[..., Any])
_SCHEMA = "tmux-orch/schedule/1"


@click.group()
def schedule() -> None:
    """Bring a note to an agent later: to the agent that asks, or with --to to another.

    It arrives as a message when the agent can take it, once, also after a restart of the daemon or
    of the machine.
    """


def _asked(function: F) -> F:
    """The options of every command that schedules something."""
    for add in (
        options.debug,
        options.as_json,
        options.project,
        click.option(
            "--to", metavar="TARGET", shell_complete=options.agent_names,
            help="Whom to remind (an agent: itself when not given).",
        ),
    ):  # fmt: skip
        function = add(function)
    return function


def _catch_up(function: F) -> F:
    return click.option(
        "--catch-up", type=click.Choice([policy.value for policy in CatchUp]),
        default=CatchUp.ONCE.value, show_default=True,
        help="Times that passed while nothing could ring.",
    )(function)  # fmt: skip


@schedule.command("in")
@click.argument("delay")
@click.argument("note")
@_asked
@_catch_up
def in_(delay: str, note: str, catch_up: str, as_json: bool, **asked: str | None) -> int:
    """Once, after DELAY: 30 (minutes), 90m, 2h, 1h30m or 1d."""
    now, place = _now(), _zone(None)
    when = _meant(
        lambda: moment.delay(delay, now), lambda: moment.moment(delay, now, place),
        f"a time goes with: tmux-orch schedule at {delay!r}",
    )  # fmt: skip
    return _add(note, as_json, when, catch_up, asked)


@schedule.command()
@click.argument("time")
@click.argument("note")
@_asked
@_catch_up
@click.option("--zone", metavar="NAME", help="Zone of TIME (yours when not given).")
def at(
    time: str, note: str, catch_up: str, zone: str | None, as_json: bool, **asked: str | None
) -> int:
    """Once, at TIME: 14:30, 9pm, 'tomorrow 9:00', '2026-11-22 14:30'.

    A zone may stand behind it: '14:30 Europe/Berlin'.
    """
    now, place = _now(), _zone(zone)
    when = _meant(
        lambda: moment.moment(time, now, place), lambda: moment.delay(time, now),
        f"give {moment.MOMENTS}; a length of time goes with: tmux-orch schedule in {time}",
    )  # fmt: skip
    return _add(note, as_json, when, catch_up, asked)


@schedule.command()
@click.argument("interval")
@click.argument("note")
@_asked
@_catch_up
def every(interval: str, note: str, catch_up: str, as_json: bool, **asked: str | None) -> int:
    """Again and again, every INTERVAL (45m, 2h; at least 5m), until cancelled.

    Skipped while the one before has not arrived.
    """
    return _add(note, as_json, moment.interval(interval), catch_up, asked)


@schedule.command("after-reset")
@click.argument("note")
@_asked
def after_reset(note: str, as_json: bool, **asked: str | None) -> int:
    """Once, when the next usage limit of the agent's account has ended."""
    return _add(note, as_json, None, CatchUp.ONCE.value, asked)


@schedule.command("list")
@options.project
@options.as_json
@options.debug
def list_(project: str | None, as_json: bool) -> int:
    """Reminders and check-ins, with their next time; an agent sees its own."""
    found = _ask("list", project=project)
    if as_json:
        printing.as_json({"schema": _SCHEMA, **found})
    else:
        printing.lines(schedule_view.listed(found))
    return 0


def _reminder_ids(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    body = {"act": "list", "project": context.params.get("project")}
    try:
        found = client.call("schedule", body, start_daemon=False)
    except OrchError:
        return []  # a completion has nowhere to say why
    ids = [str(row["id"]) for row in found["reminders"]]
    if context.info_name == "cancel":
        ids.append("all")
    return [one for one in ids if one.startswith(begun)]


_ID = click.argument("reminder_id", metavar="ID", shell_complete=_reminder_ids)


@schedule.command()
@click.argument("reminder_id", metavar="ID|all", shell_complete=_reminder_ids)
@options.project
@options.as_json
@options.debug
def cancel(reminder_id: str, project: str | None, as_json: bool) -> int:
    """End the reminder ID, or all; an agent ends only its own."""
    return _end("cancel", reminder_id, project, as_json)


@schedule.command()
@_ID
@options.project
@options.as_json
@options.debug
def pause(reminder_id: str, project: str | None, as_json: bool) -> int:
    """Let the reminder ID rest until it is resumed."""
    return _end("pause", reminder_id, project, as_json)


@schedule.command()
@_ID
@options.project
@options.as_json
@options.debug
def resume(reminder_id: str, project: str | None, as_json: bool) -> int:
    """Let a paused reminder ring again."""
    return _end("resume", reminder_id, project, as_json)


@schedule.command()
@_asked
def test(as_json: bool, **asked: str | None) -> int:
    """Check that a note arrives: one is sent through the schedule, now.

    An agent's own note arrives when its turn has ended. Exit code 1: something is wrong.
    """
    found = _ask("test", id=_new_id(), **_whom(asked))
    if as_json:
        printing.as_json({"schema": _SCHEMA, **found})
    else:
        printing.line(schedule_view.tested(found))
    return int(found["exit_code"])


def _meant(read: Callable[[], At], other: Callable[[], At], step: str) -> At:
    """What was typed; or, where it is what another command takes, that command."""
    try:
        return read()
    except BadInput as error:
        try:
            other()
        except BadInput:
            raise error from None
        raise BadInput(error.message, step) from None


def _add(
    note: str, as_json: bool, when: At | Every | None, catch_up: str, asked: dict[str, str | None]
) -> int:
    body: dict[str, Any] = {"id": _new_id(), "note": clean_note(note), "catch_up": catch_up}
    if isinstance(when, At):
        body |= {"kind": "once", "at": when.at.isoformat()}
    elif isinstance(when, Every):
        body |= {"kind": "every", "every_s": when.every_s}
    else:
        body |= {"kind": "after_reset"}
    made = _ask("add", **body, **_whom(asked))
    if as_json:
        printing.as_json({"schema": _SCHEMA, **made})
    else:
        printing.line(schedule_view.made(made))
    return 0


def _end(act: str, reminder_id: str, project: str | None, as_json: bool) -> int:
    if not reminder_id.strip():
        raise BadInput("the ID is empty", "see tmux-orch schedule list")
    done = _ask(act, id=reminder_id.strip(), project=project)
    if as_json:
        printing.as_json({"schema": _SCHEMA, **done})
    else:
        printing.lines(schedule_view.ended(act, done["reminders"]))
    return 0


def _ask(act: str, **body: object) -> dict[str, Any]:
    return client.call("schedule", {"act": act, **body})


def _whom(asked: dict[str, str | None]) -> dict[str, str | None]:
    if asked["to"] is not None and not asked["to"].strip():
        raise BadInput("--to is empty", "name an agent, or leave it out")
    return {"to": asked["to"], "project": asked["project"]}


def _new_id() -> str:
    """Made here, so that a command whose daemon dies in the middle may be sent again."""
    return secrets.token_hex(4)


def _now() -> datetime:
    return datetime.now(UTC)


def _zone(name: str | None) -> tzinfo:
    from tmux_orch.agents import zone

    own = zone.of(os.environ)
    return own if name is None else moment.zone(name, own)
