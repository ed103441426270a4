CREATE TABLE t (a INTEGER, b TEXT, c NUMERIC(10,2), d TIMESTAMP, e BIGINT[]);
CREATE TABLE u (a INTEGER, x BIGINT NOT NULL, y TEXT);
CREATE TABLE k (id INTEGER PRIMARY KEY, name TEXT, price NUMERIC);
CREATE TABLE big (id BIGINT NOT NULL, mid_id BIGINT, tiny_id BIGINT, v DOUBLE PRECISION);
CREATE TABLE mid (id BIGINT PRIMARY KEY, name TEXT);
CREATE TABLE tiny (id BIGINT PRIMARY KEY, name TEXT);
CREATE SOURCE s (a BIGINT, b TEXT, c TIMESTAMP) WITH (connector = 'file', path = 's.jsonl', format = 'json');
CREATE SOURCE bid (auction BIGINT, bidder BIGINT, price BIGINT, at TIMESTAMP, WATERMARK FOR at AS at - INTERVAL '4 seconds')
	WITH (connector = 'file', path = 'bid.jsonl', format = 'json', follow = true);
CREATE SOURCE auction (id BIGINT, seller BIGINT, at TIMESTAMP, WATERMARK FOR at AS at)
	WITH (connector = 'file', path = 'auction.jsonl', format = 'json', follow = true);
CREATE TABLE rate (currency TEXT PRIMARY KEY, r NUMERIC, at TIMESTAMP, WATERMARK FOR at AS at)
	WITH (connector = 'file', path = 'rate.jsonl', format = 'json', follow = true, changes = 'upsert');
CREATE SOURCE log (k BIGINT, v BIGINT) WITH (connector = 'file', path = 'log.jsonl', format = 'json', changelog = true);
