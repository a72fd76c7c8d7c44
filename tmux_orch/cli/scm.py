"""``scm`` off its good path: help, bad options, no daemon, errors. The rest is ``rpc.scm``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tmux_orch.cli import failure

if TYPE_CHECKING:
    import click

HELP = """Send MESSAGE to an agent and wait until it is proved delivered.

\b
TARGET   developer, pm (an alias), project/developer, developer:0, %3
MESSAGE  everything after TARGET, joined by blanks; a lone - reads stdin

Options stand before TARGET: all after it is text.

\b
Exit codes:
  0 delivered (--no-wait: accepted)   4 refused by a rule
  2 bad input, or no such target      5 not known whether it arrived
  3 held: goes out by itself later    6 the daemon cannot be reached
"""


def main() -> int:
    """Let click speak: help, version, shell completion, or what is wrong with the options."""
    return failure.guarded("scm", _speak)


def _speak() -> int:
    import click

    command = _command()
    try:
        command.main(prog_name="scm", standalone_mode=False)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    return 0


def _command() -> click.Command:
    import click

    from tmux_orch import __version__
    from tmux_orch.rpc.scm import VALUED

    @click.command("scm", help=HELP, context_settings={"ignore_unknown_options": False})
    @click.option("--wait", metavar="S", help="Wait at most S seconds (10 when not given).")
    @click.option(
        "--until", type=click.Choice(list(VALUED["--until"][1])), help="What to wait for."
    )
    @click.option("--no-wait", is_flag=True, help="Do not wait: 0 means accepted and kept.")
    @click.option("--id", "key", metavar="KEY", help="The same KEY and text is sent once only.")
    @click.option(
        "--priority",
        type=click.Choice(list(VALUED["--priority"][1])),
        help="high may interrupt a turn (medium when not given).",
    )
    @click.option("--raw", is_flag=True, help="Without our header line (people only).")
    @click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON.")
    @click.version_option(__version__, prog_name="scm", message="%(prog)s %(version)s")
    @click.argument("target", metavar="TARGET")
    @click.argument("message", metavar="MESSAGE...", nargs=-1, required=True)
    def scm(wait: str | None, target: str, message: tuple[str, ...], **_: object) -> None:
        # Everything that is right is sent before click is loaded, so something is wrong here.
        del message
        from tmux_orch.rpc.scm import is_seconds

        if wait is not None and not is_seconds(wait):
            raise click.BadParameter(f"{wait!r} is not a number of seconds", param_hint="--wait")
        raise click.BadParameter(f"{target!r} is not a target", param_hint="TARGET")

    scm.allow_interspersed_args = False
    return scm


def start_daemon() -> None:
    """Start the daemon that ``scm`` did not find."""
    from tmux_orch.config.registry import Registry
    from tmux_orch.rpc import start

    start.ensure(Registry.find(os.environ), os.environ)


def settle(greeting: bytes) -> None:
    """The daemon does not serve us: wait until one that stops or is older has gone.

    Raises:
        Unreachable: it is newer than this command.
    """
    from tmux_orch.rpc import client

    client.settle(os.environ, greeting)


def complain(payload: bytes) -> None:
    """Print an error that the daemon sent."""
    from tmux_orch.rpc import failures

    failure.say("scm", failures.read(payload).line())


def unreachable(key: str) -> int:
    """No answer came: whether the message was accepted is not known, and how to find out."""
    from tmux_orch.domain.errors import Unreachable

    again = f"the same command with --id {key} is safe" if key else "send it again"
    return failure.ended(
        "scm",
        Unreachable("the daemon does not answer, the message may be accepted or not", again),
    )


def too_large() -> int:
    """The text is over the wire's limit."""
    from tmux_orch.domain.errors import BadInput

    return failure.ended(
        "scm", BadInput("the message is larger than 1 MB", "put it into a file and name that")
    )
