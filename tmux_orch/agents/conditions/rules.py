"""The phrases by which programs tell of limits, errors and sign-in, from the files beside this."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from tmux_orch.domain.states import Condition

_COMMON = "common"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a program says something.

    Attributes:
        id: ``PROGRAM.NAME``.
        pattern: What the passage begins with; for ``inside`` what a reported error holds.
        inside: Looked for anywhere in an error that the program reports in its own form.
        menu: Looked for in a menu.
        status: Never where the model's own words may stand.
        signed: Only behind a sign that nothing but the program sets.
        blocked: Whether the agent waits then; ``None``: unless the text says that it tries again.
    """

    id: str
    condition: Condition
    pattern: re.Pattern[str]
    inside: bool = False
    menu: bool = False
    status: bool = False
    signed: bool = False
    blocked: bool | None = None


@dataclass(frozen=True, slots=True)
class Phrases:
    """All that is to be known of one program.

    Attributes:
        rules: First match wins.
        report: How a passage begins that reports an error of the model's service.
        tail: What may follow a banner that stands where the model's own words stand.
        talk: What only a text about such banners says.
        meter: A status line or a table of use.
    """

    rules: tuple[Rule, ...]
    report: re.Pattern[str]
    tail: re.Pattern[str]
    talk: re.Pattern[str]
    meter: re.Pattern[str]


@cache
def phrases(program: str) -> Phrases:
    """The phrases of ``program`` before the common ones; of an unknown one, those of all."""
    common = _file(_COMMON)
    family = _family(program)
    own = [family] if family in programs() else sorted(programs())
    words: dict[str, str] = common["words"]
    rules = [rule for name in [*own, _COMMON] for rule in _rules(name, words)]
    return Phrases(
        tuple(rules),
        *(
            re.compile(_filled(common[name], words), re.IGNORECASE)
            for name in ("report", "tail", "talk", "meter")
        ),
    )


@cache
def programs() -> frozenset[str]:
    """The programs that have phrases of their own."""
    files = resources.files(__package__).joinpath("phrases").iterdir()
    return frozenset(file.name.removesuffix(".toml") for file in files) - {_COMMON}


def is_known(program: str) -> bool:
    """Whether it, or the program that it is a form of (``claude-web``), has phrases."""
    return _family(program) in programs()


def _family(program: str) -> str:
    return program if program in programs() else program.partition("-")[0]


def _file(name: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(f"phrases/{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def _rules(name: str, words: dict[str, str]) -> list[Rule]:
    return [
        Rule(
            id=f"{name}.{entry['id']}",
            condition=Condition(entry["condition"]),
            pattern=re.compile(
                "|".join(f"(?:{_filled(text, words)})" for text in entry["text"]), re.IGNORECASE
            ),
            inside=entry.get("at") == "error",
            menu=entry.get("at") == "menu",
            status=entry.get("at") == "status",
            signed=entry.get("at") == "signed",
            blocked=entry.get("blocked"),
        )
        for entry in _file(name)["rule"]
    ]


def _filled(text: str, words: dict[str, str]) -> str:
    """``text`` with each ``<word>`` replaced."""
    return re.sub(
        r"<(\w+)>", lambda m: f"(?:{_filled(words[m[1]], words)})" if m[1] in words else m[0], text
    )
