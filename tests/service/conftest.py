"""The real user manager and the real cron, on a machine of their own; else skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.service.machine import SYSTEMD, Machine, Unavailable, machine


@pytest.fixture
def box() -> Iterator[Machine]:
    """A machine with nothing running."""
    try:
        with machine() as made:
            yield made
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def managed(box: Machine) -> Machine:
    """The same with this user's systemd."""
    if not SYSTEMD.exists() or shutil.which("dbus-daemon") is None:
        pytest.skip("no systemd with a user bus here: apt-get install systemd dbus-user-session")
    box.start_manager()
    return box
