CREATE SOURCE bid (
  auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT,
  WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds'
) WITH (connector = 'file', path = 'bid.jsonl', format = 'json');

CREATE SOURCE auction (
  id BIGINT, item_name TEXT, description TEXT, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP, expires TIMESTAMP, seller BIGINT,
  category BIGINT, extra TEXT, WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds'
) WITH (connector = 'file', path = 'auction.jsonl', format = 'json');

CREATE SOURCE person (
  id BIGINT, name TEXT, email_address TEXT, credit_card TEXT, city TEXT, state TEXT, date_time TIMESTAMP, extra TEXT,
  WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds'
) WITH (connector = 'file', path = 'person.jsonl', format = 'json');

CREATE TABLE t (a INTEGER, b TEXT, c NUMERIC(10,2), d TIMESTAMP, e BIGINT[]);
CREATE TABLE u (a INTEGER, x BIGINT NOT NULL, y TEXT);
CREATE TABLE k (id INTEGER PRIMARY KEY, name TEXT, price NUMERIC);
CREATE TABLE side_input (key BIGINT PRIMARY KEY, value TEXT);
CREATE SINK out WITH (connector = 'blackhole');
CREATE SINK file_out (id BIGINT, name VARCHAR(5), at TIMESTAMP DEFAULT TIMESTAMP '2020-01-01', n NUMERIC) WITH (connector = 'file', path = 'x.jsonl');
