"""The result of `run-service`: Markdown for people, JSON beside it for programs."""

import json
from statistics import median

from .services import OURS


def write(folder, name, result):
    """Both files; gives the Markdown back."""
    folder.mkdir(parents=True, exist_ok=True)
    text = markdown(result)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    (folder / f"{name}.md").write_text(text)
    return text


def markdown(result):
    """The whole page."""
    machine = result["machine"]
    lines = [
        f"# Services, {result['date']}, {machine['cpu']}",
        "",
        f"{machine['cores']} cores ({', '.join(machine['instruction_sets'])}), {machine['system']}, "
        f"commit {machine['commit']}. Each in turn alone beside the load, {result['turns']} turns of "
        f"{result['seconds']} s in random order, seed {result['seed']}; load "
        f"{result['load']['start']} before, {result['load']['end']} after.",
        "",
        "The load shares the cores with the service, sends its next request on a connection when the",
        "last is answered, and no text twice, not in another turn either, of some twelve tokens. Middle of the turns.",
    ]
    services = result["services"]
    for connections in result["connections"]:
        lines += ["", f"## {connections} {'connection' if connections == 1 else 'connections'}", ""]
        lines += ["| service | answered a second | p50 ms | p99 ms | not 2xx | ours to it |"]
        lines += ["|---|--:|--:|--:|--:|--:|"]
        own = middle(services[OURS], connections) if OURS in services else None
        for service in services.values():
            if "why_not" not in service:
                lines.append(row(service, connections, own))
    absent = [service for service in services.values() if "why_not" in service]
    if absent:
        lines += ["", "Not measured:", ""]
        lines += [f"- {service['title']}: {service['why_not']}" for service in absent]
    return "\n".join(lines) + "\n"


def middle(service, connections):
    """The turn whose throughput is in the middle, or nothing."""
    turns = service.get("loads", {}).get(str(connections), [])
    if not turns:
        return None
    between = median(turn["per_second"] for turn in turns)
    return min(turns, key=lambda turn: abs(turn["per_second"] - between))


def row(service, connections, own):
    turn = middle(service, connections)
    latency = turn["latency"] or {"p50_us": float("nan"), "p99_us": float("nan")}
    failed = sum(count for kind, count in turn["answers"].items() if kind != "ok")
    times = own["per_second"] / turn["per_second"] if own and turn["per_second"] else float("nan")
    right, of = service["right"]
    return (
        f"| {service['title']} ({right} of {of} right) | {turn['per_second']:.0f} "
        f"| {latency['p50_us'] / 1e3:.2f} | {latency['p99_us'] / 1e3:.2f} | {failed} | {times:.2f} |"
    )
