"""One client asks a query at a time: a quiet service, one beside a busy core, one that tunes on one thread.

Prints quantiles of each in milliseconds, and the ratio of the 99th percentiles. Each pair is measured
twice, in turns, since other work on the machine comes and goes."""

import http.client
import json
import multiprocessing
import subprocess
import sys
import time

PAUSE = 0.02
LONGEST_WAIT = 300


def burn(stop):
    while not stop.is_set():
        for _ in range(100_000):
            pass


def call(host, method, path, body=None):
    connection = http.client.HTTPConnection(host)
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, {"content-type": "application/json"})
    answer = connection.getresponse()
    status, content = answer.status, json.loads(answer.read())
    connection.close()
    return status, content


def ask(host, queries, count):
    connection = http.client.HTTPConnection(host)
    took = []
    for number in range(count):
        body = json.dumps({"query": queries[number % len(queries)]})
        started = time.perf_counter()
        connection.request("POST", "/route", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        took.append(1e3 * (time.perf_counter() - started))
        assert answer.status == 200, answer.status
        time.sleep(PAUSE)
    took.sort()
    return {f"p{share}": round(took[count * share // 100], 2) for share in (50, 90, 99)}


def until(what, done):
    deadline = time.monotonic() + LONGEST_WAIT
    while not done():
        assert time.monotonic() < deadline, f"{what} took too long"
        time.sleep(0.5)


def state(host):
    return call(host, "GET", "/tune")[1]["state"]


def rounds(host, queries, count):
    until("the fit", lambda: call(host, "GET", "/fits")[1]["fits"])
    print("quiet ", ask(host, queries, count), flush=True)
    for _ in range(2):
        stop = multiprocessing.Event()
        burner = multiprocessing.Process(target=burn, args=(stop,))
        burner.start()
        try:
            busy = ask(host, queries, count)
        finally:
            stop.set()
            burner.join()
        print("busy  ", busy, flush=True)
        status, problem = call(host, "POST", "/tune", {"steps": 1000, "threads": 1, "install": False})
        assert status == 202, problem
        tuning = ask(host, queries, count)
        assert state(host) == "running", "it ended before the queries did"
        call(host, "DELETE", "/tune")
        until("calling it off", lambda: state(host) != "running")
        print("tuning", tuning, f"p99 {tuning['p99'] / busy['p99']:.2f} of busy", flush=True)


def main():
    program, routes, queries, count = sys.argv[1:]
    with open(queries, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    command = [program, "serve", routes, "--listen", "127.0.0.1:0", "--cache-mb", "0"]
    service = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        host = service.stdout.readline().strip().split("//")[1]
        rounds(host, texts, int(count))
    finally:
        service.terminate()
        service.wait()


if __name__ == "__main__":
    main()
