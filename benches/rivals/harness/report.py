"""The result: Markdown for people, JSON beside it for programs."""

import json

from .contenders import OURS, YARDSTICK
from .golden import ADMITTED_FROM
from .statistics import fastest, minimum
from .texts import BATCH, QUERY, TOKENS

ENCODER = {
    "one-ids": f"{TOKENS} tokens, from ids",
    "one-text": f"{TOKENS} tokens, from text",
    "many-ids": f"{BATCH} x {TOKENS}, from ids",
    "many-text": f"{BATCH} x {TOKENS}, from text",
}
NONE = "–"


def write(folder, name, result, entries):
    """Both files; gives the Markdown back."""
    folder.mkdir(parents=True, exist_ok=True)
    text = markdown(result, entries)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    (folder / f"{name}.md").write_text(text)
    return text


def markdown(result, entries):
    """The whole page."""
    machine = result["machine"]
    lines = [
        f"# Rivals, {result['date']}, {machine['cpu']}",
        "",
        f"{machine['cores']} cores ({', '.join(machine['instruction_sets'])}), {machine['system']}, "
        f"commit {machine['commit']}. {result['rounds']} rounds in random order, seed "
        f"{result['seed']}; load {result['load']['start']} before, {result['load']['end']} after.",
    ]
    if result["quick"]:
        lines += ["", "**A quick run, to see that all works: not for quoting.**"]
    lines += [
        "",
        "Milliseconds a text: minimum · p50 · p99 of interleaved bursts. Rows are in the order of their",
        f"minimum. An engine counts from a mean cosine of {ADMITTED_FROM} to the golden fp32 vectors.",
    ]
    for threads, records in result["threads"].items():
        lines += section(threads, records, entries)
    return "\n".join(lines) + "\n"


def section(threads, records, entries):
    """Both tables for one number of threads."""
    absent = [e for e in entries if "why_not" in records[e.key]]
    present = [e for e in entries if e not in absent]
    encoders = [e for e in present if records[e.key]["ready"]["starts"] != ["route"]]
    routers = [e for e in present if "routing" in records[e.key]]
    plural = "thread" if threads == "1" else "threads"
    lines = ["", f"## Text to vector, {threads} {plural}", ""]
    lines += headline(encoders, records)
    lines += table(
        ["engine", "setting", "cosine mean / worst (texts)", *ENCODER.values()],
        [
            [entry.title, setting(records[entry.key]), fidelity(records[entry.key])]
            + [cell(records[entry.key], case) for case in ENCODER]
            for entry in by_minimum(encoders, records, "one-ids", "one-text")
        ],
    )
    if routers:
        lines += ["", f"## Whole query, {threads} {plural}", ""]
        lines += [f"\"{QUERY}\" to the chosen route, of 10 routes with 10 utterances each.", ""]
        lines += table(
            ["router", "setting", "cosine mean / worst (texts)", "labelled queries right", "one query"],
            [
                [entry.title, setting(records[entry.key]), fidelity(records[entry.key])]
                + [routing(records[entry.key]), cell(records[entry.key], "route")]
                for entry in by_minimum(routers, records, "route")
            ],
        )
    if absent:
        lines += ["", "Not measured:", ""]
        lines += [f"- {entry.title}: {records[entry.key]['why_not']}" for entry in absent]
    return lines


def headline(entries, records):
    """Ours against the fastest int8 rival, case by case."""
    titles = {entry.key: entry.title for entry in entries}
    rivals = [e for e in entries if e.precision == "int8" and e.key not in (OURS, YARDSTICK)]
    lines = []
    for case, what in ENCODER.items():
        best, own = fastest(rivals, records, case), minimum(records.get(OURS, {"times": {}}), case)
        if best and own:
            key, least = best
            lines.append(
                f"- {what}: ours {own:.3f} ms; the fastest int8 rival, {titles[key]}, {least:.3f} ms: "
                f"{least / own:.2f} times ours"
            )
    return [*lines, ""] if lines else []


def by_minimum(entries, records, *cases):
    """Fastest first, by the first of `cases` it has; those without times last."""

    def key(entry):
        least = (minimum(records[entry.key], case) for case in cases)
        return next((ms for ms in least if ms is not None), float("inf"))

    return sorted(entries, key=key)


def setting(record):
    """What the program says of itself."""
    return f"{record['ready']['version']}; {record['ready']['setting']}"


def fidelity(record):
    """The check's outcome; says so where it kept the engine out."""
    golden = record["golden"]
    kept_out = "" if golden["admitted"] else ", not admitted"
    return f"{golden['mean']:.5f} / {golden['worst']:.3f} ({golden['texts']}){kept_out}"


def routing(record):
    """How many labelled queries went where they belong."""
    kept_out = "" if record["routing"]["admitted"] else ", not admitted"
    return f"{record['routing']['right']} of {record['routing']['of']}{kept_out}"


def cell(record, case):
    """One case's times."""
    times = record["times"].get(case)
    return f"{times['min']:.3f} · {times['p50']:.3f} · {times['p99']:.3f}" if times else NONE


def table(head, rows):
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
