"""Time: jobs, reminders, holds and their wakes, deaths and restarts, budgets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "apscheduler_jobs",
        sa.Column("id", sa.Unicode(191), primary_key=True),
        sa.Column("next_run_time", sa.Float(25)),
        sa.Column("job_state", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        op.f("ix_apscheduler_jobs_next_run_time"), "apscheduler_jobs", ["next_run_time"]
    )
    op.create_table(
        "reminders",
        sa.Column("id", sa.String(8), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("run", sa.String(6), nullable=False),
        sa.Column("sender", sa.String(128), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32)),
        sa.Column("every_s", sa.Integer),
        sa.Column("catch_up", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("rang_at", sa.String(32)),
        sa.Column("skips", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index(op.f("ix_reminders_project_state"), "reminders", ["project", "state"])
    op.create_table(
        "holds",
        sa.Column("id", sequence, primary_key=True, autoincrement=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("scope", sa.String(80), nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("agent", sa.String(128), nullable=False),
        sa.Column("since_at", sa.String(32), nullable=False),
        sa.Column("until_at", sa.String(32)),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("confidence", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("probes", sa.Integer, nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("outcome", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_holds_state"), "holds", ["state"])
    op.create_table(
        "wakes",
        sa.Column(
            "hold",
            sequence,
            sa.ForeignKey("holds.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("agent", sa.String(128), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("met_at", sa.String(32)),
        sa.Column("due_at", sa.String(32)),
        sa.Column("message", sa.String(8), nullable=False),
        sa.Column("state_at", sa.String(32)),
    )
    op.create_table(
        "quotas",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("resets_at", sa.String(32)),
        sa.Column("samples", sa.Text, nullable=False),
    )
    op.create_table(
        "deaths",
        sa.Column("id", sequence, primary_key=True, autoincrement=True),
        sa.Column("agent", sa.String(128), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("run", sa.String(6), nullable=False),
        sa.Column("incarnation", sa.Integer, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("exit_status", sa.Integer),
        sa.Column("signal", sa.String(16), nullable=False),
        sa.Column("screen", sa.Text, nullable=False),
        sa.UniqueConstraint("agent", "run", "incarnation"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "restarts",
        sa.Column("agent", sa.String(128), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("incarnation", sa.Integer, nullable=False),
        sa.Column("since_at", sa.String(32), nullable=False),
        sa.Column("next_at", sa.String(32)),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "budgets",
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("agent", sa.String(128), primary_key=True),
        sa.Column("period", sa.String(8), primary_key=True),
        sa.Column("unit", sa.String(8), primary_key=True),
        sa.Column("ceiling", sa.Float, nullable=False),
        sa.Column("extended", sa.Float, nullable=False),
        sa.Column("extended_on", sa.String(10), nullable=False),
        sa.Column("told", sa.String(32), nullable=False),
    )
