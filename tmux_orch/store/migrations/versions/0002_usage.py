"""Tokens and cost per agent and day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of counters."""
    op.create_table(
        "usage",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("agent", sa.String(128), primary_key=True),
        sa.Column("meter", sa.String(80), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("input_tokens", sa.BigInteger),
        sa.Column("output_tokens", sa.BigInteger),
        sa.Column("cost_usd", sa.Float),
    )
    op.create_index(op.f("ix_usage_project_day"), "usage", ["project", "day"])
