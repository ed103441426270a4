-- Writes a quarter of a million events of an auction site below data/: bids out of order within groups of forty, auctions, and some bids that come far too late.
CREATE SOURCE made_bids WITH (connector = 'generate', "table" = 'bid', rows = 250000, events_per_second = 1000, group_size = 40);
CREATE SOURCE made_auctions WITH (connector = 'generate', "table" = 'auction', rows = 250000, events_per_second = 1000, group_size = 40);

CREATE SINK bids WITH (connector = 'file', path = 'data/bids.jsonl', format = 'json', if_exists = 'replace');
CREATE SINK auctions WITH (connector = 'file', path = 'data/auctions.jsonl', format = 'json', if_exists = 'replace');

INSERT INTO bids SELECT auction, bidder, price, CASE WHEN price % 100003 = 7 THEN date_time - INTERVAL '1 minute' ELSE date_time END AS date_time FROM made_bids;
INSERT INTO auctions SELECT id, seller, category, reserve, date_time, expires FROM made_auctions;
