"""Checks and runs the source of a migration."""

import inspect
import linecache
import random
import symtable
import sys
import traceback
import types
import warnings
from collections.abc import Callable
from itertools import islice

import host
import report
import streams
from host import _transform


def check(file: str, source: str) -> str | None:
    """What can be wrong with a source without running it, in the words of Python; nothing if it is right."""
    problem = check_syntax(file, source)
    if problem is not None:
        return problem
    table = symtable.symtable(_text(source), file, "exec")
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    if "upgrade" not in names:
        return f"'{file}' has no function 'upgrade': write `def upgrade() -> None:`, and in it what the migration does"
    return None


def check_syntax(file: str, source: str) -> str | None:
    """Whether a text is Python, in the words of Python where it is not."""
    source = _text(source)
    try:
        _compile(file, source)
    except (SyntaxError, ValueError) as error:
        linecache.cache[file] = _cached(file, source)
        return streams.printable("".join(traceback.format_exception_only(error)).rstrip())
    return None


def run(file: str, source: str, direction: str) -> None:
    """Runs one direction."""
    source = _text(source)
    run = host.run_info()
    random.seed(run.seed)
    module = _load(file, source)
    function = getattr(module, direction, None)
    if function is None:
        if direction == "downgrade":
            raise host.Irreversible
        raise NameError(f"'{file}' has no function '{direction}'")
    _call(function, direction)


def apply(file: str, source: str, pipeline: str, rows: int, data: bytes) -> tuple[int, bytes]:
    """Runs one batch of a transform."""
    random.seed(host.run_info().seed)
    return _transform.apply(_load(file, _text(source)), pipeline, rows, data)


def _call(function: Callable[[], object], direction: str) -> None:
    result = function()
    if not inspect.iscoroutine(result):
        return
    try:
        result.send(None)
    except StopIteration:
        return
    result.close()
    raise RuntimeError(
        f"'{direction}' waits for an event loop, which migrations have not: write `def {direction}()` without async"
    )


def _load(file: str, source: str) -> types.ModuleType:
    linecache.cache[file] = _cached(file, source)
    module = types.ModuleType("migration")
    module.__file__ = file
    # A dataclass looks its module up there.
    sys.modules["migration"] = module
    exec(_compile(file, source), module.__dict__)
    return module


def _compile(file: str, source: str) -> types.CodeType:
    with warnings.catch_warnings():
        # Whether "\d" will be an error one day is nothing for the log of a deploy.
        warnings.simplefilter("ignore")
        try:
            return compile(source, file, "exec", dont_inherit=True)
        except SyntaxError as error:
            # Where it is not the parser that finds it, Python would read the line from the file.
            if error.text is None and error.lineno is not None:
                error.text = next(islice(source.splitlines(), error.lineno - 1, None), None)
            raise


def _text(source: str) -> str:
    return source.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")


def _cached(file: str, source: str) -> tuple[int, None, list[str], str]:
    """What `linecache` keeps of a file, so that tracebacks have its lines."""
    return len(source), None, source.splitlines(True), file


def warm_up() -> None:
    """Runs everything once while the runtime is built, so that what Python does only once is done."""
    source = "import json\n\n\ndef upgrade() -> None:\n    rows = {}\n    print(rows['a'], json.dumps(rows))\n"
    try:
        _load("warm.py", source).upgrade()
    except KeyError as error:
        report.describe(error)
    check("warm.py", source.replace("rows", "1rows", 1))
    check("warm.py", source)
    linecache.cache.pop("warm.py", None)
    del sys.modules["migration"]
