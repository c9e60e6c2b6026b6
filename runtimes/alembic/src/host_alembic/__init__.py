"""Runs the revisions of Alembic projects: env.py, upgrade and downgrade, on the connection that host owns."""
