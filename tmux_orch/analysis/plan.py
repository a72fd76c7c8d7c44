"""From a spec to the plan of a team, by whichever planner there is; offline always works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tmux_orch.analysis import plan_check
from tmux_orch.analysis.planners import anthropic_api, claude_program, question, work
from tmux_orch.analysis.planners.answer import Answer, Unusable, patiently
from tmux_orch.analysis.planners.offline import offline
from tmux_orch.analysis.spec import Spec
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.findings import Findings
from tmux_orch.domain.implementation import Implementation, PlannerSettings
from tmux_orch.domain.plan import PlannedAgent
from tmux_orch.domain.roles import Role, Templates

PLANNERS = ("auto", "anthropic", "claude", "offline")
_ASK: Mapping[str, Callable[[question.Question, Mapping[str, str], PlannerSettings], Answer]] = {
    "anthropic": lambda *given: anthropic_api.ask(*given),
    "claude": lambda *given: claude_program.ask(*given),
}


def make(
    spec: Spec,
    findings: Findings,
    agents: tuple[PlannedAgent, ...],
    templates: Templates,
    *,
    planner: str,
    environ: Mapping[str, str],
    settings: PlannerSettings,
    progress: Callable[[str], None],
) -> Implementation:
    """Phases, tasks, risks and open questions for this team; nothing else can come of it.

    A model is asked when ``planner`` says so, or with ``auto`` when a key or a signed-in ``claude``
    is there. An answer that is late, refused, cut off or not a plan of this team is not used: the
    plan is made offline then, and ``note`` says why.

    Args:
        spec: The spec; to a model it is data.
        findings: What was found out about the project.
        agents: The team.
        templates: Where its roles are defined.
        planner: One of ``PLANNERS``.
        environ: The person's environment: key, addresses, programs.
        settings: Model, deadline and retries.
        progress: Gets a line now and then, from this thread.

    Raises:
        BadInput: there is no such planner, or the one that was asked for has no key or program.
    """
    chosen, why_not = choose(planner, environ)
    roles = [templates.role(name) for name in dict.fromkeys(agent.role for agent in agents)]
    if chosen == "offline":
        return replace(offline(spec.title, spec.text, findings, roles), note=why_not)
    try:
        return _asked(chosen, spec, findings, roles, environ, settings, progress)
    except Unusable as error:
        progress(f"planning offline: {error}")
        note = f"Planned offline, because {error}."
        return replace(offline(spec.title, spec.text, findings, roles), note=note)


def choose(planner: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Which planner it will be, and why ``auto`` comes to ``offline``.

    Raises:
        BadInput: there is no such planner, or the one that was asked for cannot work.
    """
    if planner not in PLANNERS:
        raise BadInput(f"no planner {planner!r}", f"the planners are {', '.join(PLANNERS)}")
    if planner == "offline":
        return "offline", ""
    key, program = anthropic_api.has_key(environ), claude_program.find(environ)
    if planner == "anthropic" and not key:
        raise BadInput(
            "the planner anthropic needs a key", "set ANTHROPIC_API_KEY, or take --planner auto"
        )
    if planner == "claude" and not program:
        raise BadInput(
            "the planner claude needs the program claude on PATH",
            "install Claude Code, or take --planner auto",
        )
    if planner != "auto":
        return planner, ""
    if key:
        return "anthropic", ""
    if program and claude_program.signed_in(environ):
        return "claude", ""
    missing = "claude is not signed in" if program else "there is no claude on PATH"
    return "offline", f"Planned offline: ANTHROPIC_API_KEY is not set, and {missing}."


def _asked(
    planner: str,
    spec: Spec,
    findings: Findings,
    roles: Sequence[Role],
    environ: Mapping[str, str],
    settings: PlannerSettings,
    progress: Callable[[str], None],
) -> Implementation:
    names = [role.name for role in roles]
    busy = [role.name for role in roles if not work.coordinates(role)] or names
    asked = question.ask(spec.text, findings, roles, busy)
    progress(f"planning with {planner}, at most {settings.timeout_s} s")
    answer = patiently(lambda: _ASK[planner](asked, environ, settings), progress)
    progress(f"planned with {answer.spent()}")
    cut = " The spec was too long to be sent whole." if asked.cut else ""
    try:
        return plan_check.check_answer(
            plan_check.parse(answer.text), names, busy, planner, f"{answer.spent()}.{cut}"
        )
    except BadInput as error:
        raise Unusable(
            f"the answer ({answer.spent()}) is not a plan of this team: {error.message}"
        ) from error
