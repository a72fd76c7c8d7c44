"""Windows for agents: all of them in one tmux process, each running the agent's program itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tmux_orch.domain.errors import Absent
from tmux_orch.domain.names import is_name
from tmux_orch.tmux import processes
from tmux_orch.tmux.command import Command, chain
from tmux_orch.tmux.guard import Guard
from tmux_orch.tmux.options import HEIGHT, WIDTH
from tmux_orch.tmux.server import BASE_NAMES, Server, ServerAbsent, ServerId

# tmux sets these for the pane; the caller's describe another terminal.
_TERMINAL_NAMES = frozenset({"TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "TMUX_PANE"})
_LOCALE_NAMES = tuple(
    f"LC_{name}" for name in ("ALL", "COLLATE", "CTYPE", "MESSAGES", "MONETARY", "NUMERIC", "TIME")
)
_TAG = re.compile(r"[a-z][a-z_]{0,40}")
_PLACEHOLDER = "_placeholder"  # no agent can be called so
_WINDOW = re.compile(r"@\d+")
_OPENED = re.compile(r"opened (\d+) (%\d+) (@\d+) (\d+) (\d+:\d+)")
# A client holds about four of the server's descriptors while it speaks; this is room for eight.
_RESERVED_DESCRIPTORS = 32
# One window costs about 2 ms; this is room for hundreds on a busy machine.
_DEADLINE_S = 20.0


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """One window to open.

    Attributes:
        session: Project name; the session of that name is made when absent.
        window: Label of the window, a name; never used to find it again.
        argv: The program (absolute path) and its arguments; visible to other users of the machine.
        directory: Where it runs; any characters. A missing one ends the program at once (125).
        environment: All that it gets, besides what tmux sets for the terminal (TERM, TMUX …) and
            PWD. Reaches it unseen by any other process.
        tags: User options of the pane (``orch_agent`` → ``@orch_agent``), set in the same step.
    """

    session: str
    window: str
    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str] = field(repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A window that was opened; or, with ``problem``, one that tmux could not open (ids empty).

    ``pid`` is the program itself: there is no shell under it. ``server`` is the ``ServerId`` that
    the ids hold for, as text.
    """

    pane_id: str
    window_id: str
    pid: int
    problem: str = ""
    server: str = ""


def open_windows(
    server: Server, specs: Sequence[WindowSpec], known: ServerId | None = None
) -> list[Opened]:
    """Open all ``specs`` in one step; one result per spec, in their order.

    A window never exists without its tags. One that cannot be opened (no terminals left, say)
    does not stop the others: its result carries ``problem``. A program that is missing is not such
    a case: its pane is there, dead, with exit status 127.

    Args:
        server: Where.
        specs: What.
        known: Which server it is, when that was asked a moment ago; otherwise it is asked.

    Raises:
        ServerAbsent: no server; nothing was opened.
        CouldNotTell: no answer in time; look for the tags before trying again.
        ValueError: a name, tag or value that cannot be said to tmux.
    """
    room = _room(known or server.identity()) if specs else None
    chosen = specs if room is None else specs[: max(room, 0)]
    full = "the tmux server may not open more files (ulimit -n)"
    return [*_open(server, chosen), *(Opened("", "", 0, full) for _ in specs[len(chosen) :])]


def _room(known: ServerId | None) -> int | None:
    """How many windows may be opened; ``None`` for any number.

    Each takes a descriptor of the server, and a server of 3.3a without free ones answers no client
    any more: with 40 in all, the 32nd window cost the whole team.
    """
    free = processes.free_descriptors(known.pid) if known else None
    return None if free is None else free - _RESERVED_DESCRIPTORS


def _open(server: Server, specs: Sequence[WindowSpec]) -> list[Opened]:
    if not specs:
        return []
    sessions = list(dict.fromkeys(spec.session for spec in specs))
    lists = [
        *([_session(name)] for name in sessions),
        *(_window(number, spec) for number, spec in enumerate(specs)),
        *([_sweep(name)] for name in sessions),
    ]
    reply = server.run_each(lists, _DEADLINE_S)
    found = {
        int(hit[1]): Opened(hit[2], hit[3], int(hit[4]), server=hit[5])
        for line in reply.lines
        if (hit := _OPENED.fullmatch(line))
    }
    problem = reply.complaint or "tmux opened no window"
    return [found.get(number, Opened("", "", 0, problem)) for number in range(len(specs))]


def close_window(server: Server, window_id: str, guard: Guard | None = None) -> bool:
    """Close a window with what runs in it; ``False`` when there is none (any more).

    With a ``guard`` only if its pane still is that agent and incarnation (dead or alive): an id
    from before a restart of the server may belong to another agent.

    Raises:
        CouldNotTell: no answer in time.
    """
    if not _WINDOW.fullmatch(window_id):
        raise ValueError(f"not a window id: {window_id!r}")
    kill = Command("kill-window", "-t", window_id)
    said = Command("display-message", "-p", "closed")
    try:
        if guard is None:
            return server.run([kill, said]).lines == ["closed"]
        choice = Command(
            "if-shell", "-F", "-t", guard.pane_id, guard.whose(), chain([kill, said]),
        )  # fmt: skip
        return server.run([choice]).lines == ["closed"]
    except Absent:
        return False


def show_first(server: Server, window_id: str) -> None:
    """Let whoever attaches next see this window first.

    Raises:
        Absent: it is gone.
        CouldNotTell: no answer in time.
    """
    if not _WINDOW.fullmatch(window_id):
        raise ValueError(f"not a window id: {window_id!r}")
    server.run([Command("select-window", "-t", window_id)])


def kill_session(server: Server, session: str) -> bool:
    """Close all windows of a project; ``False`` when it has no session."""
    try:
        server.run([Command("kill-session", "-t", f"{_exact(session)}:")])
    except (Absent, ServerAbsent):
        return False
    return True


def _exact(session: str) -> str:
    if not is_name(session):
        raise ValueError(f"not a session name of ours: {session!r}")
    return f"={session}"


def _session(name: str) -> Command:
    """Make the session if it is absent, with a window that only holds the place.

    `new-session` cannot be given the first agent's environment: its `-e` sets the *session's*,
    which every later pane inherits.
    """
    make = Command(
        "new-session", "-d", "-s", name, "-n", _PLACEHOLDER, "-x", str(WIDTH), "-y", str(HEIGHT),
        "--", "true", "placeholder",  # two words: one alone would go through a shell
    )  # fmt: skip
    label = Command("set-option", "-t", f"{_exact(name)}:", "@orch_project", name)
    there = f"#{{m:*|{name}|*,#{{S:|#{{session_name}}|}}}}"
    return Command("if-shell", "-F", there, "", chain([make, label]))


def _window(number: int, spec: WindowSpec) -> list[Command]:
    """The commands of one window. `{end}` is the window just made: nothing else runs in between."""
    last = f"{_exact(spec.session)}:{{end}}"
    if not is_name(spec.window):
        raise ValueError(f"not a window name of ours: {spec.window!r}")
    opened = f"opened {number} #{{pane_id}} #{{window_id}} #{{pane_pid}} #{{pid}}:#{{start_time}}"
    return [
        Command(
            "new-window", "-a", "-d", "-t", last, "-n", spec.window,
            *_environment(spec), "--", *_program(spec),
        ),
        # Fixes the size: from here on it follows no client by itself.
        Command("resize-window", "-t", last, "-x", str(WIDTH), "-y", str(HEIGHT)),
        *(
            Command("set-option", "-p", "-t", last, f"@{_tag(name)}", value)
            for name, value in spec.tags.items()
        ),
        Command("display-message", "-p", "-t", last, opened),
    ]  # fmt: skip


def _environment(spec: WindowSpec) -> list[str]:
    words: list[str] = []
    for name, value in spec.environment.items():
        if name not in _TERMINAL_NAMES and name not in ("PWD", "OLDPWD"):
            words += ["-e", f"{name}={value}"]
    return words


def _program(spec: WindowSpec) -> list[str]:
    """``env`` enters the directory, drops what only the server's environment has, becomes it.

    tmux's own ``-c`` is a format (a directory named ``#(cmd)`` would run it) and starts elsewhere
    when the directory is missing.
    """
    if not spec.argv or not spec.argv[0].startswith("/") or not spec.directory.is_absolute():
        raise ValueError("program and directory are absolute paths")
    foreign = [
        name
        for name in (*sorted(BASE_NAMES), *_LOCALE_NAMES)
        if name not in spec.environment and name != "PWD"
    ]
    drop = [word for name in foreign for word in ("-u", name)]
    own = [f"PWD={spec.directory}"]
    if "SHELL" in spec.environment:
        own.append(f"SHELL={spec.environment['SHELL']}")  # tmux puts its default-shell over -e
    return ["env", *drop, "-C", str(spec.directory), *own, *spec.argv]


def _tag(name: str) -> str:
    if not _TAG.fullmatch(name):
        raise ValueError(f"not a tag name: {name!r}")
    return name


def _sweep(session: str) -> Command:
    """Close the placeholder. Where no other window could be opened the session goes with it."""
    there = f"#{{m:*|{_PLACEHOLDER}|*,#{{W:|#{{window_name}}|}}}}"
    # The window shown first is then the first agent's, not whichever tmux falls back to.
    first = Command("select-window", "-t", f"{_exact(session)}:+")
    close = Command("kill-window", "-t", f"{_exact(session)}:={_PLACEHOLDER}")
    return Command("if-shell", "-F", "-t", f"{_exact(session)}:", there, chain([first, close]))
