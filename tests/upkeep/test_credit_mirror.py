"""The file that older tools read: their names, their kind of times, only the person's."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tmux_orch.upkeep.credit_mirror import NAME, CreditMirror

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


@pytest.fixture(autouse=True)
def berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def account(tmp_path: Path) -> dict[str, Any]:
    home = tmp_path / ".claude"
    home.mkdir(mode=0o700)
    hold = {
        "until_at": at(60), "next_at": at(62), "since_at": at(-60), "confidence": "screen",
        "cause": "five_hour", "agents": ["shop/dev"],
    }  # fmt: skip
    return {
        "account": f"claude:{home}", "program": "claude", "directory": str(home),
        "agents": ["shop/dev", "shop/test"], "holds": [hold],
        "windows": [{"resets_at": at(60), "lasts": None}],
    }  # fmt: skip


def ended(account: dict[str, Any], minutes: float) -> dict[str, Any]:
    return {"account": account["account"], "since_at": at(minutes - 100), "until_at": at(minutes)}


def read(account: dict[str, Any]) -> dict[str, Any]:
    return json.loads(Path(account["directory"], NAME).read_text())


def test_it_has_the_names_and_times_that_its_readers_know(account: dict[str, Any]) -> None:
    history = [ended(account, -300), ended(account, -600), ended({"account": "other"}, -1)]
    CreditMirror().write([account], history, NOW)
    assert read(account) == {
        "last_known_reset": "2026-05-04T07:00:00",
        "next_reset_time": "2026-05-04T13:00:00",
        "fallback_cycle_hours": 5,
        "agents": {
            "shop:dev": {
                "status": "exhausted", "next_reset": "2026-05-04T13:00:00",
                "ui_reset_detected": True, "exhausted_at": "2026-05-04T11:00:00",
                "scheduled_resume": "2026-05-04T13:02:00", "last_checked": "2026-05-04T12:00:00",
            },
            "shop:test": {
                "status": "active", "next_reset": "2026-05-04T13:00:00",
                "ui_reset_detected": False, "last_checked": "2026-05-04T12:00:00",
            },
        },
        "reset_history": [
            {"timestamp": "2026-05-04T00:20:00", "reset_time": "2026-05-04T02:00:00"},
            {"timestamp": "2026-05-04T05:20:00", "reset_time": "2026-05-04T07:00:00"},
        ],
    }  # fmt: skip
    assert Path(account["directory"], NAME).stat().st_mode & 0o777 == 0o600


def test_an_older_reader_can_compare_its_times(account: dict[str, Any]) -> None:
    CreditMirror().write([account], [], NOW)
    assert datetime.fromisoformat(read(account)["next_reset_time"]) > datetime(2026, 5, 4)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"holds": []}, "active"),
        ({"holds": [], "windows": [{"resets_at": at(60), "lasts": False}]}, "warning"),
        ({"holds": [], "windows": []}, "active"),
    ],
)
def test_an_agent_is_active_or_warned(
    account: dict[str, Any], change: dict[str, Any], status: str
) -> None:
    CreditMirror().write([account | change], [], NOW)
    assert read(account)["agents"]["shop:dev"]["status"] == status


def test_a_persons_hold_is_a_pause(account: dict[str, Any]) -> None:
    account["holds"][0] |= {"cause": "person", "until_at": None, "next_at": None}
    CreditMirror().write([account], [], NOW)
    found = read(account)
    assert found["agents"]["shop:dev"]["status"] == "paused"
    assert found["next_reset_time"] == "2026-05-04T13:00:00"


def test_it_is_written_only_when_something_changed(account: dict[str, Any]) -> None:
    mirror, path = CreditMirror(), Path(account["directory"], NAME)
    mirror.write([account], [], NOW)
    first = path.stat().st_ino
    mirror.write([account], [], NOW + timedelta(minutes=1))
    assert path.stat().st_ino == first
    mirror.write([account], [ended(account, -5)], NOW)
    assert path.stat().st_ino != first


def test_it_is_never_written_where_others_may_write_or_nothing_is(
    account: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = Path(account["directory"])
    mirror = CreditMirror()
    home.chmod(0o777)
    for _ in range(3):
        mirror.write([account], [], NOW)
    assert not (home / NAME).exists()
    assert len([r for r in caplog.records if "can be written by other" in r.message]) == 1
    home.chmod(0o700)
    mirror.write([account], [], NOW)
    assert (home / NAME).exists()
    absent, link, file = tmp_path / "absent", tmp_path / "link", tmp_path / "file"
    link.symlink_to(home)
    (home / NAME).unlink()
    file.write_text("")
    for place in (absent, link, file):
        mirror.write([account | {"directory": str(place)}], [], NOW)
    assert not absent.exists()
    assert not (home / NAME).exists()


def test_another_programs_account_has_none(account: dict[str, Any]) -> None:
    CreditMirror().write([account | {"program": "codex"}], [], NOW)
    assert not Path(account["directory"], NAME).exists()


def test_a_link_in_its_place_is_replaced_not_followed(
    account: dict[str, Any], tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_text("theirs")
    Path(account["directory"], NAME).symlink_to(foreign)
    CreditMirror().write([account], [], NOW)
    assert foreign.read_text() == "theirs"
    assert read(account)["fallback_cycle_hours"] == 5
