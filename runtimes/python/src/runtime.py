"""The runtime of migrations in Python: one component that runs every `.py` file. What stands at the top level here runs
once, when the runtime is built; its memory is part of the component."""

import streams  # first: others remember the streams when they are imported

import bindings
import packages
import refusals
import report
import script
import standard_library
import wit_world.imports.types
from componentize_py_types import Err

bindings.connect()
standard_library.load()
packages.load()
script.warm_up()
refusals.install()


class Script:
    """The export `script` of the contract."""

    def check(self, file: str, source: str) -> None:
        problem = script.check(file, source)
        if problem is not None:
            raise Err(problem)

    def upgrade(self, file: str, source: str) -> None:
        report.guard(lambda: script.run(file, source, "upgrade"))

    def downgrade(self, file: str, source: str) -> None:
        report.guard(lambda: script.run(file, source, "downgrade"))

    def apply(self, file: str, source: str, pipeline: str, input: wit_world.imports.types.Tuples) -> wit_world.imports.types.Tuples:
        made = report.guard(lambda: script.apply(file, source, pipeline, input.rows, input.data))
        return wit_world.imports.types.Tuples(*made)
