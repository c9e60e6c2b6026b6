"""What a call to host can raise."""

from __future__ import annotations


class HostError(Exception):
    """A call to host failed. The classes below say why; catch this one for all of them.

    >>> issubclass(SqlError, HostError)
    True
    """


class SqlError(HostError):
    """The server refused a statement. The attributes are its words.

    Unless the statement ran in a `savepoint`, the transaction is lost, and the migration with it.

    >>> error = SqlError("23505", "ERROR", "duplicate key value violates unique constraint", constraint="guests_pkey")
    >>> error.sqlstate, error.constraint
    ('23505', 'guests_pkey')
    >>> print(error)
    duplicate key value violates unique constraint (SQLSTATE 23505)
    """

    def __init__(
        self,
        sqlstate: str,
        severity: str,
        message: str,
        detail: str | None = None,
        hint: str | None = None,
        context: str | None = None,
        position: int | None = None,
        schema: str | None = None,
        table: str | None = None,
        column: str | None = None,
        datatype: str | None = None,
        constraint: str | None = None,
    ) -> None:
        text = f"{message} (SQLSTATE {sqlstate})"
        super().__init__(f"{text}: {detail}" if detail else text)
        self.sqlstate = sqlstate
        """The five characters of the SQLSTATE, for example `23505`."""
        self.severity = severity
        """`ERROR`, `FATAL` or `PANIC`."""
        self.message = message
        """The primary message."""
        self.detail = detail
        """More about the problem."""
        self.hint = hint
        """What to do about it."""
        self.context = context
        """Where it happened: the call stack of functions and statements."""
        self.position = position
        """The place in the statement, in characters, from 1."""
        self.schema = schema
        """The schema concerned."""
        self.table = table
        """The table concerned."""
        self.column = column
        """The column concerned."""
        self.datatype = datatype
        """The data type concerned."""
        self.constraint = constraint
        """The constraint concerned."""


class BadParams(HostError):
    """The parameters do not fit the statement. Nothing was sent."""


class Conversion(HostError):
    """A value cannot become the type that is needed, or a result is not of the kind that was asked for."""


class Exceeded(HostError):
    """A limit of host was exceeded.

    >>> error = Exceeded("rows")
    >>> error.limit
    'rows'
    >>> print(error)
    more rows in a result than host allows
    """

    def __init__(self, limit: str) -> None:
        super().__init__(f"{_LIMITS.get(limit, limit)} than host allows")
        self.limit = limit
        """`rows`, `bytes`, `statement-time`, `total-time` or `open-handles`."""


_LIMITS = {
    "rows": "more rows in a result",
    "bytes": "more bytes in a result",
    "statement-time": "more time for a statement",
    "total-time": "more time for a migration",
    "open-handles": "more open statements and savepoints",
}


class Denied(HostError):
    """Host does not allow this statement. Nothing was sent."""


class Offline(HostError):
    """The call needs rows, but there is no database: a script is being written (`host upgrade --sql`)."""


class Misuse(HostError):
    """The call makes no sense here, such as the release of a savepoint that is gone."""


class Irreversible(Exception):
    """Says that a direction cannot be done.

    ```python
    def downgrade() -> None:
        raise host.Irreversible
    ```
    """
