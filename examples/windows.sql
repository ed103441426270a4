-- Counts the bids of make-auction.sql in windows of ten seconds; bids that come after their window was answered go into a file of their own.
CREATE SOURCE bids (auction BIGINT, bidder BIGINT, price BIGINT, date_time TIMESTAMP, WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds')
WITH (connector = 'file', path = 'data/bids.jsonl', format = 'json');

CREATE SINK counts WITH (connector = 'file', path = 'out/counts.jsonl', format = 'json', if_exists = 'replace');
CREATE SINK late WITH (connector = 'file', path = 'out/late.jsonl', format = 'json', if_exists = 'replace');

INSERT INTO counts
SELECT window_start, window_end, count(*) AS bids, max(price) AS highest
FROM TUMBLE(bids, date_time, INTERVAL '10 seconds')
GROUP BY window_start, window_end
LATE INTO late;
