"""Says what a migration raised, as Python would, without the frames of the runtime."""

import traceback
from collections.abc import Callable
from typing import Any

import host
import streams
from componentize_py_types import Err
from host import _bridge, _contract, _lower
from wit_world.imports import env
from wit_world.imports import types as contract

#: Where the runtime's and the SDK's own code is: the folders that were given when it was built.
_HIDDEN = [__file__.removesuffix("report.py"), host.__file__.removesuffix("__init__.py")]
#: Find the error of the SDK in one that a library made of it.
_UNWRAP: list[Callable[[BaseException], BaseException | None]] = []
#: Where the standard library is.
_LIBRARY = traceback.__file__.removesuffix("traceback.py")
_GROUP_WIDTH_MAX = 15


def hide(*places: str) -> None:
    """Leaves the frames of other code out as well: files whose names begin so."""
    _HIDDEN.extend(places)


def look_into(unwrap: Callable[[BaseException], BaseException | None]) -> None:
    """Reports what `unwrap` finds in an error as host's own, where it finds something."""
    _UNWRAP.append(unwrap)


def guard(work: Callable[[], Any]) -> Any:
    """Runs one direction of a migration, or a batch. What it raises becomes a failure of the contract."""
    streams.begin()
    try:
        result = work()
    except host.Irreversible:
        failure = contract.Failure_Irreversible()
    except BaseException as error:
        failure = _failure(error)
    else:
        return result
    finally:
        streams.finish()
    raise Err(failure)


def _failure(error: BaseException) -> object:
    cause = next((found for unwrap in _UNWRAP if (found := unwrap(error)) is not None), error)
    if isinstance(cause, host.SqlError):
        # Host shows what the server said, and the statement.
        return contract.Failure_Message("it was sent from\n" + _stack(error))
    refused = _refused(cause)
    if refused is not None:
        # Host knows more about it, such as the line to write into the metadata.
        env.report_panic(streams.printable(str(cause)), _stack(error))
        return contract.Failure_Sql(refused)
    return contract.Failure_Message(describe(error))


def _refused(error: BaseException) -> object:
    """The error of the contract, where the host has more to say about it than its message."""
    if isinstance(error, host.Exceeded):
        limit = _contract.Limit[error.limit.upper().replace("-", "_")]
        return _lower.case(_contract.ErrorExceeded, limit)
    if isinstance(error, (host.Denied, host.Offline)):
        return _lower.case(_contract.ERRORS[type(error)], streams.printable(str(error)))
    return None


def describe(error: BaseException) -> str:
    """The traceback, with the exceptions that led to it."""
    text = traceback.TracebackException.from_exception(error, max_group_width=_GROUP_WIDTH_MAX)
    _trim(text, set())
    return streams.printable("".join(text.format()).rstrip())


def _stack(error: BaseException) -> str:
    text = traceback.TracebackException.from_exception(error)
    _trim(text, set())
    return streams.printable("".join(text.stack.format()).rstrip())


def _trim(error: traceback.TracebackException | None, seen: set[int]) -> None:
    """Leaves out the frames of the runtime, in the exceptions that led to this one as well."""
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    hidden = tuple(_HIDDEN)
    frames = [frame for frame in error.stack if not frame.filename.startswith(hidden)]
    for frame in frames:
        frame.filename = frame.filename.removeprefix(_LIBRARY)
    error.stack = traceback.StackSummary.from_list(frames)
    for other in (error.__cause__, error.__context__, *(error.exceptions or ())):
        _trim(other, seen)
