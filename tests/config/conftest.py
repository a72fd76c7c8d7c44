from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def shared(short_path: Path) -> Path:
    """A directory that the ordinary user of ``as_ordinary_user`` owns, whoever runs the suite."""
    place = short_path / "theirs"
    place.mkdir()
    if os.geteuid() == 0:
        short_path.chmod(0o711)
        os.chown(place, 65534, 65534)
    return place
