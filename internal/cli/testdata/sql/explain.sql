CREATE TABLE t (a INT PRIMARY KEY, b TEXT);
INSERT INTO t VALUES (1, 'x'), (2, 'y');
EXPLAIN SELECT b, count(*) FROM t WHERE a > 1 GROUP BY b;
EXPLAIN (VERBOSE, COSTS off) SELECT * FROM t x JOIN t y ON x.a = y.a WHERE x.b = 'x';
EXPLAIN (ANALYZE, COSTS off) SELECT max(a) FROM t;
EXPLAIN (FORMAT JSON, VERBOSE) SELECT a FROM t;
EXPLAIN INSERT INTO t SELECT a + 10, b FROM t;
EXPLAIN DROP TABLE t;
SET emit = 'changes';
EXPLAIN (COSTS off) SELECT count(*) FROM t;
CREATE SOURCE timed (k BIGINT, at TIMESTAMP, WATERMARK FOR at AS at) WITH (connector = 'file', path = 'none.jsonl', format = 'json');
CREATE SINK late WITH (connector = 'blackhole');
EXPLAIN (COSTS off) SELECT k, count(*) FROM TUMBLE(timed, at, INTERVAL '1 second') GROUP BY k, window_start, window_end LATE INTO late;
EXPLAIN (COSTS off) INSERT INTO late SELECT k, count(*) FROM TUMBLE(timed, at, INTERVAL '1 second') GROUP BY k, window_start, window_end LATE INTO late;

-- A lane does not know which groups were forgotten: where rows are taken back and groups have a time to live there is one phase.
CREATE SOURCE changing (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT, PRIMARY KEY (auction, bidder)) WITH (connector = 'generate', kind = 'nexmark', table = 'bid', rows = 100000, changes = 'upsert');
SET emit = 'changes';
EXPLAIN SELECT auction % 2 = 0 AS g, sum(price) FROM changing GROUP BY 1;
SET ttl = '1 day';
EXPLAIN SELECT auction % 2 = 0 AS g, sum(price) FROM changing GROUP BY 1;
