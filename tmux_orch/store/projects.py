"""The projects: which repositories have a team, under which name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tmux_orch.clock import Clock
from tmux_orch.domain.errors import Absent, BadInput
from tmux_orch.store.database import Database
from tmux_orch.store.remembered import Remembered
from tmux_orch.store.rows import instant, row_reader, stamp
from tmux_orch.store.schema import PROJECTS

_ADD = insert(PROJECTS)
_BY_PATH = select(PROJECTS).where(PROJECTS.c.path == bindparam("sought"))
_BY_NAME = select(PROJECTS).where(PROJECTS.c.name == bindparam("sought"))
_ALL = select(PROJECTS).order_by(PROJECTS.c.name)
_LIVE = update(PROJECTS).where(PROJECTS.c.name == bindparam("sought"))
_REMOVE = delete(PROJECTS).where(PROJECTS.c.name == bindparam("sought"))


@dataclass(frozen=True, slots=True)
class Project:
    """One repository with its team.

    Attributes:
        name: Address name, unique.
        path: Real path of the main worktree, unique.
        common_dir: Git's common directory, unique.
        label: What a person called it; shown, never interpreted.
        starting_branch: Where the work started; empty when HEAD was detached.
        starting_commit: What every home branch is made from.
        created_at: When it was added (aware UTC).
        live: Whether a team is meant to be up.
        run: The run of its current or last team; empty before the first.
    """

    name: str
    path: str
    common_dir: str
    label: str
    starting_branch: str
    starting_commit: str
    created_at: datetime
    live: bool = False
    run: str = ""


class Projects:
    """The table of projects."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._every = Remembered(database, self._read_all)

    def add(self, project: Project, connection: Connection | None = None) -> None:
        """Store a new project.

        Raises:
            BadInput: its name, path or common directory is another project's.
        """
        row = {field: getattr(project, field) for field in Project.__dataclass_fields__}
        row["created_at"] = stamp(project.created_at)
        try:
            with self._database.write(connection) as c:
                self._database.changes_teams()
                c.execute(_ADD, row)
        except IntegrityError as error:
            raise BadInput(f"there is a project {project.name} or one at this path") from error

    def by_path(self, path: str, connection: Connection | None = None) -> Project | None:
        """The project whose main worktree's real path is ``path``."""
        return self._one(_BY_PATH, path, connection)

    def by_name(self, name: str, connection: Connection | None = None) -> Project | None:
        """The project called ``name``."""
        return self._one(_BY_NAME, name, connection)

    def all(self) -> list[Project]:
        """Every project, by name; from memory when nothing was written since."""
        return self._every.get()

    def _read_all(self) -> tuple[Project, ...]:
        with self._database.read() as c:
            return tuple(_project(row) for row in c.execute(_ALL))

    def set_live(
        self, name: str, live: bool, run: str | None = None, connection: Connection | None = None
    ) -> None:
        """Say whether the team is meant to be up, and of which run; ``None`` keeps the run.

        Raises:
            Absent: there is no such project.
        """
        self.change(name, connection, live=live, **({} if run is None else {"run": run}))

    def change(self, name: str, connection: Connection | None = None, **fields: Any) -> None:
        """Change fields of a project that may change: label, starting point, live, run.

        Raises:
            Absent: there is no such project.
        """
        allowed = {"label", "starting_branch", "starting_commit", "live", "run"}
        if not fields.keys() <= allowed:
            raise TypeError(f"not to be changed: {sorted(fields.keys() - allowed)}")
        with self._database.write(connection) as c:
            self._database.changes_teams()
            if not c.execute(_LIVE.values(**fields), {"sought": name}).rowcount:
                raise Absent(f"there is no project {name}")

    def remove(self, name: str, connection: Connection | None = None) -> None:
        """Forget a project with its seats and plans; messages, steps and events stay."""
        with self._database.write(connection) as c:
            self._database.changes_teams()
            c.execute(_REMOVE, {"sought": name})

    def _one(self, statement: Any, sought: str, connection: Connection | None) -> Project | None:
        with self._database.read(connection) as c:
            row = c.execute(statement, {"sought": sought}).one_or_none()
        return None if row is None else _project(row)


@row_reader
def _project(row: Row[Any]) -> Project:
    fields = dict(row._mapping)
    fields["created_at"] = instant(fields["created_at"])
    return Project(**fields)
