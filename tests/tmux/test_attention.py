"""tmux itself shows who needs a person: words of ours only, whatever a pane's program sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tmux.conftest import spec
from tmux_orch.tmux import attention
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.server import Server
from tmux_orch.tmux.windows import Opened, open_windows


def line(server: Server, target: str) -> tuple[str, str]:
    """The window's entry and the right side of the status line, as tmux draws them."""
    window = "#{T:window-status-format}"
    reply = server.run(
        [Command("display-message", "-p", "-t", target, f"{window}\n#{{T:status-right}}")]
    )
    first, _, second = reply.out.partition("\n")
    return first, second.strip("\n")


def opened(server: Server, place: Path, *agents: str) -> list[Opened]:
    return open_windows(server, [spec(place, "/bin/sleep", "60", agent=a) for a in agents])


def test_windows_are_marked_and_sessions_counted(server: Server, short_path: Path) -> None:
    first, second = opened(server, short_path, "dev", "tester")
    session = "proj"
    quiet = line(server, second.window_id)
    assert "!" not in quiet[0]
    attention.show(server, {second.window_id: "stuck", "@999": "stuck"}, {session: 2, "no-such": 1})
    assert line(server, first.window_id)[0].endswith(":dev*")
    shown = line(server, second.window_id)
    assert shown == (f"{quiet[0]} !stuck", "need attention: 2 ")
    attention.show(server, {second.window_id: ""}, {session: 0})
    assert line(server, second.window_id) == quiet


def test_what_a_panes_program_puts_there_is_not_shown(server: Server, short_path: Path) -> None:
    (first,) = opened(server, short_path, "dev")
    quiet = line(server, first.window_id)
    for value in ("#[fg=red]x", "#(touch /tmp/x)", "#{pane_id}", "two words", "a\nb", "é"):
        server.run([
            Command("set-option", "-w", "-t", first.window_id, attention.WINDOW_OPTION, value),
            Command("set-option", "-t", "=proj:", attention.SESSION_OPTION, value),
        ])  # fmt: skip
        assert line(server, first.window_id) == quiet, value


@pytest.mark.parametrize(
    ("windows", "sessions"),
    [({"@1": "hello"}, {}), ({"1": "stuck"}, {}), ({"@1;x": "stuck"}, {}), ({}, {"a b": 1})],
)
def test_only_ids_names_and_words_of_ours_go_there(
    cold: Server, windows: dict[str, str], sessions: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match="not a"):
        attention.show(cold, windows, sessions)
