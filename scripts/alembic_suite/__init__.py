"""Alembic's own tests on the driver and the dialect of the runtime: `scripts/alembic-suite`."""
