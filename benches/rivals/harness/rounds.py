"""The measurement: short bursts of all contenders, in random order, round after round.

A machine's speed drifts with its heat and its neighbours. Whatever one contender meets, the
others meet within seconds; the minimum is then what each does when left alone.
"""

import contextlib

from . import golden as golden_check
from .program import Program, cores
from .steps import Unavailable, say
from .texts import check_routes


def measure(entries, commands, cases, golden, batch, threads, rounds, random):
    """One record a contender at this number of threads: checks, times, or why there are none."""
    where = cores(threads)
    if where is None:
        raise SystemExit(f"run: fewer than {threads} cores; name fewer with --threads")
    records, running = {}, {}
    with contextlib.ExitStack() as stack:
        for entry in entries:
            record = records[entry.key] = {"times": {case.key: [] for case in cases}}
            try:
                if isinstance(commands[entry.key], Unavailable):
                    raise commands[entry.key]
                program = Program(entry.key, commands[entry.key], threads, where)
                stack.callback(program.close)
                admit(program, record, golden, batch)
                program.pause()
                if record["golden"]["admitted"]:
                    running[entry.key] = program
            except Unavailable as error:
                record["why_not"] = str(error)
            say(f"  {entry.title}: {summary(record)}")
        for number in range(rounds):
            say(f"  round {number + 1} of {rounds}")
            play(running, records, cases, random)
    return records


def admit(program, record, golden, batch):
    """Checks the vectors and, where there are routes, the choices."""
    record["ready"] = program.ready
    record["golden"] = golden_check.check(program, golden, batch)
    if "route" in program.ready["starts"]:
        record["routing"] = check_routes(program)


def play(running, records, cases, random):
    """One round: each contender once, in random order, alone on the cores."""
    for key in random.sample(sorted(running), len(running)):
        program, record = running[key], records[key]
        program.resume()
        try:
            for case in random.sample(cases, len(cases)):
                if may_start(record, case.start):
                    record["times"][case.key] += burst(program, case)
            program.pause()
        except Unavailable as error:
            # It takes no further part, and times of a program that failed do not count.
            record["why_not"] = f"failed while measured: {error}"
            del running[key]


def may_start(record, start):
    """Whether it can begin there, and what it gives from there is right."""
    if start == "route":
        return record.get("routing", {"admitted": False})["admitted"]
    return start in record["ready"]["starts"]


def burst(program, case):
    """Nanoseconds a text of each repeat."""
    warm = max(1, case.repeats // 5)
    times = program.ask(time=case.texts, **{"from": case.start}, repeats=case.repeats, warm=warm)
    return [ns / len(case.texts) for ns in times["ns"]]


def summary(record):
    """What the checks gave, in a line."""
    if "why_not" in record:
        return record["why_not"]
    golden = record["golden"]
    return f"cosine {golden['mean']:.5f}{'' if golden['admitted'] else ', not admitted'}"
