"""The adapter for Claude Code keeps what every adapter keeps, with recordings of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.claude import recorded
from tests.agents.conformance import Conformance, Subject, berth_in
from tmux_orch.agents.adapter import Program
from tmux_orch.agents.claude.adapter import Claude


class TestClaude(Conformance):
    @pytest.fixture(params=recorded.VERSIONS)
    def subject(self, request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
        berth = berth_in(tmp_path, permission_mode="default", model="sonnet")
        return Subject(
            adapter=Claude(),
            program=Program("claude", "/opt/claude/bin/claude", request.param),
            berth=berth,
            samples=recorded.samples(request.param),
            outside=(tmp_path / "home",),
        )
