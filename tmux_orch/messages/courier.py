"""Takes messages in, and brings each to its agent once: one lease per target, in order.

One lane per target with open messages, on a bounded pool. A lane is kicked by events (acceptance,
a change of the agent's state) and by a scan at least every two seconds, so nothing depends on an
event being seen (an idle agent makes none).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import BadInput, Busy, OrchError, Refused
from tmux_orch.domain.message import IllegalMove, Message, MessageState, Priority
from tmux_orch.domain.names import split_key
from tmux_orch.domain.sanitise import sanitise
from tmux_orch.domain.seat import Seat
from tmux_orch.messages import mailbox
from tmux_orch.messages.compose import too_long
from tmux_orch.messages.handover import Handovers
from tmux_orch.messages.hands import Hands
from tmux_orch.messages.lane import Lane
from tmux_orch.messages.port import Handover, Moment, SeatPort, Sighting
from tmux_orch.messages.record import Record, may_stand_typed
from tmux_orch.messages.rules import Rules
from tmux_orch.messages.waiting import Waiting
from tmux_orch.store.database import Database
from tmux_orch.store.outbox import NewMessage, Outbox, new_id
from tmux_orch.tmux.server import Server

_log = logging.getLogger(__name__)

# Level-triggered look at everything open (delivered at most 5 s after idle).
SCAN_S = 1.5
# Late proofs of stranded and unknown messages are looked for this often.
LATE_SCAN_S = 10.0
WORKERS = 64


class Courier:
    """The one who delivers. Every public method may be called from any thread.

    Args:
        server: Our tmux server.
        database: Where moves that belong together are one transaction.
        outbox: The table of messages.
        ports: The live seat of a key, or ``None`` when its agent is not running.
        seats: The stored seat of a key, or ``None``: where its worktree is.
        clock: Wall and monotonic time.
    """

    def __init__(
        self,
        server: Server,
        database: Database,
        outbox: Outbox,
        ports: Callable[[str], SeatPort | None],
        seats: Callable[[str], Seat | None],
        clock: Clock,
    ) -> None:
        self._ports = ports
        self._seats = seats
        self._clock = clock
        self._outbox = outbox
        self._record = Record(database, outbox)
        self._hands = Hands(server, clock)
        self._rules = Rules()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}
        self._pool = ThreadPoolExecutor(WORKERS, "courier")
        self._scanner = threading.Thread(target=self._scan, name="courier-scan", daemon=True)
        self._handovers = Handovers(self._record, ports, self._lane)
        self._waiting = Waiting(self._record, ports, clock)

    # -- life ----------------------------------------------------------------------------------

    def recover(self) -> None:
        """Learn what is open from the database and go on with it; call once, at the start.

        Messages at the gate were not typed yet and wait again; what was being typed or handed
        over when the daemon died is looked for (transcript, composer) before anything else.
        """
        self._record.begin()
        for target in self._record.open_targets():
            rows = self._outbox.open_for(target)
            at_gate = [m for m in rows if m.state is MessageState.GATE]
            self._record.hold(at_gate, "the daemon was restarted")
        self._scanner.start()
        for target in self._record.open_targets():
            self.kick(target)

    def stop(self) -> None:
        """End all lanes; returns when nobody types any more. Open messages stay open."""
        self._stop.set()
        self._record.wake()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._scanner.is_alive():
            self._scanner.join()

    # -- taking in -----------------------------------------------------------------------------

    def accept(
        self,
        sender: str,
        target: str,
        text: str,
        *,
        priority: Priority = Priority.MEDIUM,
        raw: bool = False,
        client_key: str | None = None,
        begin: bool = True,
    ) -> Message:
        """Make a message durable after every rule has passed; delivery begins at once.

        Args:
            sender: Agent key, or ``user``.
            target: Key of an existing seat (resolve addresses with ``domain.address``).
            text: As given; cleaned here.
            client_key: The sender's own id: the same with the same text gives the first message.
            begin: Not yet when false: the caller kicks the target after it has told the sender.

        Raises:
            BadInput: nothing is left of the text, or the key was used for another message.
            Refused: a rule forbids it.
        """
        again = client_key is not None and self._outbox.by_client_key(sender, client_key)
        clean = sanitise(text)
        if not clean.text.strip():
            raise BadInput("the message is empty", "say something: scm TARGET MESSAGE")
        if raw and "/" in sender:
            raise Refused("only a person may send without the header", "leave out --raw")
        if not again and priority is not Priority.FIRST:  # what waits would wait for it for ever
            opened = self._record.open_now(target)
            self._rules.check(sender, target, self._clock.monotonic(), opened)
        message_id = new_id()
        typed = clean.text
        if not again and self._by_file(target, typed):
            typed = mailbox.put(self._worktree(target), message_id, sender, typed)
        project = split_key(target)[0]
        new = NewMessage(
            project, target, sender, typed, priority, raw, client_key, text, message_id
        )  # fmt: skip
        message = self._record.accept(new)
        if not again:
            self._waiting.said(message)
            if begin:
                self.kick(target)
        return message

    def expire(self, message_id: str, why: str) -> None:
        """Give a message up that nobody was told yet; one that is being delivered is left."""
        message = self._outbox.get(message_id)
        if message is None or message.state not in (MessageState.ACCEPTED, MessageState.HELD):
            return
        if may_stand_typed(message):
            return
        try:
            self._record.move(message, MessageState.EXPIRED, reason=why)
        except IllegalMove:
            _log.info("%s is being delivered this instant", message_id)

    def _by_file(self, target: str, text: str) -> bool:
        """Whether the text goes through the mailbox: it is long, or the program takes one line."""
        port = self._ports(target)
        one_line = port is not None and getattr(port.adapter(), "one_line", False)
        return too_long(text) or (one_line and "\n" in text.strip())

    def _worktree(self, target: str) -> Path:
        seat = self._seats(target)
        if seat is None:
            raise BadInput(f"there is no agent {target}")
        return Path(seat.worktree)

    # -- delivering ----------------------------------------------------------------------------

    def kick(self, key: str) -> None:
        """Something about the agent or its messages changed: look at them now."""
        self._record.wake()
        if self._stop.is_set() or not self._record.open_now(key):
            return
        lane = self._lane(key)
        if lane.wanted():
            try:
                self._pool.submit(self._run, lane)
            except RuntimeError:
                pass  # the pool was shut down this instant: the next daemon's scan finds the row

    @contextmanager
    def typing(self, key: str, wait_s: float = 10.0) -> Iterator[None]:
        """Nobody else types into this agent's pane meanwhile.

        Raises:
            Busy: somebody did for all of ``wait_s``.
        """
        lease = self._lane(key).lease
        if not lease.acquire(timeout=wait_s):
            raise Busy(f"a message or an answer is being typed to {key}", "try again in a moment")
        try:
            yield
        finally:
            lease.release()

    def _lane(self, key: str) -> Lane:
        with self._lock:
            lane = self._lanes.get(key)
            if lane is None:
                lane = Lane(
                    key, self._ports, self._hands, self._record, self._clock, self._stop
                )  # fmt: skip
                self._lanes[key] = lane
            return lane

    def _run(self, lane: Lane) -> None:
        try:
            lane.run()
        except OrchError as error:
            _log.warning("%s: %s", lane.key, error.line())  # the scan comes back to it
        except Exception:  # noqa: BLE001 - logged; the scan comes back to it
            _log.exception("%s: delivery met a fault of ours", lane.key)

    def _scan(self) -> None:
        late_at = self._clock.monotonic()
        while not self._stop.wait(SCAN_S):
            try:
                for target in self._outbox.targets_with_open():
                    self.kick(target)
                if self._clock.monotonic() - late_at >= LATE_SCAN_S:
                    late_at = self._clock.monotonic()
                    self._look_for_late_proof()
            except OrchError as error:
                _log.warning("scan: %s", error.line())  # the database is busy or gone: next time
            except Exception:  # noqa: BLE001 - logged; the level-triggered scan must go on
                _log.exception("scan: a fault of ours")

    def _look_for_late_proof(self) -> None:
        """What nobody could say, or stood typed, may have arrived since: a person pressed Enter."""
        states = (MessageState.STRANDED, MessageState.UNKNOWN)
        for message in self._outbox.recent(None, 200, states=states):
            port = self._ports(message.target)
            if port is None or message.raw:
                continue
            if port.sighting(message.id) >= Sighting.TAKEN:
                self._lane(message.target).late(message)

    # -- hooks ---------------------------------------------------------------------------------

    def hand_over(self, key: str, moment: Moment) -> list[Handover]:
        """The waiting messages that a hook answer shall carry; see ``port.Deliverer``."""
        if self._stop.is_set() or not self._record.open_now(key):
            return []
        return self._handovers.take(key, moment)

    def handed(self, key: str, ids: list[str], ok: bool) -> None:
        """What became of that answer."""
        self._handovers.handed(key, ids, ok)
        self.kick(key)

    def own_turn(self, key: str) -> None:
        """A turn began that no hand-over caused."""
        self._handovers.own_turn(key)

    # -- waiting -------------------------------------------------------------------------------

    def wait(
        self,
        message_id: str,
        until: str = "delivered",
        wait_s: float = 10.0,
        gone: Callable[[], bool] = lambda: False,
    ) -> Message:
        """Block until the message is ``delivered``, its agent ``idle`` again, or a ``reply`` came.

        Returns early when that cannot happen soon: refused, stranded, unknown, expired, or held
        because the agent does not run.

        Args:
            message_id: From :meth:`accept`.
            until: ``delivered``, ``idle`` or ``reply``.
            wait_s: At most so long; the message is returned as it is then.
            gone: Whether the one who waits has gone away.

        Raises:
            BadInput: no such message.
        """
        return self._waiting.wait(message_id, until, wait_s, gone)
