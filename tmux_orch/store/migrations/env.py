"""Alembic's entry: runs on the connection, inside the transaction, that we were given."""

from __future__ import annotations

from alembic import context

from tmux_orch.store.schema import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,
)
# No begin_transaction(): the caller's transaction holds all migrations of this upgrade.
context.run_migrations()
