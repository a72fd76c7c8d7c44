"""The tables, and the revisions of them that were ever released."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    Unicode,
    UniqueConstraint,
)

#: Oldest first; the last is what this version reads and writes (see ``migrations/versions``).
REVISIONS = ("0001", "0002", "0003")
HEAD = REVISIONS[-1]
VERSION_TABLE = "alembic_version"

_ESCAPE = "bytes:"


class OsText(TypeDecorator[str]):
    """Text from the file system or git, where any bytes may occur.

    What is not UTF-8 arrives with surrogates (``os.fsdecode``), which neither database stores; such
    text is kept as its bytes in hex behind ``bytes:`` and comes back the same.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """What is stored for ``value``."""
        if value is None:
            return None
        if not value.startswith(_ESCAPE):
            try:
                value.encode()
            except UnicodeEncodeError:
                pass  # kept as bytes, below
            else:
                return value
        return _ESCAPE + value.encode("utf-8", "surrogatepass").hex()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """What was given to be stored."""
        if value is None or not value.startswith(_ESCAPE):
            return value
        return bytes.fromhex(value[len(_ESCAPE) :]).decode("utf-8", "surrogatepass")


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Instants are text in one form (rows.py): ordered as time is, readable, equal on both databases.
# JSON is text too: it is read back by us alone.
_SEQUENCE = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts by itself there

PROJECTS = Table(
    "projects",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("path", OsText, nullable=False, unique=True),
    Column("common_dir", OsText, nullable=False, unique=True),
    Column("label", OsText, nullable=False),
    Column("starting_branch", OsText, nullable=False),
    Column("starting_commit", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("live", Boolean, nullable=False),
    Column("run", String(6), nullable=False),
)

SEATS = Table(
    "seats",
    METADATA,
    Column("key", String(128), primary_key=True),
    Column("project", ForeignKey("projects.name", ondelete="CASCADE"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("role", String(64), nullable=False),
    Column("run", String(6), nullable=False),
    Column("slot", Integer, nullable=False),
    Column("adapter", String(32), nullable=False),
    Column("worktree", OsText, nullable=False),
    Column("branch", OsText, nullable=False),
    Column("base", String(64), nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("conversation_id", String(64), nullable=False),
    Column("brief_id", String(16), nullable=False),
    Column("pane_id", String(16), nullable=False),
    Column("window_id", String(16), nullable=False),
    Column("server", String(64), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("pid_start", BigInteger, nullable=False),
    Column("desired", String(16), nullable=False),
    Column("model", Text, nullable=False),
    Column("permission_mode", String(64), nullable=False),
    Column("briefed", Boolean, nullable=False),
    # The last fused state; not a field of the seat.
    Column("state", String(32)),
    Column("since_at", String(32)),
    Column("evidence", Text),
    UniqueConstraint("project", "name"),
)

PLANS = Table(
    "plans",
    METADATA,
    Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("run", String(6), nullable=False, unique=True),
    Column("project", ForeignKey("projects.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("stored_at", String(32), nullable=False),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)

# Steps, messages and events have no foreign keys: the record outlives what it is about.
STEPS = Table(
    "steps",
    METADATA,
    Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("project", String(64), nullable=False),
    Column("run", String(6), nullable=False),
    Column("agent", String(128)),
    Column("name", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("detail", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("begun_at", String(32), nullable=False),
    Column("ended_at", String(32)),
    Index(None, "project", "state"),
    Index(None, "project", "agent", "name"),
    sqlite_autoincrement=True,
)

MESSAGES = Table(
    "messages",
    METADATA,
    Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("id", String(8), nullable=False, unique=True),
    Column("project", String(64), nullable=False),
    Column("target", String(128), nullable=False),
    Column("sender", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("priority", String(8), nullable=False),
    Column("raw", Boolean, nullable=False),
    Column("client_key", Text),
    Column("state", String(16), nullable=False),
    Column("state_at", String(32), nullable=False),
    # Whether ``state`` is one that delivery still works on: what the scan looks for.
    Column("is_open", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proof", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("accepted_at", String(32), nullable=False),
    UniqueConstraint("sender", "client_key"),
    Index(None, "is_open", "target", "seq"),
    Index(None, "project", "seq"),
    sqlite_autoincrement=True,
)

EVENTS = Table(
    "events",
    METADATA,
    Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("project", String(64)),
    Column("agent", String(128)),
    Column("payload", Text, nullable=False),
    Index(None, "project", "seq"),
    sqlite_autoincrement=True,
)

# The record outlives the agent, too; see ``domain.usage`` for what a row means.
USAGE = Table(
    "usage",
    METADATA,
    Column("day", String(10), primary_key=True),
    Column("agent", String(128), primary_key=True),
    Column("meter", String(80), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cost_usd", Float),
    Index(None, "project", "day"),
)

# The scheduler's jobs, as APScheduler's own store describes them: it would make the table itself,
# unseen by the check that a database is whole. An id holds any agent's key.
JOBS = Table(
    "apscheduler_jobs",
    METADATA,
    Column("id", Unicode(191), primary_key=True),
    Column("next_run_time", Float(25), index=True),
    Column("job_state", LargeBinary, nullable=False),
)

# What agents and people asked to be reminded of; see ``domain.job`` for when it rings.
REMINDERS = Table(
    "reminders",
    METADATA,
    Column("id", String(8), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("target", String(128), nullable=False),
    Column("run", String(6), nullable=False),
    Column("sender", String(128), nullable=False),
    Column("note", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", String(32)),
    Column("every_s", Integer),
    Column("catch_up", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_at", String(32), nullable=False),
    Column("rang_at", String(32)),
    Column("skips", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "project", "state"),
)

# Holds of accounts, the ended ones too (their history is where the pattern of resets is from).
HOLDS = Table(
    "holds",
    METADATA,
    Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("account", OsText, nullable=False),
    Column("scope", String(80), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("agent", String(128), nullable=False),
    Column("since_at", String(32), nullable=False),
    Column("until_at", String(32)),
    Column("source", String(16), nullable=False),
    Column("confidence", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("probes", Integer, nullable=False),
    Column("ended_at", String(32)),
    Column("outcome", Text, nullable=False),
    Index(None, "state"),
    sqlite_autoincrement=True,
)

WAKES = Table(
    "wakes",
    METADATA,
    Column("hold", ForeignKey("holds.id", ondelete="CASCADE"), primary_key=True),
    Column("agent", String(128), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("met_at", String(32)),
    Column("due_at", String(32)),
    Column("message", String(8), nullable=False),
    Column("state_at", String(32)),
)

# What programs were told of their plan's windows lately; see ``domain.forecast``.
QUOTAS = Table(
    "quotas",
    METADATA,
    Column("account", OsText, primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("resets_at", String(32)),
    Column("samples", Text, nullable=False),
)

# How agents' programs ended, and what was decided about starting them again.
DEATHS = Table(
    "deaths",
    METADATA,
    Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
    Column("agent", String(128), nullable=False),
    Column("project", String(64), nullable=False),
    Column("run", String(6), nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("at", String(32), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("exit_status", Integer),
    Column("signal", String(16), nullable=False),
    Column("screen", OsText, nullable=False),
    UniqueConstraint("agent", "run", "incarnation"),
    sqlite_autoincrement=True,
)

RESTARTS = Table(
    "restarts",
    METADATA,
    Column("agent", String(128), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("since_at", String(32), nullable=False),
    Column("next_at", String(32)),
    Column("reason", Text, nullable=False),
)

# Ceilings of use: an agent's, or with an empty ``agent`` the team's.
BUDGETS = Table(
    "budgets",
    METADATA,
    Column("project", String(64), primary_key=True),
    Column("agent", String(128), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("unit", String(8), primary_key=True),
    Column("ceiling", Float, nullable=False),
    Column("extended", Float, nullable=False),
    Column("extended_on", String(10), nullable=False),
    Column("told", String(32), nullable=False),
)
