"""Screen rules are listed and checked by the installed command, without a daemon."""

from __future__ import annotations

import json


def test_rules_are_listed_in_eighty_columns(house):
    done = house.run("tmux-orch", "rules", "list", "claude")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["RULE", "STATE", "PRIORITY", "LOOKS", "AT"]
    assert any(line.startswith("claude.dialog.permission") for line in lines)
    assert max(map(len, lines)) <= 80
    assert house.started_nothing()


def test_shipped_rules_are_checked_from_where_they_are_installed(house):
    for program in ("claude", "codex", "gemini", "opencode", "rehearsal"):
        done = house.run("tmux-orch", "rules", "check", program, "--json")
        assert done.code == 0, done.err
        found = json.loads(done.out)
        assert found["program"] == program
        assert all(rule["screens"] for rule in found["rules"])


def test_a_bad_file_is_one_line_and_code_2(house, tmp_path):
    file = tmp_path / "claude.toml"
    file.write_text('program = "claude"\n[[rule]]\nid = "a"\nstate = "sleepy"\n')
    done = house.run("tmux-orch", "rules", "check", str(file))
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert f"{file}:2: rule 'a': unknown state 'sleepy'" in done.err
    assert house.run("tmux-orch", "rules", "check", "absent.toml").code == 2
    assert house.run("tmux-orch", "rules", "list", "hal").code == 2
