"""What docs/BRIEFINGS.md says a template may use is what it gets."""

import re
from pathlib import Path

from tests.briefing.team import plan_of, reader_of
from tmux_orch.briefing import facts, fit, render, templates

TEXT = (Path(__file__).parents[2] / "docs/BRIEFINGS.md").read_text("utf-8")


def test_every_fact_a_template_gets_is_documented_and_no_other():
    table = TEXT.split("The facts:")[1].split("Filters:")[0]
    cells = [line.split("|")[1] for line in table.split("\n") if line.startswith("| `")]
    named = {name.split("(")[0] for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    reader = reader_of(plan_of({"orchestrator": 1, "developer": 1}), "developer")
    given = {*render._context(reader, 1.0), "room"} - {"template"}
    assert named == given


def test_every_room_filter_file_and_part_is_documented():
    spans = set(re.findall(r"`([^`\n]+)`", TEXT))
    assert set(fit.Room.__dataclass_fields__) - {"share"} <= spans
    assert {"code", "codes", "codes_in_order", "ordinal"} <= spans
    assert {value for name, value in vars(facts).items() if name.endswith("_FILE")} <= spans
    parts = {path.name.removesuffix(".md.j2") for path in templates.PAGES.glob("_*.md.j2")}
    assert parts | templates.OTHERS <= spans
