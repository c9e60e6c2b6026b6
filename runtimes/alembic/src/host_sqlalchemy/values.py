"""Values between SQLAlchemy and the SDK: what a migration that was written for psycopg expects."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from typing import Any

import host
from sqlalchemy.dialects.postgresql import ranges

from . import binary

_DAYS_OF_MONTH, _DAYS_OF_YEAR = 30, 365
#: pg_type.dat: the types of which the SDK gives more than SQLAlchemy's users expect, and those of their arrays.
_JSON = (114, 3802)
_JSON_ARRAYS = (199, 3807)
_INTERVAL, _INTERVAL_ARRAY = 1186, 1187
_RANGES = (3904, 3906, 3908, 3910, 3912, 3926)
_RANGE_ARRAYS = (3905, 3907, 3909, 3911, 3913, 3927)


def _json(value: host.Json) -> Any:
    return value.value


def _interval(value: host.Interval) -> datetime.timedelta:
    """As other drivers do: a month counts 30 days, and a year 365."""
    years, months = divmod(abs(value.months), 12)
    days = years * _DAYS_OF_YEAR + months * _DAYS_OF_MONTH
    return datetime.timedelta(days=value.days + (days if value.months >= 0 else -days), microseconds=value.micros)


def _range(value: host.Range) -> ranges.Range[Any]:
    return ranges.Range(value.lower, value.upper, bounds=value.bounds, empty=value.empty)


def _many(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def converted(value: Any) -> Any:
        if isinstance(value, list):
            return [converted(item) for item in value]
        return None if value is None else convert(value)

    return converted


def _maybe(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


#: What becomes of the values of a column, by its type.
_BY_TYPE: dict[int, Callable[[Any], Any]] = {
    **dict.fromkeys(_JSON, _maybe(_json)),
    **dict.fromkeys(_JSON_ARRAYS, _many(_json)),
    _INTERVAL: _maybe(_interval),
    _INTERVAL_ARRAY: _many(_interval),
    **dict.fromkeys(_RANGES, _maybe(_range)),
    **dict.fromkeys(_RANGE_ARRAYS, _many(_range)),
    **dict.fromkeys(binary.MULTIRANGES, _maybe(binary.multirange)),
}
_BY_NAME: dict[str, Callable[[Any], Any]] = {"hstore": _maybe(binary.hstore)}


def converters(columns: Sequence[host.Column]) -> list[tuple[int, Callable[[Any], Any]]]:
    """The columns whose values are converted, and how; most results have none."""
    found = []
    for place, column in enumerate(columns):
        convert = _BY_TYPE.get(column.type_oid) or _BY_NAME.get(column.type_name)
        if convert is not None:
            found.append((place, convert))
    return found


def parameter(value: Any) -> Any:
    """A parameter as the SDK takes it."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if isinstance(value, ranges.Range):
        return "empty" if value.empty else host.Range(value.lower, value.upper, value.bounds)
    if isinstance(value, (list, tuple)):
        if isinstance(value, ranges.MultiRange):
            return "{" + ",".join(str(parameter(item)) for item in value) + "}"
        return [parameter(item) for item in value]
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value


_AS_IT_IS = frozenset({type(None), str, int, bool, float, bytes, datetime.datetime, datetime.date})
