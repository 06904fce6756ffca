"""A contender's process: asked in lines, and stopped while others are measured."""

import json
import os
import select
import signal
import subprocess
import time

from .places import HERE, LOGS
from .steps import Unavailable

# Long enough for a graph to be compiled, or for 512 long texts on a busy machine.
ANSWER_WITHIN_S = 300


class Program:
    """Runs until `close`. Between `pause` and `resume` it takes no time on any core.

    An idle runtime may spin for a while after its last answer, waiting for more; that would
    be charged to whoever is measured next. So every contender is stopped, ours too.
    """

    def __init__(self, key, command, threads, cores):
        LOGS.mkdir(parents=True, exist_ok=True)
        self._log = LOGS / f"{key}-{threads}.log"
        self._rest = b""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--threads", str(threads)],
                cwd=HERE,
                env=environment(threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # A group of its own, so that what it starts is stopped with it.
                start_new_session=True,
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )
        try:
            self.ready = self._answer()
        except Unavailable:
            self.close()
            raise

    def ask(self, **request):
        """The answer to one request."""
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and what it said last tells why
        return self._answer()

    def _answer(self):
        line = self._line(time.monotonic() + ANSWER_WITHIN_S)
        try:
            answer = json.loads(line)
        except ValueError:
            raise Unavailable(f"it said {line[:80]!r}; see {self._log.name}") from None
        if "error" in answer:
            raise Unavailable(answer["error"])
        return answer

    def _line(self, deadline):
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise Unavailable(f"no answer within {ANSWER_WITHIN_S} s; see {self._log.name}")
            part = os.read(pipe, 1 << 16)
            if not part:
                raise Unavailable(f"it ended without an answer; see {self._log.name}")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def pause(self):
        """Stops the process and waits until it has stopped."""
        os.killpg(self._process.pid, signal.SIGSTOP)
        # Left for `wait` to collect, should it have ended meanwhile.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self):
        """Lets it go on."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def close(self):
        """Ends the process and what it started; once more is allowed."""
        if self._process.returncode is not None:
            return  # its number may be another's by now
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


def environment(threads):
    """Nothing reaches for a hub, and no library makes more threads than it may."""
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    return os.environ | dict.fromkeys(limits, str(threads)) | {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false",
    }


def cores(threads):
    """The cores that `threads` run on, or None where there are not as many.

    Core 1 first, then 0: the prototype pins itself to these two, whatever it is told.
    """
    allowed = os.sched_getaffinity(0)
    order = sorted(allowed, key=lambda core: (core != 1, core))
    return set(order[:threads]) if len(order) >= threads else None
