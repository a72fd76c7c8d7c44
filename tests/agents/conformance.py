"""What every adapter must keep, whatever its program: the suite that adapters' tests inherit.

    class TestClaude(Conformance):
        @pytest.fixture
        def subject(self, tmp_path): return Subject(...)

Methods that need a recording take it from the subject's :class:`Samples`; a kind that a program
does not have stays empty.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmux_orch.agents.adapter import Adapter, Berth, EntryKind, Launch, Program
from tmux_orch.agents.registry import adapters
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import BUSY, AgentState, Source

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PROMPT = "Read .orch/briefing.md and begin. [brief 0badcafe]"
IN_FIXTURE = settings(
    # The same test is inherited by each adapter's class, on purpose.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    max_examples=60,
    deadline=None,
)

_WORDS = ["user", "assistant", "attachment", "queue-operation"]
_NAMES = ["type", "message", "content", "attachment", "prompt", "text", "operation"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(_WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)
LINES = st.binary(max_size=200) | st.builds(lambda value: json.dumps(value).encode(), _VALUES)
SCREENS = st.text(st.sampled_from("❯ \xa0─╌▔12.\n\x1b[m;07?abc") | st.characters(), max_size=400)
PAYLOADS = st.dictionaries(
    st.sampled_from(["hook_event_name", "prompt", "tool_name", "tool_input", "agent_id", "error"]),
    st.sampled_from(["Stop", "PermissionRequest", "UserPromptSubmit", "StopFailure", "SessionEnd"])
    | _VALUES,
)


@dataclass(frozen=True)
class Samples:
    """Recorded material of one program.

    Attributes:
        taken, queued: Transcript lines with the text that must be read from them.
        answers, others: Transcript lines of the model's words, and lines that prove nothing.
        empty: Screens with an empty input box (grey hints included).
        drafts: Screens with text in the box, and a part of that text.
        dialogs: Screens with a dialog: its state, and one option's text.
        boxless: Screens on which no input box can be seen and no dialog either.
        prompt, permission, turn_end, tool, helper: Hook payloads; ``helper`` is the turn end of a
            helper inside the agent.
        asked: ``(tool, exact text)`` of ``permission``.
    """

    taken: tuple[tuple[bytes, str], ...] = ()
    queued: tuple[tuple[bytes, str], ...] = ()
    answers: tuple[bytes, ...] = ()
    others: tuple[bytes, ...] = ()
    empty: tuple[str, ...] = ()
    drafts: tuple[tuple[str, str], ...] = ()
    dialogs: tuple[tuple[str, AgentState, str], ...] = ()
    boxless: tuple[str, ...] = ()
    prompt: Mapping[str, Any] = field(default_factory=dict)
    permission: Mapping[str, Any] = field(default_factory=dict)
    turn_end: Mapping[str, Any] = field(default_factory=dict)
    tool: Mapping[str, Any] = field(default_factory=dict)
    helper: Mapping[str, Any] = field(default_factory=dict)
    asked: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Subject:
    """One adapter under test, a seat for it in a fresh directory, and its recordings.

    ``outside`` are the person's directories (home, configuration): nothing may change in them.
    ``names_itself``: the program takes no id of ours for a new conversation; it makes its own, and
    the adapter must find and remember that (tested beside this suite).
    """

    adapter: Adapter
    program: Program
    berth: Berth
    samples: Samples
    outside: tuple[Path, ...] = ()
    names_itself: bool = False


def berth_in(root: Path, **more: Any) -> Berth:
    """A seat whose directories lie below ``root``; names with blanks and quotes on purpose."""
    places = {
        name: root / name for name in ("home", "work tree's", "private", "our commands", "mate")
    }
    for place in places.values():
        place.mkdir(mode=0o700, parents=True)
    role_page = places["private"] / "role.md"
    role_page.write_text("You are the developer.\n")
    return replace(
        Berth(
            key="sample/developer",
            worktree=places["work tree's"],
            private=places["private"],
            mates=(places["mate"],),
            environment={"HOME": str(places["home"]), "PATH": os.defpath, "SECRET_KEY": "s3cr3t"},
            commands=places["our commands"],
            hook=places["our commands"] / "orch-hook",
            role_page=role_page,
            conversation_id="6a3ac2f5-2f5c-4d8b-9f49-4a1f6e4f1f00",
            brief_id="0badcafe",
        ),
        **more,
    )


def tree(*roots: Path) -> dict[str, bytes | None]:
    """Every path below ``roots`` with its content."""
    found: dict[str, bytes | None] = {}
    for root in roots:
        for path in sorted(root.rglob("*")):
            found[str(path)] = path.read_bytes() if path.is_file() else None
    return found


class Conformance:
    """Inherit it, and give it a ``subject`` fixture."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        raise AssertionError("the adapter's own test class gives its subject")

    # -- the adapter itself -------------------------------------------------------------------

    def test_it_is_known_by_its_name(self, subject: Subject) -> None:
        assert type(adapters()[subject.adapter.name]) is type(subject.adapter)
        assert subject.adapter.composer_gap_s >= 0

    def test_a_missing_program_is_bad_input_with_a_remedy(
        self, subject: Subject, tmp_path: Path
    ) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        try:
            found = subject.adapter.locate({"PATH": str(empty), "HOME": str(empty)})
        except BadInput as error:
            assert error.next_step
        else:  # an adapter that brings its program along finds it always
            assert Path(found.path).is_absolute()

    # -- starting and going on ----------------------------------------------------------------

    def launches(self, subject: Subject, prompt: str) -> tuple[Launch, Launch]:
        start = subject.adapter.start(subject.berth, subject.program, prompt)
        resume = subject.adapter.resume(subject.berth, subject.program, prompt)
        return start, resume

    def test_the_program_is_absolute_and_gets_the_conversation(self, subject: Subject) -> None:
        start, resume = self.launches(subject, PROMPT)
        for launch in (start, resume):
            assert Path(launch.argv[0]).is_absolute()
        assert subject.berth.conversation_id in resume.argv
        assert (subject.berth.conversation_id in start.argv) is not subject.names_itself

    @pytest.mark.parametrize("prompt", [PROMPT, "--help", "-p", "", "a\nb", "@x", "/quit"])
    def test_the_prompt_is_the_last_word_and_only_that(self, subject: Subject, prompt: str) -> None:
        plain = self.launches(subject, "")
        for launch, without in zip(self.launches(subject, prompt), plain, strict=True):
            if prompt:
                assert launch.argv[-1] == prompt
                assert launch.argv[: len(without.argv)] == without.argv
            else:
                assert "" not in launch.argv

    def test_no_secret_of_the_environment_stands_in_argv(self, subject: Subject) -> None:
        for launch in self.launches(subject, PROMPT):
            assert not any("s3cr3t" in word for word in launch.argv)

    def test_starting_writes_only_private_files(self, subject: Subject) -> None:
        berth = subject.berth
        roots = (berth.worktree, berth.commands, *berth.mates, *subject.outside)
        before = tree(*roots)
        self.launches(subject, PROMPT)
        assert tree(*roots) == before
        for path in berth.private.rglob("*"):
            if path.is_file() and path != berth.role_page:
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path

    def test_starting_twice_says_the_same(self, subject: Subject) -> None:
        first = self.launches(subject, PROMPT)
        files = tree(subject.berth.private)
        assert self.launches(subject, PROMPT) == first
        assert tree(subject.berth.private) == files

    def test_a_fresh_seat_has_no_past(self, subject: Subject) -> None:
        adapter, berth = subject.adapter, subject.berth
        assert adapter.has_conversation(berth) is False
        assert adapter.transcript(berth) is None
        assert adapter.owner(berth) is None
        assert adapter.level(berth, NOW) is None

    # -- the transcript -----------------------------------------------------------------------

    def test_lines_of_the_transcript_are_told_apart(self, subject: Subject) -> None:
        entry = subject.adapter.entry
        for line, text in subject.samples.taken:
            assert entry(line).kind is EntryKind.TAKEN, line
            assert text in entry(line).text
        for line, text in subject.samples.queued:
            assert entry(line).kind is EntryKind.QUEUED, line
            assert text in entry(line).text
        for line in subject.samples.answers:
            assert entry(line).kind is EntryKind.ANSWER, line
        for line in subject.samples.others:
            assert entry(line).kind is EntryKind.OTHER, line

    def test_a_torn_line_proves_nothing(self, subject: Subject) -> None:
        for line, _ in subject.samples.taken + subject.samples.queued:
            for cut in range(0, len(line.rstrip()) - 1, 7):
                found = subject.adapter.entry(line[:cut])
                assert (found.kind, found.text) == (EntryKind.OTHER, "")

    @IN_FIXTURE
    @given(line=LINES)
    def test_no_line_is_too_strange_to_read(self, subject: Subject, line: bytes) -> None:
        assert isinstance(subject.adapter.entry(line).text, str)

    # -- the screen ---------------------------------------------------------------------------

    def test_an_empty_box_is_empty_whatever_hint_stands_in_it(self, subject: Subject) -> None:
        for screen in subject.samples.empty:
            assert subject.adapter.composer(screen).empty is True, screen[-2000:]
            assert subject.adapter.dialog(screen) is None

    def test_a_draft_is_seen(self, subject: Subject) -> None:
        for screen, text in subject.samples.drafts:
            found = subject.adapter.composer(screen)
            assert found.empty is False, screen[-2000:]
            assert text in found.text

    def test_a_dialog_has_a_state_its_options_and_no_box(self, subject: Subject) -> None:
        for screen, state, option in subject.samples.dialogs:
            found = subject.adapter.dialog(screen)
            assert found is not None, screen[-2000:]
            assert found.state is state, found
            assert option in found.options
            assert found.question
            assert found.cursor is not None
            assert subject.adapter.composer(screen).empty is None

    def test_what_shows_no_box_is_not_called_empty(self, subject: Subject) -> None:
        for screen in subject.samples.boxless:
            assert subject.adapter.composer(screen).empty is None
            assert subject.adapter.dialog(screen) is None

    @IN_FIXTURE
    @given(screen=SCREENS)
    def test_no_screen_is_too_strange_to_read(self, subject: Subject, screen: str) -> None:
        box, dialog = subject.adapter.composer(screen), subject.adapter.dialog(screen)
        assert box.empty is None or dialog is None

    # -- hooks --------------------------------------------------------------------------------

    def test_a_prompt_is_read_from_its_hook(self, subject: Subject) -> None:
        if subject.samples.prompt:
            found = subject.adapter.hook(subject.samples.prompt, NOW)
            assert found.prompt
            assert found.reading.state in BUSY
            assert found.reading.source is Source.HOOK
            assert found.reading.at == NOW

    def test_a_permission_is_asked_with_the_exact_command(self, subject: Subject) -> None:
        if subject.samples.permission:
            found = subject.adapter.hook(subject.samples.permission, NOW)
            assert found.reading.state is AgentState.WAITING_PERMISSION
            assert found.asks == subject.samples.asked

    def test_the_moments_to_hand_over_are_told(self, subject: Subject) -> None:
        if subject.adapter.hands_over:
            turn_end = subject.adapter.hook(subject.samples.turn_end, NOW)
            assert (turn_end.turn_ended, turn_end.tool_done) == (True, False)
            tool = subject.adapter.hook(subject.samples.tool, NOW)
            assert (tool.turn_ended, tool.tool_done) == (False, True)

    def test_a_helper_inside_the_agent_is_not_the_agent(self, subject: Subject) -> None:
        if subject.samples.helper:
            found = subject.adapter.hook(subject.samples.helper, NOW)
            assert found.subagent
            assert found.reading.state is None
            assert not found.turn_ended and not found.tool_done

    @IN_FIXTURE
    @given(payload=PAYLOADS)
    def test_no_payload_is_too_strange_to_read(
        self, subject: Subject, payload: dict[str, Any]
    ) -> None:
        assert subject.adapter.hook(payload, NOW).reading.at == NOW

    # -- answers ------------------------------------------------------------------------------

    def test_answers_carry_their_texts_whole(self, subject: Subject) -> None:
        texts = ['[from pm · msg 1a2b3c4d]\nsay "ü" \\ and\ttab', "second\n\nparagraph"]
        for answer in (subject.adapter.turn_end_answer(texts), subject.adapter.tool_answer(texts)):
            read = json.dumps(json.loads(answer), ensure_ascii=False)
            for text in texts:
                assert json.dumps(text, ensure_ascii=False)[1:-1] in read

    def test_nothing_to_hand_over_prints_nothing(self, subject: Subject) -> None:
        assert subject.adapter.turn_end_answer([]) == b""
        assert subject.adapter.tool_answer([]) == b""

    def test_a_permission_is_allowed_or_denied_with_the_reason(self, subject: Subject) -> None:
        allow = subject.adapter.permission_answer(True, "")
        deny = subject.adapter.permission_answer(False, "not on main")
        assert json.loads(allow) != json.loads(deny)
        assert "not on main" in deny.decode()
