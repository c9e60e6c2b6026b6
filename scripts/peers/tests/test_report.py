"""Figures, ratios and goals."""

from __future__ import annotations

import unittest
from pathlib import Path

import report
from measure import Record
from measure import Sample
from report import Figure
from tools.goose import Goose


def figure(name: str, wall: float, processor: float = 1.0, takes_part: bool = True) -> Figure:
    return Figure(name, "1.0", takes_part, wall, wall, processor / 2, processor / 2)


def verdicts(applied: list[Figure], idle: list[Figure]) -> list[bool | None]:
    return [goal.kept for goal in report.goals(applied, idle)]


class ReportTest(unittest.TestCase):
    def test_goals_are_kept_by_the_first_and_lean(self) -> None:
        applied = [figure("host", 4.0, 3.6), figure("goose", 4.1, 3.0), figure("tern", 5.0)]
        self.assertEqual(verdicts(applied, applied), [True, True, True])

    def test_goals_are_missed_by_the_second_and_by_the_fat(self) -> None:
        applied = [figure("host", 4.0, 3.7), figure("goose", 4.1, 3.0), figure("tern", 3.9)]
        idle = [figure("host", 0.02), figure("goose", 0.01)]
        self.assertEqual(verdicts(applied, idle), [False, False, False])

    def test_psql_is_nobody_to_win_against(self) -> None:
        applied = [figure("host", 4.0), figure("goose", 4.1), figure("psql", 1.0, takes_part=False)]
        self.assertEqual(verdicts(applied, applied), [True, True, True])
        self.assertEqual(verdicts([figure("host", 4.0), applied[2]], [])[0], None)

    def test_what_could_not_be_measured_is_not_kept(self) -> None:
        applied = [figure("host", 4.0), figure("tern", 4.1)]
        self.assertEqual(verdicts(applied, []), [True, None, None])

    def test_the_table_is_ordered_and_tells_what_is_left_out(self) -> None:
        figures = [figure("host", 4.0, 3.0), figure("goose", 2.0, 1.5)]
        lines = report.table(figures, {"dbmate": "go is not installed\nmore"}, "s").splitlines()
        self.assertEqual(lines[2], "| goose 1.0 | 2.00 (2.00) | 0.50 | 1.00 | 0.75 + 0.75 = 1.50 | 0.50 | 1.00 |")
        self.assertEqual(lines[3], "| host 1.0 | 4.00 (4.00) | 1.00 | 2.00 | 1.50 + 1.50 = 3.00 | 1.00 | 2.00 |")
        self.assertEqual(lines[4], "| dbmate | not measured: go is not installed | | | | | |")

    def test_the_best_of_all_rounds_counts(self) -> None:
        record = Record(Goose(Path("/nowhere"), Path("/nowhere")))
        record.applied = [Sample(3.0, 1.0, 1.0), Sample(2.0, 2.0, 2.0), Sample(4.0, 1.0, 2.0)]
        (best,) = report.applied([record])
        self.assertEqual((best.wall, best.wall_median, best.processor), (2.0, 3.0, 2.0))

    def test_a_tool_that_failed_has_no_figures(self) -> None:
        record = Record(Goose(Path("/nowhere"), Path("/nowhere")), failure="249 recorded in place of 250")
        self.assertEqual(report.applied([record]), [])
        self.assertEqual(report.idle([record]), [])
