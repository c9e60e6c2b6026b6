"""`asyncio` and SQLAlchemy's asynchronous engines, where nothing ever waits: the driver has the rows when a call returns, and sleeping
takes no time."""

from __future__ import annotations

import asyncio
import asyncio.base_events
import asyncio.events
import sys
from collections.abc import Awaitable, Callable, Coroutine
from types import ModuleType
from typing import Any, TypeVar

Result = TypeVar("Result")


class _NothingToWaitFor:
    """Stands for what tells an event loop which of its sockets have something."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("this waits for something that cannot come: migrations have no network, no processes and no threads")
        self._loop.now += max(timeout, 0)
        return []

    def close(self) -> None:
        """Part of a selector."""


class Loop(asyncio.base_events.BaseEventLoop):
    """An event loop whose clock goes on when everything waits."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._selector = _NothingToWaitFor(self)

    def time(self) -> float:
        return self.now

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """There is no other thread to wake."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """There are no threads, so it is done at once."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def run(main: Coroutine[Any, Any, Result], *, debug: bool | None = None, loop_factory: object = None) -> Result:
    """As `asyncio.run`, also where a loop runs already: a migration that is called from an asynchronous env.py may do so."""
    outer = asyncio.events._get_running_loop()
    task = None if outer is None else asyncio.tasks._swap_current_task(outer, None)  # type: ignore[attr-defined]
    asyncio.events._set_running_loop(None)
    loop = Loop()
    try:
        asyncio.events.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        asyncio.events.set_event_loop(outer)
        asyncio.events._set_running_loop(outer)
        if outer is not None:
            asyncio.tasks._swap_current_task(outer, task)  # type: ignore[attr-defined]


async def _spawn(function: Callable[..., Any], *args: Any, _require_await: bool = False, **named: Any) -> Any:
    """In place of SQLAlchemy's `greenlet_spawn`, which lets a synchronous function wait."""
    return function(*args, **named)


def _wait(awaitable: Awaitable[Result]) -> Result:
    """In place of SQLAlchemy's `await_`, which waits in a synchronous function."""

    async def waited() -> Result:
        return await awaitable

    return run(waited())


class _Greenlet:
    """Stands for a greenlet, so that SQLAlchemy's asynchronous part can be imported. None is ever made."""

    gr_context = None
    __sqlalchemy_greenlet_provider__ = True


def prepare() -> None:
    """Before SQLAlchemy is imported: a package `greenlet`, whose own code is compiled for one kind of machine."""
    module = ModuleType("greenlet", "Stands for greenlet where nothing ever waits.")
    module.__dict__.update(greenlet=_Greenlet, getcurrent=_Greenlet, GreenletExit=SystemExit, __version__="3.0")
    sys.modules["greenlet"] = module


def install() -> None:
    """When the runtime is built: in place of what needs greenlets and sockets."""
    asyncio.run = asyncio.runners.run = run  # type: ignore[assignment]
    asyncio.new_event_loop = asyncio.events.new_event_loop = Loop  # type: ignore[assignment]
    own = {"greenlet_spawn": _spawn, "await_": _wait, "await_only": _wait, "await_fallback": _wait}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("sqlalchemy", "alembic"):
            for function, replacement in own.items():
                if function in vars(module):
                    setattr(module, function, replacement)
