import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.analysis import spec, words

DEPLOYMENT = """\
PROJECT: Tide Service Deployment
TARGET: tide.example.org
TYPE: System Deployment

REQUIREMENTS:
- Install the runtime
- Configure systemd service

DELIVERABLES:
- Running service on port 8002
"""


def test_the_header_fields_of_a_spec_are_read_with_the_lists_below_them():
    found = spec.read(DEPLOYMENT)
    assert found.title == "Tide Service Deployment"
    assert found.header == {
        "PROJECT": ("Tide Service Deployment",),
        "TARGET": ("tide.example.org",),
        "TYPE": ("System Deployment",),
        "REQUIREMENTS": ("Install the runtime", "Configure systemd service"),
        "DELIVERABLES": ("Running service on port 8002",),
    }


@pytest.mark.parametrize(
    "line",
    ["Type: web app", "**TYPE:** web app", "## Type: web app", "type : web app", "TYPE:web app"],
)
def test_a_field_may_be_written_in_any_case_and_with_markup(line):
    assert spec.read(line).header == {"TYPE": ("web app",)}


@pytest.mark.parametrize(
    "line", ["The type: web", "TYPES: a", "prototype: a", "TYPE", "TYPE:", "`TYPE: x`"]
)
def test_other_lines_are_no_fields(line):
    assert spec.read(line).header == {}


def test_a_paragraph_ends_the_list_of_a_field():
    found = spec.read("REQUIREMENTS:\n1. one\n\n2) two\n\nSome text.\n- not a requirement\n")
    assert found.header == {"REQUIREMENTS": ("one", "two")}


def test_a_spec_is_as_broad_as_its_items_and_sentences():
    assert spec.read("").breadth == 0
    assert spec.read("One thing").breadth == 1
    assert spec.read("# Title\n\nOne. Two! Three?\n- four\n1. five\n- [ ] six\n").breadth == 6
    assert spec.read("Version 1.5 of a.b.c").breadth == 1


@given(st.text())
def test_any_text_is_a_spec(text):
    found = spec.read(text)
    assert found.text == text
    assert len(found.title) <= 80
    assert found.breadth >= 0
    words.asked(text)


@pytest.mark.parametrize(
    ("text", "phrase", "there"),
    [
        ("Deploy the thing", "deploy", True),
        ("Deployment plan", "deploy", False),
        ("Deployment plan", "deploy*", True),
        ("redeploy", "deploy*", False),
        ("a front-end, please", "front end", True),
        ("the front\nend", "front end", False),
        ("Use C# and F#", "c#", True),
        ("keep 99.9% of", "99.9", True),
        ("no web application", "web application", False),
        ("A tool without server, with database", "server", False),
        ("A tool without server, with database", "database", True),
        ("Do not deploy. Test it.", "test it", True),
        ("The site is finished. Add a parser", "site", False),
        ("The DAGs stay untouched", "dags", False),
        ("ohne Server", "server", False),
        ("", "server", False),
    ],
)
def test_a_phrase_counts_where_it_is_asked_for(text, phrase, there):
    assert words.has(words.asked(text), phrase) is there
