"""What the driver has to know about the text of a statement, found by a look at its beginning."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_BLANK = r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*"
_FIRST = re.compile(_BLANK + r"([a-z]+)", re.IGNORECASE | re.DOTALL)
_RETURNING = re.compile(r"\breturning\b", re.IGNORECASE)
#: Commands that give rows, whatever stands behind them.
_ROWS = frozenset({"select", "values", "show", "explain", "table", "fetch", "call"})
#: Commands that give rows if they say so.
_MAY_RETURN = frozenset({"insert", "update", "delete", "merge"})
#: Where a semicolon ends nothing: strings, names, comments, and bodies of functions.
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|begin\s+atomic\b.*\bend\b", re.IGNORECASE | re.DOTALL)
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%s|%%")


def first_word(sql: str) -> str:
    """The command's first word, in lower case."""
    found = _FIRST.match(sql)
    return found[1].lower() if found else ""


def gives_rows(sql: str, word: str) -> bool:
    """Whether the statement is to be asked for rows."""
    if word in _ROWS or word == "with":
        return True
    return word in _MAY_RETURN and _RETURNING.search(sql) is not None


def are_several(sql: str) -> bool:
    """Whether a text seems to hold several statements. Host splits it by PostgreSQL's grammar, so this need not be exact."""
    return ";" in sql and ";" in _QUOTED.sub("", sql).rstrip().rstrip(";")


def numbered(sql: str, params: Mapping[str, Any] | Sequence[Any]) -> tuple[str, list[Any]]:
    """`%s` and `%(name)s`, which most drivers take, as `$1`; for those who use the driver itself."""
    values: list[Any] = []
    places: dict[str, int] = {}
    rest = iter(params) if not isinstance(params, Mapping) else iter(())

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        name = found[1]
        if name is None:
            values.append(next(rest))
            return f"${len(values)}"
        if name not in places:
            values.append(params[name])  # type: ignore[call-overload]
            places[name] = len(values)
        return f"${places[name]}"

    return _PLACEHOLDER.sub(place, sql), values
