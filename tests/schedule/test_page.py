"""docs/SCHEDULE.md says what the code does: commands, forms, numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest

from tmux_orch.cli.group import tmux_orch
from tmux_orch.domain import moment, reminder
from tmux_orch.domain.errors import BadInput, OrchError
from tmux_orch.domain.job import GRACE, CatchUp
from tmux_orch.schedule.clockwork import WAKE_S
from tmux_orch.upkeep import schedule_desk

PAGE = (Path(__file__).parents[2] / "docs/SCHEDULE.md").read_text("utf-8")
NOW = datetime(2026, 7, 3, 10, 0, tzinfo=UTC)


def test_every_command_is_on_the_page_and_no_other() -> None:
    group = tmux_orch.get_command(click.Context(tmux_orch), "schedule")
    assert isinstance(group, click.Group)
    named = set(re.findall(r"`tmux-orch schedule ([a-z-]+)", PAGE))
    assert named == set(group.commands)
    for policy in CatchUp:
        assert f"| `{policy}` |" in PAGE


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    for text in (
        f"at most {reminder.NOTE_MOST:,} characters",
        f"{reminder.AGENT_MOST} open reminders, a project {reminder.PROJECT_MOST}",
        f"the last {reminder.ALL_MOST}",
        f"{moment.MOST_S // 86400} days",
        f"every {WAKE_S:g} seconds",
        f"within {schedule_desk.TEST_ARRIVED_S:g} seconds",
    ):
        assert text in PAGE, text
    assert (moment.LEAST_S, moment.LEAST_EVERY_S, GRACE.seconds) == (60, 300, 60)
    assert schedule_desk.TEST_S == 2


def test_every_form_of_the_page_is_taken() -> None:
    table = PAGE.partition("| what is typed |")[2].partition("\n\n")[0]
    forms = re.findall(r"`([^`]+)`", "".join(line.split(" | ")[0] for line in table.split("\n")))
    assert len(forms) >= 14
    for form in forms:
        taken = 0
        for read in (
            lambda text: moment.delay(text, NOW),
            lambda text: moment.moment(text, NOW, ZoneInfo("Europe/Berlin")),
        ):
            try:
                read(form)
                taken += 1
            except OrchError:
                pass
        assert taken == 1, form


@pytest.mark.parametrize("text", ["14", "1430", "noon"])
def test_what_the_page_says_is_refused_is_refused(text: str) -> None:
    assert f"`{text}`" in PAGE
    with pytest.raises(BadInput):
        moment.moment(text, NOW, ZoneInfo("UTC"))
