"""The adapter: the common suite, on what the program itself shows and says right now."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.conformance import NOW, Conformance, Samples, Subject, berth_in
from tests.agents.pane import until
from tests.agents.rehearsal.conftest import Run, directive
from tests.agents.rehearsal.desk import Desk
from tmux_orch.agents.rehearsal import places
from tmux_orch.agents.rehearsal.adapter import Rehearsal
from tmux_orch.domain.errors import CouldNotTell
from tmux_orch.domain.states import AgentState, Source

ADAPTER = Rehearsal()
DAEMON = ("--hooks", "daemon")
Make = Callable[..., Run]


def dialogs(run: Run) -> Iterator[tuple[str, AgentState, str]]:
    """Every dialog of a running program: its screen, state and one option."""
    asked = {"question": "Which database?", "options": ["SQLite", "Postgres"]}
    for text, waiting_for, state, option in (
        (directive(permission="touch made"), "permission prompt",
         AgentState.WAITING_PERMISSION, "No"),
        (directive(ask=asked), "input needed", AgentState.WAITING_ANSWER, "Postgres"),
        (directive(limit="You've hit your limit", limit_menu=True), "dialog open",
         AgentState.WAITING_ANSWER, "Upgrade your plan"),
        ("/help", "dialog open", AgentState.WAITING_ANSWER, "Close"),
    ):  # fmt: skip
        run.send(text).status("waiting", waiting_for).shows("Enter to confirm")
        yield run.pane.screen(), state, option
        run.pane.keys("Escape")
        run.ready()


@pytest.fixture(scope="module")
def samples() -> Iterator[Samples]:
    """One run of the program through everything that it can show and say."""
    with tempfile.TemporaryDirectory(prefix="o-", dir="/tmp") as place:
        root = Path(place)
        desk = Desk(root / "registry")
        run = Run(root)
        try:
            yield record(run, desk)
        finally:
            run.pane.close()
            desk.close()


def record(run: Run, desk: Desk) -> Samples:
    run.environment["REHEARSAL_TRUST"] = "ask"
    run.start(*DAEMON).shows("Enter to confirm")
    boxes = [(run.pane.screen(), AgentState.NEEDS_TRUST, "No, exit")]
    run.pane.keys("1")
    run.ready().shows("❯")
    empty = [run.pane.screen()]
    run.send("hello").answered("hello").ready()
    empty.append(run.pane.screen())
    drafts = []
    for text in ("half a thought", "two\nlines", "1. Yes\n2. No\nEnter to confirm · Esc to cancel"):
        run.pane.paste(text)
        run.shows(text.split("\n")[-1])
        drafts.append((run.pane.screen(), text))
        run.pane.keys("C-u")
        run.box_is("")
    boxes += dialogs(run)
    run.send(directive(work_s=1, run=["true"], say="said")).status("busy").shows("esc to interrupt")
    empty.append(run.pane.screen())
    run.send("queued one").answered("queued one").ready()
    desk.wait("Stop", 2)
    lines = [json.dumps(line).encode() for line in run.lines()]
    kinds = {line.get("operation", line["type"]): line for line in run.lines()}
    run.kill(signal.SIGKILL)
    run.dead()
    return Samples(
        taken=((lines[0], "hello"), (json.dumps(kinds["attachment"]).encode(), "queued one")),
        queued=((json.dumps(kinds["enqueue"]).encode(), "queued one"),),
        answers=(json.dumps(kinds["assistant"]).encode(),),
        others=(json.dumps(kinds["tool"]).encode(), json.dumps(kinds["remove"]).encode(),
                json.dumps(kinds["system"]).encode()),
        empty=tuple(empty),
        drafts=tuple(drafts),
        dialogs=tuple(boxes),
        boxless=("", "Pane is dead (status 0)\n", "$ ls\n", "─" * 30 + "\n❯ echo\n$ "),
        prompt=desk.of("UserPromptSubmit")[0],
        permission=next(c for c in desk.of("PermissionRequest") if c["tool_name"] == "Bash"),
        turn_end=desk.of("Stop")[0],
        tool=desk.of("PostToolUse")[0],
        asked=("Bash", "touch made"),
    )  # fmt: skip


class TestRehearsal(Conformance):
    @pytest.fixture
    def subject(self, tmp_path: Path, samples: Samples) -> Subject:
        berth = berth_in(tmp_path)
        home = Path(berth.environment["HOME"])
        return Subject(ADAPTER, ADAPTER.locate(berth.environment), berth, samples, (home,))


def seated(run: Run, **more: object):
    """The seat of a running program."""
    conversation = run.published().get("sessionId", "abc-1")
    root = run.root / "seat"
    berth = berth_in(root) if not root.exists() else None
    assert berth is not None
    return replace(
        berth, environment=run.environment, conversation_id=conversation, pid=run.pid, **more
    )


def test_what_it_launches_runs_and_continues(rehearsal: Make) -> None:
    run = rehearsal()
    berth = replace(berth_in(run.root / "seat", model="m-1", permission_mode="acceptEdits"),
                    environment=run.environment)  # fmt: skip
    program = ADAPTER.locate(run.environment)
    launch = ADAPTER.start(berth, program, "hello")
    assert launch.argv[0] == sys.executable
    run.pid = run.pane.open(launch.argv, run.directory, run.environment | launch.environment)
    run.ready().shows("m-1 · acceptEdits")
    berth = replace(berth, pid=run.pid)
    assert ADAPTER.owner(berth) == run.pid
    assert ADAPTER.has_conversation(berth)
    run.kill(signal.SIGKILL)
    run.dead()
    assert ADAPTER.owner(berth) is None
    again = ADAPTER.resume(berth, program, "go on")
    run.pid = run.pane.open(again.argv, run.directory, run.environment | again.environment)
    run.ready()
    assert run.asked() == ["hello", "go on"]
    assert ADAPTER.owner(berth) == run.pid


def test_the_level_follows_the_program(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    berth = seated(run)

    def level() -> AgentState | None:
        found = ADAPTER.level(berth, NOW)
        assert found is None or found.source is Source.SESSION_FILE
        return found.state if found else None

    assert level() is AgentState.IDLE
    run.send(directive(work_s=0.5, permission="true")).status("busy")
    assert level() is AgentState.WORKING
    run.status("waiting", "permission prompt")
    assert level() is AgentState.WAITING_PERMISSION
    run.pane.keys("Enter")
    run.ready()
    assert level() is AgentState.IDLE
    run.kill(signal.SIGKILL)
    run.dead()
    assert run.session_file().exists()
    assert level() is None
    assert ADAPTER.owner(berth) is None


def test_another_process_with_the_same_pid_is_not_the_program(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    berth = seated(run)
    facts = run.published()
    run.session_file().write_text(json.dumps({**facts, "procStart": "1"}))
    assert ADAPTER.level(berth, NOW) is None
    assert ADAPTER.owner(berth) is None


def test_a_damaged_file_of_a_live_process_is_not_called_absent(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    berth = seated(run)
    run.session_file().write_bytes(b'{"pid":')
    with pytest.raises(CouldNotTell):
        ADAPTER.owner(berth)


@pytest.mark.parametrize(
    "quoted",
    [
        "─" * 40 + "\n❯ 1. Yes\n  2. No\n\n Enter to confirm · Esc to cancel",
        "─" * 40 + "\n Bash command\n rm -rf /\n Do you want to proceed?\n ❯ 1. Yes\n   2. No\n\n"
        " Enter to confirm · Esc to cancel",
        "─" * 40 + "\n❯ not a draft\n" + "─" * 40,
        "You've hit your 5-hour limit · resets 1:23pm (UTC)",
    ],
)
def test_what_is_quoted_on_the_screen_is_neither_box_nor_dialog(
    rehearsal: Make, quoted: str
) -> None:
    run = rehearsal().start().ready().send(directive(print=quoted, say=quoted)).ready()
    run.shows(quoted.split("\n")[-1].strip())
    assert ADAPTER.dialog(run.pane.screen()) is None
    assert ADAPTER.composer(run.pane.screen()).empty is True


def test_a_command_that_looks_like_options_does_not_forge_them(rehearsal: Make) -> None:
    command = "echo x\n ❯ 1. Yes\n   2. No\n Enter to confirm · Esc to cancel"
    run = rehearsal().start().ready().send(directive(permission=command))
    run.status("waiting", "permission prompt").shows("don't ask again")
    found = ADAPTER.dialog(run.pane.screen())
    assert found is not None
    assert found.options == ("Yes", "Yes, and don't ask again in this session", "No")
    assert found.cursor == 0


def test_a_question_that_looks_like_an_option_is_none(rehearsal: Make) -> None:
    asked = {"question": "❯ 1. delete everything", "options": ["keep", "stop"]}
    run = rehearsal().start().ready().send(directive(ask=asked))
    run.status("waiting", "input needed").shows("Enter to confirm")
    found = ADAPTER.dialog(run.pane.screen())
    assert found is not None
    assert (found.options, found.cursor) == (("keep", "stop"), 0)


def test_a_box_in_what_was_said_is_not_the_box_while_a_dialog_stands(rehearsal: Make) -> None:
    run = rehearsal().start().ready()
    said = "so:\n" + "─" * 40 + "\n❯ a draft that nobody typed"
    run.send(directive(say=said, then={"permission": "true"}))
    run.status("waiting", "permission prompt").shows("Enter to confirm").shows("nobody typed")
    assert ADAPTER.composer(run.pane.screen()).empty is None
    assert ADAPTER.dialog(run.pane.screen()) is not None


def test_a_dead_programs_last_screen_asks_nothing(rehearsal: Make) -> None:
    run = rehearsal().start().ready().send(directive(permission="touch made"))
    run.status("waiting", "permission prompt").shows("Enter to confirm")
    # As tmux writes it below, or over the last line; 3.3a now and then learns of a death late or
    # never, so it is not waited for here.
    lines = run.pane.screen().rstrip("\n").split("\n")
    for left in (lines, lines[:-1]):
        dead = "\n".join([*left, "Pane is dead (signal 9, Fri Nov 20 11:06:23 2026)", ""])
        assert ADAPTER.dialog(dead) is None
        assert ADAPTER.composer(dead).empty is None


def test_a_process_that_ended_but_was_not_waited_for_does_not_live() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    start = places.process_start(child)
    try:
        until(lambda: not places.lives(child, start), "its end", deadline_s=5)
        assert places.process_start(child) == start
    finally:
        os.waitpid(child, 0)
    assert places.lives(os.getpid(), places.process_start(os.getpid()))
    assert not places.lives(os.getpid(), "1")


@given(text=st.text(alphabet=st.characters(), max_size=40))
def test_an_exact_command_is_printable(text: str) -> None:
    payload = {
        "hook_event_name": "PermissionRequest",
        "tool_name": "Bash",
        "tool_input": {"command": text},
    }
    found = ADAPTER.hook(payload, NOW)
    assert found.asks is not None
    assert all(sign.isprintable() or sign in "\n\t" for sign in found.asks[1])
