"""The draft in the input box. Pure: what it holds, how keys change it, how it is shown."""

from __future__ import annotations

# A paste of more than three lines or 800 characters is shown as one placeholder, as Claude Code
# 2.1.329 does.
SHOWN_LINES = 3
SHOWN_CHARACTERS = 800


class Paste:
    """A long paste: one unit in the draft, shown as a placeholder."""

    __slots__ = ("label", "text")

    def __init__(self, number: int, text: str) -> None:
        self.text = text
        more = text.count("\n")
        self.label = f"[Pasted text #{number} +{more} lines]"


class Composer:
    """A draft with a cursor. A unit is one character or one long paste."""

    def __init__(self) -> None:
        self._units: list[str | Paste] = []
        self._cursor = 0
        self._pastes = 0

    def __bool__(self) -> bool:
        return bool(self._units)

    def text(self) -> str:
        """The whole draft, pastes in full."""
        return "".join(u if isinstance(u, str) else u.text for u in self._units)

    def shown(self) -> tuple[str, int]:
        """The draft as displayed, and the cursor's offset in it."""
        parts = [u if isinstance(u, str) else u.label for u in self._units]
        return "".join(parts), sum(map(len, parts[: self._cursor]))

    def clear(self) -> None:
        """Empty it."""
        self._units.clear()
        self._cursor = 0

    def insert(self, text: str) -> None:
        """Put typed characters in at the cursor."""
        self._units[self._cursor : self._cursor] = text
        self._cursor += len(text)

    def insert_paste(self, text: str) -> None:
        """Put one paste in at the cursor."""
        if text.count("\n") < SHOWN_LINES and len(text) <= SHOWN_CHARACTERS:
            self.insert(text)
            return
        self._pastes += 1
        self._units.insert(self._cursor, Paste(self._pastes, text))
        self._cursor += 1

    def key(self, name: str) -> bool:
        """Apply an editing key; ``False`` when it is none."""
        at, end = self._cursor, len(self._units)
        if name == "clear":
            self.clear()
        elif name == "backspace":
            del self._units[max(0, at - 1) : at]
            self._cursor = max(0, at - 1)
        elif name == "delete":
            del self._units[at : at + 1]
        elif name == "word":
            begin = at
            while begin and self._units[begin - 1] in (" ", "\n"):
                begin -= 1
            while begin and self._units[begin - 1] not in (" ", "\n"):
                begin -= 1
            del self._units[begin:at]
            self._cursor = begin
        elif name == "newline":
            self.insert("\n")
        elif name in ("home", "end", "left", "right"):
            moved = {"home": 0, "end": end, "left": at - 1, "right": at + 1}[name]
            self._cursor = min(max(0, moved), end)
        else:
            return False
        return True


class PasteWindow:
    """The time after a paste in which Enter does not submit.

    Claude Code swallows an Enter within 100 ms of a paste's end, Codex within 120 ms; the default
    here is 150 ms, a little worse than both.
    """

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._until = 0.0

    def pasted(self, now: float) -> None:
        """A paste ended at ``now`` (monotonic)."""
        self._until = now + self._length_s

    def is_open(self, now: float) -> bool:
        """Whether Enter at ``now`` would not submit."""
        return now < self._until
