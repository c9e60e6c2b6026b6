"""The types of SQLAlchemy on this driver. Parameters are sent beside the statement, so each says its type there (`$1::INTEGER`), and
values that other drivers write into the text as they come become what that type reads."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import json
from sqlalchemy.types import TypeEngine

Processor = Callable[[Any], Any]
_NUMERIC = 1700


def _cast(kind: type[TypeEngine[Any]]) -> type[TypeEngine[Any]]:
    return type(f"Host{kind.__name__}", (kind,), {"render_bind_cast": True})


class HostString(types.String):
    """A text. Numbers become their digits, as where they stand in the statement."""

    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        def process(value: Any) -> Any:
            return value if value is None or isinstance(value, (str, bytes)) else str(value)

        return process


class HostDateTime(types.DateTime):
    """A moment. One without zone is in that of the session where the column has one."""

    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor | None:
        if not self.timezone:
            return None

        def process(value: Any) -> Any:
            return value.isoformat(" ") if isinstance(value, datetime.datetime) and value.tzinfo is None else value

        return process


class HostDate(types.Date):
    """A date. Of a moment only the day counts, as in an assignment in SQL."""

    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> Processor:
        def process(value: Any) -> Any:
            return value.date() if isinstance(value, datetime.datetime) else value

        return process


class _Number:
    """What numeric, real and double precision share."""

    render_bind_cast = True

    def bind_processor(self, dialect: Any) -> None:
        return None

    def result_processor(self, dialect: Any, coltype: Any) -> Processor | None:
        if self.asdecimal:  # type: ignore[attr-defined]
            if coltype == _NUMERIC:
                return None
            digits = f"%.{self._effective_decimal_return_scale}f"  # type: ignore[attr-defined]
            return lambda value: (
                decimal.Decimal(digits % value if isinstance(value, float) else value) if value is not None else None
            )
        return lambda value: None if value is None else float(value)


class HostNumeric(_Number, types.Numeric):
    """A number with digits."""


class HostFloat(_Number, types.Float):
    """A number with a point."""


class HostJSON(types.JSON):
    """JSON as text; the driver has parsed what it reads."""

    render_bind_cast = True

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        return None


class HostPostgresJSON(json.JSON):
    """The type `json` of PostgreSQL."""

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        return None


class HostJSONB(json.JSONB):
    """The type `jsonb`."""

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        return None


class HostJSONIndex(types.JSON.JSONIndexType):
    """A key or a place, whose type the value has."""

    def bind_processor(self, dialect: Any) -> None:
        return None


class HostJSONPath(json.JSONPathType):
    """The steps to a value: an array of texts."""

    def bind_processor(self, dialect: Any) -> Processor:
        def process(value: Any) -> Any:
            return value if isinstance(value, str) else [str(step) for step in value or ()]

        return process


class HostArray(postgresql.ARRAY):
    """Arrays, lists in lists where they have more than one dimension."""

    render_bind_cast = True


class HostInterval(postgresql.INTERVAL):
    """A length of time."""

    render_bind_cast = True

    @classmethod
    def adapt_emulated_to_native(cls, interval: Any, **kw: Any) -> HostInterval:
        return cls(precision=interval.second_precision)


class HostHSTORE(postgresql.HSTORE):
    """Keys and values; the driver has parsed what it reads."""

    render_bind_cast = True

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        return None


COLSPECS: dict[type[TypeEngine[Any]], type[TypeEngine[Any]]] = {
    types.String: HostString,
    types.Integer: _cast(types.Integer),
    types.SmallInteger: _cast(types.SmallInteger),
    types.BigInteger: _cast(types.BigInteger),
    types.Boolean: _cast(types.Boolean),
    types.Numeric: HostNumeric,
    types.Float: HostFloat,
    types.Date: HostDate,
    types.DateTime: HostDateTime,
    types.Time: _cast(types.Time),
    types.Interval: HostInterval,
    postgresql.INTERVAL: HostInterval,
    types.JSON: HostJSON,
    json.JSON: HostPostgresJSON,
    json.JSONB: HostJSONB,
    types.JSON.JSONIndexType: HostJSONIndex,
    types.JSON.JSONIntIndexType: _cast(types.JSON.JSONIntIndexType),
    types.JSON.JSONStrIndexType: _cast(types.JSON.JSONStrIndexType),
    types.JSON.JSONPathType: HostJSONPath,
    types.ARRAY: HostArray,
    postgresql.HSTORE: HostHSTORE,
    postgresql.REGCLASS: _cast(postgresql.REGCLASS),
    postgresql.REGCONFIG: _cast(postgresql.REGCONFIG),
    postgresql.OID: _cast(postgresql.OID),
    postgresql.BYTEA: _cast(postgresql.BYTEA),
}
