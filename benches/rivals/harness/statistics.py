"""What is read off the times."""


def of(times_ns):
    """Milliseconds: the minimum, p50 and p99; None without times."""
    if not times_ns:
        return None
    ordered = sorted(times_ns)
    parts = {"min": 0.0, "p50": 0.5, "p99": 0.99}
    found = {name: ordered[int((len(ordered) - 1) * part)] / 1e6 for name, part in parts.items()}
    return found | {"count": len(ordered)}


def summarise(records):
    """The records with statistics in place of times."""
    out = {}
    for key, record in records.items():
        counts = "why_not" not in record
        times = {case: of(ns) if counts else None for case, ns in record["times"].items()}
        out[key] = record | {"times": times}
    return out


def fastest(entries, records, case):
    """Key and minimum of the fastest int8 rival; None without one."""
    found = [(minimum(records[entry.key], case), entry.key) for entry in entries]
    found = [pair for pair in found if pair[0] is not None]
    return min(found)[::-1] if found else None


def minimum(record, case):
    """The least time of a case, in milliseconds, if there is one."""
    times = record["times"].get(case)
    return times["min"] if times else None
