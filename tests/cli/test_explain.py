"""``explain`` over saved screens without a daemon, and of a live agent as the daemon tells it."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.eval_limits import CORPUS, by_reader, entries
from tmux_orch.cli import failure
from tmux_orch.cli.main import _run

LIMIT = "⏺ on it\n\n  ⎿  You’ve hit your limit · resets 8pm (Asia/Tokyo)\n     /upgrade for more\n"
NOW = ("--now", "2026-04-10T12:00:00+02:00")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMUX_ORCH_REGISTRY", str(tmp_path / "reg"))
    files = {
        "limit.txt": LIMIT.encode(), "empty.txt": b"", "blank.txt": b" \n\n", "nul.txt": b"a\0b",
        "latin1.txt": b"caf\xe9 ferm\xe9", "utf16.txt": "screen".encode("utf-16"),
        "huge.txt": b"x" * 5_000_000,
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dir").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


@pytest.fixture
def explain(place, monkeypatch, capsys):
    def run(*argv: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tmux-orch", "explain", *argv])
        code = failure.guarded("tmux-orch", _run)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_a_saved_screen_gives_the_five_fields(explain, place):
    code, out, err = explain("--screen", "limit.txt", "--agent", "claude", *NOW, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "state": "unknown",
        "condition": "usage_limit",
        "rule": "claude.limit",
        "reset_at": "2026-04-10T11:00:00+00:00",
        "evidence": "You've hit your limit · resets 8pm (Asia/Tokyo) /upgrade for more",
    }
    assert not (place / "reg").exists()


def test_a_person_reads_it_in_a_few_lines(explain):
    _, out, _ = explain("--screen", "limit.txt", "--agent", "claude", *NOW)
    assert out.splitlines() == [
        "state      unknown",
        "condition  usage_limit",
        "rule       claude.limit",
        "reset_at   2026-04-10T11:00:00+00:00",
        "evidence   You've hit your limit · resets 8pm (Asia/Tokyo) /upgrade for more",
    ]


def test_the_zone_is_the_programs_when_the_screen_names_none(explain, place):
    (place / "screen").write_text("5-hour limit reached ∙ resets 3pm\n")
    argv = ("--screen", "screen", "--agent", "claude", *NOW, "--json")
    for zone, expected in (
        ((), "2026-04-10T13:00:00+00:00"),
        (("--tz", "America/New_York"), "2026-04-10T19:00:00+00:00"),
    ):
        assert json.loads(explain(*argv, *zone)[1])["reset_at"] == expected


@pytest.mark.parametrize("program", ["codex", "copilot", "claude-web", "rehearsal"])
def test_every_program_of_which_something_is_known_can_be_asked(explain, program):
    assert explain("--screen", "limit.txt", "--agent", program, *NOW)[0] == 0


def test_the_command_reads_as_the_reader_does(explain, place):
    for entry in entries(CORPUS)[:20]:
        (place / "screen").write_text(entry["text"])
        argv = ("--screen", "screen", "--agent", entry["cli"], "--now", entry["now"])
        shown = json.loads(explain(*argv, "--tz", entry["tz"], "--json")[1])
        found = by_reader(entry)
        assert shown["condition"] == found.condition
        assert shown["reset_at"] == (found.reset_at.isoformat() if found.reset_at else None)


def test_no_escape_of_a_screen_reaches_the_terminal(explain, place):
    (place / "screen").write_text(
        "  ⎿  You've hit your limit · resets 8pm \x1b]0;x\x07\x1b[31m\x9b2J\u202e\n"
    )
    out = explain("--screen", "screen", "--agent", "claude", *NOW)[1]
    assert "usage_limit" in out
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out)


SCREEN = ("--screen", "limit.txt")
CLAUDE = ("--agent", "claude")
BAD = [
    (), ("developer", *SCREEN, *CLAUDE), SCREEN, (*SCREEN, "--agent", ""),
    (*SCREEN, "--agent", "cobol"), (*SCREEN, "--agent", "../claude"),
    (*SCREEN, "--agent", "common"), (*SCREEN, *CLAUDE, "--project", "x"),
    (*SCREEN, *CLAUDE, "--tz", "Mars/Olympus"),
    (*SCREEN, *CLAUDE, "--tz", ""), (*SCREEN, *CLAUDE, "--tz", "../../etc/passwd"),
    (*SCREEN, *CLAUDE, "--tz", "Europe"), (*SCREEN, *CLAUDE, "--now", "yesterday"),
    (*SCREEN, *CLAUDE, "--now", ""), (*SCREEN, *CLAUDE, "--now", "9999-12-31T23:00:00+00:00"),
    (*SCREEN, *CLAUDE, "--now", "0001-01-01"), ("--screen", "missing.txt", *CLAUDE),
    ("--screen", "", *CLAUDE), ("--screen", "dir", *CLAUDE), ("--screen", "fifo", *CLAUDE),
    ("--screen", "loop", *CLAUDE), ("--screen", "/dev/zero", *CLAUDE),
    ("--screen", "latin1.txt", *CLAUDE), ("--screen", "utf16.txt", *CLAUDE),
    ("--screen", "nul.txt", *CLAUDE), ("--screen", "empty.txt", *CLAUDE),
    ("--screen", "blank.txt", *CLAUDE), ("--screen", "huge.txt", *CLAUDE),
    ("--screen", "x" * 5000, *CLAUDE), ("--screen", "a\0b", *CLAUDE),
    ("developer", "--title", "x"), ("developer", *NOW), ("developer", "--tz", "UTC"),
    ("developer", *CLAUDE), ("--bogus",), ("a", "b"),
]  # fmt: skip


@pytest.mark.parametrize("argv", BAD, ids=lambda argv: " ".join(argv)[:40].replace("\0", "0"))
def test_bad_input_is_one_line_and_code_2(explain, place, argv):
    code, out, err = explain(*argv)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not (place / "reg").exists()


ROW = {
    "source": "hook",
    "state": "idle",
    "at": "2026-01-02T03:04:05+00:00",
    "rule": "claude.hook.Stop",
    "detail": "",
    "until_at": None,
    "decided": True,
}
ANSWER = {
    "agent": "developer",
    "state": "idle",
    "state_since_at": "2026-01-02T03:04:05+00:00",
    "evidence": "hook: claude.hook.Stop",
    "conflict": "screen: claude.busy (✻ Working…)",
    "readings": [
        ROW,
        ROW
        | {
            "source": "screen",
            "state": "working",
            "rule": "claude.busy",
            "detail": "✻ Working… (3s)\x1b[2J " + "x" * 200,
            "decided": False,
            "until_at": "2026-01-02T05:00:00+00:00",
        },
        ROW | {"source": "git", "state": None, "rule": "git.head", "decided": False},
    ],
}


def test_who_is_sent_nothing_is_explained_with_the_reason_and_ends_stand_in_line(served):
    end = {"at": "2026-01-02T03:04:05+00:00", "words": "was ended by SIGKILL", "screen": ""}
    served.answers["explain"] = ANSWER | {"held": "held until 14:32 (by a person)", "ends": [end]}
    done = served.run("tmux-orch", "explain", "developer", "--project", "p")
    assert "sent      nothing: held until 14:32 (by a person)\n" in done.out
    assert "\nended     " in done.out


def test_a_live_agent_is_explained_in_80_columns(served):
    served.answers["explain"] = ANSWER
    done = served.run("tmux-orch", "explain", "developer", "--project", "p", env={"COLUMNS": "80"})
    assert done.code == 0, done.both
    assert served.asked == [("explain", {"project": "p", "agent": "developer"})]
    lines = done.out.splitlines()
    assert lines[0].startswith("developer: idle since ")
    assert "against   screen: claude.busy" in done.out
    assert max(len(line) for line in lines if not line.startswith(("because", "against"))) <= 80
    assert [line[0] for line in lines[5:]] == ["*", " ", " "]
    assert "\x1b" not in done.out


def test_the_daemons_answer_is_printed_whole_as_json(served):
    served.answers["explain"] = ANSWER
    done = served.run("tmux-orch", "explain", "developer", "--json")
    assert json.loads(done.out) == ANSWER
