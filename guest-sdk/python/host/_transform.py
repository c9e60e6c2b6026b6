"""Big tables that host rewrites batch by batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from . import _bridge, _tuples
from ._bulk import column_types, target
from ._errors import Misuse
from ._rows import row_class
from ._sql import call, prepare, text

#: What becomes of the rows, in the order of the contract.
_MODES = ("update", "insert", "upsert")


class _Plan:
    """The record `transform-plan` of the contract."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


def run_transform(
    function: Callable[..., Iterable[Sequence[Any]]],
    source: str,
    *,
    key: Sequence[str],
    into: str,
    columns: Sequence[str],
    mode: Literal["update", "insert", "upsert"] = "update",
    schema: str | None = None,
    batch_rows: int = 10_000,
    batch_bytes: int = 8 << 20,
    parallelism: int = 1,
    commit_per_batch: bool = False,
) -> int:
    """Rewrites a big table, and gives the number of rows written. Host reads the rows of `source`, a batch at a time, hands them to
    `function` and writes what it gives back.

    ```python
    def digits(guests):
        for id, phone in guests:
            yield id, phone.replace(" ", "")


    def upgrade() -> None:
        host.run_transform(
            digits, "SELECT id, phone FROM guests", key=["id"], into="guests", columns=["id", "phone"]
        )
    ```

    `function` stands at the top level of the migration. It gets the rows of one batch and gives rows of `columns`, in any number; those
    for which it gives nothing stay as they are. It runs in an instance of its own, which keeps nothing from one batch to the next and
    can run no statements. `key` are columns of the source: those of a unique index of the table that they come from, in its order.
    """
    if mode not in _MODES:
        raise Misuse(f"mode is one of {', '.join(_MODES)}, not {mode!r}")
    name = getattr(function, "__name__", "")
    if not name.isidentifier() or getattr(function, "__qualname__", "") != name:
        raise Misuse("the function of a transform stands at the top level of the migration, as a `def` with a name")
    if isinstance(key, str) or isinstance(columns, str):
        raise Misuse("key and columns are lists of names of columns")
    for option, number in (("batch_rows", batch_rows), ("batch_bytes", batch_bytes), ("parallelism", parallelism)):
        if not isinstance(number, int) or not 0 <= number < 1 << 32:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise Misuse(f"{option} is a whole number, not {number!r}")
    with prepare(source) as statement:
        given = statement.columns()
    taken = column_types(schema, into, columns)
    for what, types in (("the source", [(one.name, one.type_oid) for one in given]), (into, taken)):
        for column, kind in types:
            if not _tuples.is_readable([kind]):
                raise Misuse(f"the column '{column}' of {what} has a type that Python reads only as text: cast it to text")
    facts = {"source": [[one.name, one.type_oid] for one in given], "columns": taken}
    plan = _Plan(
        source=text(source),
        key=[text(one) for one in key],
        into=target(schema, into, [text(one) for one in columns]),
        mode=_bridge.apply_mode(_MODES.index(mode)),
        batch_rows=batch_rows,
        batch_bytes=batch_bytes,
        parallelism=parallelism,
        commit_per_batch=commit_per_batch,
    )
    written: int = call(_bridge.transforms.run_transform, f"{name}\n{json.dumps(facts)}", plan)
    return written


def apply(module: Any, pipeline: str, rows: int, data: bytes) -> tuple[int, bytes]:
    """What the runtime does with a batch: the number of rows that the function gives back, and their bytes."""
    name, _, facts = pipeline.partition("\n")
    types = json.loads(facts)
    function = getattr(module, name, None)
    if function is None:
        raise NameError(f"the migration has no function '{name}'")
    row = row_class(tuple([column for column, _ in types["source"]]))
    batch = _tuples.reader(tuple([kind for _, kind in types["source"]]), row)(data, rows)
    made = function(batch)
    if not hasattr(made, "__iter__"):
        raise Misuse(f"{name} has to give back rows, by `yield id, phone` or as a list, not {made!r}")
    return _tuples.writer(tuple([(column, kind) for column, kind in types["columns"]]))(list(made))
