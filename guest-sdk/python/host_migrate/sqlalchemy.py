"""Prints what the models of SQLAlchemy are as SQL, for ``host revision --autogenerate`` and ``host check``.

In host.toml, with the names of what holds the tables: a ``MetaData``, a declarative base, or a list of them. ::

    [default.schema]
    command = ["python", "-m", "host_migrate.sqlalchemy", "app.models:Base"]

No database is asked and no driver is needed. Naming conventions, schemas, enums, sequences, comments and ``server_default`` are as
``MetaData.create_all`` makes them.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Any, cast

from sqlalchemy import MetaData, Table, create_mock_engine
from sqlalchemy.schema import CreateSchema

# What a server has without a statement.
_GIVEN = {None, "public"}


class ModelsError(Exception):
    """What was named is not there, or has no tables."""


def statements(*metadata: MetaData, wanted: Callable[[Table], bool] = lambda table: True) -> list[str]:
    """The statements that make everything in some metadata, without their semicolons; of the tables those that are wanted.

    >>> from sqlalchemy import Column, Integer, Table
    >>> plates = MetaData()
    >>> _ = Table("plates", plates, Column("id", Integer, primary_key=True), schema="kitchen")
    >>> statements(plates)[0]
    'CREATE SCHEMA IF NOT EXISTS kitchen'
    """
    lines: list[str] = []

    def dump(element: Any, *_args: Any, **_options: Any) -> None:
        lines.append(str(element.compile(dialect=engine.dialect)).strip())

    # With this style of parameters a % in a default stays what it is.
    engine = create_mock_engine("postgresql://", dump, paramstyle="named")
    chosen = [(one, [table for table in one.tables.values() if wanted(table)]) for one in metadata]
    for schema in sorted(_schemas(chosen)):
        dump(CreateSchema(schema, if_not_exists=True))
    for one, tables in chosen:
        one.create_all(engine, tables, checkfirst=False)
    return lines


def _schemas(metadata: Iterable[tuple[MetaData, list[Table]]]) -> set[str]:
    found: set[str | None] = set()
    for one, tables in metadata:
        found.add(one.schema)
        for table in tables:
            found.add(table.schema)
            found.update(getattr(column.type, "schema", None) for column in table.columns)
    return {schema for schema in found if schema is not None and schema not in _GIVEN}


def load(target: str) -> list[MetaData]:
    """The metadata that ``module:name`` means."""
    module_name, colon, path = target.partition(":")
    if not (module_name and colon and path):
        raise ModelsError(f"'{target}' is not of the form module:name, such as app.models:Base")
    module = importlib.import_module(module_name)
    try:
        found: Any = reduce(getattr, path.split("."), module)
    except AttributeError as error:
        raise ModelsError(f"{target}: {error}") from error
    return list(_metadata(target, found))


def _metadata(target: str, found: Any) -> Iterator[MetaData]:
    if isinstance(found, (list, tuple)):
        for one in cast("Iterable[Any]", found):
            yield from _metadata(target, one)
        return
    metadata = found if isinstance(found, MetaData) else getattr(found, "metadata", None)
    if not isinstance(metadata, MetaData):
        raise ModelsError(f"{target} is neither a MetaData nor a declarative base, but of the type {type(found).__name__}")
    if not metadata.tables:
        raise ModelsError(f"{target} has no tables: import the modules of the models before, or name one that does")
    yield metadata


def main(targets: list[str]) -> int:
    """Prints the statements; the exit code is 2 when nothing is named and 1 when it cannot be loaded."""
    if not targets or any(target.startswith("-") for target in targets):
        print("usage: python -m host_migrate.sqlalchemy MODULE:NAME...", file=sys.stderr)
        return 2
    # As `python -m` does for its own module; the folder of the project may be missing where the variable PYTHONSAFEPATH is set.
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        metadata = [one for target in targets for one in load(target)]
    except ModelsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for statement in statements(*dict.fromkeys(metadata)):
        print(f"{statement};")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
