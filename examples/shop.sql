-- Joins the orders and customers that make-shop.sql writes.
CREATE SOURCE orders (id BIGINT, customer BIGINT, amount NUMERIC(10, 2), ordered TIMESTAMP)
WITH (connector = 'file', path = 'data/orders.csv', format = 'csv');

CREATE SOURCE customers (id BIGINT, name TEXT, country TEXT)
WITH (connector = 'file', path = 'data/customers.jsonl', format = 'json');

SELECT country, count(*) AS orders, sum(amount) AS revenue, round(avg(amount), 2) AS mean
FROM orders JOIN customers ON customers.id = orders.customer
WHERE ordered >= TIMESTAMP '2026-06-01'
GROUP BY country
ORDER BY revenue DESC;
