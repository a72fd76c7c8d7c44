"""``stop`` and ``remove``: ending agents, and taking their worktrees away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from tmux_orch.cli import options, plain, printing, question, status_view
from tmux_orch.cli.progress import Progress
from tmux_orch.cli.table import listed
from tmux_orch.domain.errors import EXIT_DONE, EXIT_PARTLY, BadInput
from tmux_orch.rpc import client

#: A turn that commits and writes a page takes a real program 10 to 30 s.
CHECKPOINT_S = 30

_agents = click.argument(
    "agents", nargs=-1, metavar="[AGENT]...", shell_complete=options.agent_names
)


@click.command()
@_agents
@options.project
@click.option("--all", "every", is_flag=True, help="The agents of every team.")
@click.option(
    "--checkpoint",
    "checkpoint_s",
    type=click.IntRange(0, 600),
    metavar="S",
    default=CHECKPOINT_S,
    show_default=True,
    help="Wait so many seconds for agents to commit and note where they are; 0: end them at once.",
)
@options.yes
@options.as_json
@options.debug
def stop(
    agents: tuple[str, ...],
    project: str | None,
    every: bool,
    checkpoint_s: int,
    yes: bool,
    as_json: bool,
) -> int:
    """End the agents named, or the whole team; worktrees and branches stay.

    Who works, or has files that are not committed, is asked for a checkpoint first. A stopped team
    is taken up again with auto-orchestrate --resume.
    """
    if every and (agents or project):
        raise BadInput("--all stops every team", "leave out the names, or --all")
    names = ", ".join(plain.line(name) for name in agents)
    what = "every agent of every team" if every else names or "every agent of the team"
    if not question.confirm(f"Stop {what}? Worktrees and branches stay.", yes=yes):
        printing.note("left as it is")
        return EXIT_DONE
    body = {"project": project, "agents": list(agents), "all": every}
    pages = _checkpoints(body, checkpoint_s, as_json) if checkpoint_s else []
    with Progress(quiet=as_json) as progress:
        done = client.call("stop", body, on_progress=progress)
    if as_json:
        printing.as_json(done | {"checkpoints": pages})
        return EXIT_DONE
    for one in done["stopped"]:
        ended = ", ".join(agent["name"] for agent in one["agents"])
        printing.line(f"stopped {one['project']}: {ended or 'nobody was left'}")
        printing.lines(status_view.work(one, one["agents"]))
    if not done["stopped"]:
        printing.line("no live team")
    return EXIT_DONE


def _checkpoints(body: Mapping[str, Any], within_s: int, as_json: bool) -> list[dict[str, Any]]:
    """Have the agents write where they are; Ctrl-C ends the wait, not the stop."""
    try:
        with Progress(quiet=as_json) as progress:
            asked = {**body, "within_s": within_s}
            found: list[dict[str, Any]] = client.call("checkpoint", asked, on_progress=progress)[
                "asked"
            ]
    except KeyboardInterrupt:
        printing.note("not waiting any longer")
        return []
    for one in found:
        printing.note(f"{one['agent']}: {one['page'] or 'wrote no checkpoint'}")
    return found


@click.command()
@_agents
@options.project
# Not git's force: nothing goes that a rescue ref and an archive do not hold (worktrees/salvage.py).
@click.option("--force", is_flag=True, help="Save what would be lost in git and an archive first.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@options.yes
@options.as_json
@options.debug
def remove(
    agents: tuple[str, ...],
    project: str | None,
    force: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Remove the worktrees and home branches of stopped agents.

    Only where it is proved that nothing would be lost; the others are kept, with the reason.
    """
    body = {"project": project, "agents": list(agents), "force": force}
    proof = client.call("remove", {**body, "dry_run": True})
    if dry_run or not as_json:
        _print(proof, as_json, lambda: _proved(proof["agents"], force))
    if dry_run:
        return EXIT_DONE
    able = [a["name"] for a in proof["agents"] if not a["obstacles"] or force]
    if not able:
        if as_json:
            printing.as_json(proof)
        return EXIT_PARTLY if proof["agents"] else EXIT_DONE
    asked = f"Remove {len(able)} of {len(proof['agents'])} worktrees?"
    if not question.confirm(asked, yes=yes):
        printing.note("left as it is")
        return EXIT_DONE
    done = client.call("remove", {**body, "dry_run": False})
    _print(done, as_json, lambda: _done(done["agents"]))
    return int(done.get("exit_code", EXIT_DONE))


def _print(result: Mapping[str, Any], as_json: bool, lines: Any) -> None:
    if as_json:
        printing.as_json(result)
    else:
        printing.lines(lines())


def _proved(agents: Sequence[Mapping[str, Any]], force: bool) -> list[str]:
    lines = []
    for agent in agents:
        if not agent["obstacles"]:
            lines += listed("yes", "green", agent["name"], ["nothing would be lost"])
        else:
            mark, colour = ("saved", "yellow") if force else ("no", "red")
            lines += listed(mark, colour, agent["name"], agent["obstacles"])
    return lines


def _done(agents: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for agent in agents:
        name = plain.line(str(agent["name"]))
        if not agent["removed"]:
            lines.append(f"kept {name}: {plain.line('; '.join(agent['obstacles']))}")
            continue
        saved = agent.get("rescue") or {}
        places = " and ".join(filter(None, (saved.get("ref"), saved.get("archive"))))
        what = f"; saved as {places}" if places else ""
        lines.append(plain.line(f"removed {name}{what}"))
    return lines
