"""Windows: the program itself, exactly its environment and directory, tagged from the start."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tmux.conftest import TAG, spec, wait_for
from tests.tmux.terminal import Terminal
from tmux_orch.tmux.attach import attach_argv
from tmux_orch.tmux.command import Command
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.panes import PaneFacts, observe
from tmux_orch.tmux.server import Server, ServerAbsent
from tmux_orch.tmux.windows import WindowSpec, close_window, kill_session, open_windows

# A name of this run: others on the machine test the same with mutated code.
CANARY = f"PWNED-{os.getpid()}"
HOSTILE_NAMES = [
    f'#(touch {CANARY});$(id) "x"',
    "#{pid} #[fg=red] #H",
    "two\nlines",
    f"`touch {CANARY}`",
    f"'; touch {CANARY}; '",
    "-C",
    "~",
    "%H%M $HOME",
    "ends in;",
    "ends in\\",
    "ä 日本 \U0001f600",
    "\udcff\udcfe",
    "tab\tand \x1b[31m red",
    "a=b",
]


def pane_of(server: Server, pane_id: str) -> PaneFacts:
    return next(pane for pane in observe(server).panes if pane.pane_id == pane_id)


def environment_of(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "surrogateescape")
    return dict(line.split("=", 1) for line in text.split("\0") if line)


def runs(pid: int, program: str) -> Callable[[], bool]:
    """`pid` has become `program` (it is `env` for a moment, and bare of arguments for another)."""
    place = Path(f"/proc/{pid}")
    return lambda: (
        (place / "exe").resolve() == Path(program).resolve()
        and (place / "cmdline").read_bytes() != b""
    )


def test_the_panes_process_is_the_program_and_nothing_lies_under_it(
    server: Server, short_path: Path
) -> None:
    [opened] = open_windows(server, [spec(short_path, "/bin/sleep", "1000")])
    wait_for(runs(opened.pid, "/bin/sleep"), "the program runs")
    assert Path(f"/proc/{opened.pid}/cmdline").read_bytes() == b"/bin/sleep\x001000\0"
    assert Path(f"/proc/{opened.pid}/task/{opened.pid}/children").read_text() == ""
    facts = pane_of(server, opened.pane_id)
    assert (facts.pid, facts.window_id, facts.project) == (opened.pid, opened.window_id, "proj")
    assert (facts.agent, facts.incarnation, facts.window) == ("proj/dev", TAG, "dev")
    assert (facts.width, facts.height, facts.dead) == (200, 50, False)


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_a_directory_of_any_name_is_where_the_program_runs(
    server: Server, short_path: Path, name: str
) -> None:
    directory = short_path / name
    directory.mkdir()
    [opened] = open_windows(server, [spec(directory, "/bin/sleep", "1000")])
    wait_for(runs(opened.pid, "/bin/sleep"), "the program runs")
    assert os.readlink(f"/proc/{opened.pid}/cwd") == str(directory)
    assert environment_of(opened.pid)["PWD"] == str(directory)
    observe(server)
    for place in (short_path, directory, Path.cwd(), Path("/"), Path.home()):
        assert not (place / CANARY).exists()


def test_a_missing_directory_ends_the_program_instead_of_starting_it_elsewhere(
    server: Server, short_path: Path
) -> None:
    mark = short_path / "started"
    [opened] = open_windows(server, [spec(short_path / "gone", "/bin/touch", str(mark))])
    wait_for(lambda: pane_of(server, opened.pane_id).exit_status is not None, "it ended")
    assert pane_of(server, opened.pane_id).exit_status == 125
    assert not mark.exists()


def test_a_missing_program_is_a_dead_pane_with_its_status(server: Server, short_path: Path) -> None:
    missing, forbidden = short_path / "none", short_path / "plain"
    forbidden.write_text("not a program")
    opened = open_windows(
        server,
        [spec(short_path, str(missing), agent="a"), spec(short_path, str(forbidden), agent="b")],
    )
    for pane, status in zip(opened, (127, 126), strict=True):
        wait_for(lambda p=pane: pane_of(server, p.pane_id).exit_status is not None, "it ended")
        assert pane_of(server, pane.pane_id).exit_status == status
        assert pane_of(server, pane.pane_id).dead


def test_the_program_gets_its_environment_and_no_other(
    cold: Server, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCH_LEAK", "from the starter")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    starter = Server(cold.socket, cold.config, dict(os.environ))
    starter.ensure()
    wanted = {
        "PATH": "/first:/usr/bin:/bin",
        "SHELL": "/bin/zsh",
        "HOME": "/srv/home",
        "HOSTILE": "#(touch PWNED) $HOME 'a\" \n \\ ~ ;",
        "BYTES": "\udcff ä",
        "EMPTY": "",
        "TERM": "the caller's terminal",
        "TMUX": "/their/server,1,0",
        "PWD": "/elsewhere",
    }
    one = WindowSpec("proj", "dev", ["/bin/sleep", "1000"], short_path, wanted, {})
    [opened] = open_windows(starter, [one])
    wait_for(runs(opened.pid, "/bin/sleep"), "the program runs")
    got = environment_of(opened.pid)
    ours = {name: got.pop(name) for name in ("TERM", "TMUX", "TMUX_PANE", "PWD")}
    assert ours["TERM"] == "tmux-256color"
    assert ours["TMUX"].startswith(f"{cold.socket},")
    assert ours["PWD"] == str(short_path)
    assert got.pop("TERM_PROGRAM", "tmux") == "tmux"
    got.pop("TERM_PROGRAM_VERSION", None)
    for name in ours:
        wanted.pop(name, None)
    assert got == wanted


def test_a_secret_reaches_its_program_and_is_seen_nowhere_else(
    server: Server, short_path: Path, terminal: Callable[..., Terminal]
) -> None:
    secret = "canary-5f1c9b0e"
    seen: list[str] = []
    known = server.ensure()

    def look() -> None:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if secret.encode() in (entry / "cmdline").read_bytes():
                        seen.append(entry.name)
                except OSError:
                    continue  # it ended while we looked

    specs = [spec(short_path, "/bin/sleep", "1000", agent=f"dev-{n}") for n in range(3)]
    specs[1] = spec(short_path, "/bin/sleep", "1000", agent="dev-1", API_KEY=secret)
    done = threading.Event()
    looker = threading.Thread(target=lambda: [look() for _ in iter(done.is_set, True)])
    looker.start()
    opened = open_windows(server, specs)
    for pane in opened:
        wait_for(runs(pane.pid, "/bin/sleep"), "the program runs")
    done.set()
    looker.join()
    [later] = open_windows(server, [spec(short_path, "/bin/sleep", "1000", agent="dev-9")])
    wait_for(runs(later.pid, "/bin/sleep"), "the program runs")
    assert environment_of(opened[1].pid)["API_KEY"] == secret
    assert not seen
    for pid in (opened[0].pid, opened[2].pid, later.pid, known.pid):
        assert secret.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
    # tmux answers some of these only while somebody is attached.
    terminal(attach_argv(server, "proj"), 200, 50)
    wait_for(lambda: observe(server).panes[0].looked_at, "a person looks")
    server.run([Command("show-messages")])
    for words in (
        ("show-environment", "-g"),
        ("show-environment", "-t", "=proj:"),
        ("show-messages",),
        ("show-options", "-g"),
        ("show-hooks", "-g"),
        ("list-buffers",),
        ("list-panes", "-a", "-F", "#{pane_start_command} #{pane_current_command}"),
    ):
        assert secret not in server.run([Command(*words)], check=False).out, words


def test_the_canary_search_finds_a_secret_where_tmux_keeps_its_messages(
    server: Server, short_path: Path, terminal: Callable[..., Terminal]
) -> None:
    """The control of the test above: with tmux's own message limit the key is in the list."""
    server.run([Command("set-option", "-s", "message-limit", "1000")])
    open_windows(server, [spec(short_path, "/bin/cat", API_KEY="canary-77aa")])
    terminal(attach_argv(server, "proj"), 200, 50)
    wait_for(lambda: observe(server).panes[0].looked_at, "a person looks")
    assert "canary-77aa" in server.run([Command("show-messages")]).out


def test_fifty_windows_are_opened_by_one_call(server: Server, short_path: Path) -> None:
    specs = [spec(short_path, "/bin/sleep", "1000", agent=f"dev-{n}") for n in range(50)]
    calls: list[object] = []
    real = server._once
    server._once = lambda *words: calls.append(words) or real(*words)  # type: ignore[method-assign,func-returns-value]
    begun = time.monotonic()
    opened = open_windows(server, specs)
    took_s = time.monotonic() - begun
    assert len(calls) == 2  # one that looks whether the server has room, one for all windows
    print(f"{took_s / 50 * 1000:.1f} ms per window")
    panes = {pane.pane_id: pane for pane in observe(server).panes}
    assert [panes[one.pane_id].agent for one in opened] == [f"proj/dev-{n}" for n in range(50)]
    assert len({one.pid for one in opened}) == 50
    assert len(panes) == 50  # and no other window is left


def test_no_window_is_ever_there_without_its_tags(server: Server, short_path: Path) -> None:
    """Whoever looks at any moment sees tagged windows and the nameless first one only."""
    done = threading.Event()
    untagged: list[PaneFacts] = []

    def watch() -> None:
        while not done.is_set():
            untagged.extend(
                pane
                for pane in observe(server).panes
                if not pane.agent and pane.window != "_placeholder"
            )

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for turn in range(4):
            open_windows(
                server,
                [spec(short_path, "/bin/cat", agent=f"dev-{turn}-{n}") for n in range(10)],
            )
    finally:
        done.set()
        watcher.join()
    assert not untagged


def test_several_projects_share_the_server_and_end_apart(server: Server, short_path: Path) -> None:
    open_windows(
        server,
        [
            spec(short_path, "/bin/cat", session="dev"),
            spec(short_path, "/bin/cat", session="developer"),
        ],
    )
    [again] = open_windows(server, [spec(short_path, "/bin/cat", session="dev", agent="two")])
    assert sorted(pane.agent for pane in observe(server).panes) == [
        "dev/dev", "dev/two", "developer/dev",
    ]  # fmt: skip
    assert pane_of(server, again.pane_id).session == "dev"
    assert kill_session(server, "dev")
    assert [pane.agent for pane in observe(server).panes] == ["developer/dev"]
    assert not kill_session(server, "dev")  # `-t dev` would have taken the developer's
    assert not kill_session(server, "de")
    assert [pane.agent for pane in observe(server).panes] == ["developer/dev"]
    assert kill_session(server, "developer")
    assert observe(server).panes == []
    assert server.identity() is not None


def test_a_window_that_cannot_be_opened_says_so_and_the_others_are(
    server: Server, short_path: Path
) -> None:
    # An option with an impossible type stands in for "no terminal left": the line fails midway.
    specs = [spec(short_path, "/bin/cat", agent=f"dev-{n}") for n in range(3)]
    real = server.run_each

    def spoil(lists: list[list[Command]], deadline_s: float) -> object:
        lists[2] = [Command("new-window", "-t", "=nowhere:")]
        return real(lists, deadline_s)

    server.run_each = spoil  # type: ignore[method-assign,assignment]
    opened = open_windows(server, specs)
    assert [bool(one.pane_id) for one in opened] == [True, False, True]
    assert "nowhere" in opened[1].problem
    assert [pane.agent for pane in observe(server).panes] == ["proj/dev-0", "proj/dev-2"]


def test_a_server_that_runs_out_of_files_refuses_windows_and_still_answers(
    server: Server, short_path: Path
) -> None:
    known = server.ensure()
    resource.prlimit(known.pid, resource.RLIMIT_NOFILE, (60, 60))
    specs = [spec(short_path, "/bin/cat", agent=f"dev-{n}") for n in range(50)]
    opened = open_windows(server, specs)
    done = [one for one in opened if one.pane_id]
    assert 5 < len(done) < 30
    assert [bool(one.pane_id) for one in opened] == [True] * len(done) + [False] * (50 - len(done))
    assert "ulimit -n" in opened[-1].problem
    assert len(observe(server).panes) == len(done)
    for _ in range(3):  # a descriptor that a client just gave back may make room for one more
        open_windows(server, specs[-9:])
    assert len(observe(server).panes) < 30


def test_a_session_whose_windows_all_fail_is_not_left_behind(
    server: Server, short_path: Path
) -> None:
    real = server.run_each
    server.run_each = lambda lists, s: real([lists[0], lists[-1]], s)  # type: ignore[method-assign]
    [failed] = open_windows(server, [spec(short_path, "/bin/cat")])
    assert failed.problem and not failed.pane_id
    assert observe(server).panes == []
    assert server.identity() is not None


def test_a_window_is_closed_only_for_the_agent_it_belongs_to(
    server: Server, short_path: Path
) -> None:
    [opened] = open_windows(server, [spec(short_path, "/bin/cat")])
    other = Guard(opened.pane_id, "proj/dev", "abcdef.2")
    assert not close_window(server, opened.window_id, other)
    assert observe(server).panes
    assert close_window(server, opened.window_id, Guard(opened.pane_id, "proj/dev", TAG))
    assert not close_window(server, opened.window_id)
    assert not close_window(server, opened.window_id, other)
    assert observe(server).panes == []


def test_without_a_server_nothing_is_opened(cold: Server, short_path: Path) -> None:
    with pytest.raises(ServerAbsent):
        open_windows(cold, [spec(short_path, "/bin/cat")])
    assert not close_window(cold, "@1")
    assert not kill_session(cold, "proj")
    assert open_windows(cold, []) == []


@pytest.mark.parametrize(
    ("session", "window"),
    [("#(id)", "dev"), ("Proj", "dev"), ("", "dev"), ("proj", "a:b"), ("proj", "12"), ("proj", "")],
)
def test_a_name_that_is_not_ours_never_reaches_tmux(
    server: Server, short_path: Path, session: str, window: str
) -> None:
    bad = WindowSpec(session, window, ["/bin/cat"], short_path, {}, {})
    with pytest.raises(ValueError):
        open_windows(server, [bad])
    with pytest.raises(ValueError):
        open_windows(server, [WindowSpec("proj", "dev", ["cat"], short_path, {}, {})])
    with pytest.raises(ValueError):
        open_windows(server, [WindowSpec("proj", "dev", ["/bin/cat"], short_path, {}, {"X y": ""})])
    assert observe(server).panes == []


def test_how_a_program_ended_is_known(server: Server, short_path: Path) -> None:
    """Also beside other commands, when tmux 3.3a sometimes misses that a child ended."""
    waits = "import sys; sys.stdin.readline(); sys.exit(int(sys.argv[1]))"
    leaving = [
        spec(short_path, sys.executable, "-Sc", waits, str(n), agent=f"out-{n}")
        for n in range(1, 6)
    ]
    killed = [spec(short_path, "/bin/cat", agent=f"cat-{n}") for n in range(20)]
    opened = open_windows(server, [*leaving, *killed])
    for pane in opened[:5]:
        server.run([Command("send-keys", "-t", pane.pane_id, "Enter")])
    for pane in opened[5:]:
        os.kill(pane.pid, 9)
        server.run([Command("list-buffers")])

    def known() -> bool:
        panes = observe(server).panes
        return all(
            pane.dead and (pane.exit_status is not None or pane.exit_signal is not None)
            for pane in panes
        )

    wait_for(known, "every end is known")
    facts = [pane_of(server, pane.pane_id) for pane in opened]
    assert [one.exit_status for one in facts[:5]] == [1, 2, 3, 4, 5]
    assert {one.exit_signal for one in facts[5:]} == {9}
