"""Connects the SDK with the bindings of the contract."""

import componentize_py_async_support.futures  # noqa: F401  the bindings import it when they are ready, too late for us
import componentize_py_async_support.streams  # noqa: F401
import wit_world.imports.bulk
import wit_world.imports.env
import wit_world.imports.sql
import wit_world.imports.transforms
import wit_world.imports.types
from componentize_py_types import Err
from host import _bridge, _contract


def connect() -> None:
    """When the runtime is built, at the top level of its main module: the bindings look the types up when that module is
    loaded, and keep what they find."""
    for name, kind in _contract.TYPES.items():
        setattr(wit_world.imports.types, name, kind)
    _bridge.sql = wit_world.imports.sql
    _bridge.bulk = wit_world.imports.bulk
    _bridge.transforms = wit_world.imports.transforms
    _bridge.apply_mode = wit_world.imports.transforms.ApplyMode
    _bridge.env = wit_world.imports.env
    _bridge.Err = Err
