"""Every mistake in a team templates file is one line with the place and what is accepted."""

from __future__ import annotations

import pytest

from tmux_orch.config.template_file import read_templates
from tmux_orch.config.yaml_strict import parse
from tmux_orch.domain.errors import BadInput

GOOD = """\
templates: 1
roles:
  orchestrator:
    title: Lead
    purpose: Leads.
    kind: primary
    responsibilities: [Lead well.]
    restrictions: [Write nothing.]
    directories: [plans/]
    aliases: [boss]
    talks_to: [user, writer]
    branch_prefix: lead/
    check_in_s: 2700
    rights: [session:read, agent:coordinate]
  writer:
    title: Writer
    purpose: Writes.
    responsibilities:
      - Write well.
    talks_to: [orchestrator]
    talks_to_in:
      pair: [orchestrator, user]
    needs:
      orchestrator: [Something to write about.]
    branch_prefix: text/
    check_in_s: 3600
    agent: claude
    model: opus[1m]
teams:
  pair:
    purpose: For texts.
    core: [orchestrator, writer]
    cut_order: [writer]
    merge_order: [writer]
    indicators:
      - name: Texts
        weight: 2
        files: ["*.txt"]
conditional:
  writer:
    has_database: true
    service_count: ">5"
sizes:
  small: {lines_below: 100, base: [1, 2], extra: [0, 1], token_multiplier: 10}
  medium: {lines_below: 200, base: [1, 2], extra: [0, 1], token_multiplier: 15}
  large: {lines_below: 300, base: [1, 2], extra: [0, 1], token_multiplier: 20}
  enterprise: {base: [1, 2], extra: [0, 1], token_multiplier: 25}
plans:
  tiny:
    title: Tiny
    cap: 2
    recommended: [1, 2]
default_plan: tiny
"""


def change(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def after(line: str, more: str) -> str:
    return change(line + "\n", f"{line}\n{more}\n")


def without(begin: str, end: str) -> str:
    return GOOD[: GOOD.index(begin)] + GOOD[GOOD.index(end) :]


def test_the_text_the_mistakes_are_made_in_is_good() -> None:
    templates = read_templates([parse(GOOD.encode(), "t.yaml")])
    assert list(templates.roles) == ["orchestrator", "writer"]
    assert templates.role("boss").name == "orchestrator"
    assert templates.role("writer").mates("pair") == ("orchestrator", "user")


# The text, something on the line that is to be named, and words of the answer.
CASES: list[tuple[str, str, list[str]]] = [
    # the whole
    ("roles: {}\n", "roles", ["templates", "missing"]),
    ("[1, 2]\n", "[1", ["a mapping"]),
    ("just words\n", "just", ["a mapping"]),
    ("templates: 1\nroles: [a]\n", "roles", ["roles", "a mapping"]),
    ("templates: 1\nroles:\n", "roles", ["roles", "a mapping"]),
    (change("templates: 1", "templates: 2"), "templates: 2", ["templates"]),
    (change("templates: 1", "templates: '1'"), "templates: '1'", ["templates"]),
    (change("templates: 1", "templates: 1\ncolour: red"), "colour", ["colour", "roles, teams"]),
    (without("teams:", "conditional:"), "templates: 1", ["teams", "missing"]),
    (without("plans:", "default_plan:"), "templates: 1", ["plans", "missing"]),
    (
        without("default_plan:", "default_plan:").replace("default_plan: tiny\n", ""),
        "templates: 1",
        ["default_plan", "missing"],
    ),
    # texts of a role
    (
        change("    title: Lead", "    titel: Lead"),
        "orchestrator:",
        ["orchestrator.title", "missing"],
    ),
    (
        change("    title: Lead", "    title: Lead\n    colour: red"),
        "colour",
        ["known are title, purpose"],
    ),
    (change("title: Lead", "title: on\n    title: x"), "title: x", ["there already"]),
    (change("title: Lead", 'title: "a\\nb"'), 'title: "a', ["title"]),
    (change("title: Lead", "title: ''"), "title: ''", ["title"]),
    (change("title: Lead", "title: [a]"), "title: [a]", ["must be text"]),
    (change("title: Lead", f"title: {'x' * 401}"), "title: xxx", ["title"]),
    (change("[Lead well.]", "Lead."), "responsibilities: Lead.", ["a list"]),
    (change("[Lead well.]", "[]"), "responsibilities: []", ["responsibilities"]),
    (change("[Lead well.]", "[1]"), "responsibilities: [1]", ["must be text"]),
    (change("[Write nothing.]", "{a: b}"), "restrictions", ["a list"]),
    (change("kind: primary", "kind: boss"), "kind: boss", ["primary", "worker", "specialist"]),
    # numbers
    (change("check_in_s: 2700", "check_in_s: 12:30"), "12:30", ["whole number"]),
    (change("check_in_s: 2700", "check_in_s: 1.5"), "1.5", ["whole number"]),
    (change("check_in_s: 2700", "check_in_s: -5"), "-5", ["check_in_s", "60"]),
    (change("check_in_s: 2700", "check_in_s: 999999999"), "999999999", ["check_in_s"]),
    (change("check_in_s: 2700", "check_in_s: true"), "s: true", ["whole number"]),
    # what becomes part of branches, paths and commands
    (change("lead/", "../x/"), "../x/", ["branch_prefix"]),
    (
        change("branch_prefix: lead/", "branch_prefix: lead"),
        "branch_prefix: lead",
        ["branch_prefix"],
    ),
    (change("[plans/]", "[/etc/]"), "/etc/", ["directories"]),
    (change("[plans/]", "[a/../../b]"), "a/..", ["not a path in the project", "docs/"]),
    (change("[plans/]", "[.git/hooks]"), ".git", ["not a path in the project"]),
    (change("[plans/]", "[a/, a/]"), "a/, a/", ["twice"]),
    (change("agent: claude", "agent: ../claude"), "../claude", ["agent"]),
    (change("agent: claude", "agent: $(id)"), "$(id)", ["agent"]),
    (change("opus[1m]", "--dangerous"), "--dangerous", ["model"]),
    (after("    kind: primary", "    briefing: ../secret"), "../secret", ["briefing"]),
    # rights
    (
        change("[session:read, agent", "[session:reed, agent"),
        "session:reed",
        ["roles.orchestrator.rights.0", "'session:read'", "'agent:coordinate'"],
    ),
    (change("[session:read, agent", "[root, agent"), "root", ["rights", "'command:execute'"]),
    (change("[session:read, agent:coordinate]", "[data:read, data:read]"), "data:read", ["twice"]),
    # words for roles
    (change("[boss]", "[writer]"), "aliases", ["writer", "name of a role"]),
    (change("[boss]", "[boss, boss]"), "aliases", ["alias of orchestrator"]),
    (change("[boss]", "[user]"), "aliases", ["something else"]),
    (change("[boss]", "[orchestrator-2]"), "aliases", ["something else"]),
    (change("[boss]", "['#(id)']"), "aliases", ["aliases"]),
    (change("  orchestrator:\n", "  Lead Dev:\n"), "Lead Dev", ["not a name"]),
    (change("  writer:\n", "  'a\\tb':\n"), "a\\tb", ["not a name"]),
    (change("  writer:\n", f"  {'l' * 37}:\n"), "lll", ["at most 36"]),
    (change("  writer:\n", "  lead-2:\n"), "lead-2", ["something else"]),
    (change("  writer:\n", "  user:\n"), "  user:", ["something else"]),
    (
        after("    purpose: Writes.", "    window: orchestrator"),
        "window",
        ["window of orchestrator"],
    ),
    (
        change("  orchestrator:\n", "  lead:\n").replace("orchestrator", "lead"),
        "roles:",
        ["no role 'orchestrator'", "known are"],
    ),
    # whom it talks to, and what it needs
    (change("[user, writer]", "[writter]"), "writter", ["writter", "known are"]),
    (change("[user, writer]", "[user, user]"), "user, user", ["twice"]),
    (change("[user, writer]", "[]"), "talks_to: []", ["talks_to"]),
    (change("pair: [orch", "pear: [orch"), "pear", ["no team type 'pear'", "known are pair"]),
    (change("[orchestrator, user]", "[ghost]"), "ghost", ["no role 'ghost'"]),
    (change("      orchestrator: [S", "      writer: [S"), "writer: [S", ["circle"]),
    (
        after("    check_in_s: 2700", "    needs: {writer: [Texts.]}"),
        "needs: {writer",
        ["circle", "orchestrator needs writer needs orchestrator"],
    ),
    (change("      orchestrator: [S", "      nobody: [S"), "nobody", ["no role 'nobody'"]),
    (change("[Something to write about.]", "[]"), "orchestrator: []", ["needs"]),
    (
        change("needs:\n      orchestrator: [Something to write about.]", "needs: [orchestrator]"),
        "needs: [",
        ["a mapping"],
    ),
    # teams
    (
        change("purpose: For texts.", "purpose: x\n    size: 3"),
        "size: 3",
        ["known are purpose, core"],
    ),
    (change("core: [orchestrator, writer]", "core: [writer]"), "core: [writer]", ["orchestrator"]),
    (
        change("core: [orchestrator, writer]", "core: [orchestrator, orchestrator]"),
        "core:",
        ["twice"],
    ),
    (change("core: [orchestrator, writer]", "core: [orchestrator, ghost]"), "ghost", ["ghost"]),
    (change("core: [orchestrator, writer]", "core: []"), "core: []", ["core"]),
    (
        after("    core: [orchestrator, writer]", "    optional: [writer]"),
        "optional",
        ["is in core"],
    ),
    (
        change("cut_order: [writer]", "cut_order: [orchestrator]"),
        "cut_order",
        ["orchestrator cannot go", "those that can go are writer"],
    ),
    (change("cut_order: [writer]", "cut_order: [writer, writer]"), "cut_order", ["twice"]),
    (change("merge_order: [writer]", "merge_order: [wrter]"), "merge_order", ["no role 'wrter'"]),
    (change("  pair:\n    p", "  '../pair':\n    p"), "../pair", ["not a name"]),
    (change("weight: 2", "weight: 0"), "name: Texts", ["weight"]),
    (change("weight: 2", "weight: heavy"), "heavy", ["weight"]),
    (change("weight: 2", "weight: 2\n        wait: 2"), "wait: 2", ["wait", "known are name"]),
    # conditional roles, sizes, plans
    (change("  writer:\n    has", "  ghost:\n    has"), "ghost", ["no role 'ghost'"]),
    (change("has_database", "has_databse"), "has_databse", ["known are has_database"]),
    (change('">5"', "5"), "service_count: 5", ["must be text"]),
    (change('">5"', '"many"'), "many", ["service_count"]),
    (
        change('    has_database: true\n    service_count: ">5"\n', "    {}\n"),
        "  writer:\n    {}",
        ["no condition"],
    ),
    (change("  small:", "  smal:"), "smal:", ["small", "medium", "large", "enterprise"]),
    (without("  medium:", "  large:"), "sizes:", ["medium is missing"]),
    (change("lines_below: 200", "lines_below: 50"), "medium:", ["not more than small's 100"]),
    (change("{lines_below: 100, ", "{"), "small:", ["lines_below"]),
    (change("enterprise: {", "enterprise: {lines_below: 9, "), "enterprise: {", ["no end"]),
    (
        change(
            "[1, 2], extra: [0, 1], token_multiplier: 10",
            "[3, 2], extra: [0, 1], token_multiplier: 10",
        ),
        "small:",
        ["3 is more than 2"],
    ),
    (
        change(
            "[1, 2], extra: [0, 1], token_multiplier: 10",
            "[1], extra: [0, 1], token_multiplier: 10",
        ),
        "small:",
        ["base"],
    ),
    (change("token_multiplier: 10", "token_multiplier: 0"), "small:", ["token_multiplier"]),
    (change("cap: 2", "cap: 0"), "cap: 0", ["cap"]),
    (change("cap: 2", "cap: 51"), "cap: 51", ["cap", "50"]),
    (change("cap: 2", "cap: 1"), "recommended", ["more than the cap of 1"]),
    (
        change("cap: 2\n", "cap: 1\n")
        .replace("recommended: [1, 2]", "recommended: [1, 1]")
        .replace("cut_order: [writer]", "cut_order: []"),
        "core: [",
        ["2 roles that cannot go", "carries 1"],
    ),
    (
        change("default_plan: tiny", "default_plan: huge"),
        "default_plan",
        ["no plan 'huge'", "tiny"],
    ),
]


@pytest.mark.parametrize(("text", "needle", "words"), CASES)
def test_a_mistake_is_named_with_its_line_and_what_is_accepted(
    text: str, needle: str, words: list[str]
) -> None:
    line = text[: text.index(needle)].count("\n") + 1
    with pytest.raises(BadInput) as caught:
        read_templates([parse(text.encode(), "t.yaml")])
    said = caught.value.line()
    assert "\n" not in said
    assert said.startswith(f"t.yaml:{line}: "), (line, said)
    for word in words:
        assert word in said


def test_ten_thousand_roles_are_refused_quickly() -> None:
    rows = "".join(f"  r{n}x: {{title: x}}\n" for n in range(9_000))
    with pytest.raises(BadInput):
        read_templates([parse(f"templates: 1\nroles:\n{rows}".encode(), "t.yaml")])
