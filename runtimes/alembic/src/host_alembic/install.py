"""Puts the parts together, when the runtime is built."""

from __future__ import annotations

import asyncio
import gc
import logging

import alembic
import mako
import refusals
import report
import sqlalchemy
import typing_extensions
from host_sqlalchemy import asynchronous, errors

from . import config, context, drivers, engines, modules, stand_ins, variables, warm

#: What the runtime of Python refuses, and this one has.
_ALLOWED = "asyncio concurrent sqlmodel asyncpg pg8000 psycopg psycopg2"

#: How many new objects are worth a collection.
_COLLECTED_AT_ONCE = 20_000

_UNKNOWN = (
    "name it in `include` below [alembic] in host.toml if it is a module of this project, and list it in [python] requirements there if it is a "
    "package in pure Python"
)
_WITHOUT_ENV = "where only env.py and the models need it, write `env = false` below [alembic] in host.toml"


def install() -> None:
    """After everything is imported."""
    refusals.allow(*_ALLOWED.split())
    refusals.say_of_unknown(_UNKNOWN)
    refusals.advise(refusals.COMPILED, _WITHOUT_ENV)
    engines.install()
    context.install()
    asynchronous.install()
    drivers.install()
    stand_ins.install()
    variables.install()
    report.look_into(errors.unwrapped)
    for package in (sqlalchemy, alembic, mako):
        report.hide(package.__file__.removesuffix("__init__.py"))
    own = __file__.removesuffix("host_alembic/install.py")
    report.hide(own, typing_extensions.__file__, asyncio.__file__.removesuffix("__init__.py"), "<string>")
    modules.remember_installed()


def warm_up() -> None:
    """At last."""
    warm.warm_up()
    config.make_ready()
    # Host says itself which revision runs.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # What is there already lives as long as the component: no collection has to look at it.
    gc.collect()
    gc.freeze()
    # A revision leaves some thousands of objects in circles, all of them small.
    gc.set_threshold(_COLLECTED_AT_ONCE)
