"""Requests from the socket to the rooms' services: one function per verb."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tmux_orch.domain.errors import BadInput, Refused
from tmux_orch.domain.names import split_key
from tmux_orch.domain.states import AgentState
from tmux_orch.rpc.request import Reply, Request
from tmux_orch.store.projects import Project
from tmux_orch.team import answer as answers
from tmux_orch.team import follow, meant, mirrors, remove, status, stop
from tmux_orch.team.decide import Act
from tmux_orch.team.founding import Wanted
from tmux_orch.team.overview import Overview
from tmux_orch.team.parts import Parts
from tmux_orch.team.post import Post
from tmux_orch.team.trust import answer_trust
from tmux_orch.team.up import Up
from tmux_orch.tmux.attach import attach_argv
from tmux_orch.upkeep.boot import AfterBoot
from tmux_orch.upkeep.checkpoints import Checkpoints
from tmux_orch.watch.hooks import HookDesk

_log = logging.getLogger(__name__)

Verb = Callable[[Request, Mapping[str, Any], Reply], None]
#: What another room answers about one project: its result.
OfProject = Callable[[Project, Mapping[str, Any]], Mapping[str, Any]]
# What an agent may ask for itself; everything else is the person's.
OPEN_TO_AGENTS = frozenset(
    {
        *("scm", "status", "ls", "messages", "log", "plan", "ping", "hook", "shutdown", "explain"),
        "schedule",  # for itself and its team mates; it sees and ends only what it asked for
        *("dialogs", "usage", "budget"),
        *("credits", "credits-history"),  # its own team's accounts
        "peek",  # of its own team, as far as its role's rights go
    }
)
# What the hub may ask for besides, as far as the person's written policy goes.
OPEN_TO_HUB = frozenset({"answer", "approve", "deny"})


class Verbs:
    """The daemon's answer to every verb.

    Args:
        parts: The rooms' objects.
        up: The main job.
        desk: Answers agents' hooks.
        shutdown: Asks the daemon to stop.
        about: What ``ping`` answers.
        after_boot: Deals with a restart of the machine.
    """

    def __init__(
        self,
        parts: Parts,
        up: Up,
        desk: HookDesk,
        shutdown: Callable[[], None],
        about: Mapping[str, Any],
        after_boot: AfterBoot,
    ) -> None:
        self.parts = parts
        self.up = up
        self.desk = desk
        self.shutdown = shutdown
        self.about = about
        self.after_boot = after_boot
        self.post = Post(parts, self._project_name_at)
        self.overview = Overview(parts)
        self.checkpoints = Checkpoints(parts)
        self.of_project: dict[str, OfProject] = {"plan": self._plan, "usage": self._usage}
        self._verbs: dict[str, Verb] = {
            "up": self._up, "status": self._status, "ls": self._ls, "stop": self._stop,
            "restart": self._restart, "remove": self._remove, "attach": self._attach,
            "messages": self._messages,
            "log": self._log, "approve": self._approve, "deny": self._deny, "trust": self._trust,
            "plan-edit": self._plan_edit, "replan": self._replan,
            "brief": self._brief, "follow-status": self._follow_status,
            "answer": self._answer, "dialogs": self._dialogs,
            "peek": self._peek, "checkpoint": self._checkpoint,
            "boot-plan": self._boot_plan,
            "explain": self._explain, "ping": self._ping, "shutdown": self._shutdown,
        }  # fmt: skip

    def add(self, name: str, verb: Verb) -> None:
        """Have ``verb`` answer to ``name`` too; until the first request."""
        self._verbs[name] = verb

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request; expected failures are raised as ``OrchError``."""
        if request.verb == "hook":
            payload = request.frames.get("body", b"")
            self.desk.serve(payload, request.peer.pid, request.gone, reply.answer)
            return
        sender = self.parts.board.who(request.peer.pid)
        if sender is not None and request.verb == "up":
            raise BadInput(
                f"this runs as agent {sender}, and agents do not start or resume teams",
                "ask the person with scm",
            )
        if sender is not None and not self._open_to(request.verb, sender):
            raise Refused(
                f"{request.verb} is the person's, and this runs as agent {sender}",
                "ask the hub, or the person, with scm",
            )
        if request.verb == "scm":
            self.post.handle(request, sender, reply)
            return
        if (of_project := self.of_project.get(request.verb)) is not None:
            body = request.body()
            reply.result(of_project(self.project(request, body.get("project")), body))
            return
        verb = self._verbs.get(request.verb)
        if verb is None:
            raise BadInput(f"the daemon knows no verb {request.verb[:40]!r}", "update this command")
        verb(request, request.body(), reply)

    def _open_to(self, verb: str, sender: str) -> bool:
        if verb in OPEN_TO_HUB:
            return answers.is_hub(self.parts, sender)
        return verb in OPEN_TO_AGENTS

    # --- which project ------------------------------------------------------------------------

    def project(self, request: Request, name: str | None) -> Project:
        """The project meant: named, the agent's own, the directory's, or the only live one.

        Raises:
            BadInput: none, or several, with the candidates.
            Refused: an agent asks about a team that is not its own.
        """
        found = self._meant(request, name)
        sender = self.parts.board.who(request.peer.pid)
        if sender is not None and split_key(sender)[0] != found.name:
            raise Refused(
                f"{found.name} is another team than that of {sender}", "ask the person, with scm"
            )
        return found

    def _meant(self, request: Request, name: str | None) -> Project:
        sender = self.parts.board.who(request.peer.pid)
        return meant.meant(self.parts, request.text("cwd", "/"), name, sender)

    def project_at(self, cwd: str, path: str = "") -> Project | None:
        """The project that a directory belongs to, or ``None``."""
        return meant.at(self.parts, cwd, path)

    def _project_name_at(self, cwd: str) -> str | None:
        project = self.project_at(cwd)
        return project.name if project else None

    def fault(self, request: Request, error: BaseException) -> str:
        """Write a report of an error nobody foresaw; the line that says where it is."""
        _log.error("%s failed", request.verb, exc_info=error)
        return f"the daemon's log has the details: {self.parts.registry.logs / 'daemon.log'}"

    # --- verbs --------------------------------------------------------------------------------

    def _up(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        directory = body.get("project")
        if directory is None:
            directory = request.text("cwd", "/")
            if body.get("resume") and self.project_at(directory) is None:
                directory = self.project(request, None).path
        wanted = Wanted(
            directory=Path(directory),
            spec_text=str(body.get("spec_text") or ""),
            spec_name=str(body.get("spec_path") or ""),
            session=str(body.get("session") or ""),
            team_type=str(body.get("team_type") or ""),
            roles=str(body.get("roles") or ""),
            plan=str(body.get("plan") or ""),
            size=str(body.get("size") or ""),
            planner=str(body.get("planner") or ""),
            budget=str(body.get("budget") or ""),
            add_roles=str(body.get("add_roles") or ""),
            agent=str(body.get("agent") or ""),
            model=str(body.get("model") or ""),
            permission_mode=str(body.get("permission_mode") or ""),
            trust=bool(body.get("trust")),
            resume=bool(body.get("resume")),
            rebrief_all=bool(body.get("rebrief_all")),
            gone=request.gone,
            environment={str(k): str(v) for k, v in dict(body.get("environment") or {}).items()},
        )
        project, outcomes = self.up.run(wanted, reply.progress)
        fresh = self.parts.projects.by_path(project.path) or project
        begun = {o.seat.key for o in outcomes if o.act is Act.START}
        result = status.status(self.parts, fresh, unasked=begun)
        mirrors.status(self.parts, project.name, result)
        mirrors.sessions(self.parts)
        troubled = [o for o in outcomes if o.trouble]
        result["trouble"] = [{"name": o.seat.name, "reason": o.trouble} for o in troubled]
        result["attach"] = f"tmux-orch attach --project {project.name}"
        result["next"] = status.next_steps(project)
        result["exit_code"] = 1 if troubled else 0
        reply.result(result)

    def _status(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        project = self.project(request, body.get("project"))
        told = {"notice": self.after_boot.notice(project)}
        reply.result(status.status(self.parts, project) | told)

    def _follow_status(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        project = self.project(request, body.get("project"))
        self.overview.follow(project, body, reply, request.gone)

    def _ls(self, _request: Request, _body: Mapping[str, Any], reply: Reply) -> None:
        reply.result(
            {"projects": [status.summary(self.parts, p) for p in self.parts.projects.all()]}
        )

    def _stop(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        stopped = []
        for project in self._meant_by(request, body):
            with self.up.holds.hold(project.path):
                seats = stop.stop(self.parts, project, body.get("agents") or [], reply.progress)
            stopped.append(
                {
                    "project": project.name,
                    "path": project.path,
                    "starting_branch": project.starting_branch,
                    "agents": seats,
                }
            )
        stop.close_server(self.parts)
        mirrors.sessions(self.parts)
        reply.result({"stopped": stopped})

    def _checkpoint(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        projects = self._meant_by(request, body)
        asked = self.checkpoints.before_stop(projects, body, reply.progress, request.gone)
        reply.result({"asked": asked})

    def _meant_by(self, request: Request, body: Mapping[str, Any]) -> list[Project]:
        if body.get("all"):
            return [p for p in self.parts.projects.all() if p.live]
        return [self.project(request, body.get("project"))]

    def _restart(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        from tmux_orch.upkeep import restart

        project = self.project(request, body.get("project"))
        names, every = body.get("agents") or [], bool(body.get("all"))
        reply.result(restart.restart(self.up, project, names, every, reply.progress))
        mirrors.sessions(self.parts)

    def _remove(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        project = self.project(request, body.get("project"))
        with self.up.holds.hold(project.path):
            reply.result(
                remove.remove(
                    self.parts, project, body.get("agents") or [],
                    force=bool(body.get("force")), dry_run=bool(body.get("dry_run")),
                )
            )  # fmt: skip

    def _attach(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        project = self.project(request, body.get("project"))
        name = body.get("agent")
        seats = stop.chosen(self.parts, project, [name] if name else [])
        window = seats[0].window_id if name else ""
        inside = str(body.get("inside") or "")
        reply.result({"argv": attach_argv(self.parts.server, project.name, window, inside)})

    def _messages(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        project = self.project(request, body.get("project"))
        follow.messages(self.parts, project, body, reply, request.gone)

    def _log(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        follow.events(
            self.parts, self.project(request, body.get("project")), body, reply, request.gone
        )

    def _permission(
        self, request: Request, body: Mapping[str, Any], reply: Reply, allow: bool
    ) -> None:
        project = self.project(request, body.get("project"))
        seat = stop.chosen(self.parts, project, [str(body.get("agent") or "")])[0]
        sender = self._answerer(request, project)
        reply.result(follow.permission(self.parts, seat, allow, body, sender))

    def _answerer(self, request: Request, project: Project) -> str | None:
        """Who answers: the project's hub, or ``None`` for the person."""
        sender = self.parts.board.who(request.peer.pid)
        if sender is not None and split_key(sender)[0] != project.name:
            raise Refused(f"{sender} is not of {project.name}", "ask the person with scm")
        return sender

    def _answer(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        project = self.project(request, body.get("project"))
        seat = stop.chosen(self.parts, project, [str(body.get("agent") or "")])[0]
        sender = self._answerer(request, project)
        reply.result(answers.answer(self.parts, seat, body, sender))

    def _dialogs(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        project = self.project(request, body.get("project"))
        reply.result({"project": project.name, "dialogs": answers.waiting(self.parts, project)})

    def _approve(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        self._permission(request, body, reply, True)

    def _deny(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        self._permission(request, body, reply, False)

    def _trust(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        project = self.project(request, body.get("project"))
        trusted = []
        for seat in stop.chosen(self.parts, project, body.get("agents") or []):
            if status.fused(self.parts, seat).state is AgentState.NEEDS_TRUST:
                answer_trust(self.parts, seat)
                trusted.append(seat.name)
        reply.result({"trusted": trusted})

    def _plan(self, project: Project, _body: Mapping[str, Any]) -> Mapping[str, Any]:
        from tmux_orch.team import planning

        return planning.show(self.parts, project)

    def _plan_edit(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        from tmux_orch.team import planning

        project = self.project(request, body.get("project"))
        made = body.get("implementation_plan")
        if not isinstance(made, Mapping):
            raise BadInput("there is no plan in the request", "see tmux-orch plan show --json")
        with self.up.holds.hold(project.path):
            reply.result(planning.edit(self.parts, project, made))

    def _replan(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        from tmux_orch.team import planning

        project = self.project(request, body.get("project"))
        environ = {str(k): str(v) for k, v in dict(body.get("environment") or {}).items()}
        by = str(body.get("planner") or "")
        with self.up.holds.hold(project.path):
            reply.result(planning.replan(self.parts, project, by, environ, reply.progress))

    def _brief(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        from tmux_orch.team import brief

        project = self.project(request, body.get("project"))
        seat = brief.of(self.parts, project, str(body.get("agent") or ""))
        if body.get("print"):
            page = brief.shown(self.parts, project, seat)
            reply.result({"agent": seat.name, "page": page})
        else:
            told = brief.again(self.parts, project, seat)
            reply.result({"agent": seat.name, "message": told})

    def _explain(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        from tmux_orch.team import explain

        project = self.project(request, body.get("project"))
        seat = stop.chosen(self.parts, project, [str(body.get("agent") or "")])[0]
        reply.result(explain.explain(self.parts, seat))

    def _peek(self, request: Request, body: Mapping[str, Any], reply: Reply) -> None:
        from tmux_orch.team import peek

        project = self.project(request, body.get("project"))
        seat = stop.chosen(self.parts, project, [str(body.get("agent") or "")])[0]
        sender = self.parts.board.who(request.peer.pid)
        reply.result(peek.peek(self.parts, project, seat, body.get("lines"), sender))

    def _usage(self, project: Project, body: Mapping[str, Any]) -> Mapping[str, Any]:
        from tmux_orch.team import usage

        return usage.table(self.parts, project, body.get("days", 7))

    def _boot_plan(self, _request: Request, _body: Mapping[str, Any], reply: Reply) -> None:
        reply.result(self.after_boot.plan())

    def _ping(self, _request: Request, _body: Mapping[str, Any], reply: Reply) -> None:
        reply.result(dict(self.about))

    def _shutdown(self, _request: Request, _body: Mapping[str, Any], reply: Reply) -> None:
        reply.result({"stopping": True})
        self.shutdown()
