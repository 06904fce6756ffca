"""What is asked: one text of 12 tokens, 32 of them at once, and routes to choose from."""

import json
from dataclasses import dataclass

from .places import ROUTES

TOKENS = 12
BATCH = 32
# Of 12 tokens, and the one that the prototype knows.
QUERY = "how do i reset my password for my account?"
# Of the labelled queries; a router that chooses worse is not doing the work.
ROUTED_FROM = 0.8


@dataclass(frozen=True)
class Case:
    """A piece of work that is measured: `texts` beginning at `start`."""

    key: str
    texts: list
    start: str
    repeats: int


def batch(golden):
    """The first golden texts of 12 tokens, so that what is measured at once is checked too."""
    found = [g for g in golden if g.tokens == TOKENS][:BATCH]
    if len(found) < BATCH:
        raise SystemExit(f"run: only {len(found)} golden texts have {TOKENS} tokens")
    return found


def cases(golden, quick):
    """Each piece of work; a burst is long enough to be warm and short enough to interleave."""
    many = [g.text for g in batch(golden)]
    one, few = (10, 2) if quick else (30, 4)
    return [
        Case("one-ids", [QUERY], "ids", one),
        Case("one-text", [QUERY], "text", one),
        Case("many-ids", many, "ids", few),
        Case("many-text", many, "text", few),
        Case("route", [QUERY], "route", one),
    ]


def check_routes(program):
    """Gives the program its routes; how many labelled queries it puts where they belong."""
    content = json.loads(ROUTES.read_text())
    program.ask(routes=content["routes"])
    queries = content["queries"]
    chosen = program.ask(route=[query["text"] for query in queries])["routes"]
    right = sum(name == query["route"] for name, query in zip(chosen, queries, strict=True))
    return {"right": right, "of": len(queries), "admitted": right >= ROUTED_FROM * len(queries)}
