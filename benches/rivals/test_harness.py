"""The harness without its rivals: `python3 -m unittest` in this folder.

Stand-ins speak the protocol and answer from the golden file, rightly or not.
"""

import os
import random
import sys
import tempfile
import time
import unittest
import unittest.mock
from pathlib import Path

from harness import builds, golden, report, service_report, statistics, texts
from harness.contenders import Contender
from harness.program import Program
from harness.rounds import measure
from harness.services import Service
from harness.steps import Unavailable

STAND_IN = """
import json, sys
from harness import golden
manner = sys.argv[1]
known = {g.text: list(g.vector) for g in golden.read()}
if manner == "absent":
    print(json.dumps({"error": "no such CPU"})); sys.exit()
print(json.dumps({"ready": True, "name": manner, "version": "1", "setting": "none",
                  "starts": ["ids", "text"], "max_tokens": 512}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "embed" in request:
        vectors = [known[text] for text in request["embed"]]
        if manner == "wrong":
            vectors = [vector[::-1] for vector in vectors]
        print(json.dumps({"vectors": vectors}), flush=True)
    elif manner == "mortal":
        sys.exit()
    else:
        print(json.dumps({"ns": [2_000_000] * request["repeats"]}), flush=True)
"""


def command(manner):
    return [sys.executable, "-c", STAND_IN, manner]


class Harness(unittest.TestCase):
    """Who counts, and what is said of those who do not."""

    @classmethod
    def setUpClass(cls):
        known = golden.read()
        cls.manners = ["right", "wrong", "mortal", "absent", "unmade"]
        cls.entries = [Contender(m, m, "int8", lambda: None) for m in cls.manners]
        commands = {manner: command(manner) for manner in cls.manners}
        commands["unmade"] = Unavailable("its package is not to be had")
        records = measure(
            cls.entries, commands, texts.cases(known, quick=True), known[::32],
            texts.batch(known), threads=1, rounds=2, random=random.Random(1),
        )
        cls.records = statistics.summarise(records)

    def test_a_right_engine_counts(self):
        record = self.records["right"]
        self.assertTrue(record["golden"]["admitted"])
        self.assertAlmostEqual(record["golden"]["worst"], 1.0, places=6)
        self.assertEqual(record["times"]["one-ids"]["min"], 2.0)
        self.assertEqual(record["times"]["many-ids"]["min"], 2.0 / texts.BATCH)
        self.assertIsNone(record["times"]["route"])

    def test_a_wrong_engine_is_shown_without_times(self):
        record = self.records["wrong"]
        self.assertFalse(record["golden"]["admitted"])
        self.assertEqual({times for times in record["times"].values()}, {None})

    def test_who_fails_is_named_with_the_reason(self):
        self.assertIn("ended without an answer", self.records["mortal"]["why_not"])
        self.assertEqual(self.records["absent"]["why_not"], "no such CPU")
        self.assertEqual(self.records["unmade"]["why_not"], "its package is not to be had")

    def test_the_page_says_all_of_it(self):
        lines = "\n".join(report.section("1", self.records, self.entries))
        self.assertIn("| right | 1; none | 1.00000 / 1.000", lines)
        self.assertIn("not admitted | – | – | – | – |", lines)
        self.assertIn("- mortal: failed while measured", lines)
        self.assertNotIn("| mortal |", lines)


class Stopping(unittest.TestCase):
    """A stopped contender takes no time, and an ended run leaves none behind."""

    def test_a_paused_program_stands_still(self):
        with tempfile.NamedTemporaryFile() as written:
            spin = (
                "import sys, threading\n"
                "def spin():\n"
                "    with open(sys.argv[1], 'ab', buffering=0) as out:\n"
                "        while True: out.write(b'.')\n"
                "threading.Thread(target=spin, daemon=True).start()\n"
                "print('{}', flush=True)\n"
                "sys.stdin.read()\n"
            )
            words = [sys.executable, "-c", spin, written.name]
            program = Program("spin", words, 1, os.sched_getaffinity(0))
            self.addCleanup(program.close)
            self.assertTrue(grows(written.name))
            program.pause()
            before = os.path.getsize(written.name)
            time.sleep(0.2)
            self.assertEqual(os.path.getsize(written.name), before)
            program.resume()
            self.assertTrue(grows(written.name))
            program.pause()
            program.close()
            self.assertFalse(Path(f"/proc/{program._process.pid}").exists())


class Services(unittest.TestCase):
    """The report of services, and that one is ended whatever becomes of it."""

    def test_the_turn_in_the_middle_is_shown_and_who_is_absent_is_named(self):
        def turn(per_second):
            return {
                "per_second": per_second, "latency": {"p50_us": 1500.0, "p99_us": 2500.0},
                "answers": {"ok": 9, "too_many": 1, "unavailable": 0},
            }

        result = {
            "date": "2026-01-01", "turns": 3, "seconds": 1, "connections": [16], "seed": 1,
            "machine": {"cpu": "x", "cores": 2, "instruction_sets": [], "system": "s", "commit": "c"},
            "load": {"start": 0.0, "end": 0.0},
            "services": {
                "synaptoroute": {
                    "title": "ours", "right": [20, 20],
                    "loads": {"16": [turn(900.0), turn(1000.0), turn(2000.0)]},
                },
                "slow": {"title": "slow", "right": [19, 20], "loads": {"16": [turn(100.0)]}},
                "gone": {"title": "gone", "loads": {}, "why_not": "no such package"},
            },
        }
        lines = service_report.markdown(result).splitlines()
        self.assertIn("| ours (20 of 20 right) | 1000 | 1.50 | 2.50 | 1 | 1.00 |", lines)
        self.assertIn("| slow (19 of 20 right) | 100 | 1.50 | 2.50 | 1 | 10.00 |", lines)
        self.assertIn("- gone: no such package", lines)

    def test_a_service_that_says_no_address_is_told_apart_and_ended(self):
        with self.assertRaisesRegex(Unavailable, "ended without an address"):
            Service("mute", [sys.executable, "-c", "print('Loading')"], 1)
        words = "import time; print('Loading'); print('http://127.0.0.1:9', flush=True); time.sleep(60)"
        with Service("talks", [sys.executable, "-c", words], 1) as service:
            self.assertEqual(service.url, "http://127.0.0.1:9")
        self.assertFalse(Path(f"/proc/{service._process.pid}").exists())


class Prototype(unittest.TestCase):
    """It takes part where somebody says where it lies, and is never looked for."""

    def refusal(self, folder):
        with unittest.mock.patch.dict(os.environ):
            os.environ.pop(builds.PROTOTYPE, None)
            if folder is not None:
                os.environ[builds.PROTOTYPE] = folder
            with self.assertRaises(Unavailable) as raised:
                builds.prototype()
            return str(raised.exception)

    def test_without_its_folder_it_is_left_out_with_the_reason(self):
        for nothing in (None, ""):
            self.assertIn(f"{builds.PROTOTYPE} names its folder", self.refusal(nothing))

    def test_a_folder_that_is_no_program_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn(folder, self.refusal(folder))
            self.assertIn(f"{folder}/none", self.refusal(f"{folder}/none"))


def grows(path):
    """Whether the file gets longer within a while that also a busy machine has."""
    before, deadline = os.path.getsize(path), time.monotonic() + 20
    while os.path.getsize(path) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    return os.path.getsize(path) > before


if __name__ == "__main__":
    unittest.main()
