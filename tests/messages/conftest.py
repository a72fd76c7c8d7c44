from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.messages.house import House, build


@pytest.fixture
def house(short_path: Path) -> Iterator[House]:
    it = build(short_path)
    try:
        yield it
    finally:
        it.close()
