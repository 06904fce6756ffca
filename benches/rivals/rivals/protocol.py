"""How `run` and a contender talk: one JSON object a line, over standard input and output.

The program starts with `--threads N` and the paths it needs, and prints one line:

    {"ready": true, "name": …, "version": …, "setting": …,
     "starts": ["ids", "text", "route"], "max_tokens": 512}

`starts` lists where its measured work can start; `max_tokens` is the longest text it takes.
A program that cannot run here prints {"error": why} instead. Then it answers:

    {"embed": [text, …]}     -> {"vectors": [[…], …]}    CLS-pooled, of length 1
    {"routes": {name: [utterance, …]}} -> {"ok": true}   replaces all routes
    {"route": [text, …]}     -> {"routes": [name or null, …]}
    {"time": [text, …], "from": start, "repeats": n, "warm": k} -> {"ns": [one a repeat]}

A repeat is the whole list: from token ids to vectors ("ids"), from text to vectors ("text"),
or text by text to the chosen route ("route"). `warm` repeats come first and are not counted:
they bring back into the caches what the others displaced.
"""

import argparse
import gc
import json
import os
import sys
import time


class Engine:
    """What a rival fills in. `from_ids` and the routing half are for those that have them."""

    name = ""
    version = ""
    setting = ""
    starts = ("text",)
    max_tokens = 512

    def embed(self, texts):
        """One unit vector a text, as lists of floats."""
        raise NotImplementedError

    def from_text(self, texts):
        """A function without arguments that turns `texts` into vectors."""
        raise NotImplementedError

    def from_ids(self, texts):
        """The same with the texts tokenised beforehand."""
        raise NotImplementedError

    def index(self, routes):
        """Replaces all routes: name -> utterances."""
        raise NotImplementedError

    def route(self, text):
        """The name of the route that takes `text`, or None."""
        raise NotImplementedError

    def from_routes(self, texts):
        """A function without arguments that routes `texts` one by one."""
        return lambda: [self.route(text) for text in texts]

    def time(self, texts, start, repeats, warm):
        """Nanoseconds of each repeat. Only an engine in another process overrides this."""
        begin = {"ids": self.from_ids, "text": self.from_text, "route": self.from_routes}
        work = begin[start](texts)
        for _ in range(warm):
            work()
        clock, times = time.perf_counter_ns, []
        # A collection would be charged to whichever rival happened to trigger it.
        gc.disable()
        for _ in range(repeats):
            started = clock()
            work()
            times.append(clock() - started)
        gc.enable()
        return times


def arguments(*paths):
    """`--threads`, `--setting`, and one option for each of `paths`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--setting", default="")
    for path in paths:
        parser.add_argument(f"--{path}", required=True)
    return parser.parse_args()


def serve(make_engine):
    """Makes the engine and answers until standard input ends."""
    # Libraries print to standard output as they like; the protocol keeps it for itself.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        engine = make_engine()
    except Exception as error:
        say({"error": f"{type(error).__name__}: {error}"})
        raise
    say({
        "ready": True,
        "name": engine.name,
        "version": engine.version,
        "setting": engine.setting,
        "starts": list(engine.starts),
        "max_tokens": engine.max_tokens,
    })
    for line in sys.stdin:
        try:
            say(answer(engine, json.loads(line)))
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})
            raise


def answer(engine, request):
    """The answer to one request."""
    if "embed" in request:
        return {"vectors": engine.embed(request["embed"])}
    if "time" in request:
        start, repeats, warm = request["from"], request["repeats"], request["warm"]
        return {"ns": engine.time(request["time"], start, repeats, warm)}
    if "routes" in request:
        engine.index(request["routes"])
        return {"ok": True}
    return {"routes": [engine.route(text) for text in request["route"]]}
