"""Every tool gets the whole history, and can be installed."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from place import Place
from steps import steps
from tools import TOOLS
from tools.alembic import Alembic
from tools.host import Host
from tools.psql import Psql

FOLDER = Path(__file__).parents[1]

# Their programs are not installed by the script.
HERE = (Host, Psql)


class ToolsTest(unittest.TestCase):
    def test_every_migration_stands_in_one_file_in_the_order_of_the_history(self) -> None:
        # Host is not among them: writing builds the project, which takes its program.
        for kind in TOOLS:
            if kind is Host:
                continue
            with self.subTest(kind.name), tempfile.TemporaryDirectory() as folder:
                kind(Path("/nowhere"), Path(folder)).write(steps(12))
                # Versions are numbers, with zeros in front or without.
                files = sorted((file for file in Path(folder).rglob("*") if file.is_file()), key=_number)
                text = "".join(file.read_text() for file in files)
                places = [text.find(step.up) for step in steps(12)]
                self.assertNotIn(-1, places)
                self.assertEqual(places, sorted(places))
                for step in steps(12):
                    self.assertEqual(text.count(step.up), 1)

    def test_revisions_of_alembic_are_a_chain(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Alembic(Path("/nowhere"), Path(folder)).write(steps(3))
            parents = {}
            for file in sorted(Path(folder, "alembic/versions").iterdir()):
                namespace: dict = {}
                # The package is not needed to read them.
                exec(file.read_text().replace("from alembic import op", ""), namespace)
                parents[namespace["revision"]] = namespace["down_revision"]
        self.assertEqual(
            parents, {"000000000000": None, "000000000001": "000000000000", "000000000002": "000000000001"}
        )

    def test_every_tool_has_a_version_and_a_way_to_install_it(self) -> None:
        versions = dict(line.split() for line in (FOLDER / "versions").read_text().splitlines())
        script = (FOLDER / "install").read_text()
        names = [kind.name for kind in TOOLS if kind not in HERE]
        for name in names:
            self.assertIn(name, versions)
            self.assertIn(f"install_{name}() {{", script)

    def test_a_tool_that_is_not_installed_says_why(self) -> None:
        kind = next(kind for kind in TOOLS if kind not in HERE)
        with tempfile.TemporaryDirectory() as folder:
            tool = kind(Path(folder), Path(folder))
            self.assertEqual(tool.missing(), "it is not installed")
            Path(folder, "missing").write_text("go is not installed\n")
            self.assertEqual(tool.missing(), "go is not installed")
            Path(folder, "version").write_text("1.2.3\n")
            self.assertIsNone(tool.missing())

    def test_urls_are_of_the_database_of_the_run(self) -> None:
        place = Place(5555, "peers", "one")
        for kind in TOOLS:
            with self.subTest(kind.name):
                command = kind(Path("/nowhere"), Path("/nowhere")).apply(place)
                told = " ".join([*command.arguments, *command.environment.values()])
                self.assertRegex(told, r"127\.0\.0\.1:5555/one\?sslmode=disable")


def _number(file: Path) -> tuple[int, str]:
    digits = file.name.lstrip("V").partition("_")[0]
    return (int(digits) if digits.isdigit() else -1, file.name)
