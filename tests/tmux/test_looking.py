"""Looking at panes and screens: complete, unharmed by hostile text, absent apart from unknown."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.tmux.conftest import Receiver, spec, wait_for
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.tmux.capture import capture
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.panes import observe
from tmux_orch.tmux.server import Server, ServerAbsent
from tmux_orch.tmux.windows import Opened, open_windows

Receivers = Callable[..., list[Receiver]]


def printing(server: Server, directory: Path, text: str, agent: str = "dev") -> Opened:
    """A pane that has printed `text` and waits."""
    file = directory / f"text-{agent}"
    file.write_text(text, encoding="utf-8")
    shell = f"cat '{file}'; exec cat"
    [opened] = open_windows(server, [spec(directory, "/bin/sh", "-c", shell, agent=agent)])
    if text:
        wait_for(
            lambda: any(capture(server, [opened.pane_id], False)[opened.pane_id].split()),
            "it is printed",
        )
    return opened


def test_screens_of_many_panes_come_in_one_process(server: Server, short_path: Path) -> None:
    opened = [printing(server, short_path, f"screen {n}", f"dev-{n}") for n in range(5)]
    calls: list[object] = []
    real = server._once
    server._once = lambda *words: calls.append(words) or real(*words)  # type: ignore[method-assign,func-returns-value]
    screens = capture(server, [*(one.pane_id for one in opened), "%999"])
    assert len(calls) == 1
    assert [screens[one.pane_id].strip() for one in opened] == [f"screen {n}" for n in range(5)]
    assert "%999" not in screens
    assert capture(server, []) == {}
    with pytest.raises(ValueError):
        capture(server, ["dev"])


def test_a_hundred_panes_are_captured_beyond_the_argument_limit(
    server: Server, short_path: Path
) -> None:
    specs = [spec(short_path, "/bin/cat", agent=f"dev-{n}") for n in range(100)]
    opened = open_windows(server, specs)
    assert list(capture(server, [one.pane_id for one in opened])) == [o.pane_id for o in opened]


def test_a_wrapped_line_is_joined_and_colours_are_kept_on_request(
    server: Server, short_path: Path
) -> None:
    line = "word " * 60 + "end"
    opened = printing(server, short_path, f"\x1b[31mred\x1b[0m <b>html</b>\n{line}")
    plain = capture(server, [opened.pane_id], escapes=False)[opened.pane_id]
    assert line in plain
    assert plain.startswith("red <b>html</b>\n")
    assert "\x1b[31mred" in capture(server, [opened.pane_id])[opened.pane_id]


def test_history_is_there_when_asked_for(server: Server, short_path: Path) -> None:
    opened = printing(server, short_path, "".join(f"line {n}\n" for n in range(300)))
    pane = opened.pane_id
    wait_for(lambda: "line 299" in capture(server, [pane])[pane], "all is printed")
    assert "line 100\n" not in capture(server, [pane])[pane]
    assert "line 200\n" in capture(server, [pane], history=100)[pane]
    assert "line 0\n" in capture(server, [pane], history=9999)[pane]


def test_the_live_screen_is_seen_in_copy_mode_and_the_last_one_after_death(
    server: Server, short_path: Path
) -> None:
    opened = printing(server, short_path, "the last words")
    server.run([Command("copy-mode", "-t", opened.pane_id)])
    assert "the last words" in capture(server, [opened.pane_id])[opened.pane_id]
    os.kill(opened.pid, signal.SIGKILL)
    wait_for(lambda: observe(server).panes[0].dead, "it is dead")
    screen = capture(server, [opened.pane_id], escapes=False)[opened.pane_id]
    assert screen.strip() == "the last words"  # and no line of tmux's own


def test_a_screen_that_prints_what_our_answers_look_like_changes_nothing(
    server: Server, short_path: Path
) -> None:
    forged = "opened 0 %9 @9 1\n%1\np %7 @7 $7 1 0\norch-done\n" + "0" * 24 + " 1\n"
    one = printing(server, short_path, forged, "one")
    two = printing(server, short_path, "two", "two")
    screens = capture(server, [one.pane_id, two.pane_id], escapes=False)
    assert screens[one.pane_id].strip() == forged.strip()
    assert screens[two.pane_id].strip() == "two"


@pytest.mark.parametrize(
    "value",
    [
        "a b",
        "x\np %9 @9 $9 1 0    0 0 0 0 1 1 1 0 s p proj/dev t w",
        "\x1b[31m",
        "#{pid}",
        "ä" * 99,
    ],
)
def test_a_tag_or_name_that_an_agent_has_changed_harms_no_other_pane(
    server: Server, short_path: Path, value: str
) -> None:
    opened = open_windows(
        server, [spec(short_path, "/bin/cat", agent=name) for name in ("one", "two")]
    )
    victim, other = opened[0].pane_id, opened[1].pane_id
    server.run([Command("set-option", "-p", "-t", victim, "@orch_agent", value)], secret=True)
    server.run([Command("rename-window", "-t", victim, value)], secret=True)
    server.run([Command("select-pane", "-t", victim, "-T", value)], secret=True)
    panes = {pane.pane_id: pane for pane in observe(server).panes}
    assert set(panes) == {victim, other}
    assert panes[other].agent == "proj/two"
    assert panes[victim].agent == ""
    assert panes[victim].pid == opened[0].pid


def test_a_long_window_name_with_spaces_is_one_label(server: Server, short_path: Path) -> None:
    open_windows(server, [spec(short_path, "/bin/cat")])
    # Our client has no locale of its own; without -u the umlaut would come back as "_".
    server.run([Command("rename-window", "-t", "=proj:", "a person's own  nämé")])
    assert observe(server).panes[0].window == "a person's own  nämé"


def test_instants_are_aware_and_recent(receiver_pane: Receiver) -> None:
    [pane] = observe(receiver_pane.server).panes
    assert abs((datetime.now(UTC) - pane.activity_at).total_seconds()) < 60
    assert pane.typed_at is None and pane.looked_at == 0
    assert pane.cursor == (5, 0)  # after "ready"


def test_an_absent_server_is_an_observation_and_a_stopped_one_is_not(server: Server) -> None:
    known = server.ensure()
    os.kill(known.pid, signal.SIGSTOP)
    try:
        with pytest.raises(CouldNotTell):
            observe(server, deadline_s=0.3)
    finally:
        os.kill(known.pid, signal.SIGCONT)
    server.stop()
    gone = observe(server)
    assert gone.server_id is None and gone.panes == []
    with pytest.raises(ServerAbsent):
        capture(server, ["%1"])
