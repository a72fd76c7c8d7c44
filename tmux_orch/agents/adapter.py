"""What every agent program must let us do: the interface that the conformance suite checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from tmux_orch.domain.states import AgentState, Condition, Reading
from tmux_orch.domain.work import Figures


@dataclass(frozen=True, slots=True)
class Program:
    """An installed agent program: absolute path and version."""

    adapter: str
    path: str
    version: str


@dataclass(frozen=True, slots=True)
class Berth:
    """What an adapter may know of one seat when it prepares, reads or resumes it.

    Attributes:
        key: ``project/agent``.
        worktree: Where the program runs.
        private: Directory 0700 of ours for this seat's per-process files (settings, role page).
        mates: The team mates' worktrees: readable without a question, not writable.
        environment: The program's complete environment.
        commands: Directory with our commands (``scm`` …), first on the program's PATH.
        hook: Absolute path of the thin hook client ``orch-hook``.
        role_page: File with the role text (system prompt).
        conversation_id, brief_id, model, permission_mode, pid: As in ``Seat``.
        notes: The registry's directory for the hub's notes, which it writes without a question.
        trusted: The person said that the program may trust the worktree.
    """

    key: str
    worktree: Path
    private: Path
    mates: tuple[Path, ...]
    environment: Mapping[str, str]
    commands: Path
    hook: Path
    role_page: Path
    conversation_id: str
    brief_id: str
    model: str = ""
    permission_mode: str = ""
    pid: int = 0
    notes: Path | None = None
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start the program.

    Attributes:
        argv: Its command line, the absolute program first.
        environment: Variables besides the seat's.
        typed: What it is to be asked with once it is ready, where it takes no prompt at its start.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    typed: str = ""


class EntryKind(StrEnum):
    """What one line of a conversation is to us."""

    TAKEN = "taken"  # text the model is asked with: a prompt, or what a hook handed over
    QUEUED = "queued"  # accepted by the program, not yet in front of the model
    ANSWER = "answer"  # the model spoke
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the conversation's transcript.

    Attributes:
        id, parent: Its own id and that of the line it follows, where the program writes them.
    """

    kind: EntryKind
    text: str
    id: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Composer:
    """The input box as the screen shows it.

    Attributes:
        empty: ``True`` empty (grey hints do not count), ``False`` holds text, ``None`` not found.
        text: The text in it as far as visible.
    """

    empty: bool | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Dialog:
    """A question on the screen: its text and options as shown.

    Attributes:
        state: What waiting for it means.
        question: Its text.
        options: Each option's text, in screen order.
        rule: Id of the rule that read it.
        cursor: Index of the option the cursor stands on; ``None`` when that cannot be told.
    """

    state: AgentState
    question: str
    options: tuple[str, ...]
    rule: str
    cursor: int | None = None


@dataclass(frozen=True, slots=True)
class ScreenReading:
    """What one screen (and the pane's title) says, by the program's rules.

    Attributes:
        state: What the agent does; ``None`` when no rule knows the screen.
        condition: What it says about limits, errors and sign-in; evidence, never authority.
        rule: Id of the rule that gave the state, or else the condition; empty when none did.
        evidence: The text that the rule found, one line.
        reset_at: When the limit ends (aware UTC), if the screen says so.
        blocked: Whether the agent cannot go on by itself because of the condition.
        region: Where it stood: ``block``, ``footer``, ``composer``, ``dialog``, ``title``.
    """

    state: AgentState | None = None
    condition: Condition = Condition.NONE
    rule: str = ""
    evidence: str = ""
    reset_at: datetime | None = None
    blocked: bool = False
    region: str = ""


@dataclass(frozen=True, slots=True)
class HookReading:
    """What one hook call told us.

    Attributes:
        reading: The state it implies, with its rule; ``state`` may be ``None``.
        prompt: Text the program was given as a prompt (UserPromptSubmit), else empty.
        asks: For a permission request: ``(tool_name, exact input as one printable text)``.
        turn_ended: A turn ended now and waiting messages may be handed over in the answer.
        tool_done: A tool call ended now; urgent messages may be handed over beside its result.
        conversation_id: The conversation it belongs to; empty when not said.
        subagent: It came from a helper inside the agent: no state, no hand-over. The only
            condition that it may have is a usage limit, which stopped that helper.
        figures: What the program said about its use (a status-line call), if it did.
        condition: What it said about limits, errors and sign-in in the program's own word for it.
    """

    reading: Reading
    prompt: str = ""
    asks: tuple[str, str] | None = None
    turn_ended: bool = False
    tool_done: bool = False
    conversation_id: str = ""
    subagent: bool = False
    figures: Figures | None = None
    condition: Condition = Condition.NONE


class Adapter(Protocol):
    """What we know of one agent program. Stateless; every method may be called from any thread.

    An adapter may have more, asked for with ``getattr``: ``session_file(berth)``, the file whose
    stamp tells that :meth:`level` may have changed; ``paste_end``, what is pasted after a message;
    ``one_line``, that it is never given a text of several lines; ``has_transcript`` (else true);
    ``variables``, names of the environment that it gets besides those of every agent;
    ``stop_signal``, the name of the signal that asks it to end (else ``TERM``); ``tells_use``, the
    units of a budget that its figures tell (``tokens``, ``usd``; else none); and ``memory_mb``,
    what one of it needs (see ``agents/memory.py``).
    """

    name: str
    #: Seconds between the end of a paste and Enter, from measurement (named at each adapter).
    composer_gap_s: float
    #: Whether waiting messages can be handed over through hooks while it works.
    hands_over: bool

    def locate(self, environment: Mapping[str, str]) -> Program:
        """The program on this environment's PATH.

        Raises:
            BadInput: it is missing, too old, or may not run; with the remedy.
        """

    def start(self, berth: Berth, program: Program, prompt: str) -> Launch:
        """Write the seat's per-process files and say how to start a new conversation."""

    def resume(self, berth: Berth, program: Program, prompt: str) -> Launch:
        """The same for going on with ``berth.conversation_id``; an empty prompt says nothing."""

    def account(self, berth: Berth) -> Path:
        """Where its sign-in lives (the person's configuration directory): whose limit it meets."""

    def has_conversation(self, berth: Berth) -> bool:
        """Whether a transcript to resume exists."""

    def owner(self, berth: Berth) -> int | None:
        """Pid of a live process that has the conversation open now, or ``None``."""

    def level(self, berth: Berth, now: datetime) -> Reading | None:
        """The state the program publishes of itself (session file), or ``None`` when absent.

        A rule id that ends in ``.call`` says that a tool was called and has no result yet, and that
        the file does not tell whether it runs or the person is asked: then the screen may tell.
        """

    def transcript(self, berth: Berth) -> Path | None:
        """The conversation's transcript file (JSON lines), or ``None`` when there is none yet."""

    def entry(self, line: bytes) -> Entry:
        """One transcript line read; a line that is not understood is ``OTHER`` with no text."""

    def composer(self, screen: str) -> Composer:
        """The input box in a capture with escapes (``capture-pane -e -p -J``)."""

    def dialog(self, screen: str) -> Dialog | None:
        """The dialog in a capture with escapes, or ``None``."""

    def screen(self, capture: str, title: str, now: datetime, zone: tzinfo) -> ScreenReading:
        """What a capture with escapes and the pane's title say, by the program's rule file.

        Args:
            capture: ``capture-pane -e -p -J`` of the visible screen.
            title: ``#{pane_title}``.
            now: Instant of the capture (aware).
            zone: The program's time zone, for clock times on the screen that name none.
        """

    def figures(self, berth: Berth, now: datetime) -> Figures | None:
        """What its own files say about its use, where they do; ``None`` else. Below 5 ms."""

    def hook(self, payload: Mapping[str, Any], now: datetime) -> HookReading:
        """One hook call's JSON payload read."""

    def permission_answer(self, allow: bool, reason: str) -> bytes:
        """What the permission hook prints to allow or deny."""

    def turn_end_answer(self, texts: Sequence[str]) -> bytes:
        """What the end-of-turn hook prints to hand over ``texts`` as one next turn."""

    def tool_answer(self, texts: Sequence[str]) -> bytes:
        """What the tool hook prints to hand over ``texts`` beside a tool result."""
