"""JSON without importing ``json`` on the way to the first screen (it costs 6 ms of a start).

CPython's C accelerator does the work where it is there; ``json`` itself is the fallback and the
oracle in the tests.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    from _json import encode_basestring_ascii as _quoted
    from _json import make_scanner
except ImportError:  # another interpreter than CPython: slower, the same answers
    from json import dumps as _quoted

    make_scanner = None  # type: ignore[assignment, misc]

_SPACE = " \t\n\r"


class _Context:
    """What the C scanner wants to know: the plain meaning of everything."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int

    @staticmethod
    def parse_constant(name: str) -> object:
        raise ValueError(f"{name} is not JSON")


_scan = None if make_scanner is None else make_scanner(_Context)  # type: ignore[arg-type]


def decode_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at ``text[start]``, and where it ends.

    Raises:
        ValueError: there is none, or it is broken; says where.
    """
    if _scan is not None:
        try:
            return _scan(text, start)
        except (ValueError, StopIteration, SystemError, RecursionError):
            # Without json.decoder loaded the scanner cannot raise what it wants to (SystemError in
            # 3.11): json itself says below what is wrong.
            pass
    from json import JSONDecoder

    try:
        return JSONDecoder(parse_constant=_Context.parse_constant).raw_decode(text, start)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def decode(text: str) -> Any:
    """The one JSON value that ``text`` is.

    Raises:
        ValueError: it is not exactly one JSON value.
    """
    body = text.strip(_SPACE)
    value, end = decode_at(body, 0)
    if end != len(body):
        raise ValueError(f"more text after the JSON value at character {end}")
    return value


def encode(value: Any) -> str:
    """``value`` (dicts with string keys, lists, strings, numbers, None) as JSON on one line."""
    if isinstance(value, str):
        return _quoted(value)
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{_quoted(key)}: {encode(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    return f"[{', '.join(encode(item) for item in value)}]"
