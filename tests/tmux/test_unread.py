"""What was typed and not read is known, whatever the program shows."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.tmux.conftest import spec, wait_for
from tmux_orch.domain.errors import Absent
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.server import Server
from tmux_orch.tmux.unread import has_unread
from tmux_orch.tmux.windows import open_windows

READER = """
import os, signal, tty
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
tty.setraw(0)
os.write(1, b"ready")
signal.sigwait([signal.SIGUSR1])
while os.read(0, 65536): pass
"""


def test_typed_bytes_wait_in_the_terminal_of_a_deaf_program_until_it_reads(
    server: Server, tmp_path: Path
) -> None:
    opened = open_windows(server, [spec(tmp_path, sys.executable, "-c", READER)])[0]
    capture = [Command("capture-pane", "-p", "-t", opened.pane_id)]
    wait_for(lambda: "ready" in server.run(capture).out, "its terminal is raw")
    assert not has_unread(server, opened.pane_id)
    server.run([Command("send-keys", "-l", "-t", opened.pane_id, "no newline")])
    wait_for(lambda: has_unread(server, opened.pane_id), "the bytes wait")
    os.kill(opened.pid, signal.SIGUSR1)
    wait_for(lambda: not has_unread(server, opened.pane_id), "it has read them")


def test_a_pane_that_is_not_there_is_absent(server: Server, tmp_path: Path) -> None:
    open_windows(server, [spec(tmp_path, "/bin/sleep", "100")])
    with pytest.raises(Absent):
        has_unread(server, "%99")
