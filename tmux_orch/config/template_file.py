"""What may stand in a team templates file, and the checks that no single entry can fail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tmux_orch.config.checked import Strict, check
from tmux_orch.config.yaml_strict import Document, shown
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import is_name
from tmux_orch.domain.roles import Need, Role, TeamTemplate, Templates

USER = "user"
DAY_S = 24 * 60 * 60
#: A name may have 41 characters; the second of a role gets ``-2`` behind the role's, and so on.
LONGEST = 36
# ``developer-2`` is what the second developer is called: a role of that name would be two things.
_SECOND = re.compile(r".*-[0-9]+")

_Line = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\r\n\t]+$")]
_Prefix = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,20}/$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
_Names = Annotated[tuple[_Name, ...], Field(max_length=50, strict=False)]


class _RoleEntry(Strict):
    title: _Line
    purpose: _Line
    responsibilities: Annotated[tuple[_Line, ...], Field(min_length=1, max_length=20, strict=False)]
    aliases: _Names = ()
    talks_to: Annotated[_Names, Field(min_length=1)]
    needs: _Names = ()
    branch_prefix: _Prefix
    check_in_s: Annotated[int, Field(ge=60, le=DAY_S)]
    window: _Name | None = None


class _TeamEntry(Strict):
    purpose: _Line
    core: Annotated[_Names, Field(min_length=1)]
    optional: _Names = ()


class _File(Strict):
    templates: Literal[1]
    roles: Annotated[dict[str, _RoleEntry], Field(max_length=200)] = Field(default_factory=dict)
    teams: Annotated[dict[str, _TeamEntry], Field(max_length=200)] = Field(default_factory=dict)


def read_templates(documents: Iterable[Document]) -> Templates:
    """The roles and teams of ``documents``, a later one's replacing an earlier one's.

    Raises:
        BadInput: unknown keys, wrong values, words that mean two roles, names that nobody
            defines, roles that need each other in a circle, teams without what their roles need.
    """
    roles: dict[str, tuple[Role, Document]] = {}
    teams: dict[str, tuple[TeamTemplate, Document]] = {}
    for document in documents:
        content = check(document, _File)
        for name, role_entry in content.roles.items():
            _check_name(name, document, ("roles", name))
            roles[name] = (_role(name, role_entry), document)
        for name, team_entry in content.teams.items():
            _check_name(name, document, ("teams", name))
            team = TeamTemplate(name, team_entry.purpose, team_entry.core, team_entry.optional)
            teams[name] = (team, document)
    known = {name: role for name, (role, _) in roles.items()}
    _check_words(roles)
    for role, document in roles.values():
        _check_known(role.talks_to, {*known, USER}, document, ("roles", role.name, "talks_to"))
        _check_known(_needed(role), known, document, ("roles", role.name, "needs"))
        _check_circle(role, known, document)
    for team, document in teams.values():
        _check_team(team, known, document)
    return Templates(known, {name: team for name, (team, _) in teams.items()})


def _role(name: str, entry: _RoleEntry) -> Role:
    return Role(
        name=name,
        title=entry.title,
        window=entry.window or name.replace("_", "-"),
        purpose=entry.purpose,
        responsibilities=tuple(entry.responsibilities),
        aliases=tuple(entry.aliases),
        branch_prefix=entry.branch_prefix,
        check_in_s=entry.check_in_s,
        talks_to=tuple(entry.talks_to),
        needs=tuple(Need(name) for name in entry.needs),
    )


def _needed(role: Role) -> tuple[str, ...]:
    return tuple(need.role for need in role.needs)


def _bad(document: Document, where: tuple[str | int, ...], problem: str, step: str) -> BadInput:
    place = ".".join(shown(str(part)) for part in where)
    return BadInput(f"{document.at(where)}: {place}: {problem}", step)


def _check_name(word: str, document: Document, where: tuple[str | int, ...]) -> None:
    if not is_name(word) or len(word) > LONGEST:
        step = f"use a-z, 0-9, _ and -, a letter first, at most {LONGEST} characters"
        raise _bad(document, where, "not a name", step)
    if word == USER or _SECOND.fullmatch(word):
        raise _bad(document, where, f"{word} means something else", "choose another word")


def _check_words(roles: Mapping[str, tuple[Role, Document]]) -> None:
    meant = dict.fromkeys(roles, "the name of a role")
    for role, document in roles.values():
        for index, alias in enumerate(role.aliases):
            where: tuple[str | int, ...] = ("roles", role.name, "aliases", index)
            _check_name(alias, document, where)
            if alias in meant:
                raise _bad(document, where, f"{alias} is {meant[alias]} already", "choose another")
            meant[alias] = f"an alias of {role.name}"
    windows: dict[str, str] = {}
    for role, document in roles.values():
        other = windows.setdefault(role.window, role.name)
        if other != role.name:
            where = ("roles", role.name, "window")
            raise _bad(document, where, f"{role.window} is the window of {other}", "choose another")


def _check_known(
    words: tuple[str, ...],
    known: Iterable[str],
    document: Document,
    where: tuple[str | int, ...],
) -> None:
    accepted = list(known)
    for index, word in enumerate(words):
        if word not in accepted:
            step = f"known are {', '.join(sorted(accepted))}"
            raise _bad(document, (*where, index), f"no role {word!r}", step)
        if word in words[:index]:
            raise _bad(document, (*where, index), f"{word} is there twice", "remove one")


def _check_circle(role: Role, known: Mapping[str, Role], document: Document) -> None:
    """Follow what ``role`` needs, and that needs, until nothing new comes or we are back."""
    seen: set[str] = set()
    ahead: list[tuple[str, tuple[str, ...]]] = [(name, (role.name, name)) for name in _needed(role)]
    while ahead:
        name, way = ahead.pop()
        if name == role.name:
            where = ("roles", role.name, "needs")
            raise _bad(document, where, f"a circle: {' needs '.join(way)}", "break it")
        if name in seen or name not in known:
            continue
        seen.add(name)
        ahead += [(following, (*way, following)) for following in _needed(known[name])]


def _check_team(team: TeamTemplate, known: Mapping[str, Role], document: Document) -> None:
    where = ("teams", team.name)
    _check_known(team.core, known, document, (*where, "core"))
    _check_known(team.optional, known, document, (*where, "optional"))
    for index, name in enumerate(team.optional):
        if name in team.core:
            raise _bad(document, (*where, "optional", index), f"{name} is in core", "remove one")
    for index, name in enumerate(team.core):
        for needed in _needed(known[name]):
            if needed not in team.core:
                problem = f"{name} needs {needed}, which is not in core"
                raise _bad(document, (*where, "core", index), problem, "add it, or leave both out")
