"""``completion``: the script a shell needs to complete our three commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tmux_orch.cli import options

if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

COMMANDS = ("auto-orchestrate", "scm", "tmux-orch")
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.option("--command", type=click.Choice(COMMANDS), help="Of one command only.")
@options.debug
def completion(shell: str, command: str | None) -> int:
    """Print the completion script for SHELL.

    \b
    bash  eval "$(tmux-orch completion bash)"      in ~/.bashrc
    zsh   eval "$(tmux-orch completion zsh)"       in ~/.zshrc
    fish  tmux-orch completion fish | source       in config.fish
    """
    for name in (command,) if command else COMMANDS:
        click.echo(script(shell, name))
    return 0


def script(shell: str, command: str) -> str:
    """The completion script of one command, as click makes it."""
    from click import shell_completion as of

    kinds: dict[str, type[ShellComplete]] = {
        "bash": of.BashComplete,
        "zsh": of.ZshComplete,
        "fish": of.FishComplete,
    }
    variable = f"_{command.replace('-', '_').upper()}_COMPLETE"
    made = kinds[shell](click.Command(command), {}, command, variable)
    # Not kinds[...].source(): for bash that starts one to ask for its version, and complains on
    # standard output's neighbour when there is none, as on a machine that only installs.
    return made.source_template % made.source_vars()
