"""What was used is the growth of counters: nothing is counted twice, nothing gets lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.domain.usage import Counter, Used, counters, higher, used
from tmux_orch.domain.work import Figures

DAY = date(2026, 5, 4)
AT = datetime(2026, 5, 4, 10, tzinfo=UTC)


def counter(day: int, meter: str, tokens: int | None, cost: float | None = None) -> Counter:
    return Counter(DAY + timedelta(days=day), "shop", "shop/dev", meter, tokens, tokens, cost)


def test_tokens_are_the_conversations_and_cost_is_the_processs() -> None:
    figures = Figures(AT, input_tokens=10, output_tokens=2, cost_usd=0.5)
    assert list(counters(figures, DAY, "shop", "shop/dev", "conv", "run.2")) == [
        Counter(DAY, "shop", "shop/dev", "c:conv", 10, 2),
        Counter(DAY, "shop", "shop/dev", "p:run.2", cost_usd=0.5),
    ]
    assert list(counters(Figures(AT, context_percent=4.0), DAY, "shop", "a", "c", "p")) == []


def test_a_resumed_conversation_goes_on_and_a_new_process_costs_anew() -> None:
    kept = [
        counter(0, "c:1", 100), counter(1, "c:1", 150),  # the same conversation on two days
        counter(0, "p:r.1", None, 1.0), counter(1, "p:r.2", None, 0.25),
    ]  # fmt: skip
    assert used(kept) == [
        Used(DAY, "shop", "shop/dev", 100, 100, 1.0),
        Used(DAY + timedelta(days=1), "shop", "shop/dev", 50, 50, 0.25),
    ]
    assert used(kept, DAY + timedelta(days=1)) == used(kept)[1:]


def test_what_is_not_told_is_not_zero() -> None:
    (one,) = used([counter(0, "p:r.1", None, 1.0)])
    assert (one.input_tokens, one.output_tokens, one.cost_usd) == (None, None, 1.0)


sights = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["c:1", "c:2"]), st.integers(0, 1000)),
    min_size=1, max_size=30,
)  # fmt: skip


def kept_of(seen: list[tuple[int, str, int]]) -> list[Counter]:
    """As the table keeps them: the highest per day and meter."""
    table: dict[tuple[int, str], Counter] = {}
    for day, meter, tokens in seen:
        sight = counter(day, meter, tokens)
        known = table.get((day, meter))
        table[day, meter] = sight if known is None else higher(known, sight)
    return list(table.values())


@given(sights, st.randoms(use_true_random=False))
def test_the_days_together_are_the_highest_of_each_meter(seen, random) -> None:
    total = sum(one.input_tokens or 0 for one in used(kept_of(seen)))
    highest = {meter: max(t for _, m, t in seen if m == meter) for _, meter, _ in seen}
    assert total == sum(highest.values())
    again = seen * 2
    random.shuffle(again)
    assert sorted(map(str, used(kept_of(again)))) == sorted(map(str, used(kept_of(seen))))


@given(sights, st.integers(0, 5))
def test_a_later_beginning_changes_no_days_use(seen, first) -> None:
    since = DAY + timedelta(days=first)
    assert used(kept_of(seen), since) == [u for u in used(kept_of(seen)) if u.day >= since]
    assert all((one.input_tokens or 0) >= 0 for one in used(kept_of(seen)))
