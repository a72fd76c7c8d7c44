"""The only importer of Alembic: one upgrade to the newest revision, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, migrations: Path = MIGRATIONS) -> None:
    """Run every migration that the database behind ``engine`` has not had yet."""
    config = Config()
    # Alembic's settings are a ConfigParser: a percent sign in the path would be interpolated.
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
