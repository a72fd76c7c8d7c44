"""Which team a request may be about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tmux_orch.domain.errors import Refused
from tmux_orch.verbs import Verbs


def asked(sender: str | None, about: str) -> str:
    """The project that ``sender`` is told about when the request means ``about``."""
    verbs: Any = SimpleNamespace(
        parts=SimpleNamespace(board=SimpleNamespace(who=lambda _pid: sender)),
        _meant=lambda _request, name: SimpleNamespace(name=name),
    )
    request: Any = SimpleNamespace(peer=SimpleNamespace(pid=1))
    return Verbs.project(verbs, request, about).name


def test_an_agent_asks_about_its_own_team_only_and_the_person_about_every_one() -> None:
    assert asked("shop/developer", "shop") == "shop"
    assert asked(None, "other") == "other"
    with pytest.raises(Refused, match="other is another team than that of shop/developer"):
        asked("shop/developer", "other")
