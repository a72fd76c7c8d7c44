"""Every page of every role, as people can read it in ``snapshots/``.

Made anew with ``RENEW_SNAPSHOTS=1 pytest tests/briefing/test_snapshots.py``; read the difference.
"""

import os
from pathlib import Path

import pytest

from tests.briefing.team import ROLES, reader_of, templates, typical
from tmux_orch.briefing import render
from tmux_orch.briefing.facts import Variant

SNAPSHOTS = Path(__file__).parent / "snapshots"
RENEW = os.environ.get("RENEW_SNAPSHOTS") == "1"
PAGES = [("role", Variant.FIRST)]
PAGES += [("resume" if v in (Variant.RESUME, Variant.LIMIT) else "briefing", v) for v in Variant]


def test_the_shipped_roles_are_those_of_the_snapshots():
    assert set(templates().roles) == set(ROLES)
    expected = {f"{role}-{name_of(*page)}.md" for role in ROLES for page in PAGES}
    assert {path.name for path in SNAPSHOTS.glob("*.md")} == expected or RENEW


def name_of(page: str, variant: Variant) -> str:
    return "role" if page == "role" else variant.value


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("page", "variant"), PAGES, ids=[name_of(*page) for page in PAGES])
def test_a_page_is_as_the_stored_one_and_below_its_limit(role: str, page: str, variant: Variant):
    text = render.page(page, reader_of(typical(role), role, variant))
    limit = render.ROLE_BYTES if page == "role" else render.PAGE_BYTES
    assert len(text.encode()) <= limit
    path = SNAPSHOTS / f"{role}-{name_of(page, variant)}.md"
    if RENEW:
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), "see the module's first lines"
