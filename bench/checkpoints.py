#!/usr/bin/env python3
"""Measures what checkpoints cost. bench/beyond.py measures state that is larger than memory.

    bench/checkpoints.py bin/wire DIR nexmark [q4 q18 …]   Nexmark's queries with state, with and without checkpoints every 5 s
    bench/checkpoints.py bin/wire DIR long [q4 q18 …]      the same as fast as events are taken, 60 million of them (PAIRS=1 pairs, EVENTS=60000000)
    bench/checkpoints.py bin/wire DIR full [q4 q18 …]      the same as fast as events are taken, with a checkpoint for each million of them
    bench/checkpoints.py bin/wire DIR large [BYTES]        checkpoints of much state (default 10^9 bytes) of which a hundredth changes, and kill -9
    bench/checkpoints.py bin/wire DIR restart SHAPE [BYTES]  the first row behind kill -9 of a run with much state (default 10^9 bytes), of a SHAPE: join or rows

DIR is made, and what lies there stays. CPU is user and system time of the whole process. Linux only.
"""
import os
import pathlib
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

RATE, SECONDS, ROUNDS = 200_000, 20, 3
LONG = int(os.environ.get("EVENTS", 60_000_000))  # of long
PAIRS = int(os.environ.get("PAIRS", 1))  # of long
CHURN = int(os.environ.get("CHURN", 105))  # seconds
STATEFUL = "q3 q4 q5 q7 q8 q9 q11 q12 q15 q16 q17 q18 q19 q20".split()
PERSON = "id BIGINT, name VARCHAR, email_address VARCHAR, credit_card VARCHAR, city VARCHAR, state VARCHAR, date_time TIMESTAMP, extra VARCHAR"
AUCTION = (
    "id BIGINT, item_name VARCHAR, description VARCHAR, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP, expires TIMESTAMP, "
    "seller BIGINT, category BIGINT, extra VARCHAR"
)
BID = "auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, date_time TIMESTAMP, extra VARCHAR"
ADDRESS = "127.0.0.1:6071"


class Process:
    """One run of the program, and what it took."""

    def __init__(self, wire, folder, script, *options, output=subprocess.DEVNULL):
        self.folder = folder
        self.command = [wire, "run", "--quiet", *options, str(script)]
        self.began = time.monotonic()
        self.job = subprocess.Popen(self.command, stdout=output, stderr=subprocess.PIPE, text=True)

    def wait(self, expected=(0,)):
        messages = self.job.stderr.read()
        _, status, usage = os.wait4(self.job.pid, 0)
        self.job.returncode = os.waitstatus_to_exitcode(status)
        if self.job.returncode not in expected:
            sys.exit(f"{' '.join(self.command)}: exit {self.job.returncode}: {messages}")
        self.seconds = time.monotonic() - self.began
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss * 1024
        self.written = usage.ru_oublock * 512
        return self

    def cpu_now(self):
        fields = pathlib.Path(f"/proc/{self.job.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        return int(pathlib.Path(f"/proc/{self.job.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def written_now(self):
        return int(re.search(r"write_bytes: (\d+)", pathlib.Path(f"/proc/{self.job.pid}/io").read_text()).group(1))

    def metric(self, name):
        """The sum of a metric over all its labels, or 0."""
        try:
            text = urllib.request.urlopen(f"http://{ADDRESS}/metrics", timeout=5).read().decode()
        except OSError:
            return 0
        return sum(float(v) for v in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M))

    def stop(self):
        self.job.send_signal(signal.SIGINT)
        return self.wait(expected=(130,))


def nexmark_script(folder, name, events, rate):
    """The script of a query over so many generated events."""
    text = "SET emit = 'changes';\n"
    for table, columns in {"person": PERSON, "auction": AUCTION, "bid": BID}.items():
        text += (
            f"CREATE SOURCE {table} ({columns}, WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds') WITH (connector = 'generate', "
            f"kind = 'nexmark', table = '{table}', rows = {events}, seed = 0, group_size = 40, rate = {rate});\n"
        )
    query = (pathlib.Path(__file__).parent.parent / "test" / "nexmark" / "queries" / f"{name}.sql").read_text()
    script = folder / f"{name}.sql"
    script.write_text(text + "CREATE SINK out WITH (connector = 'blackhole');\nINSERT INTO out\n" + query)
    (folder / "side_input.csv").write_text("key,value\n" + "".join(f"{k},value of {k}\n" for k in range(10_000)))
    return script


def nexmark(wire, folder, names):
    # Both processes serve their metrics, so that both have somebody who waits for the network: where nobody but a source waits, for its next row, Go's runtime wakes fewer threads, and a
    # run without a state directory, which has no other timers, seems cheaper by up to a quarter than one that has but takes no checkpoint.
    print(f"Nexmark from the generator at {RATE} events/s for {SECONDS} s into blackhole, emit = 'changes', parallelism 1; median of {ROUNDS} pairs; checkpoints every 5 s; both with --listen")
    print("query  CPU ns/event in memory  with checkpoints  more  written, bytes/event")
    events = RATE * SECONDS
    for name in names:
        script = nexmark_script(folder, name, events, RATE)
        memory, kept, more, written = [], [], [], []
        for _ in range(ROUNDS):
            without = Process(wire, folder, script, "--ephemeral", "--listen", ADDRESS, "--parallelism", "1").wait()
            state = folder / "state"
            shutil.rmtree(state, ignore_errors=True)
            with_them = Process(wire, folder, script, "--state-dir", str(state), "--checkpoint-interval", "5s", "--listen", ADDRESS, "--parallelism", "1").wait()
            memory.append(without.cpu / events * 1e9)
            kept.append(with_them.cpu / events * 1e9)
            more.append(with_them.cpu / without.cpu * 100 - 100)
            written.append(with_them.written / events)
        m = statistics.median
        print(f"{name:5s}  {m(memory):22.0f}  {m(kept):16.0f}  {m(more):+3.0f}%  {m(written):8.1f}", flush=True)


def full(wire, folder, names):
    print(f"Nexmark from the generator, 8000000 events at full speed into blackhole, emit = 'changes', parallelism 1; median of {ROUNDS} pairs; about a checkpoint for each million events")
    compare(wire, folder, names, 8_000_000, ROUNDS, lambda without: max(without.seconds / 8, 0.02))


def long(wire, folder, names):
    print(f"Nexmark from the generator, {LONG} events at full speed into blackhole, emit = 'changes', parallelism 1; median of {PAIRS} pairs; a checkpoint every 5 s")
    compare(wire, folder, names, LONG, PAIRS, lambda _: 5)


def compare(wire, folder, names, events, rounds, interval):
    """Pairs of runs without and with checkpoints; interval, in seconds, is made of the run without."""
    print("query  CPU ns/event in memory  with checkpoints  more ns/event  more  written, bytes/event")
    for name in names:
        script = nexmark_script(folder, name, events, 0)
        memory, kept, written = [], [], []
        for _ in range(rounds):
            without = Process(wire, folder, script, "--ephemeral", "--parallelism", "1").wait()
            state = folder / "state"
            shutil.rmtree(state, ignore_errors=True)
            with_them = Process(wire, folder, script, "--state-dir", str(state), "--checkpoint-interval", f"{interval(without):.3f}s", "--parallelism", "1").wait()
            memory.append(without.cpu / events * 1e9)
            kept.append(with_them.cpu / events * 1e9)
            written.append(with_them.written / events)
        shutil.rmtree(folder / "state", ignore_errors=True)
        m = statistics.median
        print(f"{name:5s}  {m(memory):22.0f}  {m(kept):16.0f}  {m(kept) - m(memory):13.0f}  {m(kept) / m(memory) * 100 - 100:+3.0f}%  {m(written):8.1f}", flush=True)
        if rounds > 1:
            print("       pairs: " + ", ".join(f"{a:.0f} {b:.0f}" for a, b in zip(memory, kept)), flush=True)


def counting(folder, keys, rate, name, key, sink="connector = 'blackhole'"):
    """A count and the largest number of each key; a key is 84 bytes long."""
    script = folder / f"{name}.sql"
    script.write_text(
        f"""SET emit = 'changes';
CREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rate = {rate});
CREATE SINK out WITH ({sink});
INSERT INTO out SELECT k, count(*) AS c, max(n) AS last
FROM (SELECT lpad(CAST({key.format(keys=keys)} AS TEXT), 84, '.') AS k, n FROM numbers) t GROUP BY k;
"""
    )
    return script


def stalls(process):
    """The bound that 99 of 100 stalls of a task are within, in ms, and how many there were."""
    text = urllib.request.urlopen(f"http://{ADDRESS}/metrics", timeout=5).read().decode()
    buckets = {}
    for bound, count in re.findall(r'^wire_checkpoint_stall_seconds_bucket{[^}]*le="([^"]+)"[^}]*} (\S+)$', text, re.M):
        buckets[float(bound)] = buckets.get(float(bound), 0) + float(count)
    total = buckets.get(float("inf"), 0)
    for bound in sorted(buckets):
        if total and buckets[bound] >= 0.99 * total:
            return bound * 1000, total
    return float("nan"), total


def large(wire, folder, size):
    keys = int(size / 115)
    state = folder / "large-state"
    shutil.rmtree(state, ignore_errors=True)
    options = ["--state-dir", str(state), "--listen", ADDRESS, "--parallelism", "1"]
    fill = Process(wire, folder, counting(folder, keys, 0, "large", "n % {keys}"), *options)
    while fill.metric("wire_source_rows_total") < keys * 1.02:
        time.sleep(0.5)
    stopped_at = time.monotonic()
    fill.stop()
    print(f"{keys} keys: filled in {stopped_at - fill.began:.1f} s, last checkpoint {time.monotonic() - stopped_at:.1f} s, resident {fill.peak / 1e6:.0f} MB; "
          f"on disk {folder_size(state) / 1e6:.0f} MB")
    rate = keys // 100 // 5
    script = counting(folder, keys, rate, "large", "n % {keys}")
    first = first_change(wire, folder, script, options)
    print(f"started again: first row after {first:.2f} s")
    run = Process(wire, folder, script, *options)
    while run.metric("wire_source_rows_total") == 0:
        time.sleep(0.1)
    epochs, written, cpu = run.metric("wire_sink_epochs_total"), run.written_now(), run.cpu_now()
    time.sleep(CHURN)
    epochs, written, cpu = run.metric("wire_sink_epochs_total") - epochs, run.written_now() - written, run.cpu_now() - cpu
    bound, count = stalls(run)
    changed = rate * 5 * 115
    print(f"{epochs:.0f} checkpoints, of each {rate * 5} keys changed: to the device {written / max(epochs, 1) / changed:.2f} x what changed; "
          f"99 of 100 stalls within {bound:.2f} ms ({count:.0f} in all); {cpu / CHURN / rate * 1e9:.0f} ns of CPU a row")
    run.job.kill()
    run.wait(expected=(-9,))
    first = first_change(wire, folder, script, options)
    print(f"kill -9: first row after {first:.2f} s; resident in the run before {run.peak / 1e6:.0f} MB")


RESTARTED = {
    # Rows of both inputs of a join of changes.
    "join": """SELECT l.k, l.n, r.n AS m FROM (SELECT lpad(CAST(n % {keys} AS TEXT), 84, '.') AS k, n FROM numbers) l
LEFT JOIN (SELECT lpad(CAST(n % {keys} AS TEXT), 84, '.') AS k, n FROM others) r ON l.k = r.k""",
    # The rows of each key, which array_agg keeps in their order.
    "rows": """SELECT k, array_agg(v ORDER BY n) AS all_rows FROM (SELECT lpad(CAST(n % {keys} AS TEXT), 20, '.') AS k, lpad(CAST(n AS TEXT), 84, '.') AS v, n FROM numbers) t GROUP BY k""",
}


def restart(wire, folder, shape, size):
    rows = int(size / 115)
    state = folder / f"restart-{shape}-state"
    shutil.rmtree(state, ignore_errors=True)
    sources = ["numbers"] if shape == "rows" else ["numbers", "others"]

    def script(rate):
        text = "SET emit = 'changes';\n"
        for name in sources:
            text += f"CREATE SOURCE {name} (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rate = {rate});\n"
        path = folder / f"restart-{shape}.sql"
        path.write_text(text + "CREATE SINK out WITH (connector = 'blackhole');\nINSERT INTO out " + RESTARTED[shape].format(keys=max(rows // 2, 1)) + ";\n")
        return path

    options = ["--state-dir", str(state), "--listen", ADDRESS, "--parallelism", "1"]
    fill = Process(wire, folder, script(0), *options)
    while fill.metric("wire_source_rows_total") < rows * 1.02:
        time.sleep(0.2)
    cpu = fill.cpu_now()
    fill.stop()
    print(f"{shape}: {rows} rows: filled with {cpu:.1f} s of CPU, resident {fill.peak / 1e6:.0f} MB; on disk {folder_size(state) / 1e6:.0f} MB", flush=True)
    for after in ("a stop", "kill -9", "kill -9"):
        run = Process(wire, folder, script(1000), *options)
        while run.metric("wire_sink_rows_written_total") == 0:
            time.sleep(0.02)
        seconds, cpu, resident = time.monotonic() - run.began, run.cpu_now(), run.resident()
        run.job.kill()
        run.wait(expected=(-9,))
        print(f"{shape}: after {after}: first row {seconds:.2f} s, {cpu:.2f} s of CPU, resident then {resident / 1e6:.0f} MB", flush=True)


def first_change(wire, folder, script, options):
    """Seconds from the start of a process to the first row that leaves it."""
    run = Process(wire, folder, script, *options)
    while run.metric("wire_sink_rows_written_total") == 0:
        time.sleep(0.02)
    seconds = time.monotonic() - run.began
    run.job.kill()
    run.wait(expected=(-9,))
    return seconds


def folder_size(folder):
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def main():
    wire, folder, what, *rest = sys.argv[1:]
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wire = str(pathlib.Path(wire).resolve())
    if what == "nexmark":
        nexmark(wire, folder, rest or STATEFUL)
    elif what == "long":
        long(wire, folder, rest or STATEFUL)
    elif what == "full":
        full(wire, folder, rest or STATEFUL)
    elif what == "large":
        large(wire, folder, int(rest[0]) if rest else 1_000_000_000)
    elif what == "restart" and rest and rest[0] in RESTARTED:
        restart(wire, folder, rest[0], int(rest[1]) if len(rest) > 1 else 1_000_000_000)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
