"""JSON, as it stands in the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Self


class Json:
    """A value of the type `json`. Made from a value, it is written by `json.dumps`; read from the database, it keeps the
    text that stands there, digit for digit, and is parsed when it is asked.

    >>> extra = Json({"tags": ["vip", None]})
    >>> extra.text
    '{"tags": ["vip", null]}'
    >>> extra["tags"][0], "tags" in extra, len(extra), extra.get("age", 0)
    ('vip', True, 1, 0)
    >>> Json.parse('{"price": 1.50}').value
    {'price': 1.5}
    """

    __slots__ = ("_known", "_value", "text")
    text: str
    """The text."""

    def __init__(self, value: Any) -> None:
        self.text = json.dumps(value, ensure_ascii=False)
        self._known = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value with exactly that text. It is not checked here, but by the server."""
        new = object.__new__(cls)
        new.text = text
        new._known = False
        return new

    @property
    def value(self) -> Any:
        """What the text says, as `json.loads` reads it: dict, list, str, int, float, bool or None."""
        if not self._known:
            self._value: Any = json.loads(self.text)
            self._known = True
        return self._value

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key of the object, or the default."""
        return self.value.get(key, default)

    def __getitem__(self, key: str | int) -> Any:
        return self.value[key]

    def __contains__(self, key: object) -> bool:
        return key in self.value

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Json):
            return type(self) is type(other) and (self.text == other.text or bool(self.value == other.value))
        return NotImplemented

    def __hash__(self) -> int:
        raise TypeError(f"a {type(self).__name__} has no hash: use its text")

    def __repr__(self) -> str:
        return f"{type(self).__name__}.parse({self.text!r})"

    def __str__(self) -> str:
        return self.text


class Jsonb(Json):
    """A value of the type `jsonb`; otherwise like `Json`.

    >>> Jsonb({"a": 1}) == Jsonb.parse('{"a":1}')
    True
    """

    __slots__ = ()
