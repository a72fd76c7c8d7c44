"""Finding the program: what is there, what is not, and what only looks like it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tmux_orch.agents import installed
from tmux_orch.agents.claude import program
from tmux_orch.domain.errors import BadInput


def install(place: Path, body: str, name: str = "claude") -> dict[str, str]:
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(f"#!/bin/sh\n{body}\n")
    (place / name).chmod(0o755)
    return {"PATH": f"{place}:{os.defpath}", "HOME": str(place)}


@pytest.mark.parametrize("version", ["2.1.197", "2.1.329", "2.2.0", "3.0.1"])
def test_the_program_is_found_with_its_version(tmp_path: Path, version: str) -> None:
    environment = install(tmp_path / "bin dir", f"echo '{version} (Claude Code)'")
    found = program.locate(environment)
    assert (found.adapter, found.version) == ("claude", version)
    assert found.path == str(tmp_path / "bin dir" / "claude")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo '2.1.196 (Claude Code)'", "too old"),
        ("echo '1.0.128 (Claude Code)'", "too old"),
        ("echo '9.9.9 of another program'", "could not be read"),
        ("echo '2.1.329 (Claude Code)'; exit 3", "could not be read"),
        ("echo 'node: bad option' >&2; exit 9", "node: bad option"),
        ("printf ''", "could not be read"),
    ],
)
def test_a_program_that_will_not_do_is_bad_input_with_a_remedy(
    tmp_path: Path, body: str, said: str
) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        program.locate(install(tmp_path, body))
    assert caught.value.next_step


def test_a_program_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "VERSION_DEADLINE_S", 0.2)
    with pytest.raises(BadInput, match="did not answer"):
        program.locate(install(tmp_path, "exec tail -f /dev/null"))


def test_a_file_that_may_not_run_and_a_directory_are_no_program(tmp_path: Path) -> None:
    environment = install(tmp_path / "a", "echo '2.1.329 (Claude Code)'")
    (tmp_path / "a" / "claude").chmod(0o644)
    (tmp_path / "b" / "claude").mkdir(parents=True)
    with pytest.raises(BadInput, match="not on PATH"):
        program.locate({**environment, "PATH": f"{tmp_path}/a:{tmp_path}/b"})


@pytest.mark.parametrize("path", ["", ":", ".", "bin", "bin::", "~/bin"])
def test_a_relative_entry_of_path_never_runs_a_file_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    install(tmp_path / "bin", "echo '2.1.329 (Claude Code)'")
    install(tmp_path, "echo '2.1.329 (Claude Code)'")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="not on PATH"):
        program.locate({"PATH": path, "HOME": str(tmp_path)})


def test_the_version_is_asked_in_the_seats_environment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCH_LEAK", "yes")
    environment = install(tmp_path, 'echo "2.1.329 (Claude Code)"; [ -z "$ORCH_LEAK" ]')
    assert program.locate(environment).version == "2.1.329"
