"""What a migration in Python imports.

```python
import host


def upgrade() -> None:
    host.execute("CREATE TABLE tables (number integer PRIMARY KEY, place text)")
    host.execute_many("INSERT INTO tables VALUES ($1, $2)", [(1, "by the window"), (2, None)])


def downgrade() -> None:
    host.execute("DROP TABLE tables")
```

Host owns the one connection and the one transaction: what is done here is committed together with the version when the
function returns, and rolled back when it raises. There are no files, no network and no clock.

- `execute`, `execute_script`, `execute_many`, `query`, `query_one`, `query_optional` and `prepare` run SQL.
- `cursor` and `copy_into` read and write big tables, `run_transform` rewrites them batch by batch.
- `savepoint` undoes a part.
- `print`, `logging` and `log` write to host's log; `progress` says how far a long piece of work is; `run_info` has the
  facts of the run.
- Parameters and results are Python's own values. `Json`, `Jsonb`, `Range`, `Interval`, `Array`, `Raw`, `Date`, `Time`,
  `TimeTz`, `Timestamp` and `Timestamptz` stand for what Python has no type for.

Outside of host the values work as they do inside, so that the parts of a migration that only compute can be tested;
whatever needs host raises a RuntimeError there.
"""

from ._bulk import CopyIn, Cursor, Tuples, copy_into, cursor
from ._calendar import Date, Interval, Time, Timestamp, Timestamptz, TimeTz
from ._env import Level, RunInfo, log, progress, run_info
from ._errors import BadParams, Conversion, Denied, Exceeded, HostError, Irreversible, Misuse, Offline, SqlError
from ._json import Json, Jsonb
from ._rows import Row, Rows
from ._sql import (
    Savepoint,
    Statement,
    execute,
    execute_many,
    execute_script,
    prepare,
    query,
    query_one,
    query_optional,
    savepoint,
)
from ._transform import run_transform
from ._types import Array, Column, Range, Raw

__all__ = [
    "Array",
    "BadParams",
    "Column",
    "Conversion",
    "CopyIn",
    "Cursor",
    "Date",
    "Denied",
    "Exceeded",
    "HostError",
    "Interval",
    "Irreversible",
    "Json",
    "Jsonb",
    "Level",
    "Misuse",
    "Offline",
    "Range",
    "Raw",
    "Row",
    "Rows",
    "RunInfo",
    "Savepoint",
    "SqlError",
    "Statement",
    "Time",
    "TimeTz",
    "Timestamp",
    "Timestamptz",
    "Tuples",
    "copy_into",
    "cursor",
    "execute",
    "execute_many",
    "execute_script",
    "log",
    "prepare",
    "progress",
    "query",
    "query_one",
    "query_optional",
    "run_info",
    "run_transform",
    "savepoint",
]

# In tracebacks and in `repr` the classes are called as they are imported.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "host"
