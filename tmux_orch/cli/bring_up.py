"""Starting and resuming: the request, its progress, and what a person does next."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from tmux_orch.cli import plain, printing, question, screen, status_view
from tmux_orch.cli.orchestrate import Asked, directory
from tmux_orch.cli.progress import Progress
from tmux_orch.cli.spec_file import spec_text
from tmux_orch.domain.errors import EXIT_DONE
from tmux_orch.rpc import client

# The agent program whose start-up asks for a permission mode and for trust.
_ASKING = ("", "claude")


def status_only(asked: Asked) -> int:
    """``--resume --status-only``: how the team is; nothing is changed."""
    status = client.call("status", {"project": directory(asked) if asked.project else None})
    if asked.as_json:
        printing.as_json(status)
    else:
        printing.lines(status_view.team(status))
    return EXIT_DONE


def bring_up(asked: Asked) -> int:
    """Start or resume the team and show it; the exit code says whether all of it is there."""
    body = _body(asked)
    result = _call(body, asked)
    waiting = [a for a in result["agents"] if a["state"] == "needs_trust"]
    if waiting and not asked.trust and screen.can_ask() and _trusts(waiting):
        again = {"project": result["project"]["path"], "resume": True, "trust": True}
        result = _call({**again, "environment": body["environment"]}, asked)
    if asked.as_json:
        printing.as_json(result)
    else:
        printing.lines(_shown(result))
    return int(result.get("exit_code", EXIT_DONE))


def _body(asked: Asked) -> dict[str, Any]:
    """The request. The spec is read here: the daemon never opens a path of a caller's."""
    text, name = ("", "") if asked.resume else spec_text(asked.spec, asked.task)
    mode = asked.permission_mode
    place = directory(asked) if asked.project or not asked.resume else None
    if not mode and not asked.resume and asked.agent in _ASKING:
        mode = question.permission_mode()
    return {
        "project": place,
        "spec_text": text,
        "spec_path": name,
        "session": asked.session,
        "team_type": asked.team_type,
        "roles": asked.roles,
        "add_roles": asked.add_roles,
        "plan": asked.plan,
        "size": asked.size,
        "planner": asked.planner,
        "budget": asked.budget,
        "agent": asked.agent,
        "model": asked.model,
        "permission_mode": mode,
        "trust": asked.trust,
        "resume": asked.resume,
        "rebrief_all": asked.rebrief_all,
        # The daemon keeps the allowed part of it for the agents.
        "environment": dict(os.environ),
    }


def _call(body: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    try:
        with Progress(quiet=asked.as_json) as progress:
            return client.call("up", body, on_progress=progress)
    except KeyboardInterrupt:
        printing.note("interrupted; what has been made stays: auto-orchestrate --resume")
        raise


def _trusts(waiting: list[dict[str, Any]]) -> bool:
    """Ask once for all: the program's own question, as it stands on the agents' screens."""
    for text in dict.fromkeys(plain.line(str(agent["evidence"])) for agent in waiting):
        sys.stderr.write(f"    {text}\n")
    names = ", ".join(plain.line(agent["name"]) for agent in waiting)
    return question.confirm(
        f"{names} asked at the start whether to trust the project's files. Trust them?", yes=False
    )


def _shown(result: Mapping[str, Any]) -> list[str]:
    lines = status_view.team(result)
    troubled = result.get("trouble") or []
    if troubled:
        lines += ["", screen.paint("Not ready:", "red")]
        lines += ["  " + plain.line(f"{one['name']}: {one['reason']}") for one in troubled]
    if result.get("next"):
        lines += ["", "Next:", *(f"  {plain.plain(step)}" for step in result["next"])]
    return lines
