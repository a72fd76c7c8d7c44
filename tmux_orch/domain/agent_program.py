"""An agent program that a person described in a file, as plain facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: What a word of a command line may hold in braces.
PLACEHOLDERS = frozenset(
    {"prompt", "prompt_file", "role_page", "worktree", "model", "conversation_id"}
)


class PromptWay(StrEnum):
    """How a program gets the text it starts with."""

    ARGUMENT = "argument"  # {prompt} in its command line
    FILE = "file"  # {prompt_file} in its command line
    PASTE = "paste"  # typed by us when it is ready


#: A word, or a group of words that is left out whole when one of its placeholders is empty.
Word = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A text on the screen: a regex and the region it is looked for in."""

    pattern: str
    region: str


@dataclass(frozen=True, slots=True)
class ShownDialog:
    """A question the program asks on the screen, and what waiting for its answer means."""

    id: str
    pattern: str
    region: str
    state: str


@dataclass(frozen=True, slots=True)
class AgentProgram:
    """One described program.

    Attributes:
        name: What ``--agent`` and roles call it.
        command, resume: Its command lines; without ``resume`` no conversation can be gone on with.
        prompt: How it gets its first text.
        environment: Names of variables it gets besides those of every agent; ``NAME_*`` for all
            that begin so.
        composer: Regex of the beginning of the line it takes text on; empty when it takes none.
        composer_gap_s: Seconds between the end of a paste and Enter.
        ready: The id of a rule, or a text on the screen, that shows it waiting for a prompt.
        busy: A text that shows a turn running.
        dialogs: Questions it asks.
        rules: Screen rules as tables, in the form of the rule files.
        rules_file: A file of such rules; empty for none.
        stop: Name of the signal that asks it to end.
        version: Words that make it print its version; empty when it is not asked.
        fault: Why nothing is known of it; then all else is empty.
        places: ``file:line`` by key (``""`` for the whole), for messages.
    """

    name: str
    command: tuple[Word, ...] = ()
    resume: tuple[Word, ...] = ()
    prompt: PromptWay = PromptWay.ARGUMENT
    environment: tuple[str, ...] = ()
    composer: str = ""
    composer_gap_s: float = 0.3
    ready: Shown | str = ""
    busy: Shown | None = None
    dialogs: tuple[ShownDialog, ...] = ()
    rules: tuple[Mapping[str, Any], ...] = ()
    rules_file: str = ""
    stop: str = "TERM"
    version: tuple[str, ...] = ()
    fault: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    def place(self, key: str = "") -> str:
        """``file:line: name[.key]`` of a part of its description."""
        where = self.places.get(key) or self.places.get("", "")
        name = f"programs.{self.name}" + (f".{key}" if key else "")
        return f"{where}: {name}" if where else name
