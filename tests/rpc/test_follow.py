"""Following over the daemon's end: who starts the next one, from where, and what is said."""

from __future__ import annotations

import pytest

from tmux_orch.domain.errors import Refused, Unreachable
from tmux_orch.rpc import client, follow


class Over(Exception):
    """The script has been played."""


def play(monkeypatch, *answers, again_s=0.0):
    """Follow a daemon that answers so, one after the other; what was asked, told and said."""
    asked, told, said, left = [], [], [], list(answers)

    def call(verb, body, *, on_progress, start_daemon, again, environ):
        assert again is False  # it would be told what was told already
        asked.append((dict(body), start_daemon))
        if not left:
            raise Over
        frames, end = left.pop(0)
        for frame in frames:
            on_progress({"seq": frame})
        if end is not None:
            raise end
        return {}

    monkeypatch.setattr(client, "call", call)
    monkeypatch.setattr(follow, "AGAIN_S", again_s)
    with pytest.raises((Over, Refused, Unreachable)) as ended:
        follow.follow(
            "log", lambda: {"since": told[-1] if told else None},
            lambda frame: told.append(frame["seq"]), away=said.append,
        )  # fmt: skip
    return asked, told, said, ended.type


DIED = client.Gone("the daemon ended while it worked", "ask again", died=True)
ABSENT = client.Gone("the daemon is not running", "start it")
SILENT = client.Gone("the daemon does not answer", "see doctor")


def test_it_goes_on_after_the_last_frame_it_was_told(monkeypatch):
    asked, told, _, _ = play(monkeypatch, ([1, 2], DIED), ([3], None), ([], ABSENT), ([4], None))
    assert told == [1, 2, 3, 4]
    assert [body["since"] for body, _ in asked] == [None, 2, 3, 3, 4]


def test_a_daemon_that_died_is_started_and_one_that_ended_of_itself_is_waited_for(monkeypatch):
    asked, _, _, _ = play(
        monkeypatch, ([1], DIED), ([2], None), ([], ABSENT), ([], ABSENT), ([3], DIED), ([], SILENT)
    )
    assert [start for _, start in asked] == [True, True, False, False, False, True, False]


def test_why_nothing_comes_is_said_once_each_time(monkeypatch):
    _, _, said, _ = play(
        monkeypatch, ([1], None), ([], ABSENT), ([], ABSENT), ([2], DIED), ([3], SILENT)
    )
    assert [one.split(";")[0] for one in said] == [
        "the daemon has ended", "the daemon died", "the daemon does not answer",
    ]  # fmt: skip


def test_a_daemon_that_dies_again_and_again_is_started_ever_more_rarely(monkeypatch):
    waits = []
    pause = type("Pause", (), {"wait": lambda _self, seconds: waits.append(seconds)})
    monkeypatch.setattr(follow.threading, "Event", pause)
    play(monkeypatch, *[([], DIED)] * 9, ([1], DIED), ([], DIED), again_s=0.5)
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 32, 32, 0.5, 1]


@pytest.mark.parametrize("error", [Refused("not yours"), Unreachable("it is newer")])
def test_what_waiting_cannot_help_ends_it(monkeypatch, error):
    assert play(monkeypatch, ([], error))[3] is type(error)
