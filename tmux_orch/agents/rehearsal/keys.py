"""Bytes from the terminal → what was typed or pasted. Pure.

Events are pairs: ``("text", str)`` typed characters, ``("paste", str)`` one whole bracketed paste,
``("key", name)`` a key by name.
"""

from __future__ import annotations

import codecs

TYPE_CHECKING = False
if TYPE_CHECKING:
    Event = tuple[str, str]

_PASTE_END = b"\x1b[201~"
_CONTROL = {
    0x01: "home",
    0x03: "interrupt",
    0x04: "end_of_file",
    0x05: "end",
    0x08: "backspace",
    0x0A: "newline",
    0x0C: "redraw",
    0x0D: "enter",
    0x15: "clear",
    0x17: "word",
    0x7F: "backspace",
}
_SEQUENCES = {
    b"[A": "up",
    b"[B": "down",
    b"[C": "right",
    b"[D": "left",
    b"[H": "home",
    b"[F": "end",
    b"[1~": "home",
    b"[4~": "end",
    b"[3~": "delete",
    b"OA": "up",
    b"OB": "down",
    b"OC": "right",
    b"OD": "left",
    b"OH": "home",
    b"OF": "end",
}
# What a paste may not bring in: C0 but tab and newline, and DEL (the real programs
# drop control bytes of a paste). CR is a newline: that is how tmux pastes lines without -r.
_DROPPED = {code: None for code in (*range(32), 127) if code not in (9, 10)}


def _pasted(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_DROPPED)


class Keys:
    """Cuts the byte stream into events; keeps what is not complete for the next bytes."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._paste: bytearray | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def waits_for_more(self) -> bool:
        """An escape sequence has begun: after a moment of silence it was the Esc key."""
        return self._paste is None and bool(self._rest)

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete with ``data``."""
        events: list[Event] = []
        if self._paste is None:
            self._rest += data
        else:
            self._in_paste(data, events)
        while self._rest and self._paste is None:
            if not self._ground(events):
                break
        return events

    def silence(self) -> list[Event]:
        """No byte came for a moment: a begun escape sequence was the Esc key."""
        if not self.waits_for_more:
            return []
        rest = bytes(self._rest[1:])
        self._rest.clear()
        return [("key", "escape"), *self.feed(rest)]

    def _in_paste(self, data: bytes, events: list[Event]) -> None:
        paste = self._paste
        if paste is None:
            return
        begin = max(0, len(paste) - len(_PASTE_END) + 1)
        paste += data
        end = paste.find(_PASTE_END, begin)
        if end < 0:
            return
        events.append(("paste", _pasted(bytes(paste[:end]))))
        self._paste = None
        self._rest += paste[end + len(_PASTE_END) :]

    def _ground(self, events: list[Event]) -> bool:
        """Take one event off the front; ``False`` when more bytes are needed for it."""
        first = self._rest[0]
        if first == 0x1B:
            return self._escape(events)
        if first < 0x20 or first == 0x7F:
            del self._rest[0]
            if first in _CONTROL:
                events.append(("key", _CONTROL[first]))
            return True
        end = 0
        while end < len(self._rest) and self._rest[end] >= 0x20 and self._rest[end] != 0x7F:
            end += 1
        text = self._decoder.decode(bytes(self._rest[:end]))
        del self._rest[:end]
        if text:
            events.append(("text", text))
        return True

    def _escape(self, events: list[Event]) -> bool:
        rest = self._rest
        if len(rest) < 2:
            return False
        if rest[1] not in b"[O":
            # Alt and a key. Alt-Enter is a newline; others are eaten, as the real programs do.
            if rest[1] == 0x0D:
                events.append(("key", "newline"))
            del rest[: 1 if rest[1] == 0x1B else 2]
            return True
        end = 2
        while end < len(rest) and 0x20 <= rest[end] <= 0x3F and rest[1] == 0x5B:
            end += 1
        if end >= len(rest):
            return False
        sequence = bytes(rest[1 : end + 1])
        del rest[: end + 1]
        if sequence == b"[200~":
            data = bytes(rest)
            rest.clear()
            self._paste = bytearray()
            self._in_paste(data, events)
        elif sequence in _SEQUENCES:
            events.append(("key", _SEQUENCES[sequence]))
        return True
