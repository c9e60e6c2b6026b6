"""Packages that env.py and revisions import, and of which a migration needs little or nothing."""

from __future__ import annotations

import importlib.util
import logging
import logging.config
import sys
from types import ModuleType
from typing import Any

import sqlalchemy as sa


def _nothing(*args: Any, **named: Any) -> None:
    """Host decides about the log."""


def _dotenv() -> None:
    """python-dotenv reads variables from a file; migrations have neither."""
    module = ModuleType("dotenv", "Reads nothing: migrations have no files and no environment.")
    module.load_dotenv = lambda *args, **named: False  # type: ignore[attr-defined]
    module.find_dotenv = lambda *args, **named: ""  # type: ignore[attr-defined]
    module.dotenv_values = lambda *args, **named: {}  # type: ignore[attr-defined]
    sys.modules["dotenv"] = module


class AutoString(sa.types.TypeDecorator[str]):
    """SQLModel's type of texts, which stands in each revision that autogenerate wrote."""

    impl = sa.String
    cache_ok = True
    mysql_default_length = 255

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        return dialect.type_descriptor(sa.String(self.length))

    @property
    def length(self) -> int | None:
        """As in String."""
        return getattr(self.impl, "length", None)


class SQLModel:
    """The base of models. SQLModel needs pydantic, whose core is compiled, so classes of it have no table here: revisions do not need
    them, and a query of one says so."""

    metadata = sa.MetaData()
    #: The names of the classes that would have a table.
    tables: set[str] = set()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__()
        if options.get("table"):
            SQLModel.tables.add(cls.__name__)

    def __init__(self, *args: Any, **named: Any) -> None:
        raise NotImplementedError(
            f"'{type(self).__name__}' is a model of SQLModel, which needs pydantic, and its core is compiled for one kind of machine: "
            "describe the table in the revision by sa.table(…) with its columns, as op.bulk_insert wants it"
        )


class _Anything:
    """Stands for a field of a model."""

    def __call__(self, *args: Any, **named: Any) -> _Anything:
        return self


def _sqlmodel() -> None:
    content: dict[str, Any] = {
        name: value for name, value in vars(sa).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    from sqlalchemy.orm import Session

    content.update(SQLModel=SQLModel, AutoString=AutoString, Session=Session, Field=_Anything(), Relationship=_Anything())
    for name in ("sqlmodel", "sqlmodel.sql", "sqlmodel.sql.sqltypes", "sqlmodel.main"):
        module = ModuleType(name, "What revisions need of SQLModel.")
        module.__dict__.update(content)
        module.__path__ = []  # type: ignore[attr-defined]
        sys.modules[name] = module
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, module)


def _is_there(name: str) -> bool:
    return name in sys.modules or importlib.util.find_spec(name) is not None


def install() -> None:
    """When the runtime is built, after the packages of the project."""
    logging.config.fileConfig = logging.config.dictConfig = _nothing  # type: ignore[assignment]
    if not _is_there("dotenv"):
        _dotenv()
    if not _is_there("sqlmodel"):
        _sqlmodel()
