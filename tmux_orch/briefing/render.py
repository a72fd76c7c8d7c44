"""Pages for agents, rendered from the templates beside this module (sandboxed Jinja2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

PAGES = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True)
class Mate:
    """A team mate as another agent's page names it."""

    name: str
    title: str
    purpose: str
    worktree: str
    branch: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Everything a page may say to one agent; plain data, no behaviour.

    Attributes:
        me: The agent itself.
        responsibilities: Of its role.
        hub: Name of the hub agent.
        project: The project's label.
        title: Of the spec.
        tasks: Open tasks found in the spec.
        spec_file: Path of the spec's copy, relative to the worktree.
        starting_branch: Branch the work started from; empty when HEAD was detached.
        base: Commit of the home branch's start.
        mates: The others of the team.
        last: What it did before a restart: label → line; empty at a first start.
    """

    me: Mate
    responsibilities: tuple[str, ...]
    hub: str
    project: str
    title: str
    tasks: tuple[str, ...]
    spec_file: str
    starting_branch: str
    base: str
    mates: tuple[Mate, ...]
    last: Mapping[str, str]


@cache
def _pages() -> SandboxedEnvironment:
    # Jinja2 costs 46 ms to import: the daemon pays it when the first page is made, not at start.
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(
        loader=FileSystemLoader(PAGES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def page(name: str, reader: Reader) -> str:
    """The page ``name`` (``role``, ``briefing`` or ``resume``) for one agent, as Markdown."""
    fields: dict[str, Any] = {f: getattr(reader, f) for f in Reader.__dataclass_fields__}
    return _pages().get_template(f"{name}.md.j2").render(fields)


def first_prompt(brief_id: str) -> str:
    """The one line that starts a new conversation; ``[brief ID]`` proves it arrived once."""
    return f"Read .orch/briefing.md and begin. [brief {brief_id}]"


def resume_prompt(tag: str) -> str:
    """The one line that goes on with a conversation after incarnation ``tag`` was started."""
    return f"You were restarted. Read .orch/resume.md and go on with your work. [back {tag}]"


def rebrief_text() -> str:
    """The message that asks a live agent to read its pages again."""
    return "Your pages were written anew: read .orch/briefing.md again, then go on with your work."


def brief_marker(brief_id: str) -> str:
    """The part of the first prompt by which the briefing is found in a transcript."""
    return f"[brief {brief_id}]"
