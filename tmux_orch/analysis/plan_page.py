"""An implementation plan as a page of Markdown for people."""

from __future__ import annotations

from collections.abc import Mapping

from tmux_orch.domain.implementation import Implementation, Task

# What would begin a table cell, markup or a link of its own in somebody's Markdown viewer.
_ESCAPED = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#~"})


def page(made: Implementation, title: str, titles: Mapping[str, str] | None = None) -> str:
    """The plan as Markdown: by phase, then risks, questions, and how it was made.

    Args:
        made: The plan.
        title: What is to be made; the first heading.
        titles: Role name → what people call it; a name without one is shown as it is.
    """
    called = titles or {}
    parts = [f"# Plan: {_plain(title)}", _plain(made.summary)]
    for number, phase in enumerate(made.phases, 1):
        parts += [f"## {number}. {_plain(phase.name)}", _plain(phase.goal)]
        tasks = [task for task in made.tasks if task.phase == phase.name]
        parts.append(_table(tasks, called) if tasks else "No task.")
    parts += ["## Risks", _risks(made)]
    parts += ["## Open questions", _bullets(made.open_questions)]
    parts += ["## How this plan was made", f"Planner: {made.planner}."]
    if made.note:
        parts.append(_plain(made.note))
    return "\n\n".join(parts) + "\n"


def _table(tasks: list[Task], called: Mapping[str, str]) -> str:
    rows = ["| task | role | what | done when | after | files |", "|---|---|---|---|---|---|"]
    rows += [
        "| "
        + " | ".join(
            (
                task.id,
                _plain(called.get(task.role, task.role)),
                _plain(task.title),
                "<br>".join(_plain(line) for line in task.success_criteria),
                ", ".join(task.depends_on) or "–",
                ", ".join(_plain(path) for path in task.files) or "–",
            )
        )
        + " |"
        for task in tasks
    ]
    return "\n".join(rows)


def _risks(made: Implementation) -> str:
    if not made.risks:
        return "None found."
    rows = [f"| {_plain(one.risk)} | {_plain(one.mitigation)} |" for one in made.risks]
    return "\n".join(["| risk | what is done about it |", "|---|---|", *rows])


def _bullets(lines: tuple[str, ...]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines) or "None found."


def _plain(text: str) -> str:
    return " ".join(text.split()).translate(_ESCAPED)
