"""The settings, each with where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tmux_orch.config.attention import AttentionEntry
from tmux_orch.config.checked import Strict, check
from tmux_orch.config.directory import config_directory
from tmux_orch.config.yaml_strict import Document, load, shown
from tmux_orch.domain.answering import POLICY, AnswerRules, Outcome
from tmux_orch.domain.attention import DEFAULTS, Thresholds
from tmux_orch.domain.dialog import DialogKind
from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.domain.implementation import PlannerSettings

FILE = "config.yaml"
DATABASE_VARIABLE = "TMUX_ORCH_DATABASE_URL"
DEFAULT_BRANCH_PREFIX = "orch"
DEFAULT = "default"

# Less than git allows: it becomes part of branch names, paths and shell examples that we print.
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}(?:/[A-Za-z0-9][A-Za-z0-9_-]{0,30}){0,3}")
_URL = re.compile(r"(?:sqlite|postgresql(?:\+[a-z0-9]+)?)://\S+")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@\[\]-]{0,119}")
# A planner that has said nothing for half an hour will not; more than 5 tries only cost money.
_TIMEOUT_S = (5, 1800)
_RETRIES = (0, 5)
# Below a minute no person can read what is asked; longer than a month is for ever.
_DEADLINE_S = (60, 30 * 86400)


#: Whether agents that died are started again; the first is the default.
RESTARTS = ("always", "never")


class _File(Strict):
    database_url: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    branch_prefix: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    planner_model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    planner_timeout_s: int | None = None
    planner_retries: int | None = None
    attention: AttentionEntry | None = None
    hub_may_answer: list[str] | None = None
    answer_deadline_s: int | None = None
    answer_deadline_outcome: str | None = None
    check_ins: bool | None = None
    credit_mirror: bool | None = None
    restarts: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set.

    Attributes:
        database_url: Another database than the registry's own; empty for that one. May hold a
            password: never print it.
        branch_prefix: First part of the agents' home branches.
        planner_model: Model that plans; empty for the planner's own default.
        planner_timeout_s: Seconds that a planner may take, its retries included.
        planner_retries: How often it asks again after a passing failure.
        attention: When somebody is called to look at an agent, where its role says nothing.
        hub_may_answer: Kinds of dialogs that the hub may answer; none by default.
        answer_deadline_s: Seconds that a dialog waits for an answer; 0 for ever.
        answer_deadline_outcome: What happens then: ``stay`` or ``deny``.
        check_ins: Whether agents are asked to report in their roles' rhythm.
        credit_mirror: Whether ``credit_schedule.json`` is written for tools that read it.
        restarts: Whether agents that died are started again: ``always`` or ``never``.
        origins: Setting → ``default``, ``file:line`` or the variable's name.
    """

    database_url: str = ""
    branch_prefix: str = DEFAULT_BRANCH_PREFIX
    planner_model: str = PlannerSettings.model
    planner_timeout_s: int = PlannerSettings.timeout_s
    planner_retries: int = PlannerSettings.retries
    attention: Thresholds = DEFAULTS
    hub_may_answer: Sequence[str] = ()
    answer_deadline_s: int = 0
    answer_deadline_outcome: str = str(Outcome.STAY)
    check_ins: bool = True
    credit_mirror: bool = False
    restarts: str = RESTARTS[0]
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def planner(self) -> PlannerSettings:
        """The planner's part of them."""
        return PlannerSettings(self.planner_model, self.planner_timeout_s, self.planner_retries)

    @property
    def answers(self) -> AnswerRules:
        """Who may answer dialogs, and their deadline."""
        return AnswerRules(
            frozenset(DialogKind(kind) for kind in self.hub_may_answer),
            self.answer_deadline_s or None,
            Outcome(self.answer_deadline_outcome),
        )


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings: what is built in ← the configuration file ← the environment.

    Raises:
        BadInput: the file or a value is not what it should be; the line begins with its place.
    """
    document = _document(config_directory(environ) / FILE)
    content = check(document, _File)
    built_in = Settings()
    values: dict[str, Any] = {name: getattr(built_in, name) for name in _File.model_fields}
    origins = dict.fromkeys(values, DEFAULT)
    for name in values:
        given = getattr(content, name)
        if given is not None:
            values[name] = given
            origins[name] = document.at((name,))
    if content.attention is not None:
        values["attention"] = DEFAULTS.over(content.attention.given())
    if environ.get(DATABASE_VARIABLE):
        values["database_url"] = environ[DATABASE_VARIABLE]
        origins["database_url"] = DATABASE_VARIABLE
    _check(values, origins)
    return Settings(**values, origins=origins)


def _document(path: Path) -> Document:
    try:
        return load(path)
    except Absent:
        return Document(str(path), {}, {})


def _check(values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    url = values["database_url"]
    if url and not _URL.fullmatch(url):
        # The value is not shown: it may hold a password.
        raise BadInput(
            f"{origins['database_url']}: database_url: not a database that can be used",
            "give sqlite:////absolute/path or postgresql://user@host/name",
        )
    prefix = values["branch_prefix"]
    if not _PREFIX.fullmatch(prefix):
        raise BadInput(
            f"{origins['branch_prefix']}: branch_prefix: not a branch name: {shown(prefix)}",
            "use letters, digits, _ and -, and / between parts",
        )
    _check_planner(values, origins)
    _check_answers(values, origins)
    if values["restarts"] not in RESTARTS:
        raise BadInput(
            f"{origins['restarts']}: restarts: {shown(values['restarts'])} is neither",
            f"give {' or '.join(RESTARTS)}",
        )


def _check_planner(values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    model = values["planner_model"]
    if model and not _MODEL.fullmatch(model):
        raise BadInput(
            f"{origins['planner_model']}: planner_model: not a model's name: {shown(model)}",
            "write it as the model's provider does, without spaces",
        )
    for name, (least, most) in {
        "planner_timeout_s": _TIMEOUT_S,
        "planner_retries": _RETRIES,
    }.items():
        if not least <= values[name] <= most:
            raise BadInput(
                f"{origins[name]}: {name}: {shown(str(values[name]))} is out of range",
                f"give a whole number from {least} to {most}",
            )


def _check_answers(values: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    for kind in values["hub_may_answer"]:
        if kind not in POLICY:
            raise BadInput(
                f"{origins['hub_may_answer']}: hub_may_answer: no kind of dialog that the hub can "
                f"be let to answer: {shown(kind)}",
                f"known are {', '.join(POLICY)}",
            )
    outcome = values["answer_deadline_outcome"]
    if outcome not in tuple(Outcome):
        raise BadInput(
            f"{origins['answer_deadline_outcome']}: answer_deadline_outcome: {shown(outcome)} "
            "is no outcome of a deadline",
            f"give {' or '.join(Outcome)}; a deadline never says yes",
        )
    least, most = _DEADLINE_S
    if values["answer_deadline_s"] and not least <= values["answer_deadline_s"] <= most:
        raise BadInput(
            f"{origins['answer_deadline_s']}: answer_deadline_s: "
            f"{shown(str(values['answer_deadline_s']))} is out of range",
            f"give a whole number from {least} to {most}, or 0 for none",
        )
