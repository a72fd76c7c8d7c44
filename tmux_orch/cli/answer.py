"""``dialogs`` and ``answer``: what agents ask, and an answer by the text of an option."""

from __future__ import annotations

import click

from tmux_orch.cli import dialog_view, options, plain, printing, question
from tmux_orch.domain.errors import BadInput
from tmux_orch.rpc import client


@click.command()
@options.project
@options.as_json
@options.debug
def dialogs(project: str | None, as_json: bool) -> int:
    """Who waits for an answer, and to what exactly."""
    found = client.call("dialogs", {"project": project})
    if as_json:
        printing.as_json(found)
    elif found["dialogs"]:
        printing.lines(dialog_view.blocks(found["project"], found["dialogs"], whole=True)[1:])
    else:
        printing.line("nobody waits for an answer")
    return 0


@click.command()
@click.argument("agent", shell_complete=options.agent_names)
@click.argument("option")
@options.project
@click.option("--id", "dialog_id", type=int, metavar="N", help="Only if it is this dialog.")
@click.option("--text", default=None, metavar="TEXT", help="For an option that takes a text.")
@options.yes
@options.as_json
@options.debug
def answer(
    agent: str,
    option: str,
    project: str | None,
    dialog_id: int | None,
    text: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Choose OPTION, by its text, in the dialog that AGENT shows.

    The whole text or an unmistakable part of it. The dialog is shown first.
    """
    if text is not None and not text.strip():
        raise BadInput("--text is empty", "give some text, or leave it out")
    body = {"agent": agent, "project": project, "option": option, "text": text, "id": dialog_id}
    shown = client.call("answer", {**body, "show_only": True})
    for line in dialog_view.block(shown):
        click.echo(line, err=True)
    chosen = plain.line(str(shown["option"]))
    if not question.confirm(f"Answer {chosen!r}?", yes=yes):
        printing.note("left as it is")
        return 0
    # What was shown is what is answered, or nothing is.
    seen = {part: shown[part] for part in ("question", "options", "exact")}
    done = client.call("answer", {**body, "id": shown["id"], "seen": seen})
    if as_json:
        printing.as_json(done)
        return 0
    printing.line(f"answered: {agent}, {done['option']}")
    if done["follows"]:
        printing.line(f"{agent} asks on: {done['follows']['question']}")
        for further in done["follows"]["options"]:
            printing.line(f"- {further}")
    return 0
