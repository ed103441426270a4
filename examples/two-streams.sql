-- Joins two files as they grow: an order that comes after its click corrects the row of the click.
CREATE SOURCE clicks (session BIGINT, page TEXT) WITH (connector = 'file', path = 'data/clicks.jsonl', format = 'json', follow = true);
CREATE SOURCE orders (session BIGINT, amount NUMERIC) WITH (connector = 'file', path = 'data/orders.jsonl', format = 'json', follow = true);

SET ttl = '1 day';
SELECT c.session, c.page, o.amount FROM clicks c LEFT JOIN orders o ON o.session = c.session;
