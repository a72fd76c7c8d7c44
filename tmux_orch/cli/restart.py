"""``restart``: agents are started again, also those that were given up."""

from __future__ import annotations

import click

from tmux_orch.cli import options, plain, printing
from tmux_orch.cli.progress import Progress
from tmux_orch.domain.errors import EXIT_DONE, BadInput
from tmux_orch.rpc import client


@click.command()
@click.argument("agents", nargs=-1, metavar="[AGENT]...", shell_complete=options.agent_names)
@options.project
@click.option("--all", "every", is_flag=True, help="Every agent of the team that was not stopped.")
@options.as_json
@options.debug
def restart(agents: tuple[str, ...], project: str | None, every: bool, as_json: bool) -> int:
    """Start agents again, each with its conversation and its worktree.

    One that runs is asked to end first; the turn it is in is lost, its files are not. One that was
    given up after too many starts is started, and its count begins anew. An agent that you stopped
    is brought back with auto-orchestrate --resume instead.
    """
    if every == bool(agents):
        raise BadInput("name the agents, or give --all", "see who is there: tmux-orch status")
    body = {"project": project, "agents": list(agents), "all": every}
    with Progress(quiet=as_json) as progress:
        done = client.call("restart", body, on_progress=progress)
    code = int(done.get("exit_code", EXIT_DONE))
    if as_json:
        printing.as_json(done)
        return code
    for agent in done["agents"]:
        name, trouble = str(agent["name"]), str(agent["trouble"])
        told = f"not ready: {trouble}" if trouble else "started again with its conversation"
        printing.line(plain.line(f"{name}: {told}"))
    if not done["agents"]:
        printing.line("no agent of the team is wanted up")
    return code
