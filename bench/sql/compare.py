"""Runs the same queries over the same CSV files in Wire, PostgreSQL and DuckDB. See README.md."""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

TABLES = {
    "fact": [("id", "BIGINT"), ("k", "BIGINT"), ("v", "DOUBLE PRECISION"), ("t", "TEXT")],
    "dim": [("k", "BIGINT"), ("name", "TEXT"), ("w", "BIGINT")],
    "many": [("n", "BIGINT"), ("t", "TEXT")],
}

# name: (table that rows are counted of, query). Each has one row for an answer, so that nothing is measured but the work.
QUERIES = {
    "scan": ("fact", "SELECT count(*), sum(v) FROM fact"),
    "join": ("fact", "SELECT count(*), sum(d.w), max(d.name) FROM fact f JOIN dim d ON f.k = d.k"),
    "group": ("fact", "SELECT count(*), max(c) FROM (SELECT id, count(*) AS c, sum(v) AS s FROM fact GROUP BY id) q WHERE s >= 0"),
    "group few": ("fact", "SELECT count(*), max(s) FROM (SELECT k % 1000 AS g, sum(v) AS s FROM fact GROUP BY 1) q"),
    "exists": ("fact", "SELECT count(*) FROM fact f WHERE EXISTS (SELECT 1 FROM dim d WHERE d.k = f.k AND d.w > 500)"),
    "exists by hand": ("fact", "SELECT count(*) FROM fact f JOIN (SELECT DISTINCT k FROM dim WHERE w > 500) d ON d.k = f.k"),
    "scalar": ("fact", "SELECT count(s), max(s) FROM (SELECT (SELECT max(d.w) FROM dim d WHERE d.k = f.k) AS s FROM fact f) q"),
    "scalar by hand": (
        "fact",
        "SELECT count(m), max(m) FROM (SELECT m FROM fact f LEFT JOIN (SELECT k, max(w) AS m FROM dim GROUP BY k) d ON d.k = f.k) q",
    ),
    "window": ("fact", "SELECT max(r), sum(r) FROM (SELECT row_number() OVER (PARTITION BY k ORDER BY v) AS r FROM fact) q"),
    "sort": ("many", "SELECT max(n), min(n) FROM (SELECT n, t FROM many ORDER BY t, n OFFSET 10) q"),
}


def write(folder, rows, many):
    rnd = random.Random(7)
    with open(f"{folder}/fact.csv", "w") as f:
        f.write("id,k,v,t\n")
        for i in range(rows):
            f.write(f"{i},{rnd.randrange(rows // 10)},{rnd.randrange(100000000) / 100},name{rnd.randrange(50000)}\n")
    with open(f"{folder}/dim.csv", "w") as f:
        f.write("k,name,w\n")
        for i in range(rows // 10):
            f.write(f"{i},dim {i},{rnd.randrange(1000)}\n")
    with open(f"{folder}/many.csv", "w") as f:
        f.write("n,t\n")
        for _ in range(many):
            f.write(f"{rnd.randrange(1 << 40)},t{rnd.randrange(1 << 30)}\n")


def children():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return r.ru_utime + r.ru_stime


def measured(run):
    cpu, clock = children(), time.monotonic()
    out = run()
    return out, children() - cpu, time.monotonic() - clock


class Wire:
    name = "wire"

    def __init__(self, args, folder):
        self.command = [args.wire, "run", "--quiet", "--summary", "none", "--output", "csv"]
        for table, columns in TABLES.items():
            fields = ", ".join(f"{n} {t}" for n, t in columns)
            self.command += ["-e", f"CREATE SOURCE {table} ({fields}) WITH (connector = 'file', path = '{folder}/{table}.csv', format = 'csv')"]

    def query(self, text):
        run = lambda: subprocess.run(self.command + ["-e", text], check=True, capture_output=True, text=True).stdout
        out, cpu, clock = measured(run)
        return out.splitlines()[1].split(","), cpu, clock


class DuckDB:
    name = "duckdb"

    def __init__(self, args, folder):
        views = ""
        for table, columns in TABLES.items():
            fields = ", ".join(f"'{n}': '{t.replace(' PRECISION', '').replace('TEXT', 'VARCHAR')}'" for n, t in columns)
            views += f"CREATE VIEW {table} AS SELECT * FROM read_csv('{folder}/{table}.csv', header = true, columns = {{{fields}}});"
        self.views = views
        _, self.start, self.start_clock = measured(lambda: self.run("SELECT 1"))

    def run(self, text):
        program = f"import duckdb; c = duckdb.connect(); c.execute('SET enable_progress_bar = false'); c.execute({self.views!r}); print(*c.execute({text!r}).fetchone(), sep='|')"
        return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout

    def query(self, text):
        out, cpu, clock = measured(lambda: self.run(text))
        return out.strip().split("|"), cpu - self.start, clock - self.start_clock


class Postgres:
    name = "postgres"

    def __init__(self, args, folder):
        self.dsn, self.patience = args.postgres, args.patience
        ddl = "DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench; CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER IF NOT EXISTS files FOREIGN DATA WRAPPER file_fdw;"
        for table, columns in TABLES.items():
            fields = ", ".join(f"{n} {t}" for n, t in columns)
            ddl += f"CREATE FOREIGN TABLE bench.{table} ({fields}) SERVER files OPTIONS (filename '{folder}/{table}.csv', format 'csv', header 'true');"
            ddl += f"ANALYZE bench.{table};"
        self.psql(ddl)

    def psql(self, *texts):
        command = ["psql", self.dsn, "-qAtX", "-v", "ON_ERROR_STOP=1"]
        for text in texts:
            command += ["-c", text]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def query(self, text):
        stat = "SELECT split_part(s, ' ', 14)::int + split_part(s, ' ', 15)::int FROM pg_read_file('/proc/self/stat') s"
        settings = "SET search_path = bench, public; SET max_parallel_workers_per_gather = 0; SET work_mem = '1GB'; SET jit = off"
        settings += f"; SET statement_timeout = '{self.patience}s'"
        clock = time.monotonic()
        try:
            lines = self.psql(settings, stat, text, stat).splitlines()
        except subprocess.CalledProcessError as e:
            if "statement timeout" in e.stderr:
                return None
            raise
        clock = time.monotonic() - clock
        return lines[1].split("|"), (int(lines[2]) - int(lines[0])) / os.sysconf("SC_CLK_TCK"), clock


def same(a, b):
    for x, y in zip(a, b):
        if x != y and abs(float(x) - float(y)) > 1e-9 * abs(float(y)):
            return False
    return len(a) == len(b)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wire", default="bin/wire")
    parser.add_argument("--postgres", help="DSN")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--many", type=int, default=10_000_000)
    parser.add_argument("--patience", type=int, default=120, help="seconds after which PostgreSQL's query is given up, and its column stays empty")
    parser.add_argument("--only")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        write(folder, args.rows, args.many)
        engines = [Wire(args, folder)]
        if args.postgres:
            engines.append(Postgres(args, folder))
        try:
            import duckdb  # noqa: F401

            engines.append(DuckDB(args, folder))
        except ImportError:
            pass
        print(f"{'query':16}" + "".join(f"{e.name + ' ns/row':>18}{'s':>8}" for e in engines))
        for name, (table, text) in QUERIES.items():
            if args.only and args.only != name:
                continue
            rows = args.many if table == "many" else args.rows
            line, answers = f"{name:16}", []
            for e in engines:
                runs = []
                while len(runs) < args.runs and (run := e.query(text)):
                    runs.append(run)
                if len(runs) < args.runs:
                    line += f"{'-':>18}{f'>{args.patience}':>8}"
                    continue
                cpu, clock = statistics.median(r[1] for r in runs), statistics.median(r[2] for r in runs)
                line += f"{cpu / rows * 1e9:18.0f}{clock:8.2f}"
                answers.append(runs[0][0])
            if not all(same(answers[0], a) for a in answers[1:]):
                line += f"   answers differ: {answers}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
