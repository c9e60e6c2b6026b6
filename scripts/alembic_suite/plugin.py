"""A plugin of pytest: makes the dialect known before Alembic's tests ask for it."""

from sqlalchemy.dialects import registry

registry.register("postgresql.hostsuite", "alembic_suite.dialect", "SuiteDialect")
