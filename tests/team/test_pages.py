"""The files of `.orch/`, and what was looked at to write them."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.briefing.team import plan_of, reader_of, seats, templates
from tests.conftest import git, make_repository
from tmux_orch.briefing import facts
from tmux_orch.briefing.facts import Variant
from tmux_orch.config.registry import Registry
from tmux_orch.domain.errors import BadInput, Partly
from tmux_orch.domain.seat import Desired, Seat
from tmux_orch.domain.states import AgentState
from tmux_orch.store.projects import Project
from tmux_orch.team import last_work, pages
from tmux_orch.team.decide import Act

PLAN = plan_of({"orchestrator": 1, "developer": 1, "researcher": 1})


def seat(called: str, **changed: Any) -> Seat:
    found = next(one for one in seats(PLAN) if one.name == called)
    fields = {f: getattr(found, f) for f in Seat.__dataclass_fields__}
    return Seat(**(fields | changed))


def parts(tmp_path: Path, *team: Seat, held: int = 0, state: Any = None) -> Any:
    """The rooms that pages look into, without a daemon."""
    registry = Registry(tmp_path / "registry")
    return SimpleNamespace(
        registry=registry,
        templates_of=lambda project: templates(),
        seats=SimpleNamespace(of_project=lambda name: list(team), state=lambda key: state),
        outbox=SimpleNamespace(count_held=lambda name: {team[0].key: held} if held else {}),
        berth=lambda seat, mates=None: SimpleNamespace(environment={"HOME": str(tmp_path)}),
    )


def project(path: Path) -> Project:
    return Project(
        name="shop", path=str(path), common_dir=str(path / ".git"), label="shop",
        starting_branch="main", starting_commit="", created_at=None,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture
def worktree(tmp_path: Path) -> tuple[Path, Seat]:
    """A worktree with two commits, a change and a new file, and its seat."""
    path = make_repository(tmp_path / "work")
    base = git(path, "rev-parse", "HEAD")
    git(path, "switch", "-q", "-c", "feature/T1-login")
    for number in (1, 2):
        (path / "file-0.txt").write_text(f"change {number}\n")
        git(path, "commit", "-q", "-a", "-m", f"Change it, part {number}")
    (path / "file-1.txt").write_text("open\n")
    (path / "new.txt").write_text("new\n")
    return path, seat("developer", worktree=str(path), base=base)


def test_every_file_that_a_page_names_is_written_and_git_sees_none(tmp_path: Path):
    path = make_repository(tmp_path / "work")
    role_page = tmp_path / "role.md"
    about = reader_of(PLAN, "researcher", notes="")
    pages.write_first(path, role_page, PLAN, about)
    pages.write_resume(path, reader_of(PLAN, "researcher", Variant.RESUME))
    named = {v for k, v in vars(facts).items() if k.endswith("_FILE")}
    assert {f".orch/{file.name}" for file in (path / ".orch").iterdir()} == named | {
        ".orch/.gitignore", ".orch/mailbox",
    }  # fmt: skip
    assert git(path, "status", "--porcelain") == ""
    assert role_page.read_bytes() == (path / ".orch/role.md").read_bytes()
    for file in named:
        assert stat.S_IMODE((path / file).stat().st_mode) == 0o600


def test_pages_written_twice_are_the_same_bytes(tmp_path: Path):
    path = make_repository(tmp_path / "work")
    written = []
    for _ in range(2):
        pages.write_first(path, tmp_path / "role.md", PLAN, reader_of(PLAN, "developer"))
        written.append({f.name: f.read_bytes() for f in (path / ".orch").glob("*.md")})
    assert written[0] == written[1]


def test_the_specs_copy_keeps_its_bytes(tmp_path: Path):
    path = make_repository(tmp_path / "work")
    plan = plan_of({"orchestrator": 1, "developer": 1}, spec="# x \udcff\r\n\x1b[201~ `")
    pages.write_first(path, tmp_path / "role.md", plan, reader_of(plan, "developer"))
    assert (path / ".orch/spec.md").read_bytes() == b"# x \xff\r\n\x1b[201~ `"


def test_the_hubs_directory_for_notes_is_there_and_private(tmp_path: Path):
    path, notes = make_repository(tmp_path / "work"), tmp_path / "r/notes"
    about = reader_of(PLAN, "orchestrator", notes=str(notes))
    pages.write_first(path, tmp_path / "role.md", PLAN, about)
    assert stat.S_IMODE(notes.stat().st_mode) == 0o700


def test_a_broken_template_of_the_users_writes_nothing(tmp_path: Path):
    path, own = make_repository(tmp_path / "work"), tmp_path / "briefings"
    own.mkdir()
    (own / "developer.md.j2").write_text("{{ nobody }}")
    with pytest.raises(BadInput):
        pages.write_first(path, tmp_path / "role.md", PLAN, reader_of(PLAN, "developer"), own)
    assert not (path / ".orch").exists()
    assert not (tmp_path / "role.md").exists()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_something_else_that_is_called_like_our_directory_is_not_followed(
    tmp_path: Path, kind: str
):
    path, outside = make_repository(tmp_path / "work"), tmp_path / "outside"
    outside.mkdir()
    if kind == "file":
        (path / ".orch").write_text("x")
    else:
        (path / ".orch").symlink_to(outside)
    with pytest.raises(Partly):
        pages.directory(path)
    assert not any(outside.iterdir())


def test_the_remote_is_origin_else_the_first_with_a_plain_name_else_none(tmp_path: Path):
    path = make_repository(tmp_path / "work")
    assert pages.remote(path) == ""
    git(path, "remote", "add", "backup", "/nowhere")
    assert pages.remote(path) == "backup"
    git(path, "remote", "add", "origin", "/nowhere")
    assert pages.remote(path) == "origin"
    assert pages.remote(tmp_path / "missing") == ""


def test_last_work_names_branch_commits_files_and_waiting_messages(
    tmp_path: Path, worktree: tuple[Path, Seat]
):
    _, mine = worktree
    found = last_work.of(mine, parts(tmp_path, mine, held=3))
    assert found.branch == "feature/T1-login"
    assert found.commits == 2
    assert [subject.split(" ", 1)[1] for subject in found.subjects] == [
        "Change it, part 2", "Change it, part 1",
    ]  # fmt: skip
    assert found.files == ("file-1.txt", "new.txt")
    assert (found.held, found.why, found.unread) == (3, "your program ended", "")
    assert last_work.done(mine) == "on `feature/T1-login`, 2 commits, 2 files not committed"


def test_why_an_agent_stopped_is_what_is_known_of_it(tmp_path: Path):
    gone = seat("developer", worktree=str(tmp_path / "none"))
    ended = SimpleNamespace(state=AgentState.EXITED, evidence="killed by signal 9")
    assert last_work.of(gone, parts(tmp_path, gone, state=ended)).why == "killed by signal 9"
    stopped = seat("developer", worktree=str(tmp_path / "none"), desired=Desired.STOPPED)
    assert last_work.of(stopped, parts(tmp_path, stopped)).why == "a person stopped you"


def test_a_worktree_that_is_gone_is_said_and_stops_no_page(tmp_path: Path):
    gone = seat("developer", worktree=str(tmp_path / "none"))
    assert "not there" in last_work.of(gone, parts(tmp_path, gone)).unread
    assert last_work.done(gone) == "nothing that can be read"


@pytest.mark.parametrize(
    ("act", "briefed", "under_way", "expected"),
    [
        (Act.START, False, False, Variant.FIRST),
        (Act.START, False, True, Variant.JOINED),
        (Act.START, True, True, Variant.AGAIN),
        (Act.ADOPT, True, True, Variant.REBRIEF),
        (Act.RESUME, True, True, Variant.RESUME),
    ],
)
def test_a_page_is_for_the_situation_it_is_written_in(
    act: Act, briefed: bool, under_way: bool, expected: Variant
):
    assert pages.variant(seat("developer", briefed=briefed), act, under_way) is expected


def test_a_reader_is_made_from_the_team_the_repository_and_the_configuration(tmp_path: Path):
    root = make_repository(tmp_path / "shop")
    git(root, "remote", "add", "upstream", "/nowhere")
    (root / ".mcp.json").write_text('{"mcpServers": {"search": {"command": "npx"}}}')
    at = {"worktree": str(root), "base": git(root, "rev-parse", "HEAD")}
    team = [seat(name, **at) for name in ("orchestrator", "developer", "researcher")]
    removed = seat("developer", name="developer-2", desired=Desired.REMOVED)
    rooms = parts(tmp_path, *team, removed)
    about = pages.reader(rooms, project(root), PLAN, team[2], Variant.JOINED)
    assert [mate.name for mate in about.mates] == ["orchestrator", "developer"]
    assert about.mates[1].did == "on `main`, 0 commits, 1 file not committed"
    assert about.remote == "upstream"
    assert about.ports == 20200
    assert about.tools is not None
    assert [tool.name for tool in about.tools.servers] == ["search"]
    assert about.notes == ""
    hub = pages.reader(rooms, project(root), PLAN, team[0])
    assert hub.notes == str(tmp_path / "registry/projects/shop/notes")
    assert hub.tools is None
    assert "`search`" in pages.inventory(project(root), {"HOME": str(tmp_path)})


def test_nothing_is_said_of_mcp_servers_of_a_program_that_is_not_read(tmp_path: Path):
    root = make_repository(tmp_path / "shop")
    other = seat("researcher", adapter="rehearsal")
    about = pages.reader(parts(tmp_path, other), project(root), PLAN, other)
    assert about.tools is None


def test_the_users_templates_lie_beside_the_configuration(tmp_path: Path):
    environment = {"HOME": str(tmp_path)}
    assert pages.overrides(environment) is None
    own = tmp_path / ".config/tmux-orch/briefings"
    own.mkdir(parents=True)
    assert pages.overrides(environment) == own


def test_what_is_marked_in_the_task_page_stays(tmp_path: Path):
    path = make_repository(tmp_path / "work")
    page = path / facts.TASKS_FILE
    for variant in (Variant.FIRST, Variant.REBRIEF):
        about = reader_of(PLAN, "developer", variant)
        pages.write_first(path, tmp_path / "role.md", PLAN, about)
        if variant is Variant.FIRST:
            marked = page.read_text().replace("- [ ]", "- [x]", 1)
            assert "- [x] **" in marked
            page.write_text(marked)
    assert page.read_text() == marked
