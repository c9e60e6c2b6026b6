"""Time on the clock and on processors, of real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import processor
from command import Command
from command import Failure
from command import run

BURN = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"


def python(code: str, folder: str, **environment: str) -> Command:
    return Command([sys.executable, "-c", code], Path(folder), environment)


class CostsTest(unittest.TestCase):
    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = self._folder.name

    def test_the_processor_time_of_a_program_and_its_children_counts(self) -> None:
        code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}], check=True)\n{BURN}"
        cost = run(python(code, self.folder))
        self.assertGreaterEqual(cost.processor, 0.6)
        self.assertGreaterEqual(cost.wall, 0.6)

    def test_waiting_is_no_processor_time(self) -> None:
        cost = run(python("import time; time.sleep(0.5)", self.folder))
        self.assertGreaterEqual(cost.wall, 0.5)
        self.assertLess(cost.processor, 0.4)

    def test_a_program_that_fails_tells_what_it_printed(self) -> None:
        with self.assertRaisesRegex(Failure, "ended with 3\nwhat went wrong"):
            run(python("import sys; print('what went wrong'); sys.exit(3)", self.folder))

    def test_a_program_that_is_not_there_is_a_failure(self) -> None:
        with self.assertRaisesRegex(Failure, "/nowhere/tool did not start: No such file"):
            run(Command(["/nowhere/tool"], Path(self.folder)))

    def test_the_environment_is_sealed(self) -> None:
        os.environ["PGHOST"] = "elsewhere"
        self.addCleanup(os.environ.pop, "PGHOST")
        code = "import os, sys; sys.exit('PGHOST' in os.environ or os.environ['ONE'] != '1')"
        run(python(code, self.folder, ONE="1"))

    def test_the_line_of_a_process_is_read_whatever_its_name(self) -> None:
        fields = "S 7 0 0 0 0 0 0 0 0 0 100 20 3 4 20 0 1"
        self.assertEqual(processor.parse(f"42 (a) (b c) {fields}"), processor.Process(42, 7, 120, 7))

    def test_children_that_live_and_children_that_ended_count(self) -> None:
        before = processor.seconds(os.getpid())
        subprocess.run([sys.executable, "-c", BURN], check=True)
        ended = processor.seconds(os.getpid())
        self.assertGreaterEqual(ended - before, 0.25)
        code = f"{BURN}\nprint(flush=True)\ninput()"
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            living = processor.seconds(os.getpid())
            self.assertGreaterEqual(living - ended, 0.25)
            self.assertIn("input()", processor.title(child.pid))
            child.communicate(b"\n")
