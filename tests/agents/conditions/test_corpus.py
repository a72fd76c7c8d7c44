"""The bar over the labelled screens, and the form of the phrase files."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.eval_limits import CORPUS, entries, main, score
from tmux_orch.agents.conditions.rules import phrases, programs

OWN = CORPUS.with_name("limits_own.jsonl")
PROGRAMS = sorted(programs())


@pytest.mark.parametrize("corpus", [CORPUS, OWN], ids=["labelled", "own"])
def test_the_bar_holds(corpus):
    scored = score(entries(corpus))
    assert not scored.missed, scored.wrong


def test_all_screens_are_read_within_two_seconds():
    before = time.process_time()
    score(entries(CORPUS))
    assert time.process_time() - before < 2


def test_no_screen_of_any_program_alarms_when_another_program_is_asked():
    for entry in entries(CORPUS):
        if entry["label"] == "none":
            for program in PROGRAMS:
                scored = score([entry | {"cli": program}])
                assert scored.figures["false_alarms"].hits == 0, (entry["id"], program)


def test_a_missed_target_ends_the_command_with_1(tmp_path, capsys):
    wrong = next(e for e in entries(CORPUS) if e["label"] == "usage_limit") | {"label": "none"}
    file = tmp_path / "one.jsonl"
    file.write_text(json.dumps(wrong))
    assert main([str(file)]) == 1
    shown = capsys.readouterr().out
    assert "! false_alarms" in shown
    assert wrong["id"] in shown
    assert main([str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["wrong"][0]["id"] == wrong["id"]


def test_the_command_runs_over_the_copy():
    root = Path(__file__).parents[3]
    argv = [sys.executable, "-m", "tests.eval_limits"]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert "label_lenient" in done.stdout


@pytest.mark.parametrize("program", [*PROGRAMS, "unheard-of"])
def test_rules_have_names_of_their_own(program):
    names = [rule.id for rule in phrases(program).rules]
    assert len(names) == len(set(names))


def test_an_unknown_program_has_the_phrases_of_all():
    known = {rule.id for rule in phrases("unheard-of").rules}
    assert {rule.id for name in PROGRAMS for rule in phrases(name).rules} == known


NAMES = {
    "false_alarms": "No limit, taken for `usage_limit`",
    "blocked_limits_as_none": "Blocked by a limit, taken for `none`",
    "label_lenient": "Condition right, or as acceptable",
    "label_strict": "Condition exactly as labelled",
    "blocked_right": "Whether it is blocked",
    "reset_right": "Reset time right",
    "reset_wrong": "Reset time wrong, not merely missing",
}


def table() -> list[str]:
    """The rows of the page's table."""
    rows = []
    both = score(entries(CORPUS)).figures, score(entries(OWN)).figures
    for name, label in NAMES.items():
        one = both[0][name]
        target = f"{'at most' if one.at_most else 'at least'} {one.target:g}"
        shares = " | ".join(f"{figures[name].hits} of {figures[name].of}" for figures in both)
        rows.append(f"| {label} | {target if one.at_most or one.target else ''} | {shares} |")
    return rows


def test_the_page_shows_the_figures_of_today():
    page = (Path(__file__).parents[3] / "docs/LIMITS.md").read_text("utf-8")
    for row in table():
        assert row in page, row
