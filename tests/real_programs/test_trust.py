"""The question about a folder's trust, and the person's word for it, with the real programs."""

from __future__ import annotations

import pytest

from tests.real_programs.conftest import codex_team, gemini_team
from tests.standin.other_standins import State

pytestmark = [pytest.mark.real_programs, pytest.mark.timeout(180)]


def test_an_untrusted_folder_is_asked_about_and_the_persons_word_answers_it(
    api: tuple[str, State],
) -> None:
    made = codex_team(api, trusted=False, roles=("orchestrator",))
    try:
        asked = made.start(check=False)
        assert asked.returncode == 1
        assert "Trust this folder?" in asked.stdout + asked.stderr
        agent = made.agent("orchestrator")
        assert agent["state"] == "needs_trust", agent
        made.place.run("tmux-orch", "stop", "--yes", "--checkpoint", "0")
        config = made.root / "codex home" / "config.toml"
        before = config.read_text()
        made.place.run("auto-orchestrate", "--resume", "--trust", timeout=60)
        made.await_state("orchestrator", "idle")
        assert "trust_level" not in config.read_text().removeprefix(before)
    finally:
        made.close()


@pytest.mark.full
def test_gemini_asks_about_a_folder_and_waits(api: tuple[str, State]) -> None:
    made = gemini_team(api)
    try:
        # On a loaded machine it takes its first prompt before it asks: then the start counts.
        assert made.start(check=False).returncode in (0, 1)
        made.await_state("orchestrator", "needs_trust")
        made.place.run("tmux-orch", "stop", "--yes", "--checkpoint", "0")
        made.place.run("auto-orchestrate", "--resume", "--trust", timeout=90)
        made.await_state("orchestrator", "idle")
    finally:
        made.close()
