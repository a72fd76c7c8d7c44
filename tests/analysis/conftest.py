"""A stand-in of the model API, and the planner's child process run in this one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock

import pytest

from tests.analysis.planning import KEY
from tests.standin.anthropic_standin import State, make_server
from tmux_orch.analysis.planners import anthropic_api


@pytest.fixture(scope="session")
def standin_server() -> Iterator[tuple[str, State]]:
    """The stand-in of the model API: its address and what it has seen."""
    server = make_server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", server.state
    server.shutdown()
    server.server_close()


@pytest.fixture
def standin(standin_server: tuple[str, State]) -> Iterator[State]:
    """The stand-in, with nothing queued and nothing seen."""
    state = standin_server[1]
    state.queue.clear()
    state.requests.clear()
    yield state
    state.queue.clear()


@pytest.fixture
def person(standin_server: tuple[str, State]) -> dict[str, str]:
    """The environment of a person with a key, whose API is the stand-in."""
    return {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": standin_server[0], "HOME": "/nowhere"}


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API is asked by the child's own code, but in this process: it starts in no time."""
    from tmux_orch.analysis.planners import anthropic_child

    def run(request: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
        with mock.patch.dict(os.environ, anthropic_api.child_environment(environ), clear=True):
            return anthropic_child.reply(request)

    monkeypatch.setattr(anthropic_api, "run_child", run)


@pytest.fixture
def said() -> list[str]:
    """Every line of progress."""
    return []


@pytest.fixture
def progress(said: list[str]) -> Callable[[str], None]:
    return said.append
