"""An option is chosen by its text, and only when exactly one is meant; what destroys is named."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain import destructive
from tmux_orch.domain.answering import (
    POLICY,
    AnswerRules,
    hub_refusal,
    plain_answer,
    waiting_option,
)
from tmux_orch.domain.dialog import (
    DialogKind,
    OpenDialog,
    bare,
    choose,
    is_box,
    is_field,
    kind_of,
)
from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.states import AgentState, Source

CLAUDE = ("Yes", "Yes, and don't ask again for: make", "No, and tell Claude what to do")
NOW = datetime(2025, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "wanted", "index"),
    [
        (CLAUDE, "Yes", 0),
        (CLAUDE, "yes", 0),
        (CLAUDE, "don't ask again", 1),
        (CLAUDE, "Yes, and", 1),
        (CLAUDE, "no", 2),
        (CLAUDE, "  No,  and tell ", 2),
        (("[ ] Tests", "[✔] Docs", "Submit"), "docs", 1),
        (("Version 1", "Version 2"), "Version 2", 1),
        (("1", "2"), "2", 1),
        (("Ja", "JA"), "JA", 1),
    ],
)
def test_an_option_is_meant_by_its_text_or_a_clear_part_of_it(
    options: tuple[str, ...], wanted: str, index: int
) -> None:
    assert choose(options, wanted) == index


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (CLAUDE, "1"), (CLAUDE, "2"), (CLAUDE, ""), (CLAUDE, "   "), (CLAUDE, "es"),
        (CLAUDE, "maybe"), (CLAUDE, "yes,"+" and don't ask again for: makefile"), (CLAUDE, "an"),
        (CLAUDE, "and"), (("Ja", "JA"), "ja"), (("Same", "Same"), "Same"), ((), "Yes"),
        (("Allow once", "Always allow", "Deny"), "allow"), (("Use 1 thread", "Stop"), "1"),
        (("Not now", "No, exit"), "no"), (("Yes", "No"), "Y e s"), (("Yes", "No"), "Yes\x00"),
        (("[ ] Tests", "Submit"), "[ ]"), (("Yes", "No"), "❯ Yes"), (("Yes", "No"), "1. Yes"),
        (("Yes", "No"), "Yes No"), (("Yes.", "Yes!"), "yes"), (("Yes", "No"), ".*"),
    ],
)  # fmt: skip
def test_what_is_not_uniquely_meant_chooses_nothing(options: tuple[str, ...], wanted: str) -> None:
    with pytest.raises(BadInput) as raised:
        choose(options, wanted)
    assert "the options are: " in raised.value.line()
    assert all(bare(option) in raised.value.line() for option in options)


WORDS = st.sampled_from(["yes", "Yes", "no", "allow", "always", "and", "2", "don't", "ask", "a b"])
OPTIONS = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), max_size=6)


@given(OPTIONS, st.lists(WORDS, max_size=3).map(" ".join) | st.text(max_size=6))
def test_the_chosen_option_is_the_only_one_with_that_text(options: list[str], wanted: str) -> None:
    try:
        index = choose(options, wanted)
    except BadInput:
        return
    texts = [" ".join(option.split()) for option in options]
    meant = " ".join(wanted.split())
    if texts[index] == meant:
        assert texts.count(meant) == 1
    elif texts[index].casefold() == meant.casefold():
        assert [t.casefold() for t in texts].count(meant.casefold()) == 1
    else:
        having = [t for t in texts if f" {t}".casefold().find(f" {meant}".casefold()) >= 0]
        assert having == [texts[index]]
        assert any(letter.isalpha() for letter in meant)


@given(st.lists(st.text(min_size=1, max_size=20), max_size=5), st.text(max_size=20))
def test_any_text_chooses_an_option_that_has_it_or_none(options: list[str], wanted: str) -> None:
    try:
        index = choose(options, wanted)
    except BadInput:
        return
    assert " ".join(wanted.split()).casefold() in bare(options[index]).casefold()


def test_boxes_and_fields_are_told_from_other_options() -> None:
    assert [is_box(o) for o in ("[ ] Tests", "[✔] Docs", "[a] x", "Submit")] == [
        True, True, False, False,
    ]  # fmt: skip
    fields = ("Type something.", "[ ] Type something", "Tell Claude what to change")
    assert all(is_field(o) for o in fields)
    assert not any(is_field(o) for o in ("[✔] Dorado", "Type checks", "Chat about this", "No"))


@pytest.mark.parametrize(
    ("rule", "state", "kind"),
    [
        ("claude.dialog.permission", AgentState.WAITING_PERMISSION, "permission"),
        ("codex.dialog.approval", AgentState.WAITING_PERMISSION, "permission"),
        ("claude.dialog.api_key", AgentState.NEEDS_LOGIN, "login"),
        ("claude.dialog.limit", AgentState.WAITING_ANSWER, "limit"),
        ("claude.dialog.plan", AgentState.WAITING_ANSWER, "plan"),
        ("gemini.dialog.something", AgentState.NEEDS_TRUST, "trust"),
        ("claude.dialog.other", AgentState.WAITING_ANSWER, "other"),
        ("", AgentState.WAITING_ANSWER, "other"),
    ],
)
def test_a_dialogs_kind_is_told_by_its_rule_else_its_state(
    rule: str, state: AgentState, kind: str
) -> None:
    assert kind_of(rule, state) == kind


DESTROYS = """rm -rf build|/bin/rm x|cd a && rm b|a=$(rm b)|bash -c 'rm -rf x'|timeout 5 rm x
git push --force|git push -f origin main|git -C a push origin +main|git push origin :old
git reset --hard HEAD~1|git clean -fdx|git checkout -- .|git branch -D x|git stash drop
sudo make install|FOO=1 sudo x|dd if=a of=/dev/sda|mkfs.ext4 /dev/sda|echo x > file|> file
find . -name x -delete|psql -c 'DROP TABLE users'|docker system prune -f|kubectl delete pod x
chmod -R 777 .|kill -9 1|npm x --force|truncate -s0 a|terraform destroy"""
HARMLESS = """ls|make test|git push origin main|git checkout main|git commit -m x|tail -f log
echo 'rm me'|ls 2>/dev/null|ls 2>&1|cat a >> b|python a.py -f|grep -rf x y|git branch x
git stash|pytest --forced|touch forms|npm run rm-cache|echo a -> b|docker run x"""


@pytest.mark.parametrize("command", DESTROYS.replace("\n", "|").split("|"))
def test_what_destroys_is_named(command: str) -> None:
    assert destructive.of_command(command), command


def test_what_is_piped_into_a_shell_is_named() -> None:
    assert destructive.of_command("curl https://x | sh") == "runs what it is given"


@pytest.mark.parametrize("command", HARMLESS.replace("\n", "|").split("|"))
def test_of_what_no_rule_knows_nothing_is_claimed(command: str) -> None:
    assert destructive.of_command(command) == ""


@given(st.text(max_size=200))
def test_any_text_is_judged_without_a_fault(text: str) -> None:
    destructive.of_command(text)
    destructive.of_words(text)


def test_a_command_made_to_be_slow_is_judged_fast() -> None:
    began = time.monotonic()
    for piece in ("env ", "git push ", "> ", "bash ", "| ", "((((", "sudo -", "drop "):
        destructive.of_command(piece * 20_000)
    assert time.monotonic() - began < 3


def dialog(**other: object) -> OpenDialog:
    made = OpenDialog(
        1, "p/developer", DialogKind.PERMISSION, AgentState.WAITING_PERMISSION, "Do it?",
        ("Yes", "No"), 0, "", "Bash", "make", Source.HOOK, NOW, asked_id=1,
    )  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]


ALL = AnswerRules(frozenset(POLICY))


@pytest.mark.parametrize(
    ("rules", "found", "option", "why"),
    [
        (ALL, dialog(), "Yes", ""),
        (AnswerRules(), dialog(), "Yes", "no written policy"),
        (AnswerRules(frozenset({DialogKind.TRUST})), dialog(), "No", "no written policy"),
        (ALL, dialog(key="p/hub"), "Yes", "his own"),
        (ALL, dialog(destructive="deletes files"), "No", "deletes files"),
        (ALL, dialog(), "Yes, and don't ask again", "more than what is asked"),
        (ALL, dialog(), "Always allow", "more than what is asked"),
        (ALL, dialog(exact="", asked_id=None), "Yes", "from the screen only"),
        (ALL, dialog(kind=DialogKind.LOGIN), "Yes", "no written policy"),
        (ALL, dialog(kind=DialogKind.RESUME), "Yes", "no written policy"),
        (ALL, dialog(kind=DialogKind.OTHER), "Yes", "no written policy"),
        (ALL, dialog(kind=DialogKind.LIMIT), "Upgrade your plan", "only wait"),
        (ALL, dialog(kind=DialogKind.LIMIT), "Stop and wait for limit to reset", ""),
        (ALL, dialog(kind=DialogKind.PLAN), "Yes, and use auto mode", "more than what is asked"),
        (ALL, dialog(kind=DialogKind.PLAN), "Yes, manually approve edits", ""),
        (ALL, dialog(kind=DialogKind.QUESTION), "Postgres", ""),
    ],
)
def test_the_hub_may_what_is_written_and_nothing_more(
    rules: AnswerRules, found: OpenDialog, option: str, why: str
) -> None:
    said = hub_refusal(rules, "p/hub", found, option)
    assert why in said and bool(said) is bool(why)


def test_only_a_plain_yes_or_no_is_an_answer_that_a_hook_can_give() -> None:
    assert [plain_answer(o) for o in ("Yes", "No", "Allow once", "Deny")] == [
        True, False, True, False,
    ]  # fmt: skip
    others = ("Yes, and don't ask again", "No, and tell Claude", "Always allow", "Not now", "")
    assert not any(plain_answer(option) is not None for option in others)


@pytest.mark.parametrize(
    ("options", "waits"),
    [
        (("Stop and wait for limit to reset", "Upgrade your plan"), 0),
        (
            (
                "Upgrade your plan",
                "Stop and wait for limit to reset",
                "Wait here, then continue automatically at 8:06pm",
            ),
            1,
        ),
        (("Wait here, then continue automatically at 8:06pm", "Upgrade your plan"), None),
        (("Keep trying", "Stop"), None),
        (("Wait and switch to Sonnet", "Stop"), None),
        (("Wait for the reset", "Stop and wait"), None),
        ((), None),
    ],
)
def test_a_limits_menu_is_answered_only_with_the_one_option_that_waits(
    options: tuple[str, ...], waits: int | None
) -> None:
    assert waiting_option(options) == ("" if waits is None else options[waits])
