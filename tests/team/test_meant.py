"""Which project a name or a directory means, whatever is typed for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tmux_orch.domain.errors import BadInput
from tmux_orch.team import meant


@pytest.fixture
def parts(tmp_path: Path) -> Any:
    """One team, of ``tmp_path/shop``."""
    (tmp_path / "shop/src").mkdir(parents=True)
    shop = SimpleNamespace(name="shop", path=str(tmp_path / "shop"), run="aa11bb", live=True)
    places = SimpleNamespace(worktrees=tmp_path / "registry")
    return SimpleNamespace(
        projects=SimpleNamespace(all=lambda: [shop]),
        registry=SimpleNamespace(project=lambda _name: places),
    )


@pytest.mark.parametrize("name", ["shop", "shop/src", "./shop", "link"])
def test_a_project_is_named_by_its_name_or_a_directory_in_it(
    parts: Any, tmp_path: Path, name: str
) -> None:
    (tmp_path / "link").symlink_to("shop")
    assert meant.meant(parts, str(tmp_path), name, None).name == "shop"


@pytest.mark.parametrize("name", ["a" * 300, "x/" + "a" * 300, "circle", "./circle", "a/\0", "\0"])
def test_what_is_no_path_at_all_is_no_project(parts: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(BadInput, match="no project"):
        meant.meant(parts, str(tmp_path), name, None)
