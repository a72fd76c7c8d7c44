"""How roles, team types and changes of them are shown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tmux_orch.cli import plain, screen
from tmux_orch.cli.table import Column, table
from tmux_orch.domain.roles import HUB_ROLE, Role, Size, TeamTemplate, Templates

if TYPE_CHECKING:
    from tmux_orch.config.template_diff import Change

_LABEL = 16
_TEAMS = (Column("TYPE"), Column("CORE", right=True), Column("OPTIONAL", right=True),
          Column("PURPOSE", 20))  # fmt: skip
_ROLES = (Column("ROLE"), Column("KIND"), Column("NEEDS", 8), Column("PURPOSE", 20))
_PLANS = (Column("PLAN"), Column("CAP", right=True), Column("WELL", right=True), Column("", 20))
_SIZES = (Column("SIZE"), Column("LINES", right=True), Column("CORE", right=True),
          Column("OPTIONAL", right=True), Column("TOKENS", right=True))  # fmt: skip


def body(templates: Templates) -> dict[str, Any]:
    """Everything, JSON-ready."""
    return {
        "teams": [asdict(team) for team in templates.teams.values()],
        "roles": [asdict(role) for role in templates.roles.values()],
        **limits(templates),
    }


def limits(templates: Templates) -> dict[str, Any]:
    """What decides about a team's size, JSON-ready."""
    return {
        "conditional": [asdict(one) for one in templates.conditional],
        "sizes": [asdict(size) for size in templates.sizes.values()],
        "plans": [asdict(plan) for plan in templates.subscriptions.values()],
        "default_plan": templates.default_subscription,
    }


def overview(templates: Templates) -> list[str]:
    """Team types, roles, sizes and plans, a line each."""
    types = [
        (team.name, len(team.core), len(team.optional), team.purpose)
        for team in templates.teams.values()
    ]
    roles = [
        (role.name, role.kind, ", ".join(need.role for need in role.needs), role.purpose)
        for role in templates.roles.values()
    ]
    return [*table(_TEAMS, types), "", *table(_ROLES, roles), "", *_sizes_and_plans(templates)]


def limits_lines(templates: Templates) -> list[str]:
    """Sizes, plans and conditional roles."""
    lines = [*_sizes_and_plans(templates), "", "joining under conditions, any of which suffices:"]
    for one in templates.conditional:
        told = [name if held is True else f"{name} {held}" for name, held in one.conditions.items()]
        lines += _labelled(one.role, [", ".join(told)])
    return lines


def team_lines(templates: Templates, team: TeamTemplate) -> list[str]:
    """One team type, with who would be in it under each plan."""
    lines = [screen.paint(plain.line(team.name), "bold"), *_wrapped(team.purpose, 0), ""]
    lines += _labelled("core", [", ".join(team.core)])
    lines += _labelled("optional", [", ".join(team.optional) or "none"])
    lines += _labelled("goes first", [", ".join(team.cut_order) or "nobody"])
    lines += _labelled("merged first", [", ".join(team.merge_order) or "in order of need"])
    lines += _labelled(
        "known by", [f"{sign.weight:+g}  {sign.name}" for sign in team.indicators] or ["nothing"]
    )
    lines += ["", "a small project's team under each plan:"]
    for plan in templates.subscriptions.values():
        lines += _labelled(f"{plan.name} ({plan.cap})", [_team_under(templates, team, plan.name)])
    return lines


def role_lines(role: Role) -> list[str]:
    """One role."""
    head = f"{role.title} ({role.name}, {role.kind})"
    lines = [screen.paint(plain.line(head), "bold"), *_wrapped(role.purpose, 0), ""]
    for label, texts in (
        ("answers for", role.responsibilities),
        ("does well", role.capabilities),
        ("limits", role.restrictions),
    ):
        lines += _labelled(label, [f"- {text}" for text in texts])
    lines += _labelled("owns", [", ".join(role.directories)])
    lines += _labelled("talks to", [", ".join(role.talks_to)])
    for kind, words in role.talks_to_in.items():
        lines += _labelled(f"  in {kind}", [], [", ".join(words)])
    needs = [f"{need.role}: {' '.join(need.tasks)}" for need in role.needs]
    lines += _labelled("needs", needs)
    lines += _labelled("may", [", ".join(role.rights) or "nothing"])
    lines += _labelled("also called", [", ".join(role.aliases)])
    lines += _labelled("branches", [f"{role.branch_prefix}…"])
    lines += _labelled("checks in", [f"every {role.check_in_s // 60} minutes"])
    return lines + _labelled("runs", [" ".join(filter(None, (role.agent, role.model)))])


def diff_lines(found: Sequence[Change]) -> list[str]:
    """Changes, below the file they stand in."""
    if not found:
        return ["no file of yours or of the project changes anything"]
    lines: list[str] = []
    file = ""
    for change in found:
        if change.file != file:
            file = change.file
            lines += [*([""] if lines else []), screen.paint(plain.line(file), "bold")]
        lines.append(plain.line(f"line {change.line}: {'.'.join(change.path)}"))
        gone, come = _both(change.before, change.after)
        lines += [screen.paint(line, "red") for text in gone for line in _wrapped(text, 4, "- ")]
        lines += [screen.paint(line, "green") for text in come for line in _wrapped(text, 4, "+ ")]
    return lines


def _both(before: Any, after: Any) -> tuple[list[str], list[str]]:
    """What is gone and what has come, for a person; of two lists only where they differ."""
    if isinstance(before, list) and isinstance(after, list):
        gone = [_text(one) for one in before if one not in after]
        come = [_text(one) for one in after if one not in before]
        if gone or come:
            return gone, come
    if isinstance(before, dict) and after is None:
        return ["all of it"], []
    return ([] if before is None else [_text(before)]), ([] if after is None else [_text(after)])


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value)


def _team_under(templates: Templates, team: TeamTemplate, plan: str) -> str:
    from tmux_orch.analysis.team import Asked, choose
    from tmux_orch.domain.errors import BadInput
    from tmux_orch.domain.findings import Conditions, Findings

    smallest = next(iter(templates.sizes))
    findings = Findings(team.name, 1, (), "", smallest, 0, Conditions())
    try:
        chosen = choose(templates, findings, Asked(subscription=plan))
    except BadInput:
        return "too small for this type"
    return ", ".join(agent.name for agent in chosen.agents if agent.role != HUB_ROLE) or HUB_ROLE


def _sizes_and_plans(templates: Templates) -> list[str]:
    sizes = [
        (one.name, _lines_of(one), _span(one.base), _span(one.extra), f"{one.token_multiplier}x")
        for one in templates.sizes.values()
    ]
    plans = [
        (
            plan.name + ("*" if plan.name == templates.default_subscription else ""),
            plan.cap,
            _span(plan.recommended),
            plan.title,
        )
        for plan in templates.subscriptions.values()
    ]
    note = "* without --plan; WELL: agents it carries well"
    return [*table(_SIZES, sizes), "", *table(_PLANS, plans), note]


def _lines_of(size: Size) -> str:
    return "more" if size.lines_below is None else f"<{size.lines_below:,}"


def _span(span: tuple[int, int]) -> str:
    return f"{span[0]}" if span[0] == span[1] else f"{span[0]}-{span[1]}"


def _labelled(label: str, texts: Iterable[str], below: Iterable[str] = ()) -> list[str]:
    """A label with texts beside it, and others below it; nothing where there is no text."""
    lines = [part for text in texts for part in _wrapped(text, _LABEL)]
    under = [part for text in below for part in _wrapped(text, _LABEL)]
    if not lines and not under:
        return []
    head = plain.line(label)
    lead = "  " if label.startswith("  ") else ""
    if not lines or len(head) >= _LABEL - 1:
        return [lead + head, *lines, *under]
    return [f"{head:<{_LABEL}}{lines[0][_LABEL:]}", *lines[1:], *under]


def _wrapped(text: str, indent: int, mark: str = "") -> list[str]:
    begin = " " * indent
    clean = plain.line(text)
    if not clean:
        return []
    further = begin + " " * (2 if clean.startswith("- ") or mark else 0)
    return textwrap.wrap(
        mark + clean,
        screen.width(),
        initial_indent=begin,
        subsequent_indent=further,
        break_on_hyphens=False,
    )
