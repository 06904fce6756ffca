"""The throw-away prototype of the int8 forward pass, a yardstick where its source lies at hand.

It speaks a protocol of its own: one process started with `emb` gives vectors for lines of ids,
another measures passes over ids that it makes up itself. So only `ids` can be measured, and
the texts of a measurement count by their number and length alone.
"""

import math
import re
import subprocess
from pathlib import Path

from .protocol import Engine, arguments, serve
from .tokens import Tokens

# Its attention keeps the scores of one row in a buffer of this size.
MAX_TOKENS = 64


class Prototype(Engine):
    """Two processes of the prototype: one for vectors, one for times."""

    name = "prototype"
    version = "unversioned"
    starts = ("ids",)
    max_tokens = MAX_TOKENS

    def __init__(self, args):
        flags = Path("/proc/cpuinfo").read_text()
        if not re.search(r"\bavx512_vnni\b", flags):
            raise RuntimeError("this CPU lacks AVX-512 VNNI, the prototype's only instruction set")
        if args.threads > 2:
            raise RuntimeError("the prototype runs on one thread or two")
        self.setting = f"AVX-512 VNNI, symmetric activations, {args.setting}"
        self._tokens = Tokens(args.tokenizer)
        self._vectors = start(args.program, args.weights, "1", "emb")
        self._times = start(args.program, args.weights, str(args.threads), "cls")
        ready = self._times.stdout.readline().strip()
        if ready != "ready":
            raise RuntimeError(f"the prototype did not start: it said {ready!r}")

    def embed(self, texts):
        return [self._embed(text) for text in texts]

    def _embed(self, text):
        ids = self._tokens.ids(text)
        if len(ids) > MAX_TOKENS:
            raise ValueError(f"{len(ids)} tokens, the prototype takes {MAX_TOKENS}")
        answer = ask(self._vectors, " ".join(map(str, ids)))
        cls = [float(x) for x in answer.split(";")[1].split(",")]
        length = math.sqrt(sum(x * x for x in cls))
        return [x / length for x in cls]

    def time(self, texts, start, repeats, warm):
        lengths = {len(self._tokens.ids(text)) for text in texts}
        if len(lengths) != 1:
            raise ValueError(f"the prototype measures texts of one length, not {sorted(lengths)}")
        answer = ask(self._times, f"{len(texts)} {lengths.pop()} {warm + repeats}")
        return [round(float(us) * 1000) for us in answer.split(",")[warm:]]


def start(*command):
    """A process that is spoken to in lines; it ends with this one's pipe."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)


def ask(process, line):
    """The answer to one line."""
    process.stdin.write(line + "\n")
    answer = process.stdout.readline()
    if not answer:
        raise RuntimeError("the prototype ended")
    return answer.strip()


if __name__ == "__main__":
    serve(lambda: Prototype(arguments("program", "weights", "tokenizer")))
