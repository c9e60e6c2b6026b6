"""The way to host. In a component the runtime puts the functions of the contract here; elsewhere there are none."""

from __future__ import annotations

from typing import Any


class _Nowhere:
    """What stands for host where there is none."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(
            "there is no host here: SQL, the log and the facts of a run only exist while host runs a migration. "
            "Test the parts that need none of them, or try the whole with `host upgrade` on a development database"
        )


#: The interfaces `sql`, `bulk`, `transforms` and `env` of the contract.
sql: Any = _Nowhere()
bulk: Any = _Nowhere()
transforms: Any = _Nowhere()
#: Makes an `apply-mode` of its number.
apply_mode: Any = _Nowhere()
env: Any = _Nowhere()
#: The exception by which a call fails. Its `value` is what `_contract` made of the error.
Err: type[Exception] = RuntimeError
