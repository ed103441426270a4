#!/usr/bin/env python3
"""Measures the aims that are no cost of an event, with the real program.

    bench/targets.py bin/wire DIR [window] [million] [hop] [start] [idle]     default: all

DIR is made, and what lies there stays. CPU is user and system time of the whole process. Linux only.
"""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

KEYS = 1000
WINDOWS, WARM = 1000, 100  # windows that are closed one by one, and those of them that do not count
ROUNDS = 5


def run(wire, script):
    """Runs a script to its end and returns the CPU time it took, in seconds, and its summary."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([wire, "run", "--ephemeral", "--quiet", "--summary", "json", "--parallelism", "1", str(script)], stdout=subprocess.PIPE, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, json.loads(out.stdout)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def window(wire, folder):
    """Rows of a thousand keys come by standard input; the first row behind their window closes it, and its answers go to standard output."""
    script = folder / "window.sql"
    script.write_text(
        """SET emit = 'changes';
CREATE SOURCE rows_in (k BIGINT, t TIMESTAMP, WATERMARK FOR t AS t) WITH (connector = 'stdin', format = 'json');
CREATE SINK rows_out WITH (connector = 'stdout', format = 'json');
INSERT INTO rows_out SELECT k, window_start, window_end, count(*) AS c FROM TUMBLE(rows_in, t, INTERVAL '1 second') GROUP BY k, window_start, window_end;
"""
    )
    job = subprocess.Popen([wire, "run", "--ephemeral", "--quiet", "--summary", "none", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sent, got = job.stdin.fileno(), job.stdout.fileno()

    def stamp(second, micros):
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second)) + f".{micros:06d}"

    def send(text):
        data = text.encode()
        while data:
            data = data[os.write(sent, data):]

    millis, rest = [], 0
    for n in range(WINDOWS):
        send("".join(f'{{"k":{k},"t":"{stamp(n, k)}"}}\n' for k in range(n and 1, KEYS)))
        time.sleep(0.02)  # so that all of them are in the window
        began = time.monotonic()
        send(f'{{"k":0,"t":"{stamp(n + 1, 0)}"}}\n')
        rows = 0
        while rows < KEYS:
            piece = os.read(got, 1 << 20)
            if not piece:
                sys.exit("the run has ended early")
            rows += piece.count(b"\n")
        millis.append((time.monotonic() - began) * 1000)
    job.stdin.close()
    job.stdout.read()
    if job.wait():
        sys.exit(f"exit {job.returncode}")
    millis = millis[WARM:]
    print(f"a closed window of {KEYS} keys to its last row on standard output, {len(millis)} windows: p50 {percentile(millis, 0.5):.2f} ms, p99 {percentile(millis, 0.99):.2f} ms")


def generated(folder, name, source, query):
    script = folder / f"{name}.sql"
    script.write_text(f"SET emit = 'changes';\n{source};\nCREATE SINK out WITH (connector = 'blackhole');\nINSERT INTO out {query};\n")
    return script


def million(wire, folder):
    source = "CREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rows = 3000000)"
    count = "SELECT n % {0} AS k, count(*) AS c FROM numbers GROUP BY n % {0}"
    many, few = (generated(folder, f"count-{keys}", source, count.format(keys)) for keys in (1_000_000, 10))
    more = [(run(wire, many)[1]["peak_memory_bytes"] - run(wire, few)[1]["peak_memory_bytes"]) / 2**20 for _ in range(ROUNDS)]
    print(f"a running count of a million keys, resident beside one of ten: {statistics.median(more):.0f} MB ({min(more):.0f} to {max(more):.0f})")


def hop(wire, folder):
    """9,200 rows of a thousand keys a second of event time. Both lengths of a run fill more than an hour, and the hour behind the last row is in both of them."""
    long, short = 60_000_000, 40_000_000
    source = (
        "CREATE SOURCE bid (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT, WATERMARK FOR date_time AS date_time) "
        "WITH (connector = 'generate', kind = 'nexmark', table = 'bid', rows = {})"
    )
    query = "SELECT k, window_start, window_end, count(*) AS c FROM {}((SELECT price % 1000 AS k, date_time FROM bid), date_time, {}) GROUP BY k, window_start, window_end"
    cases = {
        "plain": "SELECT price % 1000 AS k, date_time FROM bid WHERE price < 0",
        "tumble": query.format("TUMBLE", "INTERVAL '1 second'"),
        "hop": query.format("HOP", "INTERVAL '1 second', INTERVAL '1 hour'"),
    }
    costs, answers = {name: [] for name in cases}, {}
    for _ in range(3):
        for name, text in cases.items():
            (cpu, summary), (less, before) = (run(wire, generated(folder, f"{name}-{rows}", source.format(rows), text)) for rows in (long, short))
            costs[name].append(cpu - less)
            answers[name] = summary["sinks"][0]["rows"] - before["sinks"][0]["rows"]
    m = {name: statistics.median(values) for name, values in costs.items()}
    events = long - short
    emitted = {name: (m[name] - m["plain"]) / answers[name] * 1e9 for name in ("tumble", "hop")}
    print(
        f"{KEYS} keys, 9.2 rows and an answer of each a second, CPU an event: without windows {m['plain'] / events * 1e9:.1f} ns, tumbling 1 s {m['tumble'] / events * 1e9:.1f}, "
        f"hopping 1 s over 1 h {m['hop'] / events * 1e9:.1f} ({m['hop'] / m['tumble']:.2f} times as much); of windows for each of {answers['tumble']} and {answers['hop']} answers, "
        f"the rows in it included: {emitted['tumble']:.0f} and {emitted['hop']:.0f} ns"
    )


def follow(folder, pipelines):
    text = ""
    for n in range(pipelines):
        (folder / f"followed-{n}.jsonl").write_text("")
        text += f"""CREATE SOURCE in{n} (k BIGINT, v TEXT) WITH (connector = 'file', path = '{folder}/followed-{n}.jsonl', format = 'json', follow = true);
CREATE SINK out{n} WITH (connector = 'blackhole');
INSERT INTO out{n} SELECT * FROM in{n} WHERE k > 0;
"""
    script = folder / f"idle-{pipelines}.sql"
    script.write_text(text)
    return script


def resident(wire, folder, pipelines):
    job = subprocess.Popen([wire, "run", "--quiet", "--state-dir", str(folder / f"idle-{pipelines}"), str(follow(folder, pipelines))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(8)  # a checkpoint has been taken
    pages = int(pathlib.Path(f"/proc/{job.pid}/statm").read_text().split()[1])
    job.kill()
    job.wait()
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def idle(wire, folder):
    one, many = resident(wire, folder, 1), resident(wire, folder, 11)
    print(f"resident, with checkpoints every 5 s and one file followed to which nothing is added: {one:.0f} MB; each of ten more beside it: {(many - one) / 10:.1f} MB")


def start(wire, folder):
    (folder / "start.jsonl").write_text('{"k":1}\n')
    script = folder / "start.sql"
    script.write_text(f"CREATE SOURCE i (k BIGINT) WITH (connector = 'file', path = '{folder}/start.jsonl', format = 'json');\nSELECT k FROM i;\n")
    millis = []
    for _ in range(21):
        began = time.monotonic()
        job = subprocess.Popen([wire, "run", "--ephemeral", "--quiet", "--output", "jsonl", str(script)], stdout=subprocess.PIPE)
        job.stdout.readline()
        millis.append((time.monotonic() - began) * 1000)
        job.stdout.read()
        job.wait()
    print(f"start of the process to its first row: {statistics.median(millis):.0f} ms (21 starts, {min(millis):.0f} to {max(millis):.0f})")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    wire, folder = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    known = {"window": window, "million": million, "hop": hop, "start": start, "idle": idle}
    for name in sys.argv[3:] or known:
        known[name](wire, folder)


main()
