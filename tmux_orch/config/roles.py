"""Roles and team templates as plain facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tmux_orch.domain.errors import BadInput


@dataclass(frozen=True, slots=True)
class Role:
    """What one kind of agent is for.

    Attributes:
        name: What it is called everywhere.
        title, purpose, responsibilities: What people and the agents themselves are told.
        aliases: Other words that mean it in ``--roles`` and as a target of ``scm``.
        talks_to: Roles (and ``user``) that it may write to.
        needs: Roles without which it has nothing to do.
        branch_prefix: Of the task branches it makes, e.g. ``feature/``.
        check_in_s: Seconds between two check-ins.
        window: Name of its tmux window.
    """

    name: str
    title: str
    window: str
    purpose: str
    responsibilities: tuple[str, ...]
    aliases: tuple[str, ...]
    branch_prefix: str
    check_in_s: int
    talks_to: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TeamTemplate:
    """A kind of team: roles that are always in it, and roles that may be."""

    name: str
    purpose: str
    core: tuple[str, ...]
    optional: tuple[str, ...]


@dataclass(frozen=True)
class Templates:
    """Every role and team that is defined; whatever one of them names is there."""

    roles: Mapping[str, Role]
    teams: Mapping[str, TeamTemplate]

    @cached_property
    def _words(self) -> dict[str, str]:
        words = {alias: role.name for role in self.roles.values() for alias in role.aliases}
        return words | {name: name for name in self.roles}

    def aliases(self) -> dict[str, str]:
        """Every accepted word for a role, the names included → role name."""
        return dict(self._words)

    def role(self, word: str) -> Role:
        """The role that ``word``, a name or an alias, means.

        Raises:
            BadInput: none; the next step lists the roles.
        """
        name = self._words.get(word)
        if name is None:
            raise BadInput(f"no role {word!r}", f"the roles are {', '.join(self.roles)}")
        return self.roles[name]

    def team(self, name: str) -> TeamTemplate:
        """The team template ``name``.

        Raises:
            BadInput: none; the next step lists the teams.
        """
        found = self.teams.get(name)
        if found is None:
            raise BadInput(f"no team type {name!r}", f"the team types are {', '.join(self.teams)}")
        return found
