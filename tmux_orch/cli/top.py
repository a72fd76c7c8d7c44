"""``top``: the team on a whole screen."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from tmux_orch.cli import options, printing, screen
from tmux_orch.domain.errors import EXIT_DONE, BadInput
from tmux_orch.rpc import client

if TYPE_CHECKING:
    from tmux_orch.tui.acts import Acts


@click.command()
@options.project
@click.option(
    "--interval", type=click.FloatRange(1, 3600), default=1.0, metavar="S", show_default=True,
    help="Seconds between two news at least.",
)  # fmt: skip
@options.debug
def top(project: str | None, interval: float) -> int:
    """Show the team on the whole screen; ? lists the keys.

    It does not keep an idle daemon running.
    """
    # Textual draws on standard error.
    if not all(map(screen.is_terminal, (sys.stdin, sys.stdout, sys.stderr))):
        raise BadInput("top needs a terminal", "see tmux-orch status, or tmux-orch watch")
    # Which team, or that there is none, is said before the screen changes.
    name = str(client.call("status", {"project": project})["project"]["name"])

    from tmux_orch.tui.acts import Acts

    acts = Acts(name, interval)
    if find_spec("textual") is None:
        return _plainly(acts)
    from tmux_orch.tui.app import Top

    app = Top(acts)
    app.run()
    return app.return_code or EXIT_DONE


def _plainly(acts: Acts) -> int:
    from rich.console import Console

    from tmux_orch.tui.fallback import Plain

    console = Console(no_color=not screen.colours(sys.stdout))
    try:
        Plain(acts, console).run()
    finally:
        printing.note(
            "for keys, details and messages install textual: pip install 'tmux-orch[tui]'"
        )
    return EXIT_DONE
