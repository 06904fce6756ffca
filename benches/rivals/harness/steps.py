"""Steps of a preparation: each says what it does and keeps its output in a log."""

import hashlib
import subprocess
import sys
from pathlib import Path

from .places import LOGS


class Unavailable(Exception):
    """Why a contender cannot take part; the result says so in its place."""


def say(line):
    """Progress, for a person who waits."""
    print(line, file=sys.stderr, flush=True)


def step(what, command, **options):
    """Runs a command with its output in a log; a failure names both."""
    say(f"  {what}")
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / (what.split()[0] + ".log")
    try:
        with log.open("wb") as out:
            subprocess.run(command, check=True, stdout=out, stderr=subprocess.STDOUT, **options)
    except FileNotFoundError:
        raise Unavailable(f"{what}: {command[0]} is not installed") from None
    except subprocess.CalledProcessError:
        lines = log.read_text(errors="replace").strip().splitlines() or ["no output"]
        raise Unavailable(f"{what} failed: {lines[-1]}; all of it in {log.name}") from None


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
