"""Services on loopback: who takes part, how each is started, and that each routes rightly."""

import json
import select
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from typing import Callable

from . import builds, models
from .places import HERE, LOGS, PYTHON, ROUTES
from .program import environment
from .steps import Unavailable

START_WITHIN_S = 120
STOP_WITHIN_S = 30
ANSWER_WITHIN_S = 60

# Labelled queries that must go where they belong, of each twenty.
RIGHT_FROM = 16


@dataclass(frozen=True)
class Entry:
    """`command` makes what is needed and gives the words that start the service."""

    key: str
    title: str
    command: Callable[[], list]


def ours():
    return [str(builds.product()), "serve", str(routes_file()), "--listen", "127.0.0.1:0",
            "--cache-mb", "0"]


def python_service(folder):
    return [str(PYTHON), "-m", "rivals.python_service", "--folder", str(folder),
            "--routes", str(ROUTES)]


OURS = "synaptoroute"

ENTRIES = [
    Entry(OURS, "SynaptoRoute", ours),
    Entry("python-fp32", "SynaptoRoute (Python) behind FastAPI, fp32, as shipped",
          lambda: python_service(models.fp32())),
    Entry("python-int8", "SynaptoRoute (Python) behind FastAPI, given the published int8 ONNX",
          lambda: python_service(models.int8())),
]


def routes_file():
    """The routes of all contenders as this project's own file."""
    routes = json.loads(ROUTES.read_text())["routes"]
    listed = [{"name": name, "utterances": texts} for name, texts in routes.items()]
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / "routes.json"
    path.write_text(json.dumps({"version": 1, "routes": listed}))
    return path


class Service:
    """Runs within a `with`; `url` is where it answers."""

    def __init__(self, key, command, cores):
        LOGS.mkdir(parents=True, exist_ok=True)
        self._log = LOGS / f"service-{key}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=HERE, env=environment(cores), stdout=subprocess.PIPE, stderr=log,
                # Unbuffered, so that `select` tells of every line there is.
                bufsize=0, start_new_session=True,
            )
        try:
            self.url = self._first_url()
        except Unavailable:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self._process.poll() is not None:
            self._process.stdout.close()
            return  # its number may be another's by now
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _first_url(self):
        """The first line that is one; a library may print others before it."""
        deadline = time.monotonic() + START_WITHIN_S
        while select.select([self._process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
            line = self._process.stdout.readline()
            if not line:
                raise Unavailable(f"it ended without an address; see {self._log.name}")
            if line.startswith(b"http://"):
                return line.decode().strip()
        raise Unavailable(f"no address within {START_WITHIN_S} s; see {self._log.name}")

    def right(self):
        """How many labelled queries go where they belong, and of how many."""
        queries = json.loads(ROUTES.read_text())["queries"]
        right = sum(self._intent(query["text"]) == query["route"] for query in queries)
        return right, len(queries)

    def _intent(self, text):
        request = urllib.request.Request(
            f"{self.url}/route", json.dumps({"query": text}).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S) as answer:
            return json.load(answer)["intent"]


def load(program, url, connections, seconds):
    """What the service answers when it always has something to do."""
    command = [str(program), "bench", "serve", "--url", url, "--connections", str(connections),
               "--seconds", str(seconds), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no output"]
        raise Unavailable(f"the load failed: {lines[-1]}")
    return json.loads(done.stdout)
