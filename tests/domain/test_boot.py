"""What a restart of the machine means, and in which waves agents come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.boot import (
    EACH_BYTES,
    PER_CORE,
    Boot,
    OnBoot,
    Phase,
    noticed,
    startable,
    wave_size,
    waves,
)


def test_a_daemon_that_knew_nothing_sees_no_restart():
    assert noticed(None, "a", False, OnBoot.RESUME) == Boot("a", Phase.SETTLED)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("policy", OnBoot)
@pytest.mark.parametrize("server_lives", [False, True])
def test_the_same_start_of_the_machine_changes_nothing(phase, policy, server_lives):
    stored = Boot("a", phase)
    assert noticed(stored, "a", server_lives, policy) is stored


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(
    ("policy", "first"),
    [
        (OnBoot.RESUME, Phase.RETURNING),
        (OnBoot.STATUS, Phase.TOLD),
        (OnBoot.NOTHING, Phase.SETTLED),
    ],
)
def test_another_start_begins_as_the_person_wants_however_the_last_one_ended(phase, policy, first):
    assert noticed(Boot("a", phase), "b", False, policy) == Boot("b", first)


@pytest.mark.parametrize("phase", Phase)
def test_with_a_tmux_server_that_lives_nothing_was_lost(phase):
    assert noticed(Boot("a", phase), "b", True, OnBoot.RESUME) == Boot("b", phase)


@pytest.mark.parametrize("start", Phase)
@pytest.mark.parametrize("end", Phase)
def test_a_restart_is_dealt_with_once_and_no_other_step_is_legal(start, end):
    legal = start is not Phase.SETTLED and end is Phase.SETTLED
    if legal:
        assert Boot("a", start).moved(end) == Boot("a", end)
    else:
        with pytest.raises(ValueError, match="does not become"):
            Boot("a", start).moved(end)


@given(st.integers(1, 256), st.none() | st.integers(0, 1 << 42))
def test_a_wave_is_never_empty_and_never_asks_for_more_cores_or_memory_than_there_are(cores, free):
    size = wave_size(cores, free)
    assert 1 <= size <= PER_CORE * cores
    assert size == 1 or free is None or size * EACH_BYTES <= free


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 40))
def test_waves_are_everybody_once_in_order(keys, size):
    found = waves(keys, size)
    assert [key for wave in found for key in wave] == keys
    assert all(0 < len(wave) <= size for wave in found)


def test_whoever_is_held_stays_down():
    assert startable(["a", "b"], {"a": "until 15:00", "b": None}.get) == ["b"]
