"""Teams of real agent programs against a stand-in of their model's service."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real_programs.house import Team, program_directory
from tests.standin.other_standins import State, make_server

CODEX = "0.169.0"
GEMINI = "0.61.0"


@pytest.fixture(scope="package")
def api() -> Iterator[tuple[str, State]]:
    """The stand-in of the model services: its address and what it has seen."""
    server = make_server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", server.state
    server.shutdown()
    server.server_close()


def codex_team(
    api: tuple[str, State],
    *,
    trusted: bool = True,
    roles: tuple[str, ...] = ("orchestrator", "developer"),
) -> Team:
    """A team of Codex agents, not started, with a configuration of its own."""
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    home = root / "codex home"
    home.mkdir(mode=0o700)
    trust = f'[projects."{root}/project"]\ntrust_level = "trusted"\n' if trusted else ""
    (home / "config.toml").write_text(
        'model = "standin-model"\nmodel_provider = "standin"\n'
        '[model_providers.standin]\nname = "standin"\nwire_api = "responses"\n'
        f'base_url = "{api[0]}/v1"\nenv_key = "OPENAI_API_KEY"\n{trust}'
    )
    variables = {"CODEX_HOME": str(home), "OPENAI_API_KEY": "dummy"}
    directory = program_directory("codex", CODEX)
    return Team(root, "codex", directory, variables, api[1], roles=roles)


def gemini_team(api: tuple[str, State]) -> Team:
    """A team of Gemini CLI agents, not started; its home is the person's."""
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    theirs = root / "home" / ".gemini"
    theirs.mkdir(mode=0o700, parents=True)
    (theirs / "settings.json").write_text(
        '{"security": {"auth": {"selectedType": "gemini-api-key"}}, // comments are allowed\n'
        ' "model": {"name": "gemini-standin"}}'
    )
    variables = {"GEMINI_API_KEY": "dummy", "GOOGLE_GEMINI_BASE_URL": api[0]}
    directory = program_directory("gemini", GEMINI)
    # One agent: two that start at once take 18 s on two cores.
    return Team(root, "gemini", directory, variables, api[1], roles=("orchestrator",))
