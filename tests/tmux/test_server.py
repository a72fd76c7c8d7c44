"""One server of ours, whatever happens to its process, its socket or its starters."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.tmux.conftest import servers_at, spec, wait_for
from tmux_orch.domain.errors import Absent, BadInput, CouldNotTell, OrchError
from tmux_orch.tmux import options, processes
from tmux_orch.tmux.capture import capture
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.panes import observe
from tmux_orch.tmux.paste import press
from tmux_orch.tmux.program import new_enough
from tmux_orch.tmux.server import CommandFailed, Server, ServerAbsent, ServerLost
from tmux_orch.tmux.windows import open_windows

REPO = Path(__file__).parents[2]


def option(server: Server, *words: str) -> str:
    return server.run([Command("show-options", *words)]).out.strip()


def test_it_starts_once_and_is_recognised(cold: Server) -> None:
    assert cold.identity() is None
    assert observe(cold).server_id is None
    first = cold.ensure()
    assert cold.ensure() == first == cold.identity()
    assert str(first) == f"{first.pid}:{first.started}"
    assert psutil.Process(first.pid).name() == "tmux: server"
    assert observe(cold).panes == []


def test_a_stopped_server_is_named_with_what_lets_it_go_on(server: Server) -> None:
    pid = server.ensure().pid
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(CouldNotTell) as raised:
            server.run([Command("list-sessions")], deadline_s=0.5)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert f"kill -CONT {pid}" in raised.value.line()


def test_stop_returns_when_the_process_is_gone(server: Server) -> None:
    known = server.ensure()
    server.stop()
    assert processes.wait_until_gone(known.pid, 0)
    assert server.identity() is None
    server.stop()  # nothing to stop is no error
    assert server.ensure() != known


def test_only_our_configuration_is_read(cold: Server, short_path: Path) -> None:
    home = Path(os.environ["HOME"])
    (home / ".tmux.conf").write_text("set -g base-index 1\nset -g default-command false\n")
    try:
        cold.ensure()
        assert option(cold, "-gv", "base-index") == "0"
        assert option(cold, "-gv", "default-command") == ""
        assert option(cold, "-gv", "remain-on-exit") == "on"
        assert option(cold, "-sv", "exit-empty") == "off"
    finally:
        (home / ".tmux.conf").unlink()
    assert cold.config.stat().st_mode & 0o777 == 0o600
    assert cold.socket.stat().st_mode & 0o077 == 0


def test_every_line_of_our_configuration_is_understood(cold: Server) -> None:
    cold.ensure()
    assert cold.run([Command("source-file", str(cold.config))]).code == 0


def test_a_server_that_another_version_of_ours_configured_is_configured_again(
    server: Server,
) -> None:
    known = server.ensure()
    server.run([Command("set-option", "-s", "@orch_config", "older")])
    server.run([Command("set-option", "-g", "mouse", "off")])
    assert server.ensure() == known
    assert option(server, "-gv", "mouse") == "on"
    assert option(server, "-sv", "@orch_config") == options.MARK


def test_the_callers_tmux_is_not_spoken_to(
    server: Server, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Server(short_path / "other", short_path / "oc", dict(os.environ))
    theirs = other.ensure()
    try:
        monkeypatch.setenv("TMUX", f"{other.socket},{theirs.pid},0")
        monkeypatch.setenv("TMUX_PANE", "%0")
        ours = Server(server.socket, server.config, dict(os.environ))
        open_windows(ours, [spec(short_path, "/bin/cat")])
        assert ours.ensure() != theirs
        assert observe(other).panes == []
        assert len(observe(ours).panes) == 1
    finally:
        other.stop()


def test_racing_starters_start_exactly_one(cold: Server, short_path: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path; from tmux_orch.tmux.server import Server\n"
        "s = Server(Path(sys.argv[1]), Path(sys.argv[2]), dict(os.environ)); input()\n"
        "print(s.ensure())"
    )
    argv = [sys.executable, "-c", code, str(cold.socket), str(cold.config)]
    for _ in range(3):
        starters = [
            subprocess.Popen(
                argv, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(4)
        ]
        for starter in starters:
            assert starter.stdin
            starter.stdin.write("\n")
            starter.stdin.flush()
        said = {starter.communicate(timeout=30)[0].strip() for starter in starters}
        assert said == {str(cold.identity())}
        assert len(servers_at(cold.socket)) == 1
        cold.stop()


def test_threads_that_start_while_a_server_ends_get_a_live_one(cold: Server) -> None:
    def starter(out: list[object]) -> None:
        try:
            out.append(cold.ensure())
        except OrchError as error:
            out.append(error)

    for _ in range(5):
        cold.ensure()
        got: list[object] = []
        threads = [threading.Thread(target=starter, args=(got,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        cold.stop()
        for thread in threads:
            thread.join(30)
        assert not [one for one in got if isinstance(one, OrchError)], got
        cold.ensure()
        assert len(servers_at(cold.socket)) == 1


def test_a_start_that_the_end_of_another_server_spoils_is_tried_again(
    cold: Server, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cold.program
    counter = short_path / "count"
    fake = short_path / "bin" / "tmux"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *start-server*) echo x >> {counter}\n'
        f'if [ "$(wc -l < {counter})" -le 2 ]; then echo "server exited unexpectedly" >&2; exit 1;'
        f' fi;; esac\nexec {real} "$@"\n'
    )
    fake.chmod(0o755)
    path = f"{fake.parent}:{os.environ['PATH']}"
    again = Server(cold.socket, cold.config, {**os.environ, "PATH": path})
    # The stand-in needs a PATH of its own to find wc; the real tmux is given none.
    monkeypatch.setattr("tmux_orch.tmux.server.external.run", with_path(path))
    assert again.ensure() == cold.identity()
    assert counter.read_text().count("x") == 3


def with_path(path: str) -> Callable[..., object]:
    from tmux_orch import external

    run = external.run

    def wrapped(argv: list[str], **options: object) -> object:
        options["environment"] = {**options["environment"], "PATH": path}  # type: ignore[dict-item]
        return run(argv, **options)  # type: ignore[arg-type]

    return wrapped


def with_user_manager(place: Path, server: Server, script: str) -> Server:
    """The server as it is on a machine whose user manager answers with `script`."""
    (place / "run" / "systemd").mkdir(parents=True)
    socket.socket(socket.AF_UNIX).bind(str(place / "run" / "systemd" / "private"))
    (place / "bin").mkdir()
    (place / "bin" / "systemd-run").write_text(f"#!/bin/sh\n{script}\n")
    (place / "bin" / "systemd-run").chmod(0o755)
    path = f"{place / 'bin'}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "XDG_RUNTIME_DIR": str(place / "run")}
    return Server(server.socket, server.config, environment)


def test_with_systemd_the_server_is_started_in_a_scope_of_its_own(
    cold: Server, short_path: Path
) -> None:
    log = short_path / "log"
    script = f'echo "$@" > {log}; while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
    server = with_user_manager(short_path, cold, script)
    known = server.ensure()
    assert known == cold.identity()
    assert log.read_text().startswith("--user --scope --quiet --collect -- env -i ")
    assert b"XDG_RUNTIME_DIR" not in Path(f"/proc/{known.pid}/environ").read_bytes()
    server.socket.unlink()
    assert server.ensure() == known  # it is recognised by its command line all the same


def test_a_user_manager_that_refuses_is_done_without(cold: Server, short_path: Path) -> None:
    server = with_user_manager(short_path, cold, "echo 'Failed to connect to bus' >&2; exit 1")
    assert server.ensure() == cold.identity()


def test_a_killed_server_is_absent_and_the_next_start_works(server: Server) -> None:
    known = server.ensure()
    os.kill(known.pid, signal.SIGKILL)
    processes.wait_until_gone(known.pid, 5)
    assert server.socket.exists()  # it stays behind
    assert server.identity() is None
    with pytest.raises(ServerAbsent):
        server.run([Command("list-buffers")])
    assert server.ensure() != known


def test_a_stopped_server_could_not_be_told_and_nobody_hangs(server: Server) -> None:
    known = server.ensure()
    os.kill(known.pid, signal.SIGSTOP)
    try:
        for ask in (
            lambda: server.run([Command("list-buffers")], deadline_s=0.3),
            lambda: server.run_each([[Command("list-buffers")]], deadline_s=0.3),
        ):
            begun = time.monotonic()
            with pytest.raises(CouldNotTell):
                ask()
            assert time.monotonic() - begun < 3
        server.socket.unlink()
        begun = time.monotonic()
        with pytest.raises(CouldNotTell):  # and no second server is started beside it
            server.ensure()
        assert time.monotonic() - begun < 4
        assert len(servers_at(server.socket)) == 1
    finally:
        os.kill(known.pid, signal.SIGCONT)
    wait_for(lambda: server.identity() == known, "the server answers again")


def test_a_stopped_server_can_still_be_ended(server: Server) -> None:
    known = server.ensure()
    os.kill(known.pid, signal.SIGSTOP)
    server.stop(deadline_s=1)
    assert processes.wait_until_gone(known.pid, 0)
    assert server.identity() is None


def test_a_broken_connection_to_a_live_server_is_not_an_absent_server(
    server: Server, short_path: Path
) -> None:
    """Else its agents would be started a second time."""
    server.ensure()
    fake = short_path / "bin" / "tmux"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\n[ "$1" = -V ] && echo tmux 3.3a && exit\n'
                    'echo "server exited unexpectedly" >&2; exit 1\n')  # fmt: skip
    fake.chmod(0o755)
    path = f"{fake.parent}:{os.environ['PATH']}"
    broken = Server(server.socket, server.config, {**os.environ, "PATH": path})
    with pytest.raises(ServerLost):
        observe(broken)
    server.stop()
    assert observe(broken).server_id is None


def test_a_connection_broken_once_does_not_fail_a_start(server: Server, short_path: Path) -> None:
    known = server.ensure()
    fake = short_path / "bin" / "tmux"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\nif [ ! -e {short_path}/once ] && [ "$1" != -V ]; then\n'
        f': > {short_path}/once; echo "server exited unexpectedly" >&2; exit 1; fi\n'
        f'exec {server.program} "$@"\n'
    )
    fake.chmod(0o755)
    path = f"{fake.parent}:{os.environ['PATH']}"
    assert Server(server.socket, server.config, {**os.environ, "PATH": path}).ensure() == known
    assert (short_path / "once").exists()


def test_a_socket_that_somebody_listens_at_is_left_alone(server: Server) -> None:
    """Binding again would break the connections that others have just made."""
    process = psutil.Process(server.ensure().pid)
    before = server.socket.stat().st_ino
    assert processes.make_socket_again(process, server.socket, 5)
    assert server.identity() is not None  # it has had the time to act on a signal
    assert server.socket.stat().st_ino == before
    server.socket.unlink()
    assert processes.make_socket_again(process, server.socket, 5)


def test_an_empty_answer_without_an_error_is_no_answer(server: Server, short_path: Path) -> None:
    """A client whose server ends beside it may return 0 and have done nothing."""
    known = server.ensure()
    fake = short_path / "bin" / "tmux"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\n[ "$1" = -V ] && echo tmux 3.3a\nexit 0\n')
    fake.chmod(0o755)
    path = f"{fake.parent}:{os.environ['PATH']}"
    mute = Server(server.socket, server.config, {**os.environ, "PATH": path})
    one = [spec(short_path, "/bin/cat")]
    for ask in (
        lambda: mute.run([Command("kill-window", "-t", "@1")]),
        lambda: capture(mute, ["%1"]),
        lambda: open_windows(mute, one, known),
        lambda: press(mute, Guard("%1", "proj/dev", "abcdef.1")),
    ):
        with pytest.raises(ServerLost):
            ask()
    server.stop()
    with pytest.raises(ServerAbsent):
        capture(mute, ["%1"])


def test_a_deleted_socket_is_made_again_and_no_agent_is_lost(
    server: Server, short_path: Path
) -> None:
    known = server.ensure()
    open_windows(server, [spec(short_path, "/bin/cat")])
    server.socket.unlink()
    assert server.ensure() == known
    assert [pane.agent for pane in observe(server).panes] == ["proj/dev"]
    server.socket.unlink()
    assert server.identity() == known
    assert len(servers_at(server.socket)) == 1


def test_the_server_holds_no_descriptor_of_its_starter(cold: Server, short_path: Path) -> None:
    with (short_path / "lock").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        fcntl.flock(held, fcntl.LOCK_EX)
        known = cold.ensure()
    with (short_path / "lock").open("w") as again:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert psutil.Process(known.pid).cwd() == "/"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("tmux 3.3a", True),
        ("tmux 3.2", True),
        ("tmux 3.1c", False),
        ("tmux 2.9a", False),
        ("tmux 1.8", False),
        ("tmux 10.0", True),
        ("tmux next-3.6", True),
        ("tmux master", True),
        ("tmux openbsd-7.4", True),
        ("", False),
        ("something else", False),
    ],
)
def test_the_version_is_read(said: str, answer: bool) -> None:
    assert new_enough(said) is answer


@pytest.mark.parametrize("said", ["tmux 3.1c", "what?"])
def test_a_tmux_that_is_too_old_is_bad_input_and_nothing_starts(
    short_path: Path, said: str
) -> None:
    fake = short_path / "tmux"
    fake.write_text(f"#!/bin/sh\necho '{said}'\n")
    fake.chmod(0o755)
    server = Server(short_path / "s", short_path / "c", {"PATH": str(short_path)})
    with pytest.raises(BadInput) as caught:
        server.ensure()
    assert said in caught.value.message and "3.2" in caught.value.next_step
    assert sorted(os.listdir(short_path)) == ["tmux"]


def test_no_tmux_is_bad_input_with_the_remedy(short_path: Path) -> None:
    with pytest.raises(BadInput, match="not installed") as caught:
        Server(short_path / "s", short_path / "c", {"PATH": str(short_path)}).ensure()
    assert "apt-get install tmux" in caught.value.line()


def test_a_socket_that_cannot_be_made_is_bad_input(short_path: Path) -> None:
    deep = short_path / ("d" * 100)
    deep.mkdir()
    with pytest.raises(BadInput):
        Server(deep / "socket", short_path / "c", dict(os.environ)).ensure()


def test_a_failing_command_stops_the_rest_of_its_list(server: Server) -> None:
    after = Command("set-buffer", "-b", "after", "x")
    for secret in (False, True):
        with pytest.raises(Absent):
            server.run([Command("kill-window", "-t", "@99"), after], secret=secret)
        with pytest.raises(CommandFailed):
            server.run([Command("no-such-command"), after], secret=secret)
        assert server.run([Command("list-buffers")]).out == ""


def test_a_failing_list_does_not_stop_the_next_one(server: Server) -> None:
    fails = [Command("kill-window", "-t", "@99"), Command("display-message", "-p", "no")]
    reply = server.run_each([fails, [Command("display-message", "-p", "yes")]])
    assert reply.lines == ["yes"]
    assert reply.code == 1
