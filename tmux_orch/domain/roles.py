"""Roles, team types, sizes and subscription plans as plain facts, whoever defined them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tmux_orch.domain.errors import BadInput

HUB_ROLE = "orchestrator"


@dataclass(frozen=True, slots=True)
class Need:
    """A role that another cannot do without, and what it needs it for."""

    role: str
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """What one kind of agent is for.

    Attributes:
        name: What it is called everywhere.
        title, purpose, responsibilities: What people and the agents themselves are told.
        window: Name of its tmux window.
        aliases: Other words that mean it in ``--roles`` and as a target of ``scm``.
        branch_prefix: Of the task branches it makes, e.g. ``feature/``.
        check_in_s: Seconds between two check-ins.
        talks_to: Roles (and ``user``) that it may write to.
        talks_to_in: The same for single team types, where it differs.
        needs: Roles without which it has nothing to do.
        directories: Paths it owns, relative to the repository; a directory may have two owners.
        kind: ``primary``, ``worker`` or ``specialist``.
        capabilities, restrictions: What it can, and what it must leave to others; for its page.
        rights: What it may do through our interface, e.g. ``session:read``.
        attention: Thresholds of its own, by their names in ``Thresholds``.
        task_files: Pages in the repository where its agents mark what is done.
        briefing: Name of its briefing template.
        model: Model it runs with; empty for the team's.
        agent: Agent program it runs with; empty for the team's.
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
    needs: tuple[Need, ...] = ()
    talks_to_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    directories: tuple[str, ...] = ()
    kind: str = "worker"
    capabilities: tuple[str, ...] = ()
    restrictions: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    attention: Mapping[str, int] = field(default_factory=dict)
    task_files: tuple[str, ...] = ()
    briefing: str = ""
    model: str = ""
    agent: str = ""

    def mates(self, team_type: str) -> tuple[str, ...]:
        """Roles (and ``user``) that it may write to in a team of this type."""
        return self.talks_to_in.get(team_type, self.talks_to)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One sign that a project is of a team's type, or not.

    Attributes:
        name: What a person reads: ``Terraform files``.
        weight: How much one match says; negative when it speaks against the type.
        files: Globs over tracked paths.
        dependencies: Globs over names of dependencies in manifests.
        facts: Globs over small named facts, e.g. ``compose:postgres``, ``terraform:aws_*``.
        words: Words or phrases in the spec.
    """

    name: str
    weight: float
    files: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamTemplate:
    """A kind of team.

    Attributes:
        core: Roles that are always in it, the hub first.
        optional: Roles that join by size, the most useful first.
        cut_order: Who goes first when the plan's cap is too small.
        merge_order: Whose work is brought together first.
        indicators: Signs by which a project is known to be of this type.
    """

    name: str
    purpose: str
    core: tuple[str, ...]
    optional: tuple[str, ...]
    cut_order: tuple[str, ...] = ()
    merge_order: tuple[str, ...] = ()
    indicators: tuple[Indicator, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionalRole:
    """A role that joins when any of the conditions holds; more of them raise its priority.

    Attributes:
        conditions: Name of a condition → ``True``, a word (``high``) or ``>5``.
    """

    role: str
    conditions: Mapping[str, bool | str]


@dataclass(frozen=True, slots=True)
class Size:
    """What a project's size does to a team.

    Attributes:
        lines_below: Lines of code below which a project has this size; ``None`` for the largest.
        base, extra: Fewest and most core and optional roles.
        token_multiplier: Tokens against one agent working alone.
    """

    name: str
    lines_below: int | None
    base: tuple[int, int]
    extra: tuple[int, int]
    token_multiplier: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription plan: how many agents it carries.

    Attributes:
        cap: Most agents.
        recommended: Fewest and most that it carries well.
    """

    name: str
    title: str
    cap: int
    recommended: tuple[int, int]


@dataclass(frozen=True)
class Templates:
    """Every role and team that is defined; whatever one of them names is there."""

    roles: Mapping[str, Role]
    teams: Mapping[str, TeamTemplate]
    conditional: tuple[ConditionalRole, ...] = ()
    sizes: Mapping[str, Size] = field(default_factory=dict)
    subscriptions: Mapping[str, Subscription] = field(default_factory=dict)
    default_subscription: str = ""

    @cached_property
    def _words(self) -> dict[str, str]:
        words = {alias: role.name for role in self.roles.values() for alias in role.aliases}
        return words | {name: name for name in self.roles}

    def aliases(self) -> dict[str, str]:
        """Every accepted word for a role, the names included → role name."""
        return dict(self._words)

    def aliases_of(self, role: str) -> tuple[str, ...]:
        """Other words for ``role``; none for a role that is not defined (any more)."""
        known = self.roles.get(role)
        return known.aliases if known is not None else ()

    def window_of(self, role: str, agent: str) -> str:
        """Name of an agent's tmux window: its role's, and ``-2`` for the second of a role.

        The agent's own name where its role is not defined (any more).
        """
        known = self.roles.get(role)
        return known.window + agent.removeprefix(role) if known is not None else agent

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
