"""Without Textual there is the same table, and one line that says how to get the rest."""

from __future__ import annotations

import io
import os
import pty
import select
import sys

import pytest
from rich.console import Console

from tests.cli.conftest import house, served  # noqa: F401 - fixtures
from tmux_orch.cli import plain
from tmux_orch.tui.fallback import Plain

from .conftest import FakeActs, agent, busy_team, team

WITHOUT = (
    "import importlib.util as u; find = u.find_spec\n"
    "u.find_spec = lambda name, *more: None if name == 'textual' else find(name, *more)\n"
    "import sys; sys.argv[1:] = ['top']\nfrom tmux_orch.cli.main import main; main()"
)


def drawn(status, width=80, height=24) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    view = Plain(FakeActs(status), console)
    view._status = status
    console.print(view.shown())
    return console.file.getvalue()


def test_the_table_is_the_same_and_fits():
    lines = drawn(busy_team()).splitlines()
    assert lines[0].startswith("sample  5 agents")
    assert lines[1].split()[:3] == ["AGENT", "STATE", "FOR"]
    assert "? waiting_permission" in lines[4]
    assert max(map(len, lines)) <= 80
    hung = drawn(busy_team() | {"tmux_server": "hung"}).splitlines()
    assert hung[1].startswith("! the tmux server does not answer")
    many = drawn(team(*(agent(f"developer-{n}") for n in range(50)))).splitlines()
    assert len(many) < 24
    assert many[-1] == "and 30 more"


def test_outside_text_is_plain_there_too():
    text = drawn(team(agent(last_line="[red]x[/red]\x1b[31m\u202e")))
    assert "[red]x[/red][31m" in text
    assert not {c for c in text if c != "\n" and plain.is_unseen(c)}


@pytest.mark.usefixtures("served")
def test_it_says_once_how_to_get_the_full_view_and_ctrl_c_ends_it(served):  # noqa: F811
    served.answers["status"] = busy_team()
    served.answers["follow-status"] = [busy_team(), {}]
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(served.place)
        environ = served.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        os.execve(sys.executable, [sys.executable, "-c", WITHOUT], environ)
    shown, asked_to_end = b"", False
    while True:
        assert select.select([fd], [], [], 20)[0], shown
        try:
            shown += os.read(fd, 65536)
        except OSError:
            break
        if b"waiting_permission" in shown and not asked_to_end:
            os.write(fd, b"\x03")
            asked_to_end = True
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert shown.count(b"tmux-orch[tui]") == 1
    assert shown.endswith(b"\r\n")
    os.close(fd)
