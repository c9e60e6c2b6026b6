"""The exceptions of PEP 249, made of those of the SDK."""

from __future__ import annotations

import host


class Warning(Exception):
    """Part of PEP 249; never raised."""


class Error(Exception):
    """What a call to host failed with. `host_error` is the error of the SDK; the rest is what drivers of PostgreSQL have."""

    def __init__(self, error: object) -> None:
        super().__init__(str(error))
        self.host_error = error
        #: As in psycopg2, asyncpg and psycopg.
        self.pgcode = self.sqlstate = getattr(error, "sqlstate", None)
        self.pgerror = str(error)
        self.diag = error


class InterfaceError(Error):
    """The driver was used in a wrong way."""


class DatabaseError(Error):
    """The database refused something."""


class DataError(DatabaseError):
    """A value is wrong."""


class OperationalError(DatabaseError):
    """Something that is no mistake of the statement."""


class IntegrityError(DatabaseError):
    """A constraint is violated."""


class InternalError(DatabaseError):
    """The transaction or the server is in a state that does not allow it."""


class ProgrammingError(DatabaseError):
    """The statement is wrong."""


class NotSupportedError(DatabaseError):
    """The server or host does not do that."""


#: By the class of the SQLSTATE (PostgreSQL manual, appendix A).
_BY_CLASS: dict[str, type[DatabaseError]] = {
    "0A": NotSupportedError,
    "21": ProgrammingError,
    "22": DataError,
    "23": IntegrityError,
    "25": InternalError,
    "26": ProgrammingError,
    "2B": InternalError,
    "34": OperationalError,
    "3D": ProgrammingError,
    "3F": ProgrammingError,
    "40": OperationalError,
    "42": ProgrammingError,
    "44": ProgrammingError,
    "53": OperationalError,
    "54": OperationalError,
    "55": OperationalError,
    "57": OperationalError,
    "58": OperationalError,
    "XX": InternalError,
}


def translated(error: host.HostError) -> Error:
    """The exception of PEP 249 for one of the SDK."""
    if isinstance(error, host.SqlError):
        return _BY_CLASS.get(error.sqlstate[:2], DatabaseError)(error)
    if isinstance(error, (host.BadParams, host.Conversion)):
        return DataError(error)
    if isinstance(error, host.Exceeded):
        return OperationalError(error)
    return NotSupportedError(error)


def unwrapped(error: BaseException) -> BaseException | None:
    """The error of the SDK in one of this driver, or in SQLAlchemy's around it."""
    cause = getattr(error, "orig", error)
    found = getattr(cause, "host_error", None)
    return found if isinstance(found, BaseException) else None
