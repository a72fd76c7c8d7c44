"""What may stand for one indicator in a team templates file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from tmux_orch.config.checked import Strict
from tmux_orch.domain.roles import Indicator

MOST_WEIGHT = 20

_Line = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\r\n\t]+$")]
_Pattern = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\r\n\t]+$")]
_Patterns = Annotated[tuple[_Pattern, ...], Field(max_length=200, strict=False)]


class IndicatorEntry(Strict):
    """One sign of a team's type: a name, a weight, and at least one kind of pattern."""

    name: _Line
    weight: Annotated[float, Field(ge=-MOST_WEIGHT, le=MOST_WEIGHT)]
    files: _Patterns = ()
    dependencies: _Patterns = ()
    facts: _Patterns = ()
    words: _Patterns = ()

    @model_validator(mode="after")
    def _says_something(self) -> IndicatorEntry:
        if not (self.files or self.dependencies or self.facts or self.words):
            raise ValueError("needs one of files, dependencies, facts, words")
        if not self.weight:
            raise ValueError("a weight of 0 says nothing")
        return self

    def indicator(self) -> Indicator:
        """The same as a plain fact."""
        return Indicator(
            name=self.name,
            weight=self.weight,
            files=tuple(self.files),
            dependencies=tuple(self.dependencies),
            facts=tuple(self.facts),
            words=tuple(self.words),
        )
