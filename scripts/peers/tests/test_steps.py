"""The history is that of the other benchmarks, and what it leaves behind is counted right."""

from __future__ import annotations

import unittest
from pathlib import Path

from steps import TEMPLATES
from steps import objects
from steps import steps

PROJECT = Path(__file__).parents[3] / "host/benches/speed/project.rs"


class StepsTest(unittest.TestCase):
    def test_the_statements_are_those_of_the_other_benchmarks(self) -> None:
        mixed = PROJECT.read_text().partition("fn mixed(")[2].partition("\n}\n")[0]
        places = [mixed.find(f'"{statement}"') for template in TEMPLATES for statement in template]
        self.assertNotIn(-1, places)
        self.assertEqual(places, sorted(places))

    def test_objects_are_counted_from_the_statements(self) -> None:
        starts = ("CREATE TABLE", "ALTER TABLE", "CREATE INDEX", "INSERT")
        for count in (1, 2, 3, 4, 5, 11, 1000):
            statements = [step.up for step in steps(count)]
            counted = tuple(sum(statement.startswith(start) for statement in statements) for start in starts)
            self.assertEqual(objects(count), counted)

    def test_a_step_names_its_table_and_itself(self) -> None:
        last = list(steps(8))[-1]
        self.assertEqual(last.up, "INSERT INTO thing_1 (id, name) VALUES (7, 'thing 7')")
        self.assertEqual(last.down, "DELETE FROM thing_1 WHERE id = 7")
