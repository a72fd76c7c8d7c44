"""The adapter for Codex keeps what every adapter keeps, with recordings of the real program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.codex import recorded
from tests.agents.conformance import Conformance, Subject, berth_in
from tmux_orch.agents.adapter import Program
from tmux_orch.agents.codex.adapter import Codex


class TestCodex(Conformance):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        berth = berth_in(tmp_path, permission_mode="default", model="gpt-x")
        return Subject(
            adapter=Codex(),
            program=Program("codex", "/opt/codex", "0.169.0"),
            berth=berth,
            samples=recorded.samples(),
            outside=(tmp_path / "home",),
            names_itself=True,
        )
