"""What ``tmux-orch top`` shows, and what each key does, with the keys of a person."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tmux_orch.cli import plain
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import AgentState
from tmux_orch.rpc.post import Receipt
from tmux_orch.tui import detail, keys, rows

from .conftest import agent, ago, busy_team, team

WATCHING = Path(__file__).parents[2] / "docs/WATCHING.md"


def whole(*size: int):
    """A size of the terminal that only the whole run tries."""
    return pytest.param(size, marks=pytest.mark.full)


HOSTILE = "[red]x[/red] \x1b[31m\x1b]0;t\x07\u202eevil\u2066 {0} %s \\[b]"


def test_at_80x24_everything_that_matters_of_every_agent_is_there(play):
    async def script(view):
        await view.press("j", "j")
        shown = view.text()
        for name in ("orchestrator", "project_manager", "developer", "tester", "testrunner"):
            assert name in shown
        assert "> developer       ? waiting_permission" in shown
        row = next(line for line in view.lines() if line.startswith("> developer"))
        for figure in ("2m", "2/5", "83%", "$3.50", " 2 ", "! unanswered"):
            assert figure in row, figure
        for detail_of_it in ("against   screen: claude.composer", "2 behind", "4 dirty", "512 MB",
                             "exactly   Bash rm -r build", "1. Yes",
                             "45.2k tokens out"):  # fmt: skip
            assert detail_of_it in shown, detail_of_it
        assert view.lines()[0].rstrip().endswith("$5.13")
        assert view.lines()[23].rstrip().endswith("q quit")

    play(script)


@pytest.mark.parametrize("size", [(80, 24), whole(200, 50), whole(60, 15), whole(120, 40)])
def test_a_team_of_50_fits_any_size_and_the_chosen_one_is_in_sight(play, size):
    agents = [agent(f"developer-{n}", state="working", last_line=f"says {n}") for n in range(50)]

    async def script(view):
        for key, name in (("end", "developer-49"), ("home", "developer-0"), ("pagedown", "-10")):
            await view.press(key)
            assert any(re.match(rf"> \S*{name} ", line) for line in view.lines()), view.text()
            assert view.lines()[1].split()[0] == "AGENT"
        assert "says      says 10" in view.text()

    play(script, team(*agents), size)


def test_a_wide_terminal_has_bars_and_a_column_for_attention(play):
    async def script(view):
        head = view.lines()[1]
        assert head.split()[-3:] == ["ATTENTION", "LAST", "LINE"]
        assert "##.... 2/5" in view.text()
        assert "restart loop" in view.text()
        assert "Waiting for reports from the developer." in view.text()

    play(script, size=(200, 50))


def test_absent_and_null_fields_show_nothing_and_break_nothing(play):
    bare = {"name": "a", "state": "idle"}
    nothing = dict.fromkeys(agent() | {
        "progress_done": 0, "progress_total": 0, "context_percent": 0, "cost_usd": 0,
        "input_tokens": 0, "cpu_percent": 0, "memory_bytes": 0, "attention": [], "last_line": "",
        "conflict": "", "last_commit_at": "", "commits_behind": 0,
    })  # fmt: skip

    async def script(view):
        assert view.lines()[1].split() == ["AGENT", "STATE", "FOR"]
        assert "None" not in view.text()
        await view.press("j")
        assert "None" not in view.text()

    play(script, team(bare, nothing | {"name": "b"}))


def test_an_empty_team_is_a_team(play):
    async def script(view):
        await view.press("j", "enter", "m", "e", "p", "a")
        assert "0 agents" in view.text()

    assert play(script, team()).said == []


def test_outside_text_is_never_markup_and_never_steers_the_terminal(play):
    bad = agent(
        state=HOSTILE, role=HOSTILE, adapter=HOSTILE, evidence=HOSTILE, branch=HOSTILE,
        conflict=HOSTILE, last_line=HOSTILE, git_trouble=HOSTILE,
        attention=[{"kind": HOSTILE, "since_at": HOSTILE, "detail": HOSTILE}],
    )  # fmt: skip
    asked = {"agent": "developer", "id": 1, "question": HOSTILE, "exact": HOSTILE,
             "options": [HOSTILE, "No"], "destructive": HOSTILE, "tool": HOSTILE}  # fmt: skip
    happened = [{"seq": 1, "at": ago(1), "kind": HOSTILE, "payload": {HOSTILE: HOSTILE}}]

    async def script(view):
        for label in ("because", "against", "look", "work", "git", "says", "asks", "exactly"):
            shown = next(one for one in view.lines() if one.startswith(label))
            assert "[red]x[/red]" in shown, label
        for keys_ in (("e",), ("p",), ("a", "1")):
            await view.press(*keys_)
            await view.until(lambda: "[red]" in view.text())
            assert not {c for c in view.text() if c != "\n" and plain.is_unseen(c)}, keys_
            if keys_[0] == "a":
                # What a person approves is seen whole: what hides is written out.
                assert "\\x1b[31m" in view.text()
                assert "\\u202e" in view.text()
            await view.press("escape")

    play(script, team(bad, dialogs=[asked]), (140, 50), happened=happened, screen=[HOSTILE] * 3)


def test_m_sends_a_message_to_the_chosen_agent_and_shows_the_receipt(play):
    async def script(view):
        await view.press("j", "m")
        await view.type("go / [b]")
        assert "message to project_manager" in view.text()
        assert "> project_manager" in view.text()  # the team stays in sight
        await view.press("enter")
        await view.until(lambda: "delivered to project_manager" in view.text())

    assert play(script).said == [("send", "project_manager", "go / [b]")]


def test_nothing_written_is_nothing_sent(play):
    async def script(view):
        await view.press("m", "escape", "m", "enter", "m", "space", "enter", "q")

    assert play(script).said == []


def test_a_refused_message_and_a_held_one_say_why(play):
    said = [BadInput("the agent [b]is[/b] gone", "see status")]

    def send(_agent, _text):
        if said:
            raise said.pop()
        return Receipt(3, "held: a dialog is open (msg 1)")

    async def script(view):
        await view.press("m", "x", "enter")
        await view.until(lambda: "[b]is[/b]" in view.text())
        await view.press("m", "x", "enter")
        await view.until(lambda: "held: a dialog is open" in view.text())

    play(script, send=send)


def test_enter_sits_down_at_the_agents_window_and_comes_back(play, monkeypatch):
    from contextlib import nullcontext

    from tmux_orch.tui.app import Top

    monkeypatch.setattr(Top, "suspend", lambda _self: nullcontext())

    async def script(view):
        await view.press("down", "down", "enter")
        assert "> developer" in view.text()

    assert play(script).said == [("attach", "developer")]


def test_a_chooses_an_option_and_asks_before_it_answers(play):
    async def script(view):
        await view.press("j", "j", "a")
        assert "Bash, exactly:" in view.text()
        assert " to proceed?" in view.text()
        assert "    rm -r build" in view.text()
        assert "    ls" in view.text()
        assert "careful: it deletes files" in view.text()
        await view.press("down", "enter")
        assert "Answer developer with “Yes, and do not ask again”?" in view.text()
        assert view.acts.said == []
        await view.press("n")  # back to the options
        await view.press("y")  # nothing is chosen: nothing is answered
        assert view.acts.said == []
        await view.press("3", "y")
        await view.until(lambda: view.acts.said)

    assert play(script).said == [("answer", "developer", 7, "No")]


@pytest.mark.parametrize("size", [whole(80, 24), (60, 15)])
def test_a_long_command_can_be_read_to_its_end_beside_its_options(play, size):
    exact = "\n".join(f"command {n}" for n in range(60)) + "\nthe last"
    asked = dict(busy_team()["dialogs"][0], exact=exact)

    async def script(view):
        await view.press("j", "j", "a", "1")
        for _ in range(30):
            assert "3. No" in view.text()
            assert "y yes" in view.text()
            if "the last" in view.text():
                return
            await view.press("pagedown")
        raise AssertionError(view.text())

    play(script, busy_team() | {"dialogs": [asked]}, size)


def test_a_dialog_that_changes_while_it_is_answered_is_answered_by_its_own_id(play):
    async def script(view):
        await view.press("j", "j", "a", "1")
        other = dict(busy_team()["dialogs"][0], id=8, question="Another question")
        await view.told(busy_team() | {"dialogs": [other]})
        await view.press("y")
        await view.until(lambda: view.acts.said)

    assert play(script).said == [("answer", "developer", 7, "Yes")]


def test_an_option_that_is_a_field_asks_for_its_text_and_goes_out_as_it_came(play):
    asked = dict(busy_team()["dialogs"][0], options=["Yes", "  Type something.\u200b"])

    async def script(view):
        await view.press("j", "j", "a", "2", "y")
        assert "text for developer" in view.text()
        await view.press("escape", "a", "2", "y", "n", "o", "enter")
        await view.press("a", "1", "y")
        await view.until(lambda: len(view.acts.said) == 2)

    assert play(script, busy_team() | {"dialogs": [asked]}).said == [
        ("answer", "developer", 7, "  Type something.\u200b", "no"),
        ("answer", "developer", 7, "Yes"),
    ]


def test_a_dialog_that_is_left_is_not_answered(play):
    async def script(view):
        await view.press("j", "j", "a", "escape", "a", "1", "escape", "escape", "a", "9", "y")

    assert play(script).said == []


def test_an_agent_without_a_dialog_cannot_be_answered(play):
    async def script(view):
        await view.press("a")
        await view.until(lambda: "shows no dialog" in view.text())

    assert play(script).said == []


def test_e_explains_and_p_peeks(play):
    async def script(view):
        await view.press("j", "e")
        await view.until(lambda: "=> hook" in view.text())
        assert "project_manager: why thinking" in view.text()
        await view.press("escape", "p")
        await view.until(lambda: "row 199" in view.text())  # a screen is read from its end
        await view.press("escape")
        assert "row 199" not in view.text()

    acts = play(script, screen=[f"row {n} {'x' * 190}" for n in range(200)])
    assert acts.said == [("explain", "project_manager"), ("peek", "project_manager")]


def test_a_filter_narrows_the_rows_and_an_empty_one_shows_all(play):
    async def script(view):
        await view.press("slash")
        await view.type("perm")
        await view.press("enter")
        assert "> developer" in view.text()
        assert "tester " not in view.text()
        assert view.lines()[0].startswith("only “perm” of sample  5 agents")
        await view.press("slash", "ctrl+u", "enter")
        assert "testrunner" in view.text()
        assert "> developer" in view.text()  # the choice stays

    play(script)


def test_the_choice_follows_the_agent_while_others_come_and_go(play):
    async def script(view):
        await view.press("j", "j")
        await view.told(team(agent("new"), *busy_team()["agents"][1:]))
        assert "> developer" in view.text()
        await view.told(team(agent("other")))
        assert "> other" in view.text()

    play(script)


def test_a_daemon_that_is_away_and_a_hung_tmux_server_are_said_and_go(play):
    async def script(view):
        import asyncio

        await asyncio.to_thread(view.acts.away, "the daemon died; starting it again")
        await view.pilot.pause()
        assert view.lines()[1].startswith("! the daemon died")
        assert "> orchestrator" in view.text()  # what was known is still there
        await view.told(busy_team() | {"tmux_server": "hung"})
        assert view.lines()[1].startswith("! the tmux server does not answer")
        await view.told(busy_team())
        assert view.lines()[1].split()[0] == "AGENT"
        stopped = busy_team()["project"] | {"live": False}
        await view.told(busy_team() | {"project": stopped, "tmux_server": "lost"})
        assert view.lines()[1].startswith("! the team is stopped")

    play(script)


def test_the_signs_tell_every_state_without_colour():
    signs = {sign for sign, _ in rows.SIGNS}
    now = datetime.now(UTC)
    for state in AgentState:
        cell = rows.row(agent(state=str(state)), now, 80)[1]
        assert cell.text == f"{cell.text[0]} {state}"
        assert cell.text[0] in signs
        assert (cell.text[0] == "~") is (state is AgentState.UNKNOWN)


def test_help_lists_every_key_and_the_page_in_docs_has_the_same(play):
    documented = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|$", WATCHING.read_text(), re.M))
    known = {key.shown: key.line for key in keys.KEYS} | dict(keys.MOVES)
    assert {key: line.strip() for key, line in documented.items()} == known

    async def script(view):
        await view.press("question_mark")
        for key in keys.KEYS:
            assert key.line in view.text()
        for _, meaning in rows.SIGNS:
            assert meaning in view.text()

    play(script)


def test_q_leaves_with_0_and_ctrl_c_with_130(play):
    codes = []

    def leave_with(key):
        async def script(view):
            await view.press(key)
            codes.append(view.top.return_code)

        return script

    play(leave_with("q"))
    play(leave_with("ctrl+c"))
    assert codes == [0, 130]


def test_only_rows_that_differ_are_drawn_again(play):
    async def script(view):
        from tmux_orch.tui.table import TeamTable

        drawn = []
        table = view.top.query_one(TeamTable)
        table._redraw = drawn.append
        table.refresh = lambda *_a, **_k: drawn.append("all")
        changed = [dict(one) for one in busy_team()["agents"]]
        changed[0]["held_messages"] = 1
        # The seconds of two agents go on meanwhile; nothing else does.
        await view.told(busy_team() | {"agents": changed})
        assert 0 in drawn
        assert set(drawn) <= {0, 1, 3}

    play(script)


cell_texts = st.text(max_size=30).map(rows.line)


@settings(max_examples=40)
@given(
    st.lists(st.lists(cell_texts, min_size=9, max_size=9), max_size=5),
    st.integers(min_value=60, max_value=220),
)
def test_rows_of_any_text_stand_side_by_side(texts, room):
    team_rows = [tuple(rows.Cell(text) for text in one) for one in texts]
    columns = rows.widths(team_rows, room)
    heading = tuple(rows.Cell(title) for title in rows.TITLES)
    wide = {
        sum(cell_len(piece.text) for piece in rows.pieces(cells, columns, room))
        for cells in [heading, *team_rows]
    }
    assert len(wide) == 1


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(sorted(busy_team()["agents"][2])),
                       st.none() | st.integers() | st.text() | st.lists(st.text())))  # fmt: skip
def test_any_value_in_any_field_can_be_shown(fields):
    now = datetime.now(UTC)
    one = agent() | fields
    rows.row(one, now, 80)
    for cell in detail.lines(one, [], [], 80, now):
        assert plain.plain(cell.text) == cell.text
