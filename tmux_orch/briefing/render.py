"""Pages for agents, rendered from templates; and the lines that make an agent read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from tmux_orch.briefing import facts, fit, templates
from tmux_orch.briefing.facts import Reader, Tools
from tmux_orch.briefing.words import cleaned
from tmux_orch.domain.implementation import Implementation

#: Most bytes of a page: a briefing is read whole, beside the work it is about.
PAGE_BYTES = 8000
#: The role page is in every request of the agent's program.
ROLE_BYTES = 4000
_GAPS = re.compile(r"\n{3,}")
_FILES = {
    "spec_file": facts.SPEC_FILE,
    "plan_file": facts.PLAN_FILE,
    "briefing_file": facts.BRIEFING_FILE,
    "tasks_file": facts.TASKS_FILE,
    "inventory_file": facts.INVENTORY_FILE,
}


def page(name: str, reader: Reader, overrides: Path | None = None) -> str:
    """The page ``name`` (role, briefing, tasks or resume) for one agent, as Markdown.

    Never larger than :data:`PAGE_BYTES` (:data:`ROLE_BYTES`), whatever the facts hold: lists are
    cut with a word on where the rest is.

    Args:
        name: Which page.
        reader: What it may say.
        overrides: Directory of the user's own templates.

    Raises:
        BadInput: a template of the user's is broken; ``file:line`` and what is wrong.
    """
    chosen = templates.briefing_of(reader.template, overrides) if name == "briefing" else name
    contexts = cache(partial(_context, reader))
    render = templates.renderer(chosen, overrides)
    limit = ROLE_BYTES if name == "role" else PAGE_BYTES
    rest = facts.PLAN_FILE if reader.planned else facts.SPEC_FILE
    return fit.fitted(
        lambda room: _tidy(render(contexts(room.share) | {"room": room})),
        limit,
        f"… cut here; see `{rest}`.",
    )


def plan_page(goal: str, made: Implementation, overrides: Path | None = None) -> str:
    """The whole implementation plan as Markdown, tasks by role."""
    shown = cleaned(made, most=len(made.tasks) + 1000)
    roles = dict.fromkeys(task.role for task in made.tasks)
    context = {name: getattr(shown, name) for name in Implementation.__dataclass_fields__}
    context["by_role"] = [
        (cleaned(role, "role"), tuple(t for t in shown.tasks if t.role == cleaned(role, "role")))
        for role in roles
    ]
    return _tidy(templates.renderer("plan", overrides)(context | {"goal": cleaned(goal, "goal")}))


def inventory_page(project: str, tools: Tools, overrides: Path | None = None) -> str:
    """``mcp-inventory.md``: the MCP servers found, and what could not be read."""
    shown: Tools = cleaned(tools, most=1000)
    context: dict[str, Any] = {"project": cleaned(project, "project")}
    context |= {"servers": shown.servers, "notes": shown.notes}
    return _tidy(templates.renderer("mcp-inventory", overrides)(context))


def _context(reader: Reader, share: float) -> dict[str, Any]:
    shown: Reader = cleaned(reader, share=share)
    mates = shown.mates

    def mate(role: str) -> str:
        """The first mate with this role; empty when there is none."""
        return next((m.name for m in mates if m.role == role), "")

    def direct_mate(role: str) -> str:
        """The first mate with this role that the reader may write to; empty when there is none."""
        return next((m.name for m in mates if m.role == role and m.direct), "")

    fields: dict[str, Any] = {f: getattr(shown, f) for f in Reader.__dataclass_fields__}
    named: Mapping[str, Any] = {
        "is_hub": reader.name == reader.hub,
        "minutes": max(1, round(reader.check_in_s / 60)),
        "peers": tuple(m.name for m in mates if m.role == shown.role),
        "reach_merger": any(m.direct for m in mates if m.name == shown.merger),
        # In the examples of commands; another's task id would be taken for work.
        "example": shown.tasks[0].id if shown.tasks else "TASK",
        "mate": mate,
        "direct_mate": direct_mate,
    }
    return {**fields, **named, **_FILES}


def _tidy(text: str) -> str:
    """Without blanks at line ends, and at most one empty line between two paragraphs."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _GAPS.sub("\n\n", lines).strip("\n") + "\n"


def first_prompt(brief_id: str) -> str:
    """The one line that starts a new conversation; ``[brief ID]`` proves it arrived once."""
    return f"Read .orch/briefing.md and begin. [brief {brief_id}]"


def resume_prompt(tag: str) -> str:
    """The one line that goes on with a conversation after incarnation ``tag`` was started."""
    return f"You were restarted. Read .orch/resume.md and go on with your work. [back {tag}]"


def after_limit_text() -> str:
    """The message for a live agent whose usage limit has ended and whose page says so."""
    return "Your usage limit has ended: read .orch/resume.md, then go on with your work."


def rebrief_text() -> str:
    """The message that asks a live agent to read its pages again."""
    return "Your pages were written anew: read .orch/briefing.md again, then go on with your work."


def brief_marker(brief_id: str) -> str:
    """The part of the first prompt by which the briefing is found in a transcript."""
    return f"[brief {brief_id}]"
