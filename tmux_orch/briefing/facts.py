"""Everything a page may say to one agent; plain data, as it came, cleaned only when rendered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tmux_orch.domain.implementation import Phase, Task

SPEC_FILE = ".orch/spec.md"
PLAN_FILE = ".orch/plan.md"
BRIEFING_FILE = ".orch/briefing.md"
ROLE_FILE = ".orch/role.md"
RESUME_FILE = ".orch/resume.md"
TASKS_FILE = ".orch/tasks.md"
INVENTORY_FILE = ".orch/mcp-inventory.md"


class Variant(StrEnum):
    """Why a page is written."""

    FIRST = "first"  # the team starts
    JOINED = "joined"  # the team was at work before this agent came
    AGAIN = "again"  # its conversation is lost and a new one begins in the same worktree
    REBRIEF = "rebrief"  # a living agent reads its pages again
    RESUME = "resume"  # its program ended and was started again
    LIMIT = "limit"  # its usage limit has ended


@dataclass(frozen=True, slots=True)
class Mate:
    """Another agent of the team.

    Attributes:
        name, role, title: Who it is.
        direct: Whether the reader may write to it without the hub.
        branch: Its home branch.
        did: One line on what it has done so far; empty where the page does not say it.
    """

    name: str
    role: str
    title: str
    direct: bool
    branch: str = ""
    did: str = ""


@dataclass(frozen=True, slots=True)
class Owned:
    """A directory of the reader's, and the mates who own it too."""

    path: str
    shared_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A configured MCP server: what it is called, how it is reached, and where that is written."""

    name: str
    transport: str
    where: str
    scope: str


@dataclass(frozen=True, slots=True)
class Tools:
    """The MCP servers found, and what could not be read of their configuration."""

    servers: tuple[Tool, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LastWork:
    """What the reader did before its program ended.

    Attributes:
        why: What ended it: ``your program ended``.
        branch: Branch its worktree is on; empty when HEAD is detached.
        commits: How many commits its branch has over its start.
        subjects: Abbreviated id and subject of the latest of them, newest first.
        files: Paths with changes that are not committed.
        held: Messages that wait for it.
        checkpoint: Path of its newest checkpoint page in the worktree; empty when it wrote none.
        unread: Why git could not be read; empty when it was.
    """

    why: str
    branch: str = ""
    commits: int = 0
    subjects: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    held: int = 0
    checkpoint: str = ""
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """One agent, as its pages speak to it.

    Attributes:
        variant: Why the page is written.
        name, role, title, purpose: Who it is.
        template: Name of its briefing template; the frame is used where there is none.
        responsibilities, capabilities, restrictions: Of its role.
        number, of_role: It is the ``number``-th of ``of_role`` agents with its role.
        tasks_elsewhere: Tasks of its role that other agents with that role have, as ids.
        directories: Paths it owns.
        branch_prefix: Of its task branches, e.g. ``feature/``.
        check_in_s: Seconds between two reports.
        hub: Name of the hub agent; its own for the hub itself.
        merger: Name of the agent that brings branches together.
        merge_order: Agents whose work is brought together, in that order.
        project: The project's label.
        goal, summary: What is to be made: the spec's title, the plan's summary.
        planned: Whether there is an implementation plan.
        phases: Of the plan.
        tasks: Its own tasks.
        load: Agent or role → number of its tasks; for the hub.
        open_questions: Of the plan; for the hub.
        spec_items: Open items found in the spec, where there is no plan.
        worktree, branch, base: Where it works and from which commit.
        starting_branch: Branch the work started from; empty when HEAD was detached.
        remote: Name of the repository's remote; empty when it has none.
        ports: First of the hundred ports that are its own.
        notes: Directory of the registry for notes and status reports; empty unless it is the hub.
        mates: The others of the team.
        tools: MCP servers; ``None`` when its page does not speak of them.
        last: What it did before a restart.
    """

    variant: Variant
    name: str
    role: str
    title: str
    purpose: str
    template: str
    responsibilities: tuple[str, ...]
    capabilities: tuple[str, ...]
    restrictions: tuple[str, ...]
    number: int
    of_role: int
    tasks_elsewhere: tuple[str, ...]
    directories: tuple[Owned, ...]
    branch_prefix: str
    check_in_s: int
    hub: str
    merger: str
    merge_order: tuple[str, ...]
    project: str
    goal: str
    summary: str
    planned: bool
    phases: tuple[Phase, ...]
    tasks: tuple[Task, ...]
    load: tuple[tuple[str, int], ...]
    open_questions: tuple[str, ...]
    spec_items: tuple[str, ...]
    worktree: str
    branch: str
    base: str
    starting_branch: str
    remote: str
    ports: int
    notes: str
    mates: tuple[Mate, ...]
    tools: Tools | None = None
    last: LastWork | None = None
