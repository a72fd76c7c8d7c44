"""Hook calls of agent programs: read, believed only of who made them, answered.

A call comes through a thin client that the program starts; its payload is untrusted JSON. It is an
event about the seat; it may carry waiting messages away (end of a turn, end of a tool call) or ask
for a permission, in which case the calling thread is held until somebody answers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tmux_orch.agents.adapter import Adapter, HookReading
from tmux_orch.clock import Clock
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.states import AgentState
from tmux_orch.messages.port import Deliverer, Moment
from tmux_orch.watch import gauge, identity
from tmux_orch.watch.board import Board
from tmux_orch.watch.live_seat import LiveSeat
from tmux_orch.watch.permissions import Asked

_log = logging.getLogger(__name__)

#: A tool's result stands in the payload; the programs cut it at some hundred kB.
MOST_BYTES = 4 * 1024 * 1024
#: Payloads seen are 7 deep; a tool's own input may nest some more.
MOST_DEEP = 64
_MOST_IGNORED_TOLD = 1000
#: A hook of a program whose window was opened this moment waits so long for its adoption.
ADOPTED_S = 1.0
# Programs that a hook's command may run through on its way from the agent program to us.
_BETWEEN = frozenset({b"sh", b"dash", b"bash", b"zsh", b"busybox", b"env"})


class HookDesk:
    """Answers hook calls; one per daemon, called from one thread per connection.

    Args:
        board: The live seats.
        deliverer: The courier, asked for waiting messages.
    """

    def __init__(self, board: Board, deliverer: Deliverer, clock: Clock) -> None:
        self._board = board
        self._deliverer = deliverer
        self._clock = clock
        self._ignored: set[tuple[str | None, str]] = set()

    def handle(self, payload: bytes, peer_pid: int, gone: Callable[[], bool]) -> bytes:
        """:meth:`serve` for a caller who writes the answer himself, after this has returned."""
        written: list[bytes] = []
        self.serve(payload, peer_pid, gone, written.append)
        return b"".join(written)

    def serve(
        self,
        payload: bytes,
        peer_pid: int,
        gone: Callable[[], bool],
        write: Callable[[bytes], None],
    ) -> None:
        """Answer one call: ``write`` what the hook client shall print, once or not at all.

        A permission request blocks until it is answered or given up. Never raises on account of
        the payload: what cannot be understood is an event ``hook_ignored`` and gets no answer.

        Args:
            payload: As the program gave it to the client.
            peer_pid: The client, as the kernel named it.
            gone: Whether the client has gone; asked again after ``write``, before messages count
                as handed over.
            write: Sends the answer to the client, which must not have been told its end yet.
        """
        try:
            key = self._board.who(peer_pid)
        except CouldNotTell as error:
            _log.info("%s", error.line())
            return self._ignore(None, "who called cannot be told")
        live = self._board.await_seat(key, ADOPTED_S) if key is not None else None
        if live is None:
            return self._ignore(key, "the caller is no agent that is watched")
        told = self._read(live, payload)
        if told is None or not self._is_current(live, told, peer_pid):
            return None
        if told.figures is not None:
            live.take_hook(told)
            write(gauge.line(live.seat().name, told.figures).encode())
            return None
        if told.prompt and not told.subagent:
            self._deliverer.own_turn(live.key)
        if told.asks is not None and told.reading.state is not AgentState.WAITING_ANSWER:
            if _passes(live.adapter(), told.asks):
                return write(live.adapter().permission_answer(True, ""))
            self._take(live, told)
            self._hold(live, told.asks, gone, write)
        elif told.subagent or not (told.turn_ended or told.tool_done):
            self._take(live, told)
        else:
            self._take(live, self._hand_over(live, told, gone, write))
        return None

    def _take(self, live: LiveSeat, told: HookReading) -> None:
        live.take_hook(told)
        self._board.look_soon(live.key)

    def _hand_over(
        self,
        live: LiveSeat,
        told: HookReading,
        gone: Callable[[], bool],
        write: Callable[[bytes], None],
    ) -> HookReading:
        """Give waiting messages along; what the call says of the state after that.

        Done before the end of the turn is known to anybody: a courier that saw the agent idle
        would paste what this answer is about to carry.
        """
        moment = Moment.TURN_END if told.turn_ended else Moment.TOOL
        messages = self._deliverer.hand_over(live.key, moment)
        if not messages:
            return told
        adapter = live.adapter()
        say = adapter.turn_end_answer if told.turn_ended else adapter.tool_answer
        write(say([message.text for message in messages]))
        there = not gone()
        self._deliverer.handed(live.key, [message.id for message in messages], there)
        if not there or not told.turn_ended:
            return told
        rule = "hook.handed_over"
        going_on = replace(told.reading, state=AgentState.WORKING, rule=rule, detail="")
        return replace(told, reading=going_on)

    def _hold(
        self,
        live: LiveSeat,
        asks: tuple[str, str],
        gone: Callable[[], bool],
        write: Callable[[bytes], None],
    ) -> None:
        key, permissions = live.key, self._board.permissions

        def shown(_asked: Asked) -> None:
            live.take_asked(permissions.pending(key))
            self._board.dialogs.asked(live)

        try:
            decision = permissions.hold(key, *asks, gone, shown)
            if decision is not None:
                write(live.adapter().permission_answer(decision.allow, decision.reason))
        finally:
            live.take_asked(permissions.pending(key))
            self._board.look_soon(key)

    def _read(self, live: LiveSeat, payload: bytes) -> HookReading | None:
        try:
            told = live.adapter().hook(parse(payload), self._clock.now())
            return _checked(told)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as e:
            # The program's fault or a forger's; the agent must not suffer from our strictness.
            self._ignore(live.key, f"{type(e).__name__}: {e}"[:200])
            return None

    def _is_current(self, live: LiveSeat, told: HookReading, peer_pid: int) -> bool:
        """Whether the call is about the seat's conversation; follows the seat's own program."""
        seat = live.seat()
        if not told.conversation_id or told.conversation_id == seat.conversation_id:
            return True
        own = called_by(peer_pid, seat.pid)
        self._board.tell(
            "conversation_changed",
            live.key,
            {"from": seat.conversation_id, "to": told.conversation_id, "followed": own},
        )
        if own:
            live.follow(told.conversation_id)
        return own

    def _ignore(self, key: str | None, why: str) -> None:
        _log.info("hook of %s ignored: %s", key, why)
        # One event for each kind of trouble: a program that sends nonsense does so all day.
        if (key, why) not in self._ignored and len(self._ignored) < _MOST_IGNORED_TOLD:
            self._ignored.add((key, why))
            self._board.tell("hook_ignored", key, {"why": why})


def _passes(adapter: Adapter, asks: tuple[str, str]) -> bool:
    """Whether an adapter without an allow-list of its program's own lets this request pass."""
    permits: Callable[[tuple[str, str]], bool] | None = getattr(adapter, "permits", None)
    return permits is not None and permits(asks)


def called_by(peer_pid: int, pid: int) -> bool:
    """Whether the program itself made the call: nothing but shells stand between it and the client.

    A second program that an agent started in its own shell tool inherits neither our settings nor
    this place in the tree.
    """
    try:
        line = identity.ancestors(peer_pid)
    except CouldNotTell:
        return False
    for ancestor, found in line:
        if ancestor == pid:
            return True
        if ancestor != peer_pid and found.name not in _BETWEEN:
            return False
    return False


def _checked(told: HookReading) -> HookReading:
    """Its texts are texts, whatever stood in the payload in their place."""
    texts = (told.prompt, told.conversation_id, told.reading.detail, *(told.asks or ()))
    if not all(isinstance(text, str) for text in texts) or len(told.asks or "ab") != 2:
        raise TypeError("a text of the payload is none")
    return told


def parse(payload: bytes) -> Mapping[str, Any]:
    """The payload as an object, within :data:`MOST_BYTES` and :data:`MOST_DEEP`.

    Raises:
        ValueError: it is too long, too deep, no JSON, or no object.
        RecursionError: it is far too deep (the parser's own limit).
    """
    if len(payload) > MOST_BYTES:
        raise ValueError(f"payload of {len(payload)} bytes")
    body = json.loads(payload)
    if not isinstance(body, dict):
        raise ValueError("payload is no object")
    layer: list[Any] = [body]
    for _ in range(MOST_DEEP):
        layer = [
            child
            for parent in layer
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not layer:
            return body
    raise ValueError("payload is nested too deep")
