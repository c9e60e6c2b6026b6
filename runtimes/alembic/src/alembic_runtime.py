"""The runtime of Alembic projects: one component that runs every revision file. It is the runtime of Python with SQLAlchemy and Alembic
in it. What stands at the top level here runs once, when the runtime is built; its memory is part of the component."""

import streams  # first: others remember the streams when they are imported

import logging

import bindings
import packages
import refusals
import report
import script
import standard_library
import wit_world.imports.types
from componentize_py_types import Err

# While the runtime is built, there is no log.
logging.disable()
bindings.connect()
standard_library.load()

import alembic_library  # noqa: E402  it needs what stands above

alembic_library.load()
packages.load()

import host_alembic.install  # noqa: E402
from host_alembic import author, run  # noqa: E402

host_alembic.install.install()
script.warm_up()
refusals.install()
host_alembic.install.warm_up()
logging.disable(logging.NOTSET)


class Script:
    """The export `script` of the contract."""

    def check(self, file: str, source: str) -> None:
        problem = run.check(file, source)
        if problem is not None:
            raise Err(problem)

    def upgrade(self, file: str, source: str) -> None:
        report.guard(lambda: run.run(file, source, "upgrade"))

    def downgrade(self, file: str, source: str) -> None:
        report.guard(lambda: run.run(file, source, "downgrade"))

    def apply(self, file: str, source: str, pipeline: str, input: object) -> None:
        raise Err(wit_world.imports.types.Failure_Message("Alembic's revisions have no transforms"))


class Reuse:
    """The export `reuse` of the contract."""

    def is_fit(self) -> bool:
        return run.is_fit()


class ReadAhead:
    """The export `read-ahead` of the contract."""

    def read(self, file: str, source: str) -> None:
        run.read_ahead(file, source)


class Author:
    """The export `author` of the contract."""

    def generate(self, request: str) -> str:
        answer: list[str] = []
        report.guard(lambda: answer.append(author.generate(request)))
        return answer[0]
