CREATE SOURCE orders (id BIGINT, customer BIGINT, amount BIGINT, note TEXT, at TIMESTAMP, WATERMARK FOR at AS at - INTERVAL '10 seconds')
  WITH (connector = 'file', path = 'orders.jsonl', format = 'json');
CREATE SINK dear WITH (connector = 'file', path = 'dear.jsonl', format = 'json');
CREATE SINK counts WITH (connector = 'file', path = 'counts.jsonl', format = 'json');
CREATE SINK windows WITH (connector = 'file', path = 'windows.jsonl', format = 'json');
CREATE SINK tops WITH (connector = 'file', path = 'tops.jsonl', format = 'json');
INSERT INTO dear SELECT id, amount * 2 AS twice FROM orders WHERE amount > 80;
INSERT INTO counts SELECT customer, count(*) AS n, sum(amount) AS total, max(note) AS last FROM orders GROUP BY customer;
INSERT INTO windows SELECT window_start, customer % 10 AS k, count(*) AS n, sum(amount) AS total
  FROM TUMBLE(orders, at, INTERVAL '2 minutes') GROUP BY window_start, window_end, customer % 10;
INSERT INTO tops SELECT customer, id, amount
  FROM (SELECT customer, id, amount, row_number() OVER (PARTITION BY customer % 20 ORDER BY amount DESC, id) AS r FROM orders) o WHERE r <= 3;
