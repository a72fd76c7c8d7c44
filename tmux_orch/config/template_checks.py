"""The checks on team templates that no single entry can fail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from tmux_orch.config.template_merge import USER, Merged
from tmux_orch.config.yaml_strict import Where, shown
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import is_name
from tmux_orch.domain.roles import HUB_ROLE, Role, TeamTemplate, Templates

#: A name may have 41 characters; the second of a role gets ``-2`` behind the role's, and so on.
LONGEST = 36
SIZES = ("small", "medium", "large", "enterprise")
# ``developer-2`` is what the second developer is called: a role of that name would be two things.
_SECOND = re.compile(r".*-[0-9]+")


def check_templates(templates: Templates, default_plan: str, merged: Merged) -> None:
    """Everything fits together.

    Raises:
        BadInput: it does not; ``file:line: key: what is wrong; what is accepted``.
    """
    for section, names in (
        ("roles", templates.roles),
        ("teams", templates.teams),
        ("plans", templates.subscriptions),
    ):
        for name in names:
            _check_name(name, merged, (section, name))
    _check_words(templates.roles, merged)
    if HUB_ROLE not in templates.roles:
        raise _unknown(HUB_ROLE, templates.roles, merged, ("roles",))
    for role in templates.roles.values():
        _check_role(role, templates, merged)
    for team in templates.teams.values():
        _check_team(team, templates, merged)
    for conditional in templates.conditional:
        where = ("conditional", conditional.role)
        if conditional.role not in templates.roles:
            raise _unknown(conditional.role, templates.roles, merged, where)
        if not conditional.conditions:
            raise _bad(merged, where, "no condition", "name one, or remove the role")
    _check_sizes(templates, merged)
    _check_plans(templates, default_plan, merged)


def _bad(merged: Merged, where: Where, problem: str, step: str) -> BadInput:
    place = ".".join(shown(str(part)) for part in where)
    return BadInput(f"{merged.at(where)}: {place}: {problem}", step)


def _see(merged: Merged, where: Where, other: Where) -> str:
    """The place of ``other``, when it stands in another file than ``where``."""
    here, there = merged.at(where), merged.at(other)
    return "" if here.rpartition(":")[0] == there.rpartition(":")[0] else f" ({there})"


def _unknown(word: str, known: Iterable[str], merged: Merged, where: Where) -> BadInput:
    removed = merged.removed.get(("roles", word))
    if removed is not None:
        problem = f"no role {word!r}, which was taken away at {removed}"
        return _bad(merged, where, problem, "take it out here as well")
    return _bad(merged, where, f"no role {word!r}", f"known are {', '.join(sorted(known))}")


def _check_name(word: str, merged: Merged, where: Where) -> None:
    if not is_name(word) or len(word) > LONGEST:
        step = f"use a-z, 0-9, _ and -, a letter first, at most {LONGEST} characters"
        raise _bad(merged, where, "not a name", step)
    if word == USER or _SECOND.fullmatch(word):
        raise _bad(merged, where, f"{word} means something else", "choose another word")


def _check_words(roles: Mapping[str, Role], merged: Merged) -> None:
    meant: dict[str, tuple[str, Where]]
    meant = {name: ("the name of a role", ("roles", name)) for name in roles}
    windows: dict[str, str] = {}
    for role in roles.values():
        for index, alias in enumerate(role.aliases):
            where: Where = ("roles", role.name, "aliases", index)
            _check_name(alias, merged, where)
            if alias in meant:
                what, other = meant[alias]
                problem = f"{alias} is {what} already{_see(merged, where, other)}"
                raise _bad(merged, where, problem, "choose another")
            meant[alias] = (f"an alias of {role.name}", where)
        first = windows.setdefault(role.window, role.name)
        if first != role.name:
            where = ("roles", role.name, "window")
            also = _see(merged, where, ("roles", first, "window"))
            problem = f"{role.window} is the window of {first} already{also}"
            raise _bad(merged, where, problem, "choose another")


def _check_role(role: Role, templates: Templates, merged: Merged) -> None:
    where = ("roles", role.name)
    known = {*templates.roles, USER}
    _check_known(role.talks_to, known, merged, (*where, "talks_to"))
    for kind, words in role.talks_to_in.items():
        if kind not in templates.teams:
            step = f"known are {', '.join(sorted(templates.teams))}"
            raise _bad(merged, (*where, "talks_to_in", kind), f"no team type {kind!r}", step)
        _check_known(words, known, merged, (*where, "talks_to_in", kind))
    for need in role.needs:
        if need.role not in templates.roles:
            raise _unknown(need.role, templates.roles, merged, (*where, "needs", need.role))
    _check_circle(role, templates.roles, merged)
    _check_twice(role.rights, merged, (*where, "rights"))
    _check_paths(role.directories, merged, (*where, "directories"), "docs/")
    _check_paths(role.task_files, merged, (*where, "task_files"), "docs/tasks.md")


def _check_paths(paths: tuple[str, ...], merged: Merged, where: Where, example: str) -> None:
    for index, path in enumerate(paths):
        parts = path.removesuffix("/").split("/")
        if any(part in ("", ".", "..", ".git", ".orch") for part in parts):
            step = f"write it relative to the repository's top, like {example}"
            raise _bad(merged, (*where, index), "not a path in the project", step)
    _check_twice(paths, merged, where)


def _check_twice(words: tuple[str, ...], merged: Merged, where: Where) -> None:
    for index, word in enumerate(words):
        if word in words[:index]:
            raise _bad(merged, (*where, index), f"{shown(word)} is there twice", "remove one")


def _check_known(
    words: tuple[str, ...], known: Iterable[str], merged: Merged, where: Where
) -> None:
    accepted = set(known)
    for index, word in enumerate(words):
        if word not in accepted:
            raise _unknown(word, accepted, merged, (*where, index))
    _check_twice(words, merged, where)


def _check_circle(role: Role, known: Mapping[str, Role], merged: Merged) -> None:
    """Follow what ``role`` needs, and that needs, until nothing new comes or we are back."""
    seen: set[str] = set()
    ahead: list[tuple[str, tuple[str, ...]]]
    ahead = [(need.role, (role.name, need.role)) for need in role.needs]
    while ahead:
        name, way = ahead.pop()
        if name == role.name:
            where = ("roles", role.name, "needs", way[1])
            raise _bad(merged, where, f"a circle: {' needs '.join(way)}", "break it")
        if name in seen or name not in known:
            continue
        seen.add(name)
        ahead += [(need.role, (*way, need.role)) for need in known[name].needs]


def _check_team(team: TeamTemplate, templates: Templates, merged: Merged) -> None:
    where = ("teams", team.name)
    for key in ("core", "optional", "cut_order", "merge_order"):
        _check_known(getattr(team, key), templates.roles, merged, (*where, key))
    if team.core[0] != HUB_ROLE:
        raise _bad(
            merged, (*where, "core", 0), f"{team.core[0]} is first", f"begin with {HUB_ROLE}"
        )
    for index, name in enumerate(team.optional):
        if name in team.core:
            raise _bad(merged, (*where, "optional", index), f"{name} is in core", "remove one")
    for index, name in enumerate(team.core):
        for need in templates.roles[name].needs:
            if need.role not in team.core:
                place = (*where, "core", index)
                also = _see(merged, place, ("roles", name, "needs", need.role))
                problem = f"{name} needs {need.role}{also}, which is not in core"
                raise _bad(merged, place, problem, "add it, or leave both out")
    for index, name in enumerate(team.cut_order):
        if name == HUB_ROLE or name not in team.core:
            place = (*where, "cut_order", index)
            also = _see(merged, place, (*where, "core"))
            step = f"those that can go are {', '.join(team.core[1:]) or 'none'}{also}"
            raise _bad(merged, place, f"{name} cannot go", step)
    largest = max(plan.cap for plan in templates.subscriptions.values())
    kept = len(team.core) - len(team.cut_order)
    if kept > largest:
        step = f"the largest plan carries {largest}: let more of the core go in cut_order"
        raise _bad(merged, (*where, "core"), f"{kept} roles that cannot go", step)


def _check_sizes(templates: Templates, merged: Merged) -> None:
    for name in SIZES:
        if name not in templates.sizes:
            step = f"the sizes are {', '.join(SIZES)}"
            raise _bad(merged, ("sizes",), f"{name} is missing", step)
    for name, size in templates.sizes.items():
        for key in ("base", "extra"):
            _check_range(getattr(size, key), merged, ("sizes", name, key))
        last = name == SIZES[-1]
        if (size.lines_below is None) != last:
            problem = "the largest size has no end" if last else "is missing"
            step = f"every size but {SIZES[-1]} says below how many lines it ends"
            raise _bad(merged, ("sizes", name, "lines_below"), problem, step)
    ends = [(name, templates.sizes[name].lines_below or 0) for name in SIZES[:-1]]
    for (smaller, low), (larger, high) in pairwise(ends):
        if high <= low:
            where = ("sizes", larger, "lines_below")
            also = _see(merged, where, ("sizes", smaller, "lines_below"))
            raise _bad(merged, where, f"not more than {smaller}'s {low}{also}", "let sizes grow")


def _check_plans(templates: Templates, default_plan: str, merged: Merged) -> None:
    plans = templates.subscriptions
    for name, plan in plans.items():
        where = ("plans", name, "recommended")
        _check_range(plan.recommended, merged, where)
        if plan.recommended[1] > plan.cap:
            also = _see(merged, where, ("plans", name, "cap"))
            raise _bad(merged, where, f"more than the cap of {plan.cap}{also}", "recommend fewer")
    if default_plan not in plans:
        gone = merged.removed.get(("plans", default_plan))
        problem = f"no plan {default_plan!r}" + (f", taken away at {gone}" if gone else "")
        raise _bad(merged, ("default_plan",), problem, f"the plans are {', '.join(plans)}")


def _check_range(span: tuple[int, int], merged: Merged, where: Where) -> None:
    if span[0] > span[1]:
        raise _bad(merged, where, f"{span[0]} is more than {span[1]}", "write [fewest, most]")
