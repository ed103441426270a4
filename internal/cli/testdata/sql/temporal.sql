CREATE TABLE rates (currency TEXT PRIMARY KEY, rate NUMERIC);
CREATE TABLE orders (currency TEXT, amount NUMERIC, at TIMESTAMPTZ);
INSERT INTO rates VALUES ('EUR', 1), ('USD', 0.9);
INSERT INTO orders VALUES ('USD', 10, '2026-01-01 00:00+00'), ('EUR', 5, '2026-01-02 00:00+00');
SELECT amount * rate AS euro FROM orders o JOIN rates FOR SYSTEM_TIME AS OF PROCTIME() AS r ON r.currency = o.currency ORDER BY 1;
SELECT amount * rate AS euro FROM (SELECT *, PROCTIME() AS p FROM orders) o JOIN rates FOR SYSTEM_TIME AS OF o.p AS r ON r.currency = o.currency ORDER BY 1;
SELECT amount * rate AS euro FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.at AS r ON r.currency = o.currency ORDER BY 1;
EXPLAIN (COSTS off) SELECT amount * rate AS euro FROM orders o JOIN rates FOR SYSTEM_TIME AS OF o.at AS r ON r.currency = o.currency;
SELECT count(*) FROM TUMBLE(orders, at, INTERVAL '1 day') GROUP BY window_start;
