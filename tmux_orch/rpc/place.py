"""Where the daemon's socket is, found with nothing imported but ``os``; agrees with the registry.

``config.registry`` is the truth and a test compares the two; this is its reading half for the
commands whose whole run is a few milliseconds.
"""

import os

TYPE_CHECKING = False  # typing itself, and collections.abc, cost a tenth of the whole run
if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET = "daemon.sock"
#: As in ``config.registry``: longer socket paths lie in a directory that ``run/place`` names.
SOCKET_PATH_LIMIT = 100


def registry_root(environ: "Mapping[str, str]") -> str:
    """The registry's directory; empty when only the registry itself can say what is wrong."""
    chosen = environ.get("TMUX_ORCH_REGISTRY", "")
    if chosen:
        return _plain(chosen) if chosen.startswith("/") else ""
    state = environ.get("XDG_STATE_HOME", "")
    if state.startswith("/"):
        return _plain(state + "/tmux-orch")
    home = environ.get("HOME", "")
    return _plain(home + "/.local/state/tmux-orch") if home.startswith("/") else ""


def socket_path(environ: "Mapping[str, str]") -> str:
    """Path of the daemon's socket; empty when it cannot be told here (then start on demand asks).

    A directory recorded elsewhere counts only when it is ours: after a reboot anybody could have
    made one of that name under the temporary directory.
    """
    root = registry_root(environ)
    if not root:
        return ""
    path = f"{root}/run/{SOCKET}"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    try:
        fd = os.open(f"{root}/run/place", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            recorded = os.fsdecode(os.read(fd, 4096)).strip()
        finally:
            os.close(fd)
        facts = os.lstat(recorded)
    except OSError:
        return ""  # no record, or its directory is gone: nothing can be listening there
    ours = facts.st_uid == os.geteuid() and facts.st_mode & 0o170077 == 0o040000
    return f"{recorded}/{SOCKET}" if ours and recorded.startswith("/") else ""


def _plain(path: str) -> str:
    if "//" not in path and "/." not in path and not path.endswith("/"):
        return path
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
