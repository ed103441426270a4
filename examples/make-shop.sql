-- Writes a million orders as CSV and ten thousand customers as JSON lines below data/.
CREATE SOURCE numbers WITH (connector = 'generate', kind = 'sequence', rows = 1000000);

CREATE SINK orders WITH (connector = 'file', path = 'data/orders.csv', format = 'csv', if_exists = 'replace');
CREATE SINK customers WITH (connector = 'file', path = 'data/customers.jsonl', format = 'json', if_exists = 'replace');

INSERT INTO orders
SELECT n AS id, n * 7919 % 10000 AS customer, round((n * 104729 % 100000)::numeric / 100, 2) AS amount,
       TIMESTAMP '2026-01-01' + n * INTERVAL '20 seconds' AS ordered
FROM numbers;

INSERT INTO customers
SELECT n AS id, 'customer ' || n AS name, (ARRAY['DE', 'FR', 'JP', 'US'])[1 + n % 4] AS country
FROM numbers WHERE n < 10000;
