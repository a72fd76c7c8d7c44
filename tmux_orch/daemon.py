"""The daemon: the only module that puts the rooms together.

One per registry. The lock is taken before recovery and before the socket is bound, and held for
life. It is disposable: killed at any moment, the next command starts it, and it
takes up every agent again by tmux tags and process identity.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tmux_orch import __version__, external
from tmux_orch.agents.registry import adapters
from tmux_orch.agents.screens import own
from tmux_orch.clock import SystemClock
from tmux_orch.config.agent_programs import AgentPrograms
from tmux_orch.config.definitions import Definitions
from tmux_orch.config.directory import config_directory
from tmux_orch.config.registry import Registry
from tmux_orch.config.settings import load_settings
from tmux_orch.domain.errors import EXIT_DONE, OrchError
from tmux_orch.messages.courier import Courier
from tmux_orch.rpc import lock
from tmux_orch.rpc.ready import Announcement
from tmux_orch.rpc.server import Listener
from tmux_orch.schedule.accounts import Accounts
from tmux_orch.schedule.book import Around
from tmux_orch.schedule.clockwork import Clockwork
from tmux_orch.schedule.keeper import Keeper
from tmux_orch.store.catch_up import catch_up
from tmux_orch.store.database import open_database
from tmux_orch.store.events import Events
from tmux_orch.store.holds import Holds as AccountHolds
from tmux_orch.store.journal import Journal
from tmux_orch.store.outbox import Outbox
from tmux_orch.store.plans import Plans
from tmux_orch.store.projects import Projects
from tmux_orch.store.restarts import Deaths, Restarts
from tmux_orch.store.seats import Seats
from tmux_orch.store.usage import Usage
from tmux_orch.team import adopt, commands
from tmux_orch.team.herald import Herald
from tmux_orch.team.holds import Holds
from tmux_orch.team.notes import Notes
from tmux_orch.team.parts import Parts
from tmux_orch.team.rounds import Rounds
from tmux_orch.team.up import Up
from tmux_orch.tmux.server import Server
from tmux_orch.upkeep import budget_desk
from tmux_orch.upkeep.upkeep import Upkeep
from tmux_orch.verbs import Verbs
from tmux_orch.watch.board import Board
from tmux_orch.watch.eyes import TmuxEyes
from tmux_orch.watch.hooks import HookDesk
from tmux_orch.watch.work_seen import WorkSeen

# With no team alive and nobody asking, we end after so long; the next command starts us again.
IDLE_EXIT_S = 600.0
# Held permissions and followers end at once when we stop; an act gets so long to reach its end.
STOP_GRACE_S = 10.0


class Daemon:
    """The rooms' objects of one registry, from start to stop.

    Args:
        registry: Prepared, and its lock held by this process.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.clock = SystemClock()
        self.ended = threading.Event()
        self.parts = self._assemble()
        self.up = Up(self.parts, Holds())
        self.rounds = Rounds(self.parts)
        self.upkeep = Upkeep(self.up, self.rounds, self.clockwork, self.settings)
        self.parts.board.held = self.upkeep.held
        self.notes.on_state, self.notes.on_event = self.upkeep.state, self.upkeep.event
        desk = HookDesk(self.parts.board, self.parts.courier, self.clock)
        self.verbs = Verbs(
            self.parts, self.up, desk, self.ended.set, self._about(), self.upkeep.after_boot
        )
        for name, verb in self.upkeep.verbs(self.verbs.project, self.verbs.post.target).items():
            self.verbs.add(name, verb)
        self.verbs.of_project |= budget_desk.verbs(self.upkeep.budgets)
        self.listener = Listener(registry.socket, self.verbs.handle, __version__, self.verbs.fault)

    def _assemble(self) -> Parts:
        registry, clock = self.registry, self.clock
        settings = self.settings = load_settings(os.environ)
        own.use(config_directory(os.environ))
        database = open_database(
            settings.database_url or registry.database, registry.backups, registry.logs
        )
        catch_up(database)
        seats = Seats(database, clock)
        outbox = Outbox(database, clock)
        events = Events(database, clock)
        known = adapters(AgentPrograms(os.environ))
        server = Server(registry.tmux_socket, registry.tmux_config, os.environ)
        board = Board(TmuxEyes(server), known, clock)
        courier = Courier(server, database, outbox, board.seat, seats.get, clock)
        board.dialogs.rules = settings.answers
        herald = Herald(server, seats, courier, settings.answers)
        projects = Projects(database, clock)
        self.clockwork = Clockwork(database, clock)
        accounts = Accounts(known, lambda seat: parts.berth(seat, ()))
        keeper = Keeper(
            Around(
                store=AccountHolds(database),
                account=accounts.of,
                seats=lambda: parts.up_seats(),
                live=board.seat,
                accept=courier.accept,
                find=outbox.by_client_key,
                message=outbox.get,
                waiting=outbox.count_held,
                kick=courier.kick,
                append=events.append,
                clock=clock,
            ),
            self.clockwork,
        )
        self.clockwork.answers["resume"] = keeper.ring
        notes = self.notes = Notes(seats, events, courier, herald)
        board.on_change, board.on_event = notes.state, notes.event
        parts = Parts(
            registry=registry,
            database=database,
            projects=projects,
            plans=Plans(database, clock),
            seats=seats,
            journal=Journal(database, clock),
            outbox=outbox,
            events=events,
            usage=Usage(database),
            deaths=Deaths(database),
            restarts=Restarts(database),
            server=server,
            board=board,
            work=WorkSeen(clock),
            courier=courier,
            adapters=known,
            definitions=Definitions(os.environ),
            planner=settings.planner,
            thresholds=settings.attention,
            clock=clock,
            branch_prefix=settings.branch_prefix,
            check_ins=settings.check_ins,
            hook=commands.place(registry.commands),
            accounts=accounts,
            keeper=keeper,
        )
        return parts

    def _about(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "version": __version__,
            "started_at": self.clock.now().isoformat(),
            "registry": str(self.registry.root),
        }

    def start(self) -> None:
        """Take up every agent that lives, resolve what was in flight, then listen."""
        adopt.adopt_living(self.parts)
        self.parts.board.start()
        self.upkeep.prepare()
        self.parts.courier.recover()
        self.upkeep.start()
        self.rounds.start()
        self.listener.start()

    def wait(self, *, stay: bool = False) -> None:
        """Return when asked to stop, or when there has been nothing to do for long.

        Args:
            stay: Only when asked: a service manager wants a service to be there.
        """
        while not self.ended.wait(30.0):
            if stay:
                continue
            quiet_s = time.monotonic() - self.listener.last_request_at
            live = any(project.live for project in self.parts.projects.all())
            if not live and not self.listener.working and quiet_s > IDLE_EXIT_S:
                return

    def stop(self) -> None:
        """Let go of what is held, finish what runs, close the database; agents do not notice."""
        self.parts.board.permissions.close()
        self.listener.stop(STOP_GRACE_S)
        self.upkeep.stop()
        self.rounds.stop()
        self.upkeep.close()
        self.parts.courier.stop()
        self.parts.board.close()
        self.parts.database.close()


def main() -> int:
    """Run until stopped; the starting command hears over its pipe whether we came up."""
    announcement = Announcement(os.environ)
    external.keep_umask()
    try:
        registry = Registry.find(os.environ)
        registry.prepare()
        held = lock.take(registry.lock)
    except OrchError as error:
        announcement.failed(error)
        sys.stderr.write(f"{error.line()}\n")
        return error.exit_code
    log = open_log(registry.logs)
    try:
        daemon = Daemon(registry)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: daemon.ended.set())
        daemon.start()
    except OrchError as error:
        log.error("did not start: %s", error.line())
        announcement.failed(error)
        sys.stderr.write(f"{error.line()}\n")
        return error.exit_code
    announcement.ready()
    log.info("started, process %d, version %s", os.getpid(), __version__)
    daemon.wait(stay="--stay" in sys.argv[1:])
    daemon.stop()
    log.info("stopped")
    held.release()
    return EXIT_DONE


def open_log(logs: Path) -> Any:
    """The daemon's log: 5 MB, three old ones kept, 0600 by our umask; secrets redacted."""
    import logging
    from logging.handlers import RotatingFileHandler

    from tmux_orch.store.redact import redact

    class Redacted(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record))

    handler = RotatingFileHandler(logs / "daemon.log", maxBytes=5_000_000, backupCount=3)
    handler.setFormatter(
        Redacted("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")
    )
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    return logging.getLogger("tmux_orch.daemon")


if __name__ == "__main__":
    sys.exit(main())
