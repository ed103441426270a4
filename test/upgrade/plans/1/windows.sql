CREATE SOURCE orders (id INT, customer INT, amount INT, price NUMERIC(10,2), weight REAL, note VARCHAR(20), at TIMESTAMPTZ, WATERMARK FOR at AS at - INTERVAL '5 seconds')
	WITH (connector = 'file', path = '/orders.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = '/out.jsonl', format = 'json', if_exists = 'replace');
INSERT INTO out SELECT customer, window_start, count(*) AS n, sum(amount) AS total FROM TABLE(HOP(TABLE orders, DESCRIPTOR(at), INTERVAL '20 seconds', INTERVAL '1 minute')) GROUP BY customer, window_start, window_end;