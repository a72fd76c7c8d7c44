"""A real team explained: every reading, the one that decided, and what speaks against it."""

from __future__ import annotations

import json

from tests.whole.conftest import Place, wait_until


def explained(place: Place, agent: str) -> dict:
    return json.loads(place.run("tmux-orch", "explain", agent, "--json").stdout)


def test_an_agents_state_is_explained_by_all_its_readings(place: Place):
    place.up("--roles", "developer")
    wait_until(lambda: explained(place, "developer")["state"] == "idle", 20, "an idle developer")
    told = explained(place, "developer")
    assert told["agent"] == "developer"
    assert told["conflict"] == ""
    sources = [reading["source"] for reading in told["readings"]]
    assert sources[0] == "process"
    assert {"tmux", "session_file", "screen", "git"} <= set(sources)
    (decided,) = [reading for reading in told["readings"] if reading["decided"]]
    assert decided["state"] == "idle"
    assert decided["rule"] in told["evidence"]
    for reading in told["readings"]:
        assert set(reading) == {"source", "state", "at", "rule", "detail", "until_at", "decided"}


def test_an_agent_that_is_none_is_one_clear_line(place: Place):
    place.up("--roles", "developer")
    done = place.run("tmux-orch", "explain", "nobody", check=False)
    assert done.returncode == 2
    assert "has no agent" in done.stderr
