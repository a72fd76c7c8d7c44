"""A database is not put where SQLite cannot keep it whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmux_orch.domain.errors import BadInput
from tmux_orch.store import migrate
from tmux_orch.store.database import open_database
from tmux_orch.store.mounts import network_kind

TABLE = """\
22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:5 / /home rw - nfs4 server:/home rw
24 23 259:2 / /home/person/local\\040disk rw - ext4 /dev/sdb rw
25 22 0:7 / /data rw - ext4 /dev/sdc rw
26 22 0:8 / /data rw - cifs //server/share rw
27 22 0:9 / /homestead rw - fuse.sshfs person@host: rw
not a mount line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/x", ""),
        ("/home/person/.local/state", "nfs4"),
        ("/home/person/local disk/state", ""),
        ("/data/state", "cifs"),
        ("/homestead/x", "fuse.sshfs"),
        ("/homes", ""),
    ],
)
def test_the_file_system_is_the_innermost_mount(tmp_path: Path, path: str, kind: str) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert network_kind(Path(path), table) == kind


def test_without_a_table_nothing_is_claimed(tmp_path: Path) -> None:
    assert network_kind(tmp_path, tmp_path / "none") == ""


def test_a_network_file_system_is_refused_and_nothing_is_made_there(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "network_kind", lambda _: "nfs4")
    with pytest.raises(BadInput) as caught:
        open_database(place / "orch.db", place)
    assert "TMUX_ORCH_REGISTRY" in caught.value.line()
    assert "nfs4" in caught.value.line()
    assert list(place.iterdir()) == []
