#!/usr/bin/env python3
"""Compares one job of parallelism 2 with two copies of parallelism 1 that run side by side.

    bin/wire bench nexmark --dir DIR --events 2000000 --short 500000 --match '^q0 file' --runs 1
    bench/two-cores.py bin/wire DIR

The first command leaves the events and q0's script in DIR. For each query: events a second of the one job divided by those of the two together.
"""
import pathlib
import statistics
import subprocess
import sys
import time

QUERIES = {
    "q0 stateless": "SELECT auction, bidder, price, date_time, extra FROM bid",
    "q2 stateless": "SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0",
    "count by auction": "SELECT auction, count(*), sum(price) FROM bid GROUP BY auction",
    "one hot key": "SELECT CASE WHEN bidder % 2 = 0 THEN 0 ELSE bidder END AS k, count(*), sum(price) FROM bid GROUP BY 1",
}
NEXMARK = {"q5 windows": "q5", "q15 distinct": "q15", "q17": "q17"}


def main():
    wire, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    queries = dict(QUERIES)
    texts = pathlib.Path(__file__).parent.parent / "test" / "nexmark" / "queries"
    for name, query in NEXMARK.items():
        queries[name] = (texts / f"{query}.sql").read_text().rstrip().rstrip(";")
    tables = (folder / "q0-file-2000000.sql").read_text().split("INSERT INTO out")[0]
    script = folder / "two-cores.sql"

    def start(lanes):
        command = [wire, "run", "--ephemeral", "--quiet", "--parallelism", str(lanes), script]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def seconds(*lanes):
        began = time.time()
        for job in [start(n) for n in lanes]:
            if job.wait() != 0:
                sys.exit(f"{script} failed")
        return time.time() - began

    for name, query in queries.items():
        script.write_text(f"{tables}INSERT INTO out {query};")
        shares = sorted(seconds(1, 1) / 2 / seconds(2) for _ in range(5))
        print(f"{name:20s} median {statistics.median(shares):.2f} of {[round(s, 2) for s in shares]}", flush=True)


if __name__ == "__main__":
    main()
