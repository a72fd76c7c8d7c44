"""A machine inside this one: its own user manager of systemd, cron spool and process numbers.

The real systemd and cron, in name spaces of their own, so that neither this user's manager nor his
crontab can be reached. Needs root and a control group to write in; tests skip elsewhere.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.whole.conftest import BIN, wait_until

SYSTEMD = Path("/lib/systemd/systemd")
_INIT = """\
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/lock || exit 41
mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 42
for place in /var/spool/cron /var/lib/systemd/linger; do
    [ ! -d "$place" ] || mount -t tmpfs tmpfs "$place" || exit 43
done
[ ! -d /var/spool/cron ] || mkdir -m 1730 /var/spool/cron/crontabs
echo up
while read -r line; do eval "$line"; done
"""


@dataclass
class Machine:
    """Name spaces that end with their first process.

    Attributes:
        root: A directory of the test's own, with a short path.
        pid: The first process, as the outside sees it.
        extra: More of the person's environment.
        orders: Where it reads commands that are run in the first control group.
    """

    root: Path
    pid: int
    orders: IO[bytes]
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "USER": "root",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.root / "run"),
            **self.extra,
        }

    def argv(self, *words: str, cwd: object = "/") -> list[str]:
        return ["nsenter", "-t", str(self.pid), "-m", "-C", "-p", f"--wd={cwd}", "--", *words]

    def run(
        self, *words: str, check: bool = True, cwd: object = "/", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command in there; with ``check`` it must end with 0."""

        done = subprocess.run(
            self.argv(*words, cwd=cwd), env={**self.environment, **(env or {})},
            capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def orch(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        return self.run(str(BIN / "tmux-orch"), *words, **more)

    def systemctl(self, *words: str, **more: Any) -> str:
        return self.run("systemctl", "--user", *words, **more).stdout

    def properties(self, unit: str, *names: str) -> dict[str, str]:
        out = self.systemctl("show", f"--property={','.join(names)}", unit)
        return dict(line.split("=", 1) for line in out.splitlines())

    def begin(self, *words: str) -> None:
        """Start it in the background; what it says goes to ``log``."""
        log = shlex.quote(str(self.root / "log"))
        self.orders.write(f"{shlex.join(words)} </dev/null >>{log} 2>&1 &\n".encode())
        self.orders.flush()

    def start_manager(self) -> None:
        """The user manager, as logind starts it."""
        pairs = [f"{name}={value}" for name, value in self.environment.items()]
        self.begin("env", "-i", *pairs, "SYSTEMD_LOG_TARGET=console", str(SYSTEMD), "--user")
        wait_until(
            lambda: (
                self.systemctl("is-system-running", check=False).strip() in ("running", "degraded")
            ),
            20,
            "the user manager runs",
        )


@contextmanager
def machine() -> Iterator[Machine]:
    """One, until the block ends; everything in it ends then.

    Raises:
        Unavailable: this process may not make one.
    """
    with ExitStack() as ending:
        root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
        ending.callback(shutil.rmtree, root, ignore_errors=True)
        for name in ("home", "run"):
            (root / name).mkdir(mode=0o700)
        group = _own_group(root.name)
        ending.callback(_remove_group, group)
        process = _first_process(group)
        ending.callback(_end, process)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        if process.stdout.readline() != b"up\n":
            raise Unavailable(f"no name spaces: {process.stderr.read().decode().strip()}")
        yield Machine(root, _children(process)[0], process.stdin)


def _children(process: subprocess.Popen[bytes]) -> list[int]:
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in path.read_text().split()]


def _end(process: subprocess.Popen[bytes]) -> None:
    for child in _children(process):
        os.kill(child, 9)  # the first process of the name space: everything in it ends
    process.wait(20)


def _remove_group(group: Path) -> None:
    for inner in sorted((group, *group.rglob("*/")), reverse=True):
        with suppress(OSError):
            inner.rmdir()


def _first_process(group: Path) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            ["unshare", "-m", "-C", "-p", "-f", "--mount-proc", "sh", "-c", _INIT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())),
        )  # fmt: skip
    except subprocess.SubprocessError as error:
        raise Unavailable("the control group does not take processes") from error


class Unavailable(Exception):
    """Why there can be no such machine here."""


def _own_group(name: str) -> Path:
    if os.geteuid() != 0:
        raise Unavailable("name spaces with a user manager of their own need root")
    missing = [one for one in ("unshare", "nsenter") if shutil.which(one) is None]
    if missing:
        raise Unavailable(f"{' and '.join(missing)} of util-linux are not here")
    for top in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
        if (top / "cgroup.procs").exists() and (top / "cgroup.subtree_control").exists():
            group = top / f"tmux-orch-{name}"
            try:
                group.mkdir()
            except OSError as error:
                raise Unavailable(f"no control group can be made: {error.strerror}") from error
            return group
    raise Unavailable("there is no control group of version 2")
