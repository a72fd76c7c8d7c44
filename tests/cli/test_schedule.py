"""``tmux-orch schedule``: what is typed, what the daemon is asked, and what a person reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete

from tmux_orch.cli import failure, main, schedule_view, when
from tmux_orch.cli.group import tmux_orch
from tmux_orch.domain.errors import Refused
from tmux_orch.rpc import client

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
LONG = "n" * 2001
BAD = [
    ("bogus",), ("--bogus",), ("in",), ("in", "30"), ("in", "30", ""), ("in", "30", " "),
    ("in", "30", "\x00\x1b"), ("in", "30", LONG), ("in", "30", "a", "b"), ("in", "", "n"),
    ("in", "0", "n"), ("in", "-5", "n"), ("in", "--", "-5", "n"), ("in", "0.5", "n"),
    ("in", "abc", "n"), ("in", "12:30", "n"), ("in", "nan", "n"), ("in", "inf", "n"),
    ("in", "1e3", "n"), ("in", "45s", "n"), ("in", "9" * 400, "n"), ("in", "367d", "n"),
    ("in", "٣٠", "n"), ("in", "30\n", "n"), ("in", "30\x1b[2J", "n"), ("in", "\udcff", "n"),
    ("in", "30", "n", "--to"), ("in", "30", "n", "--to", ""), ("in", "30", "n", "--project", ""),
    ("in", "30", "n", "--catch-up", "twice"), ("in", "30", "n", "--zone", "UTC"),
    ("in", "30", "n", "--json=1"), ("at",), ("at", "14:30"), ("at", "", "n"), ("at", "25:00", "n"),
    ("at", "14", "n"), ("at", "1430", "n"), ("at", "750", "n"), ("at", "12:60", "n"),
    ("at", "13pm", "n"), ("at", "abc", "n"), ("at", "tomorrow", "n"), ("at", "soon", "n"),
    ("at", "tomorrow", "9:00", "n"), ("at", "14:30", "Europe/Berlin", "n"),
    ("at", "2020-01-01 9:00", "n"), ("at", "2099-01-01 9:00", "n"), ("at", "2026-02-30 9:00", "n"),
    ("at", "14:30 Mars/Base", "n"), ("at", "14:30", "n", "--zone", "Mars/Base"),
    ("at", "14:30", "n", "--zone", ""), ("at", "14:30", "n", "--zone", "../../etc/passwd"),
    ("at", "１４:30", "n"), ("at", "9pm\x07", "n"), ("at", "14:30", ""), ("every",),
    ("every", "45m"), ("every", "0", "n"), ("every", "4m", "n"), ("every", "1", "n"),
    ("every", "-45m", "n"), ("every", "daily", "n"), ("every", "14:30", "n"),
    ("every", "45m", LONG), ("after-reset",), ("after-reset", ""), ("after-reset", "a", "b"),
    ("after-reset", "n", "--catch-up", "all"), ("list", "extra"), ("list", "--project", ""),
    ("list", "--all"), ("cancel",), ("cancel", ""), ("cancel", " "), ("cancel", "a", "b"),
    ("pause",), ("pause", ""), ("pause", "all", "x"), ("pause", "x", "--off"), ("resume",),
    ("resume", ""), ("resume", "a", "b"), ("test", "extra"), ("test", "--to", ""),
    ("test", "--catch-up", "all"),
]  # fmt: skip
REMINDER = {
    "id": "0badcafe", "to": "shop/developer", "by": "shop/developer", "kind": "once",
    "note": "look at the build again", "every_s": None, "catch_up": "once", "state": "open",
    "next_at": None, "made_at": NOW.isoformat(), "rang_at": None, "skips": 0, "reason": "",
}  # fmt: skip


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    fake = Daemon()
    monkeypatch.setattr(client, "call", fake.call)
    monkeypatch.setenv("TZ", "UTC")
    yield fake


class Daemon:
    """Answers what the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: dict[str, Any] | Exception = {}

    def call(self, verb: str, body: dict[str, Any], **_: object) -> dict[str, Any]:
        assert verb == "schedule"
        self.asked.append(body)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def type_(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["tmux-orch", "schedule", *words])
        return failure.guarded("tmux-orch", main._run)

    return type_


def test_there_are_at_least_sixty_cases_of_bad_input() -> None:
    assert len(set(BAD)) >= 80


@pytest.mark.parametrize("words", BAD, ids=lambda words: repr(" ".join(words))[:50])
def test_bad_input_is_one_line_and_the_daemon_is_not_asked(
    words: tuple[str, ...], daemon: Daemon, typed: Any, capsys: Any
) -> None:
    code = typed(*words)
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("tmux-orch")
    assert 20 < len(err) < 400
    assert "\x1b" not in err
    assert "\x07" not in err
    assert daemon.asked == []


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (("in", "14:30", "n"), "tmux-orch schedule at '14:30'"),
        (("in", "tomorrow 9:00", "n"), "tmux-orch schedule at 'tomorrow 9:00'"),
        (("at", "45m", "n"), "tmux-orch schedule in 45m"),
        (("at", "30", "n"), "tmux-orch schedule in 30"),
    ],
)
def test_what_another_part_takes_names_that_part(
    words: tuple[str, ...], step: str, daemon: Daemon, typed: Any, capsys: Any
) -> None:
    assert typed(*words) == 2
    assert capsys.readouterr().err.endswith(f"{step}\n")
    assert daemon.asked == []


def test_a_delay_an_instant_an_interval_and_a_reset_are_asked_for(
    daemon: Daemon, typed: Any, capsys: Any
) -> None:
    daemon.answer = REMINDER | {"next_at": NOW.isoformat()}
    before = datetime.now(UTC)
    assert typed("in", "90m", "look again") == 0
    assert typed("at", "2pm", "look again", "--to", "dev", "--zone", "Asia/Tokyo") == 0
    assert typed("every", "45m", "look\nagain ", "--catch-up", "all", "--project", "shop") == 0
    assert typed("after-reset", "go on", "--to", "shop:dev") == 0
    once, at, every, reset = daemon.asked
    due = datetime.fromisoformat(once["at"])
    assert timedelta(minutes=90) <= due - before < timedelta(minutes=91)
    assert (once["act"], once["kind"], once["to"]) == ("add", "once", None)
    assert once["note"] == "look again"
    assert datetime.fromisoformat(at["at"]).astimezone(UTC).hour == 5
    assert (every["kind"], every["every_s"], every["catch_up"]) == ("every", 2700, "all")
    assert (every["note"], every["project"]) == ("look\nagain", "shop")
    assert (reset["kind"], reset["to"]) == ("after_reset", "shop:dev")
    assert len({one["id"] for one in daemon.asked}) == 4
    assert capsys.readouterr().out.startswith("0badcafe: developer is reminded at ")


def test_without_a_zone_the_time_is_that_of_the_asker(
    daemon: Daemon, typed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.answer = REMINDER | {"next_at": NOW.isoformat()}
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    assert typed("at", "14:30", "n") == 0
    at = datetime.fromisoformat(daemon.asked[0]["at"])
    assert f"{at.astimezone(UTC):%H:%M}" == "08:45"


def test_what_the_daemon_refuses_is_the_answer(daemon: Daemon, typed: Any, capsys: Any) -> None:
    daemon.answer = Refused("other/dev is of another team", "ask the person")
    assert typed("in", "30", "n", "--to", "other/dev") == 4
    assert capsys.readouterr().err == "tmux-orch: other/dev is of another team; ask the person\n"


def listing(**more: Any) -> dict[str, Any]:
    soon = (datetime.now(UTC) + timedelta(minutes=12)).isoformat()
    rows = [
        REMINDER | {"next_at": soon},
        REMINDER | {"kind": "every", "every_s": 2700, "by": "user", "skips": 3, "next_at": soon,
                    "reason": "the one before has not reached it yet",
                    "rang_at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat(),
                    "note": "a very long note " * 30 + "\x1b]52;c;x\x07"},
        REMINDER | {"kind": "after_reset"},
        REMINDER | {"state": "paused"},
    ]  # fmt: skip
    duty = {
        "to": "shop/database-operations-second", "every_s": 5400, "next_at": soon,
        "rang_at": None, "skips": 1, "reason": "its usage limit is reached",
    }  # fmt: skip
    found = {"project": "shop", "reminders": rows, "check_ins": [duty], "check_ins_on": True}
    return found | more


def test_the_list_fits_80_columns_and_says_why_something_was_skipped(
    daemon: Daemon, typed: Any, capsys: Any
) -> None:
    daemon.answer = listing()
    assert typed("list") == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert max(map(len, lines)) <= 100
    assert max(map(len, lines[:6])) <= 80
    assert "(in 12m)" in lines[1]
    assert "45m" in lines[2]
    assert "(user) a very" in lines[2]
    assert "after a limit" in lines[3]
    assert "paused" in lines[4]
    assert lines[5].startswith("check-in")
    assert "0badcafe developer, last skipped: the one before has not reached it yet" in out
    assert "last skipped: its usage limit is reached" in out
    assert "\x1b" not in out
    assert daemon.asked == [{"act": "list", "project": None}]
    assert typed("list", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == {"schema": "tmux-orch/schedule/1", **daemon.answer}


def test_an_empty_list_and_switched_off_check_ins_say_so(
    daemon: Daemon, typed: Any, capsys: Any
) -> None:
    daemon.answer = listing(reminders=[], check_ins=[], check_ins_on=False)
    assert typed("list") == 0
    assert capsys.readouterr().out == (
        "nothing is scheduled in shop\n"
        "check-ins are switched off (check_ins: false in config.yaml)\n"
    )


@pytest.mark.parametrize(
    ("words", "asked", "line"),
    [
        (("cancel", "0badcafe"), {"act": "cancel", "id": "0badcafe"}, "0badcafe: cancelled"),
        (("cancel", "all"), {"act": "cancel", "id": "all"}, "0badcafe: cancelled"),
        (("pause", "0badcafe"), {"act": "pause", "id": "0badcafe"}, "0badcafe: paused"),
        (("resume", " 0badcafe "), {"act": "resume", "id": "0badcafe"}, ": rings again at "),
    ],
)
def test_a_reminder_is_ended_or_rests(
    words: tuple[str, ...], asked: dict[str, str], line: str,
    daemon: Daemon, typed: Any, capsys: Any,
) -> None:  # fmt: skip
    daemon.answer = {"reminders": [REMINDER | {"next_at": NOW.isoformat()}]}
    assert typed(*words) == 0
    out = capsys.readouterr().out
    assert line in out
    assert out.endswith("(developer: look at the build again)\n")
    assert daemon.asked == [asked | {"project": None}]
    daemon.answer = {"reminders": []}
    assert typed("cancel", "all") == 0
    assert capsys.readouterr().out == "there was nothing to end\n"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"message": "1a2b3c4d", "state": "delivered"}, "works: the note for developer is message "
         "1a2b3c4d, and it was delivered"),
        ({"message": "1a2b3c4d", "state": "held", "own": True}, "it arrives when this turn has "
         "ended (tmux-orch messages developer)"),
        ({"message": "1a2b3c4d", "state": "held", "reason": "exited", "exit_code": 1},
         "but it is held: exited"),
        ({"reason": "it did not ring within 20 s", "exit_code": 1},
         "the schedule does not work for developer: it did not ring within 20 s"),
    ],
)  # fmt: skip
def test_the_test_says_what_became_of_its_note(
    found: dict[str, Any], said: str, daemon: Daemon, typed: Any, capsys: Any
) -> None:
    blank = {"to": "shop/developer", "own": False, "message": "", "state": "", "reason": ""}
    daemon.answer = blank | {"exit_code": 0} | found
    assert typed("test", "--to", "developer") == daemon.answer["exit_code"]
    assert said in capsys.readouterr().out


def test_ids_are_completed_by_a_daemon_that_runs(daemon: Daemon) -> None:
    daemon.answer = listing()

    def complete(*words: str) -> set[str]:
        shell = ShellComplete(tmux_orch, {}, "tmux-orch", "_X")
        return {str(item.value) for item in shell.get_completions(["schedule", *words], "")}

    assert complete("cancel") == {"0badcafe", "all"}
    assert complete("pause") == complete("resume") == {"0badcafe"}
    assert {"in", "at", "every", "after-reset", "list"} < complete()
    daemon.answer = Refused("no")
    assert complete("cancel") == set()


def test_every_part_explains_itself_in_80_columns() -> None:
    group = tmux_orch.get_command(click.Context(tmux_orch), "schedule")
    assert isinstance(group, click.Group)
    for command in (group, *group.commands.values()):
        context = click.Context(command, info_name=command.name, terminal_width=78)
        text = command.get_help(context)
        assert max(map(len, text.splitlines())) <= 80
        assert command.help
        if command is not group:
            assert "--json" in text
            assert command.get_short_help_str(60).rstrip(".") in " ".join(text.split())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "now"), (0, "now"), (42, "in 42s"), (61, "in 1m"), (1799, "in 30m"), (3570, "in 1h"),
     (5400, "in 1h30m"), (86400 * 3, "in 3d")],
)  # fmt: skip
def test_how_long_until_then(seconds: int, said: str) -> None:
    assert when.ahead((NOW + timedelta(seconds=seconds)).isoformat(), NOW).endswith(f"({said})")
    assert when.ahead("x") == "-"


def test_lengths_are_shown_as_they_may_be_typed() -> None:
    shown = [schedule_view.lasting(s) for s in (300, 2700, 5400, 86400, 90061, 0)]
    assert shown == ["5m", "45m", "1h30m", "1d", "1d1h1m1s", "0s"]
