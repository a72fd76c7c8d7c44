"""The first schema: projects, seats, plans, steps, messages, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the six tables."""
    _projects_seats_plans()
    _steps_events()
    _messages()


def _projects_seats_plans() -> None:
    op.create_table(
        "projects",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("path", sa.Text, nullable=False, unique=True),
        sa.Column("common_dir", sa.Text, nullable=False, unique=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("starting_branch", sa.Text, nullable=False),
        sa.Column("starting_commit", sa.String(64), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("run", sa.String(6), nullable=False),
    )
    op.create_table(
        "seats",
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column(
            "project",
            sa.String(64),
            sa.ForeignKey("projects.name", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("run", sa.String(6), nullable=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("adapter", sa.String(32), nullable=False),
        sa.Column("worktree", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("base", sa.String(64), nullable=False),
        sa.Column("incarnation", sa.Integer, nullable=False),
        sa.Column("conversation_id", sa.String(64), nullable=False),
        sa.Column("brief_id", sa.String(16), nullable=False),
        sa.Column("pane_id", sa.String(16), nullable=False),
        sa.Column("window_id", sa.String(16), nullable=False),
        sa.Column("server", sa.String(64), nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("pid_start", sa.BigInteger, nullable=False),
        sa.Column("desired", sa.String(16), nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("permission_mode", sa.String(64), nullable=False),
        sa.Column("briefed", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(32)),
        sa.Column("since_at", sa.String(32)),
        sa.Column("evidence", sa.Text),
        sa.UniqueConstraint("project", "name"),
    )
    op.create_table(
        "plans",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("run", sa.String(6), nullable=False, unique=True),
        sa.Column(
            "project",
            sa.String(64),
            sa.ForeignKey("projects.name", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("stored_at", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_plans_project"), "plans", ["project"])


def _steps_events() -> None:
    op.create_table(
        "steps",
        sa.Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("run", sa.String(6), nullable=False),
        sa.Column("agent", sa.String(128)),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("begun_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_steps_project_state"), "steps", ["project", "state"])
    op.create_index(op.f("ix_steps_project_agent_name"), "steps", ["project", "agent", "name"])
    op.create_table(
        "events",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("project", sa.String(64)),
        sa.Column("agent", sa.String(128)),
        sa.Column("payload", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_project_seq"), "events", ["project", "seq"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(8), nullable=False, unique=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("sender", sa.String(128), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("priority", sa.String(8), nullable=False),
        sa.Column("raw", sa.Boolean, nullable=False),
        sa.Column("client_key", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("state_at", sa.String(32), nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proof", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("accepted_at", sa.String(32), nullable=False),
        sa.UniqueConstraint("sender", "client_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_messages_is_open_target_seq"), "messages", ["is_open", "target", "seq"]
    )
    op.create_index(op.f("ix_messages_project_seq"), "messages", ["project", "seq"])
