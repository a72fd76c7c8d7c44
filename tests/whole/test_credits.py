"""Plans and holds through the real daemon: what is seen, what a person says, what cron runs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tmux_orch.domain.errors import OrchError

from .conftest import BIN, Place, wait_until

LIMIT = "You've hit your 5-hour limit · resets {:%-I:%M%p} (UTC)"


def do(place: Place, agent: str, **directive: Any) -> None:
    place.run("scm", "--no-wait", agent, f"REHEARSAL{json.dumps(directive)}")


def credits(place: Place, *words: str, **more: Any) -> dict[str, Any]:
    return json.loads(place.run("tmux-orch", "credits", *words, "--json", **more).stdout)


def account(place: Place) -> dict[str, Any]:
    (found,) = credits(place, "status")["accounts"]
    return found


def limited(place: Place, agent: str, in_h: float = 2) -> None:
    """The agent meets a limit that resets in so many hours."""
    ends = datetime.now(UTC) + timedelta(hours=in_h)
    do(place, agent, limit=LIMIT.format(ends))
    wait_until(lambda: account(place)["holds"], what="the hold")


def test_a_plans_window_is_seen_by_the_person_and_by_its_agents(place: Place) -> None:
    place.up("--roles", "developer")
    before = place.run("tmux-orch", "credits", "status").stdout
    assert "no agent has reported its plan's windows yet" in before
    do(place, "developer", use={"percent": 42.5, "reset_s": 7200})
    window = wait_until(lambda: credits(place, "check")["accounts"][0]["windows"])[0]
    assert (window["name"], window["used_percent"]) == ("five_hour", 42.5)
    assert (window["sureness"], window["rate_percent_per_h"]) == ("none", None)
    (shown,) = credits(place, "status")["accounts"]
    assert (shown["program"], shown["holds"], shown["stretch"]) == ("rehearsal", [], 1)
    assert shown["agents"] == ["sample/orchestrator", "sample/developer"]
    for words in (("status",), ("forecast",), ("history",)):
        text = place.run("tmux-orch", "credits", *words).stdout
        assert max(map(len, text.splitlines())) <= 80
    assert "too little seen" in place.run("tmux-orch", "credits", "forecast").stdout
    # An agent reads it, and may not change it.
    for words in (["status"], ["history"], ["wake"], ["hold"], ["check"]):
        do(place, "developer", run=["tmux-orch", "credits", *words])
    wait_until(lambda: len(tools(place)) >= 5, what="five commands of the agent")
    found = {one["command"].split()[-1]: one for one in tools(place)}
    assert [found[word]["exit_status"] for word in ("status", "history")] == [0, 0]
    assert [found[word]["exit_status"] for word in ("wake", "hold", "check")] == [4, 4, 4]
    assert "five hour" in found["status"]["stdout"]
    assert account(place)["holds"] == []


def tools(place: Place) -> list[dict[str, Any]]:
    """Commands that rehearsal agents ran, and how they ended."""
    found = []
    for path in (place.root / "rehearsal/conversations").glob("*.jsonl"):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            text = json.dumps(row)
            if row.get("type") == "tool" and "tmux-orch credits" in text:
                found.append(row)
    return [_ran(row) for row in found]


def _ran(row: dict[str, Any]) -> dict[str, Any]:
    given = next(v for v in row.values() if isinstance(v, dict) and "command" in v)
    result = next(v for v in row.values() if isinstance(v, dict) and "exit_status" in v)
    return {**given, **result}


def test_a_hold_is_shown_everywhere_and_a_person_wakes_one_agent(place: Place) -> None:
    place.up("--roles", "developer")
    limited(place, "developer")
    (hold,) = account(place)["holds"]
    assert (hold["cause"], hold["state"], hold["agent"]) == (
        "five_hour",
        "held",
        "sample/developer",
    )
    assert hold["next_at"] > hold["until_at"]
    assert set(hold["agents"]) == {"sample/orchestrator", "sample/developer"}
    text = place.run("tmux-orch", "credits", "status").stdout
    assert "held until " in text
    assert "wakes 2 agents from " in text
    table = place.run("tmux-orch", "status").stdout
    assert "held until " in table
    assert max(map(len, table.splitlines()[:8])) <= 80
    check = place.run("tmux-orch", "credits", "check").stdout
    assert check.startswith("2 agents on 1 account, 1 hold, the next until ")
    assert "sample/developer" in place.run("tmux-orch", "credits", "wake", "developer").stdout
    wait_until(lambda: place.agents()["developer"]["state"] == "idle")
    waiting = [wake for wake in account(place)["holds"][0]["wakes"] if wake["state"] == "waiting"]
    assert "sample/developer" not in {wake["agent"] for wake in waiting}


def test_a_person_pauses_an_account_until_it_is_woken(place: Place) -> None:
    place.up("--roles", "developer")
    wait_until(lambda: place.agents()["developer"]["state"] == "idle")
    home = credits(place, "status")["accounts"][0]["directory"]
    for words in ((), ("rehearsal", "--until", "23:59"), (home,)):
        found = credits(place, "hold", *words)
        assert (found["cause"], found["confidence"]) == ("person", "person")
    (hold,) = account(place)["holds"]
    assert (hold["until_at"], hold["next_at"]) == (None, None)
    done = place.run("scm", "--wait", "1", "developer", "hello", check=False)
    assert done.returncode == 3
    assert "held by a person, until a person wakes it" in done.stdout + done.stderr
    assert "until you say go: your hold" in place.run("tmux-orch", "credits", "status").stdout
    place.run("tmux-orch", "credits", "wake", "rehearsal")
    wait_until(lambda: all(m["state"] == "delivered" for m in place.messages()))
    wait_until(lambda: not account(place)["holds"])
    (ended,) = credits(place, "history", "rehearsal")["holds"]
    assert (ended["id"], ended["state"], ended["cause"]) == (hold["id"], "ended", "person")
    assert ended["ended_at"]
    assert ended["outcome"]
    assert "your hold" in place.run("tmux-orch", "credits", "history").stdout
    assert place.run("tmux-orch", "credits", "wake").stdout == "nobody is held\n"


def test_cron_runs_the_check_and_the_daemon_it_starts_is_itself(place: Place) -> None:
    nothing = cron(place)
    assert (nothing.returncode, nothing.stderr) == (0, "")
    assert nothing.stdout.startswith("no team is up in ")
    assert not place.registry.exists()
    place.up("--roles", "developer", env={"LC_TIME": "C.UTF-8"})
    recorded = environment_of(place.daemon_pid())
    place.kill_daemon()
    done = cron(place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 agents on 1 account, nothing is held\n"
    assert environment_of(place.daemon_pid()) == recorded
    assert recorded["PATH"] != "/usr/bin:/bin"
    assert cron(place, "--json").stdout.startswith("{")
    place.run("tmux-orch", "stop", "--yes")
    place.kill_daemon()
    assert cron(place).stdout.startswith("no team is up in ")
    assert not is_up(place)


def cron(place: Place, *words: str) -> subprocess.CompletedProcess[str]:
    """``credits check`` with the environment of a crontab line, and its registry in the home."""
    environ = {
        "HOME": os.environ["HOME"], "LOGNAME": "me", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin",
        "TMUX_ORCH_REGISTRY": str(place.registry),
    }  # fmt: skip
    return subprocess.run(
        [str(BIN / "tmux-orch"), "credits", "check", *words], env=environ, cwd="/",
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    found = dict(pair.partition("=")[::2] for pair in pairs if pair)
    found.pop("TMUX_ORCH_READY", None)
    return found


def test_an_approaching_limit_asks_once_also_after_the_daemon_was_killed(place: Place) -> None:
    place.up("--roles", "developer")
    wait_until(lambda: place.agents()["developer"]["state"] == "idle")
    do(place, "developer", use={"percent": 90, "reset_s": 7200})
    wait_until(lambda: credits(place, "check")["accounts"][0]["windows"])
    place.ask("shutdown")
    wait_until(lambda: not is_up(place))
    began = datetime.now(UTC) - timedelta(minutes=40)
    with closing(sqlite3.connect(place.registry / "orch.db")) as database, database:
        (told,) = database.execute("SELECT samples FROM quotas").fetchone()
        samples = json.loads(told)["told"]
        assert samples[-1][1] == 90
        earlier = [began.isoformat(timespec="microseconds"), 10.0]
        body = json.dumps({"told": [earlier, *samples]})
        database.execute("UPDATE quotas SET samples = ?", (body,))
    (window,) = account(place)["windows"]
    assert (window["lasts"], window["sureness"]) == (False, "good")
    assert account(place)["stretch"] == 4
    do(place, "developer", work_s=60)
    wait_until(lambda: place.agents()["developer"]["state"] == "working")
    credits(place, "check")
    asked = checkpoints(place)
    assert "five hour window is 90 % used" in asked[0]["text"]
    assert "Then go on." in asked[0]["text"]
    place.kill_daemon()
    wait_until(lambda: place.agents()["developer"]["state"] == "working")
    credits(place, "check")
    assert [m["to"] for m in checkpoints(place)] == [asked[0]["to"]]


def checkpoints(place: Place) -> list[dict[str, Any]]:
    return [m for m in place.messages() if "Checkpoint: " in m["text"]]


def is_up(place: Place) -> bool:
    return place.run("tmux-orch", "daemon", "status", check=False).returncode == 0


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("credits-hold", {"account": "nobody"}, "no account or agent 'nobody'"),
    ("credits-hold", {"account": "/"}, "no account"),
    ("credits-hold", {"account": "developer"}, "no account"),
    ("credits-hold", {"account": "a\0b"}, "no account"),
    ("credits-hold", {"account": ["x"]}, "no account"),
    ("credits-hold", {"account": "\x1b[2J"}, "no account"),
    ("credits-hold", {"account": "x" * 5000}, "no account"),
    ("credits-hold", {"until_at": "soon"}, "is no time"),
    ("credits-hold", {"until_at": 5}, "is no time"),
    ("credits-hold", {"until_at": "2026-01-01T09:00:00"}, "has no zone"),
    ("credits-hold", {"until_at": "2020-01-01T09:00:00+00:00"}, "has passed"),
    ("credits-wake", {"who": "nobody"}, "no account or agent 'nobody'"),
    ("credits-wake", {"who": "developer"}, "nothing holds"),
    ("credits-wake", {"who": "rehearsal"}, "nothing holds"),
    ("credits-wake", {"who": "developer", "project": "nowhere"}, "no project"),
    ("credits-history", {"account": "nobody"}, "no account"),
    ("credits-history", {"limit": 0}, "--limit"),
    ("credits-history", {"limit": "9"}, "--limit"),
    ("credits-history", {"limit": True}, "--limit"),
    ("credits-history", {"limit": 1001}, "--limit"),
    ("credits-nothing", {}, "knows no verb"),
]  # fmt: skip


def test_what_is_wrong_is_refused_in_one_line_and_changes_nothing(place: Place) -> None:
    with pytest.raises(OrchError, match="no account is in use"):
        place.ask("credits-hold")
    place.up("--roles", "developer")
    for verb, body, said in BAD:
        with pytest.raises(OrchError) as caught:
            place.ask(verb, **body)
        line = caught.value.line()
        assert said in line, (verb, body, line)
        assert caught.value.exit_code == 2, line
        assert "\n" not in line
        assert "\x1b" not in line
        assert len(line) < 500
    assert account(place)["holds"] == []
    done = place.run("tmux-orch", "credits", "wake", "nobody", check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
