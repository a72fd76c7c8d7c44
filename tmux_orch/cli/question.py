"""Questions to a person, on a terminal only; without one the safe answer, or a refusal."""

from __future__ import annotations

import click

from tmux_orch.cli import screen
from tmux_orch.domain.errors import BadInput


def confirm(text: str, *, yes: bool, option: str = "--yes") -> bool:
    """Whether the person says yes; the default is no.

    Args:
        text: The question, without a question mark's options.
        yes: It was said on the command line already.
        option: The option that says it.

    Raises:
        BadInput: nobody can be asked and nothing was said.
    """
    if yes:
        return True
    if not screen.can_ask():
        raise BadInput("this asks before it acts, and there is no terminal", f"add {option}")
    return click.confirm(text, default=False, err=True)


# What each mode means for a team nobody watches stands in the README as well.
_MODES = (
    ("acceptEdits", "edits files in its worktree by itself, asks before other commands"),
    ("default", "asks before each edit and each command"),
)


def permission_mode() -> str:
    """How freely agents may act: asked on a terminal; elsewhere ``default``, the safe one."""
    if not screen.can_ask():
        return "default"
    click.echo("How may the agents act? Questions show as waiting_permission.", err=True)
    for number, (name, meaning) in enumerate(_MODES, 1):
        mark = " (recommended)" if number == 1 else ""
        click.echo(f"  {number}  {name}: {meaning}{mark}", err=True)
    number = click.prompt("Choose", type=click.IntRange(1, len(_MODES)), default=1, err=True)
    return _MODES[number - 1][0]
