"""A spec's words made comparable, without what it rules out."""

from __future__ import annotations

import re
from functools import lru_cache

#: A longer spec is weighed by its beginning: who asks for something says so there.
MOST_CHARACTERS = 64 * 1024
_CLAUSE = re.compile(r"[.;:!?,()\n]+(?=\s|$)|\n|\s[-–—]\s")
# From the word on, the rest of the clause speaks of what is not wanted.
_NEGATION = re.compile(
    r"\b(?:no|not|never|without|nothing|neither|nor|don't|doesn't|won't|isn't|instead of"
    r"|rather than|out of scope|kein\w*|nicht|ohne|sin|sans|pas|senza|zonder)\b",
    re.IGNORECASE,
)
# A clause that says this speaks of what is there already.
_LEFT_ALONE = re.compile(
    r"\b(?:untouched|unchanged|frozen|as it is|as they are|is (?:done|finished|complete)"
    r"|are (?:done|finished)|bleib\w*|unverändert|inchangée?s?|no se toca\w*|sin cambios)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(r"[^\w+#]+")


def normal(text: str) -> str:
    """``text`` in lower case, its words set apart by single spaces, one at each end."""
    return f" {_OTHER.sub(' ', text.lower()).strip()} "


def ruled_out(text: str) -> str:
    """The words of a spec that say what is not wanted, in the form of :func:`asked`."""
    found = (_NEGATION.split(clause, 1) for clause in _CLAUSE.split(text[:MOST_CHARACTERS]))
    return "|".join(normal(parts[1]) for parts in found if len(parts) > 1)


def asked(text: str) -> str:
    """The words of a spec that say what is wanted, as :func:`normal` with ``|`` between clauses."""
    kept = []
    for clause in _CLAUSE.split(text[:MOST_CHARACTERS]):
        if _LEFT_ALONE.search(clause):
            continue
        refusal = _NEGATION.search(clause)
        wanted = normal(clause[: refusal.start()] if refusal else clause)
        if wanted.strip():
            kept.append(wanted)
    return "|".join(kept)


@lru_cache(maxsize=4096)
def _needle(phrase: str) -> str:
    words = normal(phrase.replace("*", "")).strip()
    ending = "" if phrase.endswith("*") else " "
    return f" {words}{ending}"


def has(normalised: str, phrase: str) -> bool:
    """Whether ``phrase`` stands in a text of :func:`asked`; ``deploy*`` also means deployment."""
    return _needle(phrase) in normalised
