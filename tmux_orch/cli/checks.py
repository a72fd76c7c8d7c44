"""What the machine must have, one function per prerequisite; each finding names its remedy."""

from __future__ import annotations

import locale
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tmux_orch import __version__, external
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import OrchError
from tmux_orch.rpc import client, start

# Options and user options per pane, `source-file -` and `-f` filters came with tmux 3.2.
TMUX = (3, 2)
# `worktree list --porcelain` with `prunable` and locks that tell themselves: 2.31; what our runner
# relies on was tried from Ubuntu 22.04's 2.34 on.
GIT = (2, 34)
PYTHON = ((3, 11), (3, 14))
_ROOM, _LITTLE_ROOM = 200 << 20, 2 << 30
_PROGRAM_S = 10.0
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
)


class Verdict(StrEnum):
    """``bad`` stops teams; ``warning`` is for the person to judge."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One prerequisite as it was found.

    Attributes:
        name: What was looked at.
        verdict: How it is.
        found: What there is.
        remedy: What to do; empty when nothing is to be done.
    """

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""


def all_checks() -> list[Finding]:
    """Every finding, in the order a person would mend them; nothing is changed or started."""
    environ = os.environ
    looks: tuple[Callable[[Mapping[str, str]], list[Finding]], ...] = (
        python, tmux, git, agent_programs, screen_rules, registry, room, daemon, encoding,
    )  # fmt: skip
    findings: list[Finding] = []
    for look in looks:
        try:
            findings += look(environ)
        except (OrchError, OSError) as error:
            said = error.line() if isinstance(error, OrchError) else str(error)
            findings.append(Finding(look.__name__.replace("_", " "), Verdict.BAD, said))
    return findings


def python(_environ: Mapping[str, str]) -> list[Finding]:
    """The interpreter we run in."""
    least, below = PYTHON
    found = f"{sys.version.split()[0]} ({sys.executable}), tmux_orch {__version__}"
    if least <= sys.version_info[:2] < below:
        return [Finding("python", Verdict.OK, found)]
    return [
        Finding("python", Verdict.BAD, found, "install Python 3.11 to 3.13, then ./scripts/install")
    ]


def tmux(environ: Mapping[str, str]) -> list[Finding]:
    """tmux, new enough."""
    return [_program("tmux", ("tmux", "-V"), TMUX, environ)]


def git(environ: Mapping[str, str]) -> list[Finding]:
    """git, new enough."""
    return [_program("git", ("git", "--version"), GIT, environ)]


def agent_programs(environ: Mapping[str, str]) -> list[Finding]:
    """Every agent program we know; one that runs is enough (rehearsal always is there)."""
    from tmux_orch.agents.registry import adapters
    from tmux_orch.config.agent_programs import FILE, AgentPrograms

    findings = []
    known = adapters(AgentPrograms(environ))
    try:
        names = list(known)
    except OrchError as error:
        findings.append(Finding(FILE, Verdict.WARNING, error.message, error.next_step))
        names = list(known := adapters())
    for name in names:
        try:
            program = known[name].locate(environ)
        except OrchError as error:
            findings.append(
                Finding(f"agent {name}", Verdict.WARNING, error.message, error.next_step)
            )
        else:
            found = f"{program.version} ({program.path})"
            findings.append(Finding(f"agent {name}", Verdict.OK, found))
    return findings


def screen_rules(environ: Mapping[str, str]) -> list[Finding]:
    """The person's own screen rules; a file that is refused does not count."""
    from tmux_orch.agents.screens import load, own
    from tmux_orch.config.directory import config_directory

    own.use(config_directory(environ))
    findings = []
    for program in load.PROGRAMS:
        try:
            load.rules(program, own.place(program))
        except OrchError as error:
            step = "it does not count until it is right: tmux-orch rules check FILE"
            findings.append(Finding("screen rules", Verdict.WARNING, error.message, step))
    return findings


def registry(environ: Mapping[str, str]) -> list[Finding]:
    """The registry's directories are ours alone, and on a file system that locks."""
    place = Registry.find(environ)
    if not place.root.exists():
        found = f"{place.root} does not exist yet; the first start makes it"
        return [Finding("registry", Verdict.OK, found), *_parents(place.root)]
    findings = []
    for path in (place.root, place.root / "run", place.projects, place.logs):
        if path.exists() and (trouble := _not_private(path)):
            findings.append(Finding("registry", Verdict.BAD, *trouble))
    for path in (place.database, place.environment):
        if path.exists() and path.stat().st_mode & 0o077:
            found = f"{path} is open to other users"
            findings.append(Finding("registry", Verdict.BAD, found, f"chmod 600 {path}"))
    if not findings:
        findings.append(Finding("registry", Verdict.OK, f"{place.root}, private"))
    return [*findings, *_file_system(place.root)]


def room(environ: Mapping[str, str]) -> list[Finding]:
    """Disk space and inodes where worktrees are made."""
    path = _existing(Registry.find(environ).root)
    facts = os.statvfs(path)
    free = facts.f_bavail * facts.f_frsize
    found = f"{free / (1 << 30):.1f} GiB free at {path}"
    if free < _ROOM or (facts.f_files and facts.f_favail < 10_000):
        found += f", {facts.f_favail} inodes" if facts.f_files else ""
        return [Finding("disk", Verdict.BAD, found, "make room: every agent has a worktree there")]
    verdict = Verdict.WARNING if free < _LITTLE_ROOM else Verdict.OK
    return [Finding("disk", verdict, found, "make room soon" if verdict != Verdict.OK else "")]


def daemon(environ: Mapping[str, str]) -> list[Finding]:
    """The socket, and the daemon behind it if one runs."""
    place = Registry.find(environ)
    if not place.root.exists() or not start.listens(place):
        found = "not running; the next command starts it"
        return [Finding("daemon", Verdict.OK, found)]
    mode = place.socket.lstat().st_mode
    if not stat.S_ISSOCK(mode) or mode & 0o077:
        found = f"{place.socket} is open to other users"
        return [Finding("daemon", Verdict.BAD, found, "tmux-orch daemon stop")]
    try:
        about = client.call("ping", start_daemon=False, environ=environ)
    except OrchError as error:
        return [Finding("daemon", Verdict.BAD, error.message, error.next_step)]
    found = f"process {about['pid']}, version {about['version']}"
    return [Finding("daemon", Verdict.OK, found)]


def encoding(environ: Mapping[str, str]) -> list[Finding]:
    """A UTF-8 locale: agents' programs draw with more than ASCII."""
    name = locale.getencoding()
    said = next((environ[n] for n in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(n)), "none set")
    if name.lower().replace("-", "") == "utf8":
        return [Finding("locale", Verdict.OK, f"{said} ({name})")]
    return [Finding("locale", Verdict.WARNING, f"{said} ({name})", "export LANG=C.UTF-8")]


def _program(
    name: str, argv: tuple[str, ...], least: tuple[int, int], environ: Mapping[str, str]
) -> Finding:
    wanted = f"install {name} {least[0]}.{least[1]} or newer, e.g. apt-get install {name}"
    path = shutil.which(name, path=environ.get("PATH"))
    if path is None:
        return Finding(name, Verdict.BAD, "not on PATH", wanted)
    try:
        done = external.run((path, *argv[1:]), deadline_s=_PROGRAM_S)
    except (external.ProgramMissing, external.DeadlinePassed) as error:
        return Finding(name, Verdict.BAD, str(error), wanted)
    said = done.text().strip().splitlines()[:1]
    match = re.search(r"(\d+)\.(\d+)", said[0]) if said else None
    found = f"{said[0] if said else done.complaint()} ({path})"
    if match is None:
        # tmux built from its main branch calls itself "tmux next-3.6" or "tmux master".
        return Finding(name, Verdict.WARNING, found, f"it should be {least[0]}.{least[1]} or newer")
    if (int(match[1]), int(match[2])) < least:
        return Finding(name, Verdict.BAD, found, wanted)
    return Finding(name, Verdict.OK, found)


def _not_private(path: Path) -> tuple[str, str] | None:
    facts = path.stat()
    if not stat.S_ISDIR(facts.st_mode):
        return f"{path} is not a directory", "move it away"
    if facts.st_uid != os.geteuid():
        return f"{path} belongs to another user", "name another registry: TMUX_ORCH_REGISTRY"
    if facts.st_mode & 0o077:
        return f"{path} is open to other users", f"chmod 700 {path}"
    return None


def _parents(path: Path) -> list[Finding]:
    above = _existing(path)
    if os.access(above, os.W_OK | os.X_OK):
        return _file_system(above)
    found = f"{above} cannot be written"
    return [Finding("registry", Verdict.BAD, found, "name another: TMUX_ORCH_REGISTRY")]


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _file_system(path: Path) -> list[Finding]:
    """A warning where locks and SQLite's shared memory are known not to be trusted."""
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "replace")
    except OSError:
        return []  # no such list here: nothing can be said
    real, best, kind = path.resolve(), "", ""
    for line in mounts.splitlines():
        _, where, found, *_ = [*line.split(" "), "", "", ""]
        where = where.replace("\\040", " ")
        if real.is_relative_to(where) and len(where) >= len(best):
            best, kind = where, found
    if kind not in _NETWORK:
        return []
    remedy = "put it on a local disk: TMUX_ORCH_REGISTRY"
    return [Finding("registry", Verdict.WARNING, f"{path} is on a network ({kind})", remedy)]
