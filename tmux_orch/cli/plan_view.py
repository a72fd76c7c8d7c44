"""A proposed team as a person would explain it: what it is, why, who, and what it costs."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from tmux_orch.cli import plain, screen
from tmux_orch.domain.budget import Unit, words

#: Reasons and tasks shown without ``--json``.
_REASONS = 6
_TASKS = 12


def lines(plan: Mapping[str, Any]) -> list[str]:
    """The dry run's output."""
    project, agents, out = plan["project"], plan["agents"], plan["omitted"]
    branch = project["starting_branch"] or "a detached HEAD"
    wide = max(len(one) for one in [*(a["name"] for a in agents), *(o["role"] for o in out)])
    shown = [
        *_text(plan["spec"]["title"]),
        *_text(f"in {project['path']}, from {branch} at {project['starting_commit'][:12]}"),
        "",
        *_type(plan),
        "",
        "the team:",
    ]
    for agent in agents:
        shown += _text(f"{agent['why']} [{agent['agent']}]", f"  {agent['name']:<{wide}}  ")
    if out:
        shown += ["", "not in it:"]
    for one in out:
        shown += _text(one["why"], f"  {one['role']:<{wide}}  ")
    shown += ["", *_cost(plan), *_budget(plan)]
    shown += ["", *_work(plan["implementation_plan"]), "", *_made(plan)]
    for warning in plan["warnings"]:
        shown += ["", *_text(f"note: {warning}")]
    return [*shown, "", "nothing was changed; start it without --dry-run"]


def _text(text: str, before: str = "") -> list[str]:
    """``text`` as lines no wider than the screen, all of them behind ``before``'s width."""
    return textwrap.wrap(
        plain.line(text),
        screen.width(),
        initial_indent=before,
        subsequent_indent=" " * len(before),
        break_on_hyphens=False,
    ) or [""]


def _type(plan: Mapping[str, Any]) -> list[str]:
    chosen, found = plan["team_type"], plan["detected_type"]
    sure = f"{plan['confidence']:.0%} sure"
    second = f", else {plan['runner_up']}" if plan["runner_up"] else ""
    if chosen == found:
        head = f"{chosen} team ({sure}{second}); the project is {plan['size']}"
    else:
        head = f"{chosen} team, as asked; it looks like {found} ({sure})"
    shown = _text(head)
    spoken_of = (chosen, found, plan["runner_up"])
    for seen in [e for e in plan["evidence"] if e["for"] in spoken_of][:_REASONS]:
        sign = "+" if seen["weight"] >= 0 else "-"
        shown += _text(f"{seen['for']}: {seen['indicator']} ({seen['path']})", f"  {sign} ")
    for name, why in plan["conditions_why"].items():
        value = plan["conditions"].get(name)
        if value and value != "none":
            shown += _text(f"{name if value is True else f'{name} {value}'}: {why}", "  * ")
    return shown


def _cost(plan: Mapping[str, Any]) -> list[str]:
    count, (low, high) = len(plan["agents"]), plan["plan_recommended"]
    agents = "1 agent" if count == 1 else f"{count} agents"
    return _text(
        f"{agents} of at most {plan['plan_cap']} on {plan['plan']} (recommended: {low} "
        f"to {high}); about {plan['token_multiplier']} times the tokens of one agent alone"
    )


def _budget(plan: Mapping[str, Any]) -> list[str]:
    if not (budget := plan.get("budget")):
        return []
    return _text(f"the team's budget: {words(budget['amount'], Unit(budget['unit']))} for each day")


def _work(made: Mapping[str, Any]) -> list[str]:
    tasks = made["tasks"]
    count = "1 task" if len(tasks) == 1 else f"{len(tasks)} tasks"
    shown = _text(f"{count}, planned by {made['planner']}:")
    if made["note"]:
        shown += _text(made["note"], "  note: ")
    for task in tasks[:_TASKS]:
        shown += _text(f"{task['role']}: {task['title']}", f"  {task['id']} ")
    if len(tasks) > _TASKS:
        shown.append(f"  … and {len(tasks) - _TASKS} more (--json has all)")
    return shown


def _made(plan: Mapping[str, Any]) -> list[str]:
    first = plan["agents"][0]
    worktrees = first["worktree"].rpartition("/")[0]
    return [*_text(f"branches: {first['branch']} …"), *_text(f"worktrees: {worktrees}/")]
