-- What PostgreSQL is asked for the answers. A section begins with its name: the setup, behind the loading of the tables, then the queries whose text PostgreSQL does not
-- take, written with date_bin, generate_series and gaps between neighbours. All others are asked as they stand in queries/.
--
-- person, auction and bid have a column pos, the place among all events. wire.form is a setting: typed, where each table is a split of its own, or combined, where
-- all events are one.

---- setup
-- heard is the watermark of an event's split just before it: the largest time before, less 4 seconds.
CREATE TABLE heard AS
SELECT pos,
       max(date_time) OVER (PARTITION BY CASE current_setting('wire.form') WHEN 'typed' THEN kind END
                            ORDER BY pos ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - INTERVAL '4 seconds' AS watermark
FROM (SELECT pos, date_time, 0 AS kind FROM person
      UNION ALL SELECT pos, date_time, 1 FROM auction
      UNION ALL SELECT pos, date_time, 2 FROM bid) e;
CREATE INDEX ON heard (pos);

-- For each bid the windows of q5 in which it counts: a window that ended before the watermark takes no more rows.
CREATE TABLE hopped AS
SELECT b.*, w AS window_start, w + INTERVAL '10 seconds' AS window_end
FROM bid b JOIN heard h USING (pos),
     generate_series(date_bin('2 seconds', date_time, '1970-01-01') - INTERVAL '8 seconds', date_bin('2 seconds', date_time, '1970-01-01'), '2 seconds') w
WHERE h.watermark IS NULL OR w + INTERVAL '10 seconds' > h.watermark;

-- The same of windows that do not overlap.
CREATE VIEW tumbled_bid AS
SELECT * FROM (SELECT b.*, date_bin('10 seconds', date_time, '1970-01-01') AS window_start, watermark FROM bid b JOIN heard h USING (pos)) t
WHERE watermark IS NULL OR window_start + INTERVAL '10 seconds' > watermark;
CREATE VIEW tumbled_person AS
SELECT * FROM (SELECT p.*, date_bin('10 seconds', date_time, '1970-01-01') AS window_start, watermark FROM person p JOIN heard h USING (pos)) t
WHERE watermark IS NULL OR window_start + INTERVAL '10 seconds' > watermark;
CREATE VIEW tumbled_auction AS
SELECT * FROM (SELECT a.*, date_bin('10 seconds', date_time, '1970-01-01') AS window_start, watermark FROM auction a JOIN heard h USING (pos)) t
WHERE watermark IS NULL OR window_start + INTERVAL '10 seconds' > watermark;

-- A row before the watermark is late for sessions and for joins of an interval.
CREATE VIEW timely_bid AS
SELECT b.* FROM bid b JOIN heard h USING (pos) WHERE h.watermark IS NULL OR b.date_time >= h.watermark;

---- q5
SELECT c.auction, c.num
FROM (SELECT auction, window_start, count(*) AS num FROM hopped GROUP BY auction, window_start) c
JOIN (SELECT window_start, max(num) AS maxn FROM (SELECT auction, window_start, count(*) AS num FROM hopped GROUP BY auction, window_start) n GROUP BY window_start) m
  ON c.window_start = m.window_start AND c.num >= m.maxn

---- q7
SELECT b.auction, b.price, b.bidder, b.date_time, b.extra
FROM timely_bid b
JOIN (SELECT max(price) AS maxprice, window_start + INTERVAL '10 seconds' AS date_time FROM tumbled_bid GROUP BY window_start) m ON b.price = m.maxprice
WHERE b.date_time BETWEEN m.date_time - INTERVAL '10 seconds' AND m.date_time

---- q8
SELECT p.id, p.name, p.window_start AS starttime
FROM (SELECT DISTINCT id, name, window_start FROM tumbled_person) p
JOIN (SELECT DISTINCT seller, window_start FROM tumbled_auction) a ON p.id = a.seller AND p.window_start = a.window_start

---- q11
SELECT bidder, count(*) AS bid_count, min(date_time) AS starttime, max(date_time) + INTERVAL '10 seconds' AS endtime
FROM (SELECT bidder, date_time, sum(begins) OVER (PARTITION BY bidder ORDER BY date_time) AS session
      FROM (SELECT bidder, date_time,
                   CASE WHEN date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time) < INTERVAL '10 seconds' THEN 0 ELSE 1 END AS begins
            FROM timely_bid) b) s
GROUP BY bidder, session

---- q12
SELECT bidder, sum(bid_count) AS bid_count FROM (SELECT bidder, count(*) AS bid_count FROM bid GROUP BY bidder) q12 GROUP BY bidder

---- q13
SELECT b.auction, b.bidder, b.price, b.date_time, s.value FROM bid b JOIN side_input s ON mod(b.auction, 10000) = s.key
