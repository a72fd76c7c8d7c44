"""Nothing is named on a page that is not there."""

import re

import click
import pytest

from tests.briefing.team import ROLES, plan_of, reader_of, templates, typical
from tmux_orch.briefing import facts, render
from tmux_orch.briefing.facts import Reader, Variant
from tmux_orch.cli.group import tmux_orch
from tmux_orch.domain.seat import Seat
from tmux_orch.rpc.scm import VALUED
from tmux_orch.team import environment

ALL = [(role, variant) for role in ROLES for variant in Variant]
FILES = {value for name, value in vars(facts).items() if name.endswith("_FILE")}
GIT = {"add", "commit", "diff", "log", "merge", "push", "revert", "status", "switch"}
# Words that stand for something the agent fills in, or are explained where they stand.
MEANT = {"[from NAME · msg ID]", "mcp__SERVER__TOOL", "user", "status.md", ".orch/"}


def pages(reader: Reader) -> list[str]:
    return [render.page(name, reader) for name in ("briefing", "role", "resume")]


def spans(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def exists(span: str, reader: Reader) -> bool:
    words = span.split()
    agents = {reader.name, *(mate.name for mate in reader.mates)}
    if words[0] == "scm":
        return words[1] in agents | {"NAME"} and not {w for w in words if w.startswith("--")} - {
            *VALUED
        }
    if words[0] == "tmux-orch":
        command = tmux_orch.get_command(click.Context(tmux_orch), words[1])
        if isinstance(command, click.Group):
            return words[2] in command.commands
        return command is not None and set(words[2:]) <= agents
    if words[0] == "git":
        return words[1] in GIT and not {"--force", "--hard", "-f", "-D"} & set(words)
    if span.startswith("$"):
        seat = Seat("p", "a", "r", "0a1b2c", 0, "x", "/w", "b", "c", 1, "u", "i")
        given = environment.of_seat(
            {}, seat, commands=environment.Path("/c"), registry=environment.Path("/r"),
            runtime=environment.Path("/t"),
        )  # fmt: skip
        return span[1:] in given
    if span.startswith(".orch/") and span != ".orch/":
        return span in FILES
    own = {reader.worktree, reader.branch, reader.starting_branch, reader.notes, reader.base[:12],
           *(f"{reader.branch_prefix}{word}" for word in ("integration",)),
           *(owned.path for owned in reader.directories), *(m.branch for m in reader.mates),
           *(file for task in reader.tasks for file in task.files)}  # fmt: skip
    if reader.tools:
        own |= {text for tool in reader.tools.servers for text in (tool.name, tool.where)}
    if reader.last:
        own |= {reader.last.branch, *reader.last.files}
    if reader.role == "researcher" and re.fullmatch(r"research/[a-z0-9-]+\.md", span):
        return True
    return span in own | agents | MEANT


@pytest.mark.parametrize(("role", "variant"), ALL)
def test_every_command_path_and_agent_on_a_page_exists(role: str, variant: Variant):
    reader = reader_of(typical(role), role, variant)
    for text in pages(reader):
        missing = sorted(span for span in spans(text) if not exists(span, reader))
        assert not missing


@pytest.mark.parametrize(("role", "variant"), ALL)
def test_a_page_names_no_role_that_is_not_in_the_team(role: str, variant: Variant):
    wanted = dict.fromkeys(("orchestrator", role), 1)
    reader = reader_of(plan_of(wanted), role, variant, merge_order=ROLES)
    for text in (render.page("briefing", reader), render.page("resume", reader)):
        # The role's own purpose is the template file's word, not the page's.
        said = text.replace(reader.purpose, "").lower()
        for other in templates().roles.values():
            if other.name not in wanted:
                for word in (other.name, other.title.lower()):
                    assert not re.search(rf"\b{re.escape(word)}\b", said), word


@pytest.mark.parametrize("role", ROLES)
def test_one_alone_is_not_sent_to_anybody(role: str):
    reader = reader_of(plan_of({role: 1}), role)
    text = render.page("briefing", reader)
    assert "`scm " not in text
    assert "You are alone" in text


@pytest.mark.parametrize("role", ROLES)
def test_every_shipped_role_has_a_template_of_its_own(role: str):
    assert (render.templates.PAGES / f"{role}.md.j2").is_file()
    assert templates().roles[role].briefing in ("", role)
