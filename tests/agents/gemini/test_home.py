"""The seat's home for the program: the person's things, our hooks, and nobody's files touched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.agents.conformance import berth_in, tree
from tmux_orch.agents.adapter import Berth, Program
from tmux_orch.agents.gemini import home
from tmux_orch.agents.gemini.adapter import Gemini
from tmux_orch.domain.errors import BadInput

PROGRAM = Program("gemini", "/opt/gemini", "0.61.0")


@pytest.fixture
def berth(tmp_path: Path) -> Berth:
    return berth_in(tmp_path)


def theirs(berth: Berth) -> Path:
    place = Path(berth.environment["HOME"], ".gemini")
    place.mkdir(exist_ok=True)
    return place


def test_the_persons_settings_stay_and_our_hooks_come_after_his(berth: Berth) -> None:
    (theirs(berth) / "settings.json").write_text(
        '{"hooks": {"AfterAgent": [{"hooks": [{"type": "command", "command": "say //no"}]}]},\n'
        ' /* mine */ "general": {"vimMode": true}, // and this\n "model": {"name": "m"}}'
    )
    Gemini().start(berth, PROGRAM, "x")
    found = json.loads((home.directory(berth) / "settings.json").read_text())
    assert found["model"] == {"name": "m"}
    assert found["general"] == {
        "vimMode": True, "enableAutoUpdate": False, "enableAutoUpdateNotification": False
    }  # fmt: skip
    commands = [one["hooks"][0]["command"] for one in found["hooks"]["AfterAgent"]]
    assert commands == ["say //no", f"'{berth.hook}'"]


def test_settings_that_cannot_be_read_are_bad_input_and_nothing_is_written(berth: Berth) -> None:
    (theirs(berth) / "settings.json").write_text('{"model": ')
    before = tree(berth.private)
    with pytest.raises(BadInput, match=r"settings\.json"):
        Gemini().start(berth, PROGRAM, "x")
    assert {k for k in tree(berth.private) if "gemini-home" in k} == set()
    assert all(tree(berth.private)[path] == data for path, data in before.items())


def test_the_persons_things_are_linked_and_conversations_are_the_seats_own(berth: Berth) -> None:
    place = theirs(berth)
    for name in ("oauth_creds.json", "GEMINI.md", "projects.json"):
        (place / name).write_text(name)
    (place / "extensions").mkdir()
    (place / "tmp").mkdir()
    Gemini().start(berth, PROGRAM, "x")
    own = home.directory(berth)
    assert (own / "oauth_creds.json").resolve() == place / "oauth_creds.json"
    assert (own / "extensions").resolve() == place / "extensions"
    assert not (own / "projects.json").exists()
    assert not (own / "tmp").exists()
    # What the program wrote in a link's place stays; what the person removed goes.
    (own / "GEMINI.md").unlink()
    (own / "GEMINI.md").write_text("the program's")
    (place / "oauth_creds.json").unlink()
    Gemini().resume(berth, PROGRAM, "x")
    assert (own / "GEMINI.md").read_text() == "the program's"
    assert not (own / "oauth_creds.json").is_symlink()


def test_trust_is_written_only_on_the_persons_word_and_stays_with_the_seat(berth: Berth) -> None:
    (theirs(berth) / "trustedFolders.json").write_text('{"/other": "TRUST_FOLDER"}')
    before = tree(theirs(berth))
    trusted = home.directory(berth) / "trustedFolders.json"
    launch = Gemini().start(berth, PROGRAM, "x")
    assert json.loads(trusted.read_text()) == {"/other": "TRUST_FOLDER"}
    assert "GEMINI_CLI_NO_RELAUNCH" not in launch.environment
    Gemini().start(replace(berth, trusted=True), PROGRAM, "x")
    launch = Gemini().resume(berth, PROGRAM, "x")
    assert json.loads(trusted.read_text())[str(berth.worktree)] == "TRUST_FOLDER"
    assert launch.environment["GEMINI_CLI_NO_RELAUNCH"] == "true"
    assert tree(theirs(berth)) == before


def test_a_mode_that_the_program_does_not_have_is_bad_input(berth: Berth) -> None:
    with pytest.raises(BadInput, match="dontAsk"):
        Gemini().start(replace(berth, permission_mode="dontAsk"), PROGRAM, "x")
    assert not home.place(berth).exists()
