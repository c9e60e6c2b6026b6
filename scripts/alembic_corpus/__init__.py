"""Projects of Alembic, run by Alembic and by host: `scripts/alembic-corpus`."""
