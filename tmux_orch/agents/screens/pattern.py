"""Patterns of rule files: regexes that cannot run away.

Python's regexes have no deadline, so what could take long is refused before it runs: back
references, and patterns whose repeats multiply to too many steps. A pattern sees one line of at
most 300 characters at a time.
"""

from __future__ import annotations

import re
import warnings
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

#: Characters of one pattern, and of one line that it sees.
MAX_LENGTH = 300
#: Steps in the worst case: about 30 ms on a line made to be slow, microseconds on any other.
MAX_STEPS = 2_000_000
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_ANCHORS = (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING)


def compiled(text: str) -> re.Pattern[str]:
    """The pattern.

    Raises:
        ValueError: with one line that says why it is refused.
    """
    if not text or len(text) > MAX_LENGTH:
        raise ValueError(f"a pattern has 1 to {MAX_LENGTH} characters, this one {len(text)}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            tree = parser.parse(text)
            steps = _steps(tree)
            pattern = re.compile(text)
        except (re.error, RecursionError, OverflowError, Warning) as error:
            raise ValueError(f"not a regex: {str(error).splitlines()[0]}") from None
    if pattern.search("") is not None:
        raise ValueError("it matches an empty line, so it says nothing")
    if not _anchored(tree):
        steps *= MAX_LENGTH
    if steps > MAX_STEPS:
        raise ValueError("its repeats can take very long: use fewer, or bound them, .{0,40}")
    return pattern


def _steps(tree: Any) -> int:
    """How many ways there are to try it at one place: repeats multiply, branches add."""
    product = 1
    for code, value in tree:
        if code in _REPEATS:
            _, high, body = value
            times = min(int(high), MAX_LENGTH)
            inside = _steps(body)
            # A repeat of what can itself end in several places is tried in every combination.
            product *= max(1, times) if inside == 1 else inside ** min(times, 20)
        elif code is codes.SUBPATTERN:
            product *= _steps(value[-1])
        elif code is codes.BRANCH:
            product *= sum(_steps(branch) for branch in value[1])
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            product *= _steps(value[1])
        elif code is codes.ATOMIC_GROUP:
            product *= _steps(value)
        elif code in (codes.GROUPREF, codes.GROUPREF_EXISTS):
            raise ValueError("back references are not allowed: they can take very long")
        if product > MAX_STEPS:
            return product
    return product


def _anchored(tree: Any) -> bool:
    """Whether it can only match at the beginning of the line."""
    for code, value in tree:
        if code is codes.AT:
            return value in _ANCHORS
        if code is codes.SUBPATTERN:
            return _anchored(value[-1])
        if code is codes.BRANCH:
            return all(_anchored(branch) for branch in value[1])
        return False
    return False
