"""A team as a person sees it: the table, and how to look at the work and merge it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tmux_orch.cli import dialog_view, plain, when
from tmux_orch.cli.table import Column, table

_COLOURS = {
    "idle": "green",
    "working": "cyan",
    "waiting_permission": "yellow",
    "waiting_answer": "yellow",
    "needs_trust": "yellow",
    "needs_login": "yellow",
    "error": "red",
    "exited": "red",
    "unknown": "dim",
}


def _colour(state: str) -> str:
    return _COLOURS.get(state, "")


_AGENTS = (
    Column("AGENT", 12),
    Column("STATE", colour=_colour),
    Column("SINCE", right=True),
    Column("COMMITS", right=True),
    Column("DIRTY", right=True),
    Column("HELD", right=True),
    Column("EVIDENCE", 20),
)
_PROJECTS = (Column("PROJECT", 12), Column("TEAM"), Column("UP", right=True), Column("PATH", 20))


def team(status: Mapping[str, Any]) -> list[str]:
    """The lines of one team's status."""
    project = status["project"]
    shape = "" if project.get("live", True) else ", stopped"
    head = f"{project['name']} (run {project['run']}{shape}) in {project['path']}"
    rows = [
        (
            agent["name"],
            agent["state"],
            when.ago(agent["state_since_at"]),
            _known(agent["commits_ahead"]),
            _known(agent["dirty_files"]),
            agent["held_messages"] or "",
            agent.get("git_trouble") or agent["evidence"],
        )
        for agent in status["agents"]
    ]
    waits = dialog_view.blocks(project["name"], status.get("dialogs") or [])
    return [plain.line(head), "", *table(_AGENTS, rows), *waits, *work(project, status["agents"])]


def teams(projects: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines of ``ls``."""
    if not projects:
        return ["no team yet; start one: auto-orchestrate --spec FILE"]
    rows = [
        (
            project["name"],
            ("live" if project["live"] else "stopped") if project["run"] else "-",
            f"{project['up']}/{project['agents']}",
            project["path"],
        )
        for project in projects
    ]
    return table(_PROJECTS, rows)


def work(project: Mapping[str, Any], agents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Per branch with commits: how to look at it, and how to merge it.

    An agent whose count is not told (``stop`` tells none) is listed as well.
    """
    done = [agent for agent in agents if agent.get("commits_ahead", 1)]
    if not done:
        return []
    start = project.get("starting_branch") or "HEAD"
    lines = ["", "Look at the work, and merge it:", f"  cd {quoted(project['path'])}"]
    for agent in done:
        branch = agent["branch"]
        lines += [f"  git log -p {quoted(f'{start}..{branch}')}", f"  git merge {quoted(branch)}"]
    return lines


def quoted(word: str) -> str:
    """A word as a shell takes it: one line, nothing unseen, and still exactly that word.

    A word with characters that are not seen is written as ``$'…'`` (bash, zsh, ksh), by its bytes.
    """
    if any(c in "\n\t" or plain.is_unseen(c) for c in word):
        return "$'" + "".join(_in_dollar_quotes(c) for c in word) + "'"
    # zsh replaces a word that begins with = by a program's path; shlex does not know.
    return f"'{word}'" if re.fullmatch(r"=[\w.:-]+", word) else shlex.quote(word)


def _in_dollar_quotes(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if character in "\n\t" or plain.is_unseen(character):
        return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
    return character


def _known(count: object) -> object:
    return "?" if count is None else count or ""
