"""Prints the revisions of the Alembic project in this folder as JSON, in the order of an upgrade: each with the revision that a downgrade
of it leads to, if they are a line. In a process of its own, because it imports the project.

python3 -m alembic_corpus.order
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory


def _is_line(revisions: list[Any]) -> bool:
    below = [one.down_revision for one in revisions]
    return len(set(below)) == len(below) and not any(isinstance(one, tuple) for one in below) and not any(one.dependencies for one in revisions)


def main() -> None:
    """Prints them."""
    sys.path.insert(0, "")
    toml = {"toml_file": "pyproject.toml"} if Path("pyproject.toml").exists() else {}
    script: Any = ScriptDirectory.from_config(Config("alembic.ini", **toml))  # type: ignore[arg-type]
    revisions = [step.revision for step in script._upgrade_revs("heads", ())]
    is_line = _is_line(revisions)
    print(json.dumps([(one.revision, (one.down_revision or "base") if is_line else None) for one in revisions]))


if __name__ == "__main__":
    main()
