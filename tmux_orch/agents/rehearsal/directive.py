"""``REHEARSAL{…}`` in a text: what the agent is to do with it. Pure.

``docs/REHEARSAL.md`` describes it for people.
"""

from __future__ import annotations

from tmux_orch.agents.rehearsal.jsontext import decode, decode_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Directive = dict[str, Any]

MARK = "REHEARSAL{"
#: Every key, and what its value is. The order is the order in which one directive is carried out.
KEYS = {
    "deaf_s": "seconds in which nothing is read from the terminal",
    "work_s": "seconds of work",
    "read": "path of a file to read",
    "permission": "command that needs a person's permission; words split at blanks, no shell",
    "ask": "question to the person: {question, options}",
    "write": "files to write in the working directory: {path: text}",
    "run": "command to run without asking: list of words",
    "commit": "message of a commit of what was written, else of everything",
    "use": "use to tell, added to what was told before: {tokens, usd, percent, reset_s}",
    "print": "text shown on the screen as a tool's output, and nowhere else",
    "say": "text to answer",
    "limit": "usage limit with this text: ends the turn",
    "limit_menu": "true: the limit stands as a menu on the screen",
    "exit": "end cleanly with this exit status (0-255)",
    "crash": "die of this signal (1-31)",
    "repeat": "how often the above is done (1-1000)",
    "then": "another directive, after this one",
}
LONGEST_S = 86_400.0
DEEPEST = 100


class NotUnderstood(ValueError):
    """A directive that is broken; the message is one line for the person who wrote it."""


def find(text: str) -> list[Directive]:
    """All directives in ``text``, in order.

    Raises:
        NotUnderstood: one of them is broken; none is to be carried out then.
    """
    found: list[Directive] = []
    at = text.find(MARK)
    while at >= 0:
        try:
            value, end = decode_at(text, at + len(MARK) - 1)
        except ValueError as error:
            raise NotUnderstood(f"not JSON: {str(error).splitlines()[0]}") from None
        found.append(checked(value))
        at = text.find(MARK, end)
    return found


def parse(text: str) -> Directive:
    """The one directive that ``text`` is (for the environment's defaults).

    Raises:
        NotUnderstood: it is none.
    """
    try:
        return checked(decode(text))
    except NotUnderstood:
        raise
    except ValueError as error:
        raise NotUnderstood(f"not JSON: {str(error).splitlines()[0]}") from None


def checked(value: Any, depth: int = 0) -> Directive:
    """``value``, when every key and type is one of :data:`KEYS`.

    Raises:
        NotUnderstood: something in it is not.
    """
    if not isinstance(value, dict):
        raise NotUnderstood("a directive is a JSON object")
    if depth > DEEPEST:
        raise NotUnderstood(f"more than {DEEPEST} directives in one another")
    for key, item in value.items():
        if key not in KEYS:
            raise NotUnderstood(f"unknown key {key!r}; known are {', '.join(KEYS)}")
        if key == "then":
            checked(item, depth + 1)
        elif not _CHECKS[key](item):
            raise NotUnderstood(f"{key!r} wants: {KEYS[key]}")
    return value


def local_path(path: str) -> bool:
    """Whether ``path`` stays in the working directory as far as its text tells."""
    parts = path.split("/")
    return bool(path) and not path.startswith("/") and ".." not in parts and ".git" not in parts


def _text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _words(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_text(word) for word in value)


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and value is not True and 0 <= value <= LONGEST_S


def _between(low: int, high: int, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _files(value: Any) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    return all(_text(path) and local_path(path) and _text(text) for path, text in value.items())


def _question(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"question", "options"}
        and _text(value["question"])
        and _words(value["options"])
        and len(value["options"]) <= 9
    )


def _use(value: Any) -> bool:
    known = {"tokens", "usd", "percent", "reset_s"}
    if not isinstance(value, dict) or not value or not set(value) <= known:
        return False
    rest = all(_seconds(value.get(name, 0)) for name in ("usd", "percent", "reset_s"))
    return rest and _between(0, 10**12, value.get("tokens", 0))


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "deaf_s": _seconds,
    "work_s": _seconds,
    "read": lambda value: _text(value) and bool(value),
    "permission": lambda value: _text(value) and bool(value.split()),
    "ask": _question,
    "write": _files,
    "run": lambda value: _words(value) and bool(value[0]),
    "commit": lambda value: _text(value) and bool(value.strip()),
    "use": _use,
    "print": _text,
    "say": _text,
    "limit": lambda value: _text(value) and bool(value.strip()),
    "limit_menu": lambda value: isinstance(value, bool),
    "exit": lambda value: _between(0, 255, value),
    "crash": lambda value: _between(1, 31, value),
    "repeat": lambda value: _between(1, 1000, value),
}
