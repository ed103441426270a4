CREATE SOURCE orders (id INT, customer INT, amount INT, price NUMERIC(10,2), weight REAL, note VARCHAR(20), at TIMESTAMPTZ, WATERMARK FOR at AS at - INTERVAL '5 seconds')
	WITH (connector = 'file', path = '/orders.jsonl', format = 'json');
CREATE SOURCE more (id INT, customer INT, amount INT, note TEXT) WITH (connector = 'file', path = '/more.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = '/out.jsonl', format = 'json', if_exists = 'replace');
INSERT INTO out SELECT o.id, o.amount, m.note FROM orders o JOIN more m ON o.amount = m.id;