from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.agents.adapter import Composer
from tmux_orch.domain.message import Message, MessageState, Priority
from tmux_orch.messages.compose import Standing, pointer, standing, too_long, whole

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE = Message(
    "0123abcd", 1, "shop", "shop/dev", "shop/pm", "look at the tests, please", Priority.MEDIUM,
    False, None, MessageState.COMPOSING, NOW, "", "", 1, NOW,
)  # fmt: skip
TEXTS = st.text(alphabet=st.sampled_from("ab c\n\té🙂漢#;"), min_size=1, max_size=120)


def stands(box: str, message: Message = BASE, *, ours: bool = True) -> Standing:
    return standing(Composer(not box, box), message, before_was_empty=ours)


@given(TEXTS, st.integers(10, 60), st.booleans(), st.booleans())
def test_a_text_is_recognised_however_a_composer_wraps_and_draws_it(
    text: str, width: int, raw: bool, ours: bool
) -> None:
    message = replace(BASE, text=f"x{text}", raw=raw)
    said = whole(message).replace("🙂", "\ufffd").replace("é", "e\u0301")
    rows = [line[at : at + width] for line in said.split("\n") for at in range(0, len(line), width)]
    assert stands("\n  ".join(rows).replace("e\u0301", "é"), message, ours=ours) is Standing.WHOLE


@given(TEXTS.filter(lambda t: any("!" <= c <= "~" for c in t)))
def test_more_or_less_than_was_pasted_is_not_whole(extra: str) -> None:
    text = whole(BASE)
    assert stands(text + extra) is Standing.ALTERED
    assert stands(extra + text) is Standing.ALTERED
    for cut in range(1, len("tests, please")):
        assert stands(text[:-cut]) is not Standing.WHOLE


def test_an_empty_or_invisible_composer_shows_nothing() -> None:
    for empty in (True, None):
        composer = Composer(empty, whole(BASE))
        assert standing(composer, BASE, before_was_empty=True) is Standing.ABSENT


def test_other_text_is_not_ours_even_with_anothers_marker() -> None:
    assert stands("a draft of mine") is Standing.ABSENT
    assert stands(whole(replace(BASE, id="ffffffff"))) is Standing.ABSENT


def test_the_end_of_a_text_that_scrolled_counts_only_where_the_box_was_seen_empty() -> None:
    assert stands("at the tests, please") is Standing.WHOLE
    assert stands("at the tests, please", ours=False) is Standing.ABSENT


@pytest.mark.parametrize(
    ("box", "ours", "expected"),
    [
        ("[Pasted text #1 +3 lines]", True, Standing.WHOLE),
        ("[Pasted text #1]", True, Standing.WHOLE),
        ("[Pasted Content 1234 chars]", True, Standing.WHOLE),
        ("[Pasted text #1 +3 lines] and more", True, Standing.ALTERED),
        ("[Pasted text #1 +3 lines]", False, Standing.WHOLE),
        ("[Pasted text #1 +4 lines]", False, Standing.ABSENT),
        ("[Pasted text #1]", False, Standing.ABSENT),
        ("[Pasted text #1 +3 lines] mine", False, Standing.ALTERED),
        ("[Pasted ~4 lines]", True, Standing.WHOLE),
        ("[Pasted ~4 lines]", False, Standing.WHOLE),
        ("[Pasted ~3 lines]", False, Standing.ABSENT),
    ],
)
def test_a_placeholder_is_ours_when_the_box_was_empty_or_the_lines_agree(
    box: str, ours: bool, expected: Standing
) -> None:
    assert stands(box, replace(BASE, text="a\nb\nc\nd"), ours=ours) is expected


def test_the_limit_counts_bytes_and_the_pointer_is_one_short_line() -> None:
    assert not too_long("x" * 32768)
    assert too_long("é" * 16385)
    line = pointer(".orch/mailbox/0123abcd.md", 99999, "  first " + "y" * 500)
    assert "\n" not in line and len(line) < 300
