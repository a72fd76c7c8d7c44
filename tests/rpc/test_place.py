"""The fast path finds the socket where the registry says it is."""

from __future__ import annotations

import os
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.config.registry import SOCKET_PATH_LIMIT, Registry
from tmux_orch.domain.errors import BadInput
from tmux_orch.rpc import place

paths = st.text("ab./~é ", max_size=130).map(lambda t: "/" + t) | st.sampled_from(
    ["", "relative", "/", "//x", "/a/../b", "/a/./b/", "~/x"]
)


@given(st.fixed_dictionaries({}, optional={
    "TMUX_ORCH_REGISTRY": paths, "XDG_STATE_HOME": paths, "HOME": paths}))  # fmt: skip
def test_the_two_readings_of_the_environment_agree(environ):
    got = place.registry_root(environ)
    try:
        registry = Registry.find(environ)
    except BadInput:
        assert got == ""
        return
    if got:  # empty: left to the registry
        assert [p for p in got.split("/") if p] == [p for p in str(registry.root).split("/") if p]


def test_the_limit_is_the_registrys():
    assert place.SOCKET_PATH_LIMIT == SOCKET_PATH_LIMIT


def test_a_short_path_is_the_registrys_own(environ, registry):
    assert place.socket_path(environ) == os.fspath(registry.socket)


@pytest.fixture
def long_registry(environ, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", tempfile.mkdtemp(prefix="t"))
    environ["TMUX_ORCH_REGISTRY"] = str(tmp_path / ("y" * 100))
    registry = Registry.find(environ)
    registry.prepare()
    return registry


def test_a_long_path_is_the_recorded_one(environ, long_registry):
    assert place.socket_path(environ) == os.fspath(long_registry.socket)
    assert len(os.fsencode(place.socket_path(environ))) <= SOCKET_PATH_LIMIT


def test_a_recorded_directory_that_others_may_write_is_not_used(environ, long_registry):
    long_registry.run.chmod(0o777)
    assert place.socket_path(environ) == ""


def test_a_recorded_directory_that_is_a_link_is_not_used(environ, long_registry, tmp_path):
    run = long_registry.run
    run.rmdir()
    run.symlink_to(tmp_path)
    assert place.socket_path(environ) == ""
    assert place.socket_path(environ | {"TMUX_ORCH_REGISTRY": str(tmp_path / ("z" * 100))}) == ""
