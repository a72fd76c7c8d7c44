"""Which file system a path lies on, as far as that matters to a database."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
#: SQLite's log needs memory that all its processes share and locks that hold; over a network there
#: is neither, and two hosts would destroy the file. Of overlay, 9p and the like nothing is said.
NETWORK = frozenset(
    {"afs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs"}
    | {"nfs", "nfs4", "smb3", "smbfs"}
)

_OCTAL = re.compile(r"\\([0-7]{3})")


def network_kind(path: Path, mounts: Path = MOUNTS) -> str:
    """The kind of network file system that ``path`` lies on; empty when it lies on none.

    Empty too where the kernel does not say (no ``/proc``): then SQLite's own checks remain.
    """
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    real = path.resolve()
    best, kind = -1, ""
    for line in lines:
        # 36 35 98:0 /root /mount/point options... - kind source options
        before, found, after = line.partition(" - ")
        fields = before.split(" ")
        if not found or len(fields) < 5:
            continue
        point = Path(_OCTAL.sub(lambda o: chr(int(o[1], 8)), fields[4]))
        depth = len(point.parts)
        # The later of two mounts on one point hides the earlier.
        if depth >= best and real.is_relative_to(point):
            best, kind = depth, after.split(" ")[0]
    return kind if kind in NETWORK else ""
