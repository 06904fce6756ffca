#!/usr/bin/env python3
"""Choose the calibration sentences: choose_calibration.py DATA_DIR > calibration.txt

Takes PER_FILE sentences of each training file under DATA_DIR: the LONGEST
longest ones, and one of each of equally large groups of the rest by length, so
that all lengths are there. Leaves out every text that is also in a validation
file or in golden/texts.jsonl. Nothing is random: within a group the text with
the lowest salted hash is taken.
"""

import hashlib
import json
import sys
from pathlib import Path

TRAIN = ["bitext/train", "clinc150/train", "hwu64/train"]
PER_FILE = 33
LONGEST = 4
SALT = "synaptoroute-calibration-1"


def fold(text):
    """What makes two texts the same: case and spacing do not count."""
    return " ".join(text.casefold().split())


def read_texts(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def rank(text):
    return hashlib.sha256(f"{SALT}\0{text}".encode()).digest()


def choose(texts):
    by_length = sorted(texts, key=lambda text: (len(text), rank(text)))
    rest, longest = by_length[:-LONGEST], by_length[-LONGEST:]
    groups = PER_FILE - LONGEST
    cuts = [len(rest) * i // groups for i in range(groups + 1)]
    return [min(rest[a:b], key=rank) for a, b in zip(cuts, cuts[1:])] + longest


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data_dir = Path(sys.argv[1])
    held_out = [Path(__file__).parent / "golden" / "texts.jsonl"]
    held_out += sorted(data_dir.glob("*/*valid.jsonl"))
    seen = {fold(text) for path in held_out for text in read_texts(path)}

    for name in TRAIN:
        texts = {}
        for text in read_texts(data_dir / f"{name}.jsonl"):
            if fold(text) not in seen:
                texts.setdefault(fold(text), text)
        chosen = choose(list(texts.values()))
        seen.update(map(fold, chosen))
        for text in chosen:
            sys.stdout.buffer.write(text.encode() + b"\n")


if __name__ == "__main__":
    main()
