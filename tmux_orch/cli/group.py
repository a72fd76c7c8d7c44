"""The commands of ``tmux-orch``, by name; each family is a module of its own."""

from __future__ import annotations

import click

from tmux_orch import __version__
from tmux_orch.cli import options
from tmux_orch.cli.lazy import LazyGroup

_IN = "tmux_orch.cli."
PLACES = {
    "status": (_IN + "team", "status", "What every agent does now, and its work in git."),
    "ls": (_IN + "team", "ls", "Every team on this machine."),
    "top": (_IN + "top", "top", "The team on the whole screen, with keys for everything."),
    "watch": (_IN + "watch", "watch", "What happens, line by line, while it happens."),
    "explain": (_IN + "explain", "explain", "Why an agent's state is what it is."),
    "attach": (_IN + "team", "attach", "Sit down at the team's terminal."),
    "peek": (_IN + "seeing", "peek", "An agent's screen, as text."),
    "usage": (_IN + "seeing", "usage", "Tokens and cost per agent and day."),
    "budget": (_IN + "budget", "budget", "How much an agent or the team may use."),
    "credits": (_IN + "credits", "credits", "Plans: what is used, who is held until when."),
    "messages": (_IN + "record", "messages", "Messages and what became of them."),
    "log": (_IN + "record", "log", "What happened, event by event."),
    "schedule": (_IN + "schedule", "schedule", "Notes that reach an agent later, and check-ins."),
    "plan": (_IN + "planning", "plan", "The implementation plan: show, edit or make it anew."),
    "brief": (_IN + "planning", "brief", "An agent's briefing: print it, or give it anew."),
    "dialogs": (_IN + "answer", "dialogs", "Who waits for an answer, and to what."),
    "answer": (_IN + "answer", "answer", "Answer an agent's dialog by an option's text."),
    "approve": (_IN + "permission", "approve", "Let an agent do what it asks for."),
    "deny": (_IN + "permission", "deny", "Refuse what an agent asks for."),
    "trust": (_IN + "permission", "trust", "Say yes to agents' start-up trust questions."),
    "restart": (_IN + "restart", "restart", "Start agents again, also given-up ones."),
    "stop": (_IN + "ending", "stop", "End agents; their worktrees stay."),
    "remove": (_IN + "ending", "remove", "Remove worktrees that nothing would be lost with."),
    "teams": (_IN + "teams", "teams", "Roles and team types, and what your files change."),
    "rules": (_IN + "rules", "rules", "Screen rules of agent programs: list and check."),
    "doctor": (_IN + "doctor", "doctor", "Check what this machine needs, with remedies."),
    "daemon": (_IN + "daemon_commands", "daemon", "Start, stop and look at the daemon."),
    "service": (_IN + "service", "service", "Keep the daemon there, also after a restart."),
    "completion": (_IN + "completion", "completion", "Shell completion of all three commands."),
}


@click.command(
    "tmux-orch",
    cls=LazyGroup,
    places=PLACES,
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings=options.context(),
)
@options.debug
@click.version_option(__version__, prog_name="tmux-orch", message="%(prog)s %(version)s")
@click.pass_context
def tmux_orch(context: click.Context) -> None:
    """Look at, talk to and end teams of coding agents.

    A team is started with auto-orchestrate; messages are sent with scm.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
