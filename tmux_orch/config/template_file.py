"""What may stand in team templates files, and the plain facts that become of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tmux_orch.config.attention import AttentionEntry
from tmux_orch.config.checked import Strict, check
from tmux_orch.config.indicators import IndicatorEntry
from tmux_orch.config.template_checks import check_templates
from tmux_orch.config.template_merge import merge
from tmux_orch.config.yaml_strict import Document
from tmux_orch.domain.roles import (
    ConditionalRole,
    Need,
    Role,
    Size,
    Subscription,
    TeamTemplate,
    Templates,
)

DAY_S = 24 * 60 * 60
#: As many agents as the largest team that was measured (benchmarks/).
MOST_AGENTS = 50

_Line = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\r\n\t]+$")]
_Lines = Annotated[tuple[_Line, ...], Field(max_length=20, strict=False)]
_Prefix = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,20}/$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
_Names = Annotated[tuple[_Name, ...], Field(max_length=50, strict=False)]
_Path = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9._][A-Za-z0-9._/-]*$")
]
_Model = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@\[\]-]{0,80}$")]
_Right = Literal[
    "session:read",
    "session:write",
    "session:create",
    "session:delete",
    "data:share",
    "data:read",
    "command:execute",
    "agent:coordinate",
]
_Count = Annotated[int, Field(ge=0, le=MOST_AGENTS)]
_Range = Annotated[tuple[_Count, _Count], Field(strict=False)]
#: What a role may do that names no rights.
DEFAULT_RIGHTS: tuple[_Right, ...] = ("session:read", "data:read", "data:share")


class RoleEntry(Strict):
    """One role."""

    title: _Line
    purpose: _Line
    kind: Literal["primary", "worker", "specialist"] = "worker"
    responsibilities: Annotated[tuple[_Line, ...], Field(min_length=1, max_length=20, strict=False)]
    capabilities: _Lines = ()
    restrictions: _Lines = ()
    directories: Annotated[tuple[_Path, ...], Field(max_length=20, strict=False)] = ()
    branch_prefix: _Prefix
    talks_to: Annotated[_Names, Field(min_length=1)]
    talks_to_in: Annotated[dict[str, _Names], Field(max_length=50)] = Field(default_factory=dict)
    needs: Annotated[
        dict[str, Annotated[tuple[_Line, ...], Field(min_length=1, max_length=10, strict=False)]],
        Field(max_length=20),
    ] = Field(default_factory=dict)
    check_in_s: Annotated[int, Field(ge=60, le=DAY_S)]
    rights: Annotated[tuple[_Right, ...], Field(max_length=8, strict=False)] = DEFAULT_RIGHTS
    attention: AttentionEntry = AttentionEntry()
    task_files: Annotated[tuple[_Path, ...], Field(max_length=5, strict=False)] = ()
    aliases: _Names = ()
    window: _Name | None = None
    briefing: _Name | None = None
    agent: _Name | None = None
    model: _Model | None = None

    def role(self, name: str) -> Role:
        """The same as a plain fact."""
        return Role(
            name=name,
            title=self.title,
            window=self.window or name.replace("_", "-"),
            purpose=self.purpose,
            responsibilities=tuple(self.responsibilities),
            aliases=tuple(self.aliases),
            branch_prefix=self.branch_prefix,
            check_in_s=self.check_in_s,
            talks_to=tuple(self.talks_to),
            needs=tuple(Need(needed, tuple(tasks)) for needed, tasks in self.needs.items()),
            talks_to_in={kind: tuple(words) for kind, words in self.talks_to_in.items()},
            directories=tuple(self.directories),
            kind=self.kind,
            capabilities=tuple(self.capabilities),
            restrictions=tuple(self.restrictions),
            rights=tuple(self.rights),
            attention=self.attention.given(),
            task_files=tuple(self.task_files),
            briefing=self.briefing or name,
            model=self.model or "",
            agent=self.agent or "",
        )


class TeamEntry(Strict):
    """One team type."""

    purpose: _Line
    core: Annotated[_Names, Field(min_length=1)]
    optional: _Names = ()
    cut_order: _Names | None = None
    merge_order: _Names = ()
    indicators: Annotated[tuple[IndicatorEntry, ...], Field(max_length=200, strict=False)] = ()

    def team(self, name: str) -> TeamTemplate:
        """The same as a plain fact; without a cutting order the last of the core goes first."""
        core = tuple(self.core)
        cut = tuple(reversed(core[1:])) if self.cut_order is None else tuple(self.cut_order)
        return TeamTemplate(
            name=name,
            purpose=self.purpose,
            core=core,
            optional=tuple(self.optional),
            cut_order=cut,
            merge_order=tuple(self.merge_order),
            indicators=tuple(entry.indicator() for entry in self.indicators),
        )


class ConditionsEntry(Strict):
    """The conditions that bring a role; any suffices."""

    has_database: bool | None = None
    database_complexity: Literal["none", "low", "high"] | None = None
    production_deployment: bool | None = None
    handles_sensitive_data: bool | None = None
    compliance_required: bool | None = None
    service_count: Annotated[str, StringConstraints(pattern=r"^>[0-9]{1,4}$")] | None = None
    requires_sla: bool | None = None


class SizeEntry(Strict):
    """What one size of project does to a team."""

    lines_below: Annotated[int, Field(ge=1)] | None = None
    base: _Range
    extra: _Range
    token_multiplier: Annotated[int, Field(ge=1, le=1000)]


class PlanEntry(Strict):
    """One subscription plan."""

    title: _Line
    cap: Annotated[int, Field(ge=1, le=MOST_AGENTS)]
    recommended: _Range


class TemplatesFile(Strict):
    """A whole file, or what several files are when they are merged."""

    templates: Literal[1]
    roles: Annotated[dict[str, RoleEntry], Field(max_length=200)]
    teams: Annotated[dict[str, TeamEntry], Field(min_length=1, max_length=200)]
    conditional: Annotated[dict[str, ConditionsEntry], Field(max_length=50)] = Field(
        default_factory=dict
    )
    sizes: dict[Literal["small", "medium", "large", "enterprise"], SizeEntry]
    plans: Annotated[dict[str, PlanEntry], Field(min_length=1, max_length=20)]
    default_plan: _Name


def read_templates(documents: Sequence[Document], project: Document | None = None) -> Templates:
    """What ``documents`` define together, a later one over the earlier ones.

    Args:
        documents: The files of the person and of ours; the first one is whole.
        project: The file of the project, which may describe but not grant.

    Raises:
        BadInput: unknown keys, wrong values, words that mean two roles, names that nobody
            defines, roles that need each other in a circle, teams without what their roles need;
            ``file:line: key: what is wrong; what is accepted``.
    """
    merged = merge(documents, project)
    content = check(merged, TemplatesFile)
    templates = _templates(content)
    check_templates(templates, content.default_plan, merged)
    return templates


def _templates(content: TemplatesFile) -> Templates:
    return Templates(
        roles={name: entry.role(name) for name, entry in content.roles.items()},
        teams={name: entry.team(name) for name, entry in content.teams.items()},
        conditional=tuple(
            ConditionalRole(role, entry.model_dump(exclude_none=True))
            for role, entry in content.conditional.items()
        ),
        sizes={
            name: Size(name, e.lines_below, e.base, e.extra, e.token_multiplier)
            for name, e in content.sizes.items()
        },
        subscriptions={
            name: Subscription(name, entry.title, entry.cap, entry.recommended)
            for name, entry in content.plans.items()
        },
        default_subscription=content.default_plan,
    )
