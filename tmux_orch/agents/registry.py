"""Which agent programs we know; each adapter is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from tmux_orch.agents.adapter import Adapter
from tmux_orch.domain.errors import BadInput

_PLACES = {
    "claude": ("tmux_orch.agents.claude.adapter", "Claude"),
    "codex": ("tmux_orch.agents.codex.adapter", "Codex"),
    "gemini": ("tmux_orch.agents.gemini.adapter", "Gemini"),
    "opencode": ("tmux_orch.agents.opencode.adapter", "OpenCode"),
    "rehearsal": ("tmux_orch.agents.rehearsal.adapter", "Rehearsal"),
}


@cache
def _load(name: str) -> Adapter:
    module, kind = _PLACES[name]
    adapter: Adapter = getattr(import_module(module), kind)()
    return adapter


class _Adapters(Mapping[str, Adapter]):
    def __getitem__(self, name: str) -> Adapter:
        if name not in _PLACES:
            raise KeyError(name)
        return _load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


def adapters() -> Mapping[str, Adapter]:
    """All adapters by name. Listing the names imports none of them."""
    return _Adapters()


def adapter(name: str) -> Adapter:
    """The adapter called ``name``.

    Raises:
        BadInput: there is none; the known names are given.
    """
    try:
        return adapters()[name]
    except KeyError:
        known = ", ".join(_PLACES)
        raise BadInput(f"unknown agent program {name!r}", f"known are: {known}") from None
