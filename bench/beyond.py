#!/usr/bin/env python3
"""Measures state of ten times the memory budget, in the steady state.

    bench/beyond.py bin/wire DIR [MB] [uniform zipf nexmark windows …]   budget in MB (default 64); PARALLELISM="1 2", SECONDS=30

Each shape counts by keys of 84 bytes, with a checkpoint every 5 s to DIR, which is made, and whose state is removed behind each run:

    uniform   all keys are put in, then each update is of any of them
    zipf      the same, but the key of rank r is taken with a probability of 1 in r (Zipf, exponent 1): of 5.6 million keys the first 1 % get 70 %, the first 10 % get 85 %
    nexmark   bids by auction and bidder with Nexmark's skew, which is for what came last; nearly a third of the updates are of new pairs, so that state grows on
    windows   a TUMBLE of bids; rows are out of order by up to 4 windows, which close at a time, are answered and dropped whole, while 16 others stay

State is what keys and values take in the store before compression, at least ten times the budget. Updates are rows of the source; of windows they are measured over whole groups of 4. CPU is user and system time of the whole process, compactions
and checkpoints among them; "a core" is updates by second of that. Linux only.
"""
import os
import pathlib
import re
import shutil
import sys
import time

from checkpoints import ADDRESS, BID, Process, counting

SHAPES = ("uniform", "zipf", "nexmark", "windows")
PARALLELISM = [int(p) for p in os.environ.get("PARALLELISM", "1 2").split()]
SECONDS = int(os.environ.get("SECONDS", 30))  # that are measured, at least
SETTLE = 10  # seconds between filling and measuring
ENTRY = 115  # bytes of a key of 84 with its hash, count and maximum in the store
TOGETHER, OPEN = 4, 16  # windows that rows are out of order by, and those that are whole but open
DIFFERENT = 0.632  # 1 - 1/e: of the keys of a window with as many rows as there are keys
BIDS = 0.92  # of Nexmark's events
PAIRS = 0.318  # of Nexmark's bids: different pairs of auction and bidder


# A number below 2^32 that looks random, of n.
MIXED = "((n * 2654435761) % 4294967296)"
MIXED = f"((({MIXED} # ({MIXED} >> 15)) * 1103515245) % 4294967296)"
RANDOM = f"({MIXED} # ({MIXED} >> 13))"
KEYS = {
    "uniform": f"{RANDOM} % {{keys}}",
    "zipf": f"CAST(floor(power({{keys}}.0::double precision, CAST({RANDOM} AS DOUBLE PRECISION) / 4294967296)) AS BIGINT) % {{keys}}",
}


def updates(folder, name, megabytes):
    """The script of a count by key whose keys come all first; and how many rows those are."""
    keys = megabytes * 10_000_000 // ENTRY
    key = KEYS[name].format(keys=keys)
    return counting(folder, keys, 0, f"beyond-{name}", f"CASE WHEN n < {keys} THEN n ELSE {key} END"), keys, keys, None


def nexmark(folder, megabytes):
    """The script of a count by auction and bidder, and how many rows come until there are enough."""
    keys = megabytes * 10_000_000 // ENTRY
    script = folder / "beyond-nexmark.sql"
    script.write_text(
        f"""SET emit = 'changes';
CREATE SOURCE bid ({BID}) WITH (connector = 'generate', kind = 'nexmark', table = 'bid');
CREATE SINK out WITH (connector = 'blackhole');
INSERT INTO out SELECT k, count(*) AS c, max(price) AS most
FROM (SELECT lpad(CAST(auction AS TEXT) || '-' || CAST(bidder AS TEXT), 84, '.') AS k, price FROM bid) t GROUP BY k;
"""
    )
    return script, int(keys / PAIRS), keys, None


def windows(folder, megabytes):
    """The script of a count by key and window; how many rows come until all windows are open; how many rows are of those that close together."""
    keys = int(megabytes * 10_000_000 / ENTRY / OPEN / DIFFERENT)
    window = int(keys / BIDS)  # events, and microseconds
    group = window * TOGETHER
    group += group % 953 == 0  # which the generator does not take
    script = folder / "beyond-windows.sql"
    script.write_text(
        f"""CREATE SOURCE bid ({BID}, WATERMARK FOR date_time AS date_time - INTERVAL '{group * OPEN // TOGETHER} microseconds')
    WITH (connector = 'generate', kind = 'nexmark', table = 'bid', events_per_second = 1000000, group_size = {group});
CREATE SINK out WITH (connector = 'blackhole');
INSERT INTO out SELECT k, window_start, count(*) AS c, max(n) AS last
FROM (SELECT lpad(CAST({RANDOM} % {keys} AS TEXT), 84, '.') AS k, n, window_start, window_end
      FROM (SELECT CAST(EXTRACT(EPOCH FROM date_time - TIMESTAMP '2015-07-15 00:00:00') * 1000000 AS BIGINT) AS n, window_start, window_end FROM TUMBLE(bid, date_time, INTERVAL '{window} microseconds')) b) t
GROUP BY k, window_start, window_end;
"""
    )
    return script, int(group * BIDS * (OPEN // TOGETHER + 1)), keys, int(group * BIDS)


def peak(process):
    """The most that was resident, in bytes."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{process.job.pid}/status").read_text()).group(1)) * 1024


def on_disk(folder):
    """What the files take, in bytes: those of which there are several links once."""
    sizes = {}
    for f in folder.rglob("*"):
        try:
            status = f.stat()
        except FileNotFoundError:  # it was merged meanwhile
            continue
        if f.is_file():
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def rows_of(process):
    """How many rows were read; ends the program if the process did."""
    if process.job.poll() is not None:
        sys.exit(f"{' '.join(process.command)}: exit {process.job.returncode}: {process.job.stderr.read()}")
    return process.metric("wire_source_rows_total")


def reach(process, rows):
    """Waits until so many rows were read, and returns how many."""
    while (read := rows_of(process)) < rows:
        time.sleep(0.1)
    return read


def measure(wire, folder, name, megabytes, parallelism, base):
    script, fill, keys, window = {"windows": windows, "nexmark": nexmark}.get(name, lambda folder, megabytes: updates(folder, name, megabytes))(folder, megabytes)
    state = folder / "beyond-state"
    shutil.rmtree(state, ignore_errors=True)
    run = Process(wire, folder, script, "--state-dir", str(state), "--memory", f"{megabytes}MB", "--checkpoint-interval", "5s", "--listen", ADDRESS, "--parallelism", str(parallelism))
    reach(run, fill)
    filled, cpu_filled = time.monotonic() - run.began, run.cpu_now()
    time.sleep(SETTLE)
    first = rows_of(run)
    if window:  # some rows behind a close
        first = reach(run, (first // window + 1) * window)
    cpu, written, began = run.cpu_now(), run.written_now(), time.monotonic()
    time.sleep(SECONDS)
    last = rows_of(run)
    if window:
        last = reach(run, first + ((last - first) // window + 1) * window)
    rows, cpu, written, seconds = last - first, run.cpu_now() - cpu, run.written_now() - written, time.monotonic() - began
    most, disk = peak(run), on_disk(state)
    run.job.kill()
    run.wait(expected=(-9,))
    shutil.rmtree(state, ignore_errors=True)
    bound = base + 1.1 * megabytes * 1e6
    print(
        f"{name:8s} {parallelism:2d} {keys:9d} {filled:6.0f} {cpu_filled / fill * 1e6:9.2f} {rows / seconds:10.0f} {cpu / rows * 1e6:9.2f} {rows / cpu:8.0f} {cpu / seconds:6.2f} {written / rows:9.0f} "
        f"{disk / 1e6:8.0f} {most / 1e6:8.0f} {bound / 1e6:6.0f}",
        flush=True,
    )


def main():
    wire, folder, *rest = sys.argv[1:]
    wire, folder = str(pathlib.Path(wire).resolve()), pathlib.Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    megabytes = int(rest.pop(0)) if rest and rest[0].isdigit() else 64
    idle = Process(wire, folder, counting(folder, 1, 1, "idle", "n % {keys}"), "--ephemeral", "--listen", ADDRESS)
    time.sleep(2)
    base = idle.resident()
    idle.stop()
    print(f"state of {megabytes * 10} MB within {megabytes} MB; idle: resident {base / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}")
    print("shape    parallelism keys, fill s, CPU µs a row of it, updates/s, CPU µs an update, a core, cores in use, bytes to the device an update, MB on disk, MB resident at most, bound")
    for name in rest or SHAPES:
        for parallelism in PARALLELISM:
            measure(wire, folder, name, megabytes, parallelism, base)


if __name__ == "__main__":
    main()
