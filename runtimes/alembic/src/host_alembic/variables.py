"""`os.environ` of a migration: nothing, and placeholders where a project reads which database to use, because all of its engines
are on host's connection anyway."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, MutableMapping

#: What every url that host hands over says.
URL = "postgresql+host://"
_URL = re.compile(r"(^|_)(URL|URI|DSN)$", re.IGNORECASE)
_PART = re.compile(
    r"^(PG(HOST|PORT|USER|PASSWORD|DATABASE|HOSTADDR)$|(POSTGRES|POSTGRESQL|PG|DB|DATABASE|SQL|RDS)_)", re.IGNORECASE
)
_PORT = re.compile(r"PORT$", re.IGNORECASE)


def placeholder(name: str) -> str | None:
    """What stands for a variable that says where a database is; nothing for others."""
    if _URL.search(name):
        return URL
    if _PART.search(name):
        return "5432" if _PORT.search(name) else "host"
    return None


class MissingVariable(KeyError):
    """Python's error for a variable that is not set, with what to do."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._name = name

    def __str__(self) -> str:
        return (
            f"the environment variable '{self._name}' is not there: migrations have none. Read it by "
            f"os.environ.get('{self._name}', default), or hand the value over with `-x KEY=VALUE`"
        )


# In tracebacks it is what Python raises.
MissingVariable.__module__, MissingVariable.__qualname__ = "builtins", "KeyError"


class Variables(MutableMapping[str, str]):
    """An environment that a migration may also write, for itself."""

    def __init__(self) -> None:
        self._own: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        found = self._own.get(name)
        if found is None:
            found = placeholder(name)
        if found is None:
            raise MissingVariable(name)
        return found

    def __setitem__(self, name: str, value: str) -> None:
        self._own[name] = value

    def __delitem__(self, name: str) -> None:
        del self._own[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)

    def copy(self) -> dict[str, str]:
        """What a migration has set itself."""
        return dict(self._own)


def install() -> None:
    """When the runtime is built."""
    os.environ = Variables()  # type: ignore[assignment]
