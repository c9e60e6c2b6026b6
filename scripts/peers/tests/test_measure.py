"""Rounds, and the look at what a tool did. The server is a stand-in with given answers."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any
from typing import Iterable

import steps
from command import Command
from measure import Record
from measure import measure
from measure import rotated
from place import Place
from tool import Tool


class Stub(Tool):
    """A tool that does nothing, successfully."""

    name = "stub"
    recorded = "SELECT recorded"

    def write(self, steps: Iterable[steps.Step]) -> None:
        pass

    def apply(self, place: Place) -> Command:
        return self.command("true")


class StandIn:
    """A server that has these objects and records."""

    def __init__(self, objects: str, recorded: str) -> None:
        self.answers = {steps.objects_query(8): objects, Stub.recorded: recorded}
        self.made: list[str] = []

    def fresh_database(self, name: str) -> Place:
        self.made.append(name)
        return Place(1, "peers", name)

    def drop_database(self, name: str) -> None:
        self.made.remove(name)

    def query(self, sql: str, database: str) -> str:
        return self.answers[sql]

    def processor_seconds(self) -> float:
        return 0.0


def measured(objects: str, recorded: str) -> tuple[Record, StandIn]:
    with tempfile.TemporaryDirectory() as folder:
        server: Any = StandIn(objects, recorded)
        (record,) = measure(server, [Stub(Path(folder), Path(folder))], 8, 2, lambda line: None)
        return record, server


class MeasureTest(unittest.TestCase):
    def test_every_tool_comes_first_once(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            records = [Record(Stub(Path(folder), Path(folder))) for _ in range(4)]
        orders = [rotated(records, turn) for turn in range(4)]
        self.assertEqual([order[0] for order in orders], records)
        for order in orders:
            self.assertEqual(len(order), 4)
            self.assertTrue(all(record in order for record in records))

    def test_the_round_that_warms_up_does_not_count(self) -> None:
        record, server = measured("2|2|2|2", "8")
        self.assertIsNone(record.failure)
        self.assertEqual((len(record.applied), len(record.idle)), (2, 2))
        self.assertEqual(server.made, [])

    def test_a_missing_object_is_a_failure(self) -> None:
        record, server = measured("2|2|1|2", "8")
        self.assertEqual(record.failure, "2|2|1|2 tables, columns, indexes and rows in place of 2|2|2|2")
        self.assertEqual((record.applied, server.made), ([], []))

    def test_a_missing_record_is_a_failure(self) -> None:
        self.assertEqual(measured("2|2|2|2", "7")[0].failure, "7 recorded in place of 8")
        self.assertEqual(measured("2|2|2|2", "")[0].failure, "nothing recorded in place of 8")
