"""``orch-hook`` carries a payload and its answer, and is silent in every other case."""

from __future__ import annotations

import os
import signal
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmux_orch.rpc import hook


def test_the_answer_is_printed_byte_for_byte(toy, run):
    toy()
    done = run("orch-hook", stdin=b'{"x": "\xff\x1b[2J"}')
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.encode("utf-8", "surrogateescape") == b'answer to {"x": "\xff\x1b[2J"}'


def test_without_a_daemon_it_is_silent_ends_well_and_starts_none(run, registry):
    done = run("orch-hook", stdin=b"{}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (registry.logs / "starts").exists()
    assert not registry.start_lock.exists()


def test_a_hung_daemon_is_let_be_within_ten_seconds(toy, run):
    os.kill(toy(), signal.SIGSTOP)
    started = time.monotonic()
    done = run("orch-hook", stdin=b"{}")
    assert time.monotonic() - started < 12
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("stdin", [b"", b"x" * (9 << 20)])
def test_nothing_and_too_much_are_not_sent(toy, run, stdin):
    toy()
    done = run("orch-hook", stdin=stdin)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_speaks_with_a_daemon_of_another_version(toy, run):
    toy(TMUX_ORCH_TOY_VERSION="99.0")
    assert run("orch-hook", stdin=b"{}").stdout == "answer to {}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(payload=st.binary(min_size=1, max_size=3000))
def test_any_payload_comes_through(hooked, payload):
    assert hook.ask(payload) == b"answer to " + payload


@pytest.fixture
def hooked(toy, environ, monkeypatch):
    toy()
    monkeypatch.setenv("TMUX_ORCH_REGISTRY", environ["TMUX_ORCH_REGISTRY"])
