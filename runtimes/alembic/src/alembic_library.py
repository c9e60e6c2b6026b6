"""SQLAlchemy and Alembic, as far as revisions use them. All of it is loaded when the runtime is built."""

import importlib
import pkgutil

from host_sqlalchemy import asynchronous

#: Parts that belong to other databases, to tests and to the command line.
_LEFT_OUT = (
    "alembic.__main__",
    "alembic.ddl.mssql",
    "alembic.ddl.mysql",
    "alembic.ddl.oracle",
    "alembic.templates",
    "alembic.testing",
    "sqlalchemy.connectors",
    "sqlalchemy.dialects.mssql",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.oracle",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.postgresql.pg8000",
    "sqlalchemy.dialects.postgresql.provision",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.dialects.postgresql.psycopg2cffi",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.ext.mypy",
    "sqlalchemy.testing",
    "sqlalchemy.util.tool_support",
)
_ROOTS = ("sqlalchemy", "alembic", "mako.template", "typing_extensions")


def load() -> None:
    """Imports everything that is a part of these."""
    asynchronous.prepare()
    for root in _ROOTS:
        package = importlib.import_module(root)
        for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{root}.", onerror=lambda name: None):
            if not module.name.startswith(_LEFT_OUT):
                importlib.import_module(module.name)
