"""A team as a person sees it: the table, and how to look at the work and merge it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tmux_orch.cli import agents_view, dialog_view, plain
from tmux_orch.cli.table import Column, table

_PROJECTS = (Column("PROJECT", 12), Column("TEAM"), Column("UP", right=True), Column("PATH", 20))


def team(status: Mapping[str, Any]) -> list[str]:
    """The lines of one team's status."""
    project = status["project"]
    shape = "" if project.get("live", True) else ", stopped"
    head = f"{project['name']} (run {project['run']}{shape}) in {project['path']}"
    agents = status["agents"]
    return [
        plain.line(head),
        *([plain.line(notice)] if (notice := status.get("notice")) else []),
        "",
        *agents_view.rows(agents),
        *agents_view.held(agents),
        *agents_view.needs(agents),
        *dialog_view.blocks(project["name"], status.get("dialogs") or []),
        *work(project, agents),
    ]


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
