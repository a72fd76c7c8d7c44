"""Dialogs of a whole team: shown, told, answered from another terminal, by whom it is allowed."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import make_repository
from tests.whole.conftest import Place, wait_until

CONFIG = "hub_may_answer: [permission, question]\n"


@pytest.fixture(scope="module")
def team() -> Iterator[Place]:
    """One team for all tests here: a hub and a developer that do nothing by themselves."""
    root = Path(tempfile.mkdtemp(prefix="o-", dir="/tmp"))
    config = root / "config/tmux-orch"
    config.mkdir(parents=True)
    (config / "config.yaml").write_text(CONFIG)
    (root / "bytes").mkdir()
    place = Place(root, make_repository(root / "p" / "sample"))
    place.extra = {
        "XDG_CONFIG_HOME": str(root / "config"),
        "REHEARSAL_ON_BRIEF": '{"say": "ready"}',
        "REHEARSAL_ON_MESSAGE": '{"say": "heard"}',
        "REHEARSAL_BYTES": f"{root}/bytes/",
    }
    place.up("--roles", "developer")
    yield place
    place.close()
    shutil.rmtree(root, ignore_errors=True)


def dialogs(place: Place) -> list[dict[str, Any]]:
    return json.loads(place.run("tmux-orch", "dialogs", "--json").stdout)["dialogs"]


def asks(place: Place, directive: dict[str, Any], agent: str = "developer") -> dict[str, Any]:
    """Make the agent ask; its dialog as it is shown then, with the options of its screen."""
    wait_until(lambda: place.agents()[agent]["state"] == "idle", what="idle")
    wait_until(lambda: not dialogs(place), what="no dialog of before")
    place.run("scm", "--no-wait", agent, "REHEARSAL" + json.dumps(directive))

    def shown() -> dict[str, Any] | None:
        found = [d for d in dialogs(place) if d["cursor"] is not None]
        return found[0] if found else None

    return wait_until(shown, what="a dialog")


def events(place: Place, kind: str) -> list[dict[str, Any]]:
    found = json.loads(place.run("tmux-orch", "log", "--limit", "400", "--json").stdout)["events"]
    return [event["payload"] for event in found if event["kind"] == kind]


def worktree(place: Place) -> Path:
    return Path(place.agents()["developer"]["worktree"])


def as_agent(place: Place, agent: str, *words: str) -> list[str]:
    """Let an agent run a command of ours and report its exit code into its worktree."""
    out = worktree(place).parent / agent / "said.txt"
    out.unlink(missing_ok=True)
    script = out.parent / "say.sh"
    line = " ".join(f"'{word}'" for word in words)
    script.write_text(f"{line} > said.new 2>&1; echo exit $? >> said.new; mv said.new said.txt\n")
    place.run("scm", "--no-wait", agent, "REHEARSAL" + json.dumps({"run": ["sh", "say.sh"]}))
    wait_until(out.exists, what=f"{agent} ran {words}")
    return out.read_text().splitlines()


def test_a_wrong_project_is_refused_also_inside_another(team: Place) -> None:
    done = team.run("tmux-orch", "dialogs", "--project", "nope", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_a_permission_is_shown_everywhere_and_answered_by_its_option(team: Place) -> None:
    dialog = asks(team, {"permission": "touch by-answer"})
    assert (dialog["kind"], dialog["exact"], dialog["source"]) == (
        "permission", "touch by-answer", "hook",
    )  # fmt: skip
    status = team.run("tmux-orch", "status").stdout
    assert "Waiting for an answer:" in status and "touch by-answer" in status
    assert all(len(line) <= 80 for line in status.splitlines() if "git " not in line)
    assert team.status()["dialogs"][0]["options"] == dialog["options"]
    window = team.agents()["developer"]["window_id"]
    flag = ("display-message", "-p", "-t", window, "#{@orch_dialog}")
    wait_until(lambda: team.tmux(*flag) == "1\n", what="the sign on the window")
    told = [m for m in team.messages() if m["to"].endswith("/orchestrator")]
    assert [m["text"] for m in told if 'waits (permission): "touch by-answer' in m["text"]]
    done = team.run("tmux-orch", "answer", "developer", "yes", "--yes", "--json")
    assert json.loads(done.stdout)["through"] == "hook"
    wait_until((worktree(team) / "by-answer").exists, what="it ran")
    wait_until(lambda: team.tmux(*flag).strip() == "", what="no sign on the window")
    assert events(team, "dialog.answered")[-1]["by"] == "user"


@pytest.mark.full
def test_an_option_that_no_hook_can_say_is_chosen_with_keys(team: Place) -> None:
    asks(team, {"permission": "touch by-keys"})
    done = team.run("tmux-orch", "answer", "developer", "Yes, and don't ask", "--yes", "--json")
    assert json.loads(done.stdout)["through"] == "keys"
    wait_until((worktree(team) / "by-keys").exists, what="it ran")


def test_a_question_is_answered_by_text_and_none_by_a_number(team: Place) -> None:
    dialog = asks(
        team, {"ask": {"question": "Which store?", "options": ["SQLite", "Postgres", "No store"]}}
    )
    assert dialog["options"] == ["SQLite", "Postgres", "No store"]
    bytes_before = typed(team)
    for wrong in ("2", "store?", "s s", "zzz", "", "S" * 600, "q"):
        done = team.run("tmux-orch", "answer", "developer", wrong, "--yes", check=False)
        assert (done.returncode, done.stdout) == (2, ""), wrong
        assert len(done.stderr.splitlines()) == 1, done.stderr
    for more in (("--text", "hello"), ("--id", "99999"), ("--text", " "), ("--id", "x")):
        done = team.run("tmux-orch", "answer", "developer", "SQLite", "--yes", *more, check=False)
        assert done.returncode == 2, more
    assert typed(team) == bytes_before
    team.run("tmux-orch", "answer", "developer", "postgres", "--yes")
    wait_until(lambda: not dialogs(team), what="answered")
    assert events(team, "dialog.answered")[-1]["option"] == "Postgres"


def typed(place: Place) -> int:
    """Bytes that reached the developer's terminal."""
    found = [p for p in (place.root / "bytes").iterdir() if "developer" in p.name]
    assert len(found) == 1
    return found[0].stat().st_size


@pytest.mark.full
def test_of_two_answers_at_once_one_counts(team: Place) -> None:
    import subprocess

    from tests.whole.conftest import BIN

    asks(team, {"ask": {"question": "Which one?", "options": ["Left", "Right"]}})
    started = [
        subprocess.Popen(
            [str(BIN / "tmux-orch"), "answer", "developer", option, "--yes"],
            cwd=team.project, env=team.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )
        for option in ("Left", "Right")
    ]  # fmt: skip
    codes = sorted(one.wait(30) for one in started)
    for one in started:
        one.stdout.close()
        one.stderr.close()
    assert codes == [0, 2]
    assert len([e for e in events(team, "dialog.answered") if e["question"].endswith("one?")]) == 1


def test_the_hub_may_what_the_policy_says_and_another_agent_nothing(team: Place) -> None:
    asks(team, {"permission": "touch by-hub"})
    done = as_agent(team, "orchestrator", "tmux-orch", "answer", "developer", "Yes", "--yes")
    assert done[-1] == "exit 0", done
    wait_until((worktree(team) / "by-hub").exists, what="it ran")
    assert events(team, "dialog.answered")[-1]["by"] == "sample/orchestrator"
    # The hub's own question is nobody's but the person's.
    asks(team, {"ask": {"question": "May I?", "options": ["Sure", "Never"]}}, "orchestrator")
    refused = as_agent(team, "developer", "tmux-orch", "answer", "orchestrator", "Sure", "--yes")
    assert refused[-1] == "exit 4"
    team.run("tmux-orch", "answer", "orchestrator", "Never", "--yes")


@pytest.mark.full
def test_the_hub_grants_nothing_that_destroys_or_lasts(team: Place) -> None:
    asks(team, {"permission": "rm -rf build"})
    for words in (("answer", "developer", "Yes"), ("approve", "developer"), ("deny", "developer")):
        refused = as_agent(team, "orchestrator", "tmux-orch", *words, "--yes")
        assert refused[-1] == "exit 4" and "deletes files" in refused[-2]
    assert len(dialogs(team)) == 1
    team.run("tmux-orch", "deny", "developer", "--yes")
    asks(team, {"permission": "touch for-ever"})
    wide = as_agent(team, "orchestrator", "tmux-orch", "answer", "developer", "Yes, and", "--yes")
    assert wide[-1] == "exit 4" and "more than what is asked" in wide[-2]
    assert as_agent(team, "orchestrator", "tmux-orch", "trust", "--yes")[-1] == "exit 4"
    team.run("tmux-orch", "deny", "developer", "--yes")


def test_without_anybody_waiting_there_is_nothing_to_answer(team: Place) -> None:
    wait_until(lambda: not dialogs(team), what="nobody waits")
    assert team.run("tmux-orch", "dialogs").stdout == "nobody waits for an answer\n"
    for words in (
        ("answer", "developer", "Yes", "--yes"), ("answer", "nobody", "Yes", "--yes"),
        ("answer", "developer"), ("answer",), ("answer", "../x", "Yes"),
        ("answer", "developer", "Yes"), ("dialogs", "--project", "/nowhere"),
        ("answer", "developer", "Yes", "--project", ""), ("dialogs", "extra"),
        ("approve", "developer", "--yes"), ("answer", "-x", "y"),
    ):  # fmt: skip
        done = team.run("tmux-orch", *words, check=False)
        assert (done.returncode, done.stdout) == (2, ""), words


@pytest.mark.full
def test_a_limits_menu_is_answered_with_waiting_and_the_hub_is_not_asked(place: Place) -> None:
    place.extra = {"REHEARSAL_ON_BRIEF": '{"say": "ready"}', "REHEARSAL_ON_MESSAGE": "{}"}
    place.up("--roles", "developer")
    wait_until(lambda: place.agents()["developer"]["state"] == "idle", what="idle")
    order = {"limit": "You've hit your weekly limit", "limit_menu": True}
    place.run("scm", "--no-wait", "developer", "REHEARSAL" + json.dumps(order))
    (answered,) = wait_until(lambda: events(place, "dialog.answered"), what="the menu is answered")
    assert answered["option"] == "Stop and wait for the limit to reset"
    assert (answered["by"], answered["through"]) == ("orch", "keys")
    assert place.agents()["developer"]["state"] == "usage_limited"
    assert not [row for row in place.messages() if "waits (limit)" in row["text"]]
