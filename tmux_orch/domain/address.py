"""Whom a message is for: what a person may type as TARGET, and the one agent it means.

``developer`` · ``pm`` (alias) · ``developer:0`` · ``shop:developer`` · ``shop:developer.0`` ·
``shop/developer`` · ``%3``. Names are matched whole, never by prefix: tmux's own matching sends a
message for ``dev`` to ``developer`` and reports success (measured on 3.3a).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.names import NAME, agent_key
from tmux_orch.domain.sanitise import printable

_PANE = re.compile(r"%(0|[1-9][0-9]{0,8})")
_WINDOW = re.compile(
    r"(?P<window>[A-Za-z0-9_-][A-Za-z0-9 _-]{0,40})(?:\.(?P<pane>0|[1-9][0-9]{0,3}))?"
)
_FORMS = "an agent, a role or its alias, PROJECT/AGENT, SESSION:WINDOW or a pane like %3"


@dataclass(frozen=True, slots=True)
class Address:
    """A target taken apart; exactly one of ``pane_id`` and ``name`` is set.

    Attributes:
        pane_id: ``%3``.
        project: What stood before ``/``, else ``None``.
        name: Agent, role or alias; before ``:`` it may also be a session (project) name.
        window: What stood after ``:``, else ``None``.
        pane: Pane number after the window's dot, else ``None``.
    """

    pane_id: str | None = None
    project: str | None = None
    name: str = ""
    window: str | None = None
    pane: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """One agent that may be meant.

    Attributes:
        project, name: Its key.
        role: Its role.
        aliases: Aliases of that role.
        window: Name of its tmux window; may be empty.
        slot: Its stable number in the team, which ``SESSION:NUMBER`` means.
        pane_id: Its pane now; empty when none.
    """

    project: str
    name: str
    role: str
    aliases: tuple[str, ...] = ()
    window: str = ""
    slot: int = -1
    pane_id: str = ""

    @property
    def key(self) -> str:
        """``project/name``."""
        return agent_key(self.project, self.name)


def parse(target: str) -> Address:
    """``target`` taken apart, without looking whether it exists. Case does not matter.

    Raises:
        BadInput: it has none of the forms.
    """
    text = target.strip()
    if _PANE.fullmatch(text):
        return Address(pane_id=text)
    before, colon, after = text.partition(":")
    project, slash, name = before.rpartition("/")
    window = _WINDOW.fullmatch(after) if colon else None
    parts = [name.lower(), *([project.lower()] if slash else [])]
    if not all(NAME.fullmatch(part) for part in parts) or (colon and window is None):
        raise BadInput(f"'{printable(target)}' is not a target", f"give {_FORMS}")
    return Address(
        project=project.lower() if slash else None,
        name=name.lower(),
        window=window["window"] if window else None,
        pane=int(window["pane"]) if window and window["pane"] else None,
    )


def home(sender: str | None, directory: str | None, live: Sequence[str]) -> str | None:
    """The project a bare name belongs to: the sender's, the directory's, the only live one."""
    if sender or directory:
        return sender or directory
    return live[0] if len(live) == 1 else None


def resolve(address: Address, known: Iterable[Known], project: str | None) -> Known:
    """The one agent that is meant.

    Args:
        address: From :func:`parse`.
        known: Every agent of every project that may be addressed.
        project: The project of a bare name, from :func:`home`; ``None`` when there is none.

    Raises:
        BadInput: none or several are meant; the candidates are named.
    """
    agents = list(known)
    if address.pane_id is not None:
        return _only(
            [a for a in agents if a.pane_id == address.pane_id],
            f"no agent runs in pane {address.pane_id}", agents,
        )  # fmt: skip
    if address.window is not None:
        return _only(_windowed(address, address.window, agents, project), _nobody(address), agents)
    scope = address.project or project
    if scope is None:
        return _anywhere(address, agents)
    team = [a for a in agents if a.project == scope]
    if address.project is not None and not team:
        projects = sorted({a.project for a in agents})
        raise BadInput(f"no team is known for project {scope}", _choose(projects, "there is none"))
    return _only(_called(address.name, team), _nobody(address), team)


def _called(name: str, team: Sequence[Known]) -> list[Known]:
    """Agents called so: by name, else by role, else by alias; each step only when none before."""
    for match in (
        [a for a in team if a.name == name],
        [a for a in team if a.role == name],
        [a for a in team if name in a.aliases],
    ):
        if match:
            return match
    return []


def _windowed(
    address: Address, label: str, agents: Sequence[Known], project: str | None
) -> list[Known]:
    """``session:window`` and ``name:0``; both readings must together leave one agent."""
    if address.pane not in (None, 0):
        return []  # an agent's window has one pane; another one is a person's
    window = label.lower()
    found: dict[str, Known] = {}
    if address.project is None:
        session = [a for a in agents if a.project == address.name]
        by_slot = [a for a in session if window.isdigit() and a.slot == int(window)]
        by_window = [a for a in session if a.window.lower() == window]
        for agent in by_slot or _called(window, session) or by_window:
            found[agent.key] = agent
    scope = address.project or project
    if window == "0" or address.project is not None:
        for agent in _called(address.name, [a for a in agents if a.project == scope]):
            if window in ("0", agent.window.lower(), agent.name):
                found[agent.key] = agent
    return list(found.values())


def _anywhere(address: Address, agents: Sequence[Known]) -> Known:
    """A bare name without a project: an error that names where it could mean something."""
    match = _called(address.name, agents)
    names = sorted(a.key for a in match)
    if not agents:
        raise BadInput(f"there is no agent {address.name}", "no team is known on this machine")
    raise BadInput(
        f"which project's {address.name} is meant cannot be told here",
        _choose(names, f"teams: {', '.join(sorted({a.project for a in agents}))}"),
    )


def _nobody(address: Address) -> str:
    shown = f"{address.project}/{address.name}" if address.project else address.name
    if address.window is not None:
        shown += f":{address.window}" + (f".{address.pane}" if address.pane is not None else "")
    return f"there is no agent {shown}"


def _only(match: Sequence[Known], nobody: str, team: Sequence[Known]) -> Known:
    if len(match) == 1:
        return match[0]
    if match:
        keys = sorted(a.key for a in match)
        raise BadInput(f"{len(match)} agents are meant", _choose(keys, ""))
    keys = sorted(a.key if len({t.project for t in team}) > 1 else a.name for a in team)
    raise BadInput(nobody, _choose(keys, "no agent is known here"))


def _choose(names: Sequence[str], otherwise: str) -> str:
    """The candidates as a next step; long lists are cut, because an error is one line."""
    if not names:
        return otherwise
    more = f" … ({len(names)} in all)" if len(names) > 12 else ""
    return f"use one of: {', '.join(names[:12])}{more}"
