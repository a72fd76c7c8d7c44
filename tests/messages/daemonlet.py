"""A child process that delivers as the daemon does, for tests that kill it at a crash point."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from tests.messages.house import Agent, House, Port, ReceiverAdapter, until
from tmux_orch.clock import SystemClock
from tmux_orch.domain.message import MessageState
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.messages.port import Moment
from tmux_orch.store.database import open_database
from tmux_orch.store.outbox import Outbox
from tmux_orch.tmux.server import Server


def main() -> None:
    root, way = Path(sys.argv[1]), sys.argv[2]
    seat = Seat(**json.loads(sys.argv[3]))
    seat = replace(seat, desired=Desired(seat.desired))
    server = Server(root / "t.sock", root / "t.conf", {"PATH": "/usr/bin:/bin"})
    assert server.program
    database = open_database(root / "d.db", root, root / "logs")
    house = House(root, server, database, Outbox(database, SystemClock()))
    place = root / seat.name
    agent = Agent(seat, place, Port(seat, place, ReceiverAdapter()))
    agent.port.refresh()
    house.agents[seat.key] = agent
    courier = house.start()
    if way == "type":
        sent = courier.accept("user", seat.key, "hello\nagain", client_key=sys.argv[4])
        courier.wait(sent.id, "delivered", 20)
    else:
        agent.port.busy_hooks = True
        agent.port.override = AgentState.WORKING
        sent = courier.accept("user", seat.key, "hello\nagain", client_key=sys.argv[4])
        [handed] = courier.hand_over(seat.key, Moment.TURN_END)
        agent.tell("handed", handed.text)
        until(lambda: agent.log("transcript"))
        courier.handed(seat.key, [handed.id], True)
        agent.tell("answer", "done")
        got = courier.wait(sent.id, "delivered", 20)
        assert got.state is MessageState.DELIVERED
    house.courier = None
    courier.stop()
    database.close()


if __name__ == "__main__":
    main()
