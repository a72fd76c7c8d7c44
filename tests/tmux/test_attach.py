"""A person's terminal on a team: also from inside tmux, and the windows' size while he looks."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tmux.conftest import spec, wait_for
from tests.tmux.terminal import Terminal
from tmux_orch.tmux.attach import attach_argv
from tmux_orch.tmux.panes import observe
from tmux_orch.tmux.server import Server
from tmux_orch.tmux.windows import Opened, open_windows


@pytest.fixture
def team(server: Server, short_path: Path) -> list[Opened]:
    return open_windows(
        server, [spec(short_path, "/bin/cat", agent=name) for name in ("one", "two", "three")]
    )


def sizes(server: Server) -> list[tuple[int, int]]:
    return [(pane.width, pane.height) for pane in observe(server).panes]


NORMAL = (200, 50)


def test_windows_follow_the_terminal_and_go_back_when_nobody_looks(
    server: Server, team: list[Opened], terminal: Callable[..., Terminal]
) -> None:
    person = terminal(attach_argv(server, "proj"), 230, 60)
    wait_for(lambda: sizes(server) == [(230, 59), NORMAL, NORMAL], "the first window follows")
    person.resize(150, 45)
    wait_for(lambda: sizes(server)[0] == (150, 44), "it follows again")
    person.resize(80, 24)
    wait_for(lambda: sizes(server)[0] == (120, 40), "it stops at the least size")
    person.resize(130, 30)
    wait_for(lambda: sizes(server)[0] == (130, 40), "each way on its own")
    person.type(b"\x02n")
    wait_for(lambda: sizes(server)[1] == (130, 40), "the next window follows when it is shown")
    person.type(b"\x02d")
    wait_for(lambda: sizes(server) == [NORMAL] * 3, "all are as they were")


def test_a_terminal_that_is_closed_or_killed_lets_the_windows_go_back(
    server: Server, team: list[Opened], terminal: Callable[..., Terminal]
) -> None:
    person = terminal(attach_argv(server, "proj"), 150, 60)
    wait_for(lambda: sizes(server)[0] == (150, 59), "it follows")
    person.close()
    wait_for(lambda: sizes(server) == [NORMAL] * 3, "they go back")
    other = terminal(attach_argv(server, "proj"), 160, 60)
    wait_for(lambda: sizes(server)[0] == (160, 59), "it follows")
    os.kill(other.pid, signal.SIGKILL)
    wait_for(lambda: sizes(server) == [NORMAL] * 3, "they go back")


def test_one_of_two_people_who_leaves_leaves_the_other_his_size(
    server: Server, team: list[Opened], terminal: Callable[..., Terminal]
) -> None:
    terminal(attach_argv(server, "proj"), 150, 60)
    wait_for(lambda: sizes(server)[0] == (150, 59), "it follows the first")
    second = terminal(attach_argv(server, "proj"), 180, 55)
    wait_for(lambda: sizes(server)[0] == (180, 54), "it follows the second")
    assert observe(server).panes[0].looked_at == 2
    second.type(b"\x02d")
    wait_for(lambda: sizes(server)[0] == (150, 59), "it follows the first again")


def test_attaching_works_from_inside_another_tmux_and_shows_the_window_asked_for(
    server: Server, team: list[Opened], terminal: Callable[..., Terminal]
) -> None:
    argv = attach_argv(server, "proj", team[2].window_id)
    terminal(argv, 150, 60, TMUX="/tmp/elsewhere,1,0", TMUX_PANE="%0")
    wait_for(lambda: sizes(server)[2] == (150, 59), "the third window is shown")
    panes = observe(server).panes
    assert [pane.looked_at for pane in panes] == [0, 0, 1]


def test_what_a_person_types_is_noticed_in_the_pane_that_he_looks_at(
    server: Server, team: list[Opened], terminal: Callable[..., Terminal]
) -> None:
    person = terminal(attach_argv(server, "proj"), 150, 60)
    wait_for(lambda: observe(server).panes[0].looked_at == 1, "he looks")
    first = observe(server).panes[0].typed_at
    assert first is not None

    def typed() -> bool:
        person.type(b"x")
        at = observe(server).panes[0].typed_at
        return at is not None and at > first

    wait_for(typed, "his keys move the instant")
    assert observe(server).panes[1].typed_at is None


def test_inside_our_own_server_the_terminal_is_switched_over(
    server: Server, team: list[Opened], short_path: Path, terminal: Callable[..., Terminal]
) -> None:
    inside = f"{server.socket},1,0"
    argv = attach_argv(server, "proj", team[1].window_id, inside)
    shell = f"read line; exec {shlex.join(argv)}"
    [start] = open_windows(server, [spec(short_path, "/bin/sh", "-c", shell, session="other")])
    person = terminal(attach_argv(server, "other"), 150, 60)

    def looked_at() -> list[str]:
        return [pane.pane_id for pane in observe(server).panes if pane.looked_at]

    wait_for(lambda: looked_at() == [start.pane_id], "he looks at the other session")
    person.type(b"\r")
    wait_for(lambda: looked_at() == [team[1].pane_id], "he looks at the team's second window")
    wait_for(lambda: sorted(sizes(server)) == [(150, 59), NORMAL, NORMAL, NORMAL], "one follows")


@pytest.mark.parametrize(("session", "window"), [("", ""), ("#(id)", ""), ("proj", "dev")])
def test_only_our_own_names_and_ids_enter_the_command(
    cold: Server, session: str, window: str
) -> None:
    with pytest.raises(ValueError):
        attach_argv(cold, session, window)
