"""Killed with SIGKILL at every write and every external call of a delivery, then started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.messages.house import Agent, House, until
from tmux_orch.domain.message import FINAL, Message, MessageState
from tmux_orch.messages.compose import whole

S = MessageState
ROOT = Path(__file__).parents[2]


def child(house: House, agent: Agent, way: str, key: str, crash_at: str) -> int:
    argv = [sys.executable, "-m", "tests.messages.daemonlet", str(house.root), way,
            json.dumps(asdict(agent.seat)), key]  # fmt: skip
    environment = {**os.environ, "ORCH_CRASH_AT": crash_at}
    return subprocess.run(argv, cwd=ROOT, env=environment, timeout=60).returncode


def settle(house: House, message: Message) -> Message:
    ends = FINAL | {S.UNKNOWN, S.STRANDED}
    got: Message = until(lambda: (m := house.get(message)).state in ends and m, 20)
    return got


@pytest.mark.parametrize("kind", ["write", "call"])
@pytest.mark.parametrize("options", [(), ("--swallow", "1", "--swallow-each")])
def test_killed_anywhere_each_message_arrives_once_or_is_shown_as_unknown(
    house: House, kind: str, options: tuple[str, ...]
) -> None:
    dev = house.agent("dev", *options)
    number, unknown = 0, 0
    while True:
        number += 1
        assert number < 60
        key = f"{kind}-{number}"
        code = child(house, dev, "type", key, f"{kind}:{number}")
        message = house.outbox.by_client_key("user", key)
        house.start()
        if message is None:
            assert code == -signal.SIGKILL  # it was not accepted, so the sender was told nothing
        else:
            got = settle(house, message)
            times = dev.submitted().count(whole(message))
            assert times == (1 if got.state is S.DELIVERED else times)
            assert times <= 1, f"{key}: delivered {times} times"
            assert got.state in (S.DELIVERED, S.UNKNOWN), f"{key}: {got.state} {got.reason}"
            unknown += got.state is S.UNKNOWN
        assert house.courier is not None
        house.courier.stop()
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert number > 3  # it was killed at that many points and then ran through
    assert unknown == 0  # with a transcript and a composer that can be read, all is decidable
    assert dev.log("granted") == []


def test_killed_anywhere_while_handing_over_nothing_is_lost_or_doubled(house: House) -> None:
    dev = house.agent("dev")
    number = 0
    while True:
        number += 1
        assert number < 30
        (dev.place / "transcript").write_bytes(b"")
        key = f"hand-{number}"
        code = child(house, dev, "hand", key, f"write:{number}")
        message = house.outbox.by_client_key("user", key)
        house.start()
        if message is not None:
            assert settle(house, message).state is S.DELIVERED
            entries = [e["text"].split() for e in dev.log("transcript") if e["type"] == "user"]
            assert entries == [whole(message).split()], key
        assert house.courier is not None
        house.courier.stop()
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert number > 3
