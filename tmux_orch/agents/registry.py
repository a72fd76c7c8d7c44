"""Which agent programs we know; each adapter is imported when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module

from tmux_orch.agents.adapter import Adapter
from tmux_orch.domain.agent_program import AgentProgram
from tmux_orch.domain.errors import BadInput

_PLACES = {
    "claude": ("tmux_orch.agents.claude.adapter", "Claude"),
    "codex": ("tmux_orch.agents.codex.adapter", "Codex"),
    "gemini": ("tmux_orch.agents.gemini.adapter", "Gemini"),
    "opencode": ("tmux_orch.agents.opencode.adapter", "OpenCode"),
    "rehearsal": ("tmux_orch.agents.rehearsal.adapter", "Rehearsal"),
}


#: The programs that a person described; asked again at each use, so that a change counts at once.
Described = Callable[[], Mapping[str, AgentProgram]]


def _nothing() -> Mapping[str, AgentProgram]:
    return {}


@cache
def _load(name: str) -> Adapter:
    module, kind = _PLACES[name]
    adapter: Adapter = getattr(import_module(module), kind)()
    return adapter


class _Adapters(Mapping[str, Adapter]):
    def __init__(self, described: Described) -> None:
        self._described = described
        self._lock = threading.Lock()
        self._made: dict[str, tuple[AgentProgram, Adapter]] = {}

    def __contains__(self, name: object) -> bool:
        return name in _PLACES or name in self._all()

    def __getitem__(self, name: str) -> Adapter:
        if name in _PLACES:
            return _load(name)
        with self._lock:
            made = self._made.get(name)
        try:
            program = self._all().get(name)
            if program is not None:
                return made[1] if made and made[0] is program else self._make(program)
            fault = "it is not described any more"
        except BadInput as error:
            fault = error.line()
        if made is not None:
            return made[1]
        if self._described is _nothing:
            raise KeyError(name)
        return self._make(AgentProgram(name, fault=fault))

    def __iter__(self) -> Iterator[str]:
        return iter((*_PLACES, *self._all()))

    def __len__(self) -> int:
        return len(_PLACES) + len(self._all())

    def _all(self) -> Mapping[str, AgentProgram]:
        found = self._described()
        for name in found.keys() & _PLACES.keys():
            raise BadInput(f"{found[name].place()}: we know this program ourselves", "rename it")
        return found

    def _make(self, program: AgentProgram) -> Adapter:
        from tmux_orch.agents.command.adapter import Command

        adapter = Command(program)
        with self._lock:
            self._made[program.name] = (program, adapter)
        return adapter


def adapters(described: Described = _nothing) -> Mapping[str, Adapter]:
    """All adapters by name. Listing the names imports none of them.

    An agent of a program that is described no more, or by a file that is broken since, keeps the
    adapter it had; without one it gets an adapter that only says so and never types.

    Args:
        described: The programs that a person described; may raise ``BadInput``.
    """
    return _Adapters(described)


def adapter(name: str, described: Described = _nothing) -> Adapter:
    """The adapter called ``name``.

    Raises:
        BadInput: there is none, with the known names; or its description is refused.
    """
    known = adapters(described)
    if name not in known:
        raise BadInput(f"unknown agent program {name!r}", f"known are: {', '.join(known)}")
    return known[name]
