"""Which account or agent is meant, and what an agent may see: with several of everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.domain.forecast import Outlook
from tmux_orch.domain.hold import Cause, Confidence, Hold, HoldState, Wake, WakeState
from tmux_orch.domain.seat import Desired
from tmux_orch.upkeep.credits import Credits

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
FIRST, SECOND, OTHER = "claude:/home/me/.claude", "claude:/srv/second", "codex:/home/me/.codex"


@dataclass
class World:
    """Two live teams and one that is stopped; the accounts of their agents; what holds them."""

    accounts: dict[str, str] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    ended: list[Hold] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    woken: list[str] = field(default_factory=list)
    windows: dict[str, list[Outlook]] = field(default_factory=dict)

    def credits(self) -> Credits:
        seats = [
            SimpleNamespace(
                key=key, project=key.partition("/")[0], name=key.partition("/")[2],
                desired=Desired.UP,
            )
            for key in self.accounts
        ]  # fmt: skip
        live = [SimpleNamespace(name=name, live=name != "old") for name in ("shop", "blog", "old")]
        parts = SimpleNamespace(
            accounts=SimpleNamespace(of=lambda seat: self.accounts[seat.key]),
            keeper=self,
            projects=SimpleNamespace(all=lambda: live),
            seats=SimpleNamespace(all=lambda: seats),
            clock=SimpleNamespace(now=lambda: NOW),
        )
        forecast = SimpleNamespace(
            outlooks=lambda account: self.windows.get(account, []), accounts=lambda: {*self.windows}
        )
        return Credits(parts, forecast)  # type: ignore[arg-type]

    # what the keeper says

    def open(self) -> list[Hold]:
        return self.holds

    def wakes(self, hold_id: int) -> list[Wake]:
        return [Wake(hold_id, key, WakeState.WAITING) for key in self.accounts]

    def history(self, account: str | None, limit: int) -> list[Hold]:
        return [hold for hold in self.ended if account in (None, hold.account)][:limit]

    def shown(self, seat: Any) -> dict[str, Any] | None:
        if seat.key in self.asked:
            return {"id": 0, "wake": "asked"}
        for hold in self.holds:
            if hold.account == self.accounts[seat.key]:
                return {"id": hold.id, "wake": None}
        return None

    def wake(self, who: str) -> list[str]:
        held = who in self.asked or any(who in (hold.account, hold.agent) for hold in self.holds)
        if not held and not any(hold.account == self.accounts.get(who, "") for hold in self.holds):
            raise Absent(f"nothing holds {who}")
        self.woken.append(who)
        return [key for key, account in self.accounts.items() if who in (key, account)]

    def hold(self, account: str, until_at: datetime | None) -> Hold:
        return hold(9, account, until_at)


def hold(number: int, account: str, until_at: datetime | None = None) -> Hold:
    cause, state = Cause.FIVE_HOUR, HoldState.HELD
    return Hold(
        number, account, "", cause, "shop/dev", NOW, until_at, "hook", Confidence.SCREEN, state
    )


@pytest.fixture
def world() -> World:
    return World({
        "shop/dev": FIRST, "shop/test": FIRST, "shop/codex": OTHER,
        "blog/dev": FIRST, "blog/writer": SECOND, "old/dev": SECOND,
    })  # fmt: skip


def test_every_account_in_use_is_shown_with_its_agents(world: World) -> None:
    world.windows["gemini:/home/me/.gemini"] = [Outlook("daily", 5, None, NOW)]
    found = {one["account"]: one for one in world.credits().status()["accounts"]}
    assert {account: one["agents"] for account, one in found.items()} == {
        FIRST: ["shop/dev", "shop/test", "blog/dev"],
        SECOND: ["blog/writer"],
        OTHER: ["shop/codex"],
        "gemini:/home/me/.gemini": [],
    }
    assert (found[OTHER]["program"], found[OTHER]["directory"]) == ("codex", "/home/me/.codex")


def test_an_agent_sees_nothing_of_other_teams(world: World) -> None:
    world.holds = [hold(1, FIRST, NOW + timedelta(hours=1)), hold(2, SECOND), hold(3, OTHER)]
    world.ended = [hold(4, FIRST), hold(5, OTHER)]
    text = str(world.credits().status("blog")) + str(world.credits().history(None, 20, "blog", "/"))
    assert "blog/dev" in text
    for foreign in ("shop", "codex"):
        assert foreign not in text
    with pytest.raises(BadInput, match="no account or agent 'codex'"):
        world.credits().history("codex", 20, "blog", "/")


def test_a_hold_says_when_the_first_is_woken_and_whom_it_holds(world: World) -> None:
    until = NOW + timedelta(hours=1)
    world.holds, world.asked = [hold(1, FIRST, until)], {"shop/test"}
    (first,) = [one for one in world.credits().status()["accounts"] if one["account"] == FIRST]
    (shown,) = first["holds"]
    assert shown["agents"] == ["shop/dev", "blog/dev"]
    assert datetime.fromisoformat(shown["next_at"]) == until + timedelta(minutes=2)
    assert first["asked"] == ["shop/test"]


@pytest.mark.parametrize(
    ("who", "project", "meant"),
    [
        ("shop/dev", None, "shop/dev"), ("dev", "blog", "blog/dev"),
        ("writer", None, "blog/writer"),
        ("test", None, "shop/test"), (FIRST, None, FIRST), ("/srv/second", None, SECOND),
        ("../second", None, SECOND), ("/srv//second/", None, SECOND),
        # An agent's name before a program's.
        ("codex", None, "shop/codex"), ("codex", "shop", "shop/codex"),
    ],
)  # fmt: skip
def test_a_name_means_an_agent_or_an_account(
    world: World, who: str, project: str | None, meant: str
) -> None:
    world.holds = [hold(1, FIRST), hold(2, SECOND), hold(3, OTHER)]
    world.credits().wake(who, project, "/srv/here")
    assert world.woken == [meant]


@pytest.mark.parametrize(
    ("who", "project", "said"),
    [
        ("dev", None, "several teams have an agent dev; name one: shop/dev | blog/dev"),
        ("claude", None, "several accounts are of claude; name one: /home/me/.claude | /srv/sec"),
        ("old/dev", None, "no account or agent 'old/dev'"),
        ("writer", "shop", "no account or agent 'writer'"),
        ("x" * 300, None, "no account or agent 'xxxx"),
        ("/tmp/\0", None, "no account or agent"),
        ("nobody", None, "the accounts are: /home/me/.claude | /srv/second | codex"),
    ],
)
def test_what_is_not_one_thing_is_refused_with_the_candidates(
    world: World, who: str, project: str | None, said: str
) -> None:
    with pytest.raises(BadInput) as caught:
        world.credits().wake(who, project, "/")
    assert said in caught.value.line()
    assert world.woken == []


def test_without_a_name_everybody_is_woken_or_one_teams_agents(world: World) -> None:
    world.holds, world.asked = [hold(1, FIRST)], {"blog/writer"}
    assert world.credits().wake(None, None, "/")["agents"] == [
        "blog/dev", "blog/writer", "shop/dev", "shop/test",
    ]  # fmt: skip
    world.woken = []
    assert world.credits().wake(None, "blog", "/")["agents"] == ["blog/dev", "blog/writer"]
    assert world.woken == ["blog/dev", "blog/writer"]
    world.holds, world.asked = [], set()
    assert world.credits().wake(None, None, "/") == {"agents": []}


def test_a_pause_needs_one_account(world: World) -> None:
    with pytest.raises(BadInput, match="several accounts are in use"):
        world.credits().hold(None, None, "/")
    found = world.credits().hold("codex", "2026-05-04T12:00:00+02:00", "/")
    assert (found["account"], found["agents"]) == (OTHER, ["shop/codex"])
    world.accounts = {"shop/dev": FIRST}
    assert world.credits().hold(None, None, "/")["account"] == FIRST
    world.accounts = {}
    with pytest.raises(BadInput, match="no account is in use"):
        world.credits().hold(None, None, "/")


def test_history_knows_accounts_that_nobody_uses_now(world: World) -> None:
    world.ended = [hold(4, "gemini:/home/me/.gemini")]
    (found,) = world.credits().history("gemini", 20, None, "/")["holds"]
    assert found["id"] == 4


def test_an_account_that_cannot_be_told_is_left_out(world: World) -> None:
    world.accounts = {"shop/dev": FIRST}
    credits = world.credits()
    world.accounts = {}
    assert credits.status()["accounts"] == []
