"""Asks Alembic's own planner, in this process."""

from __future__ import annotations

import io
import logging
import tempfile
import warnings
from types import ModuleType

from alembic.runtime.migration import HeadMaintainer
from alembic.runtime.migration import MigrationContext
from alembic.script import Script
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionMap
from alembic.util import CommandError

from graph import Graph
from graph import Revision
from outcome import Crashed
from outcome import Done
from outcome import Outcome
from outcome import Refused
from outcome import Step

# `downgrade -1 from multiple heads is ambiguous`; host says so in a note.
warnings.simplefilter("ignore")
logging.getLogger("alembic").setLevel(logging.ERROR)


class Alembic:
    """Alembic with the scripts of one graph."""

    def __init__(self, graph: Graph) -> None:
        revisions = RevisionMap(lambda: [_script(revision) for revision in graph.revisions])
        for revision in graph.revisions:
            script = revisions._revision_map[revision.id]
            # Alembic keeps these in the order of a set, which is another one in each process. Both sides take the order
            # in which they are written down.
            kept = set(script._normalized_resolved_dependencies)
            in_order = [name for name in script._resolved_dependencies if name in kept]
            script._normalized_resolved_dependencies = tuple(in_order)
        self.directory = ScriptDirectory(tempfile.gettempdir())
        self.directory.revision_map = revisions

    def ask(self, command: str, rows: tuple[str, ...], targets: tuple[str, ...]) -> Outcome:
        """What the command would do from rows that come in this order."""
        planned = None
        try:
            match command:
                case "upgrade":
                    # Its command line takes one target, its planner several.
                    steps = self.directory._upgrade_revs(targets if len(targets) > 1 else targets[0], rows)
                case "downgrade":
                    steps = self.directory._downgrade_revs(targets[0], rows)
                case _:
                    steps = self.directory._stamp_revs(targets, rows)
            planned = () if command == "stamp" else tuple(step.revision.revision for step in steps)
            heads = HeadMaintainer(_offline_context(), rows)
            after = []
            for step in steps:
                heads.update_to_step(step)
                after.append(tuple(sorted(heads.heads)))
        except CommandError as error:
            return Refused(str(error))
        except Exception as error:
            return Crashed(f"{type(error).__name__}: {error}", planned)
        return Done(tuple(map(Step, planned, after)), tuple(sorted(heads.heads)))


def _script(revision: Revision) -> Script:
    module = ModuleType(revision.id)
    module.revision = revision.id
    module.down_revision = revision.revises or None
    module.depends_on = revision.depends_on or None
    module.branch_labels = revision.labels or None
    module.upgrade = module.downgrade = lambda: None
    return Script(module, revision.id, f"{revision.id}.py")


def _offline_context() -> MigrationContext:
    """Statements for the version table go into a buffer."""
    return MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": io.StringIO()})
