"""The golden vectors, and how near a contender comes to them: wrong ones do not count."""

import array
import json
import math
import struct
import sys
from dataclasses import dataclass

from .places import MODEL
from .steps import Unavailable

ADMITTED_FROM = 0.98


@dataclass(frozen=True)
class Golden:
    """A text, its tokens' number and its fp32 vector."""

    text: str
    tokens: int
    vector: array.array


def read():
    """All golden texts, in the order of the file."""
    lines = (MODEL / "golden/texts.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    content = (MODEL / "golden/vectors.safetensors").read_bytes()
    (header_len,) = struct.unpack("<Q", content[:8])
    tensor = json.loads(content[8 : 8 + header_len])["vectors"]
    start, end = (8 + header_len + at for at in tensor["data_offsets"])
    floats = array.array("f", content[start:end])
    if sys.byteorder == "big":
        floats.byteswap()
    width = tensor["shape"][1]
    return [
        Golden(row["text"], len(row["ids"]), floats[i * width : (i + 1) * width])
        for i, row in enumerate(rows)
    ]


def check(program, golden, batch):
    """Cosines of `golden` texts one by one, and of `batch` all at once."""
    longest = program.ready["max_tokens"]
    fitting = [g for g in golden if g.tokens <= longest]
    cosines = []
    for group in [[g] for g in fitting] + [batch]:
        vectors = program.ask(embed=[g.text for g in group])["vectors"]
        if len(vectors) != len(group):
            raise Unavailable(f"{len(vectors)} vectors for {len(group)} texts")
        cosines += [cosine(vector, g.vector) for vector, g in zip(vectors, group)]
    mean = sum(cosines) / len(cosines)
    return {
        "mean": mean,
        "worst": min(cosines),
        "texts": len(cosines),
        "longest": longest,
        "admitted": mean >= ADMITTED_FROM,
    }


def cosine(a, b):
    """Of two vectors; 0 where one has no direction, which no admitted engine gives."""
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    lengths = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return dot / lengths if lengths else 0.0
