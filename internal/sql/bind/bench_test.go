package bind_test

import (
	"testing"

	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/parse"
)

// fortyLines is a query of forty lines that has something of everything.
const fortyLines = `WITH priced AS (
  SELECT b.auction, b.bidder, b.price * 0.908 AS euro,
         b.date_time, lower(b.channel) AS channel,
         row_number() OVER (PARTITION BY b.auction ORDER BY b.price DESC, b.date_time) AS place
  FROM bid AS b
  WHERE b.price > 100
    AND b.channel IN ('apple', 'google', 'facebook', 'baidu')
    AND NOT EXISTS (
      SELECT 1 FROM person AS p
      WHERE p.id = b.bidder
        AND p.state = 'OR'
    )
), best AS (
  SELECT auction, bidder, euro, date_time, channel
  FROM priced
  WHERE place <= 3
)
SELECT a.category,
       p.state,
       to_char(best.date_time, 'YYYY-MM-DD') AS day,
       count(*) AS bids,
       count(DISTINCT best.bidder) AS bidders,
       sum(best.euro) FILTER (WHERE best.channel = 'apple') AS apple,
       round(avg(best.euro), 2) AS mean,
       max(best.euro) - min(best.euro) AS spread,
       CASE
         WHEN sum(best.euro) > 1000000 THEN 'large'
         WHEN sum(best.euro) > 1000 THEN 'medium'
         ELSE 'small'
       END AS size
FROM best
JOIN auction AS a ON a.id = best.auction
LEFT JOIN person AS p ON p.id = a.seller AND p.city <> ''
WHERE a.category IN (SELECT category FROM auction GROUP BY category HAVING count(*) > 10)
  AND best.date_time BETWEEN a.date_time AND a.expires
GROUP BY a.category, p.state, to_char(best.date_time, 'YYYY-MM-DD')
HAVING count(*) > 1
ORDER BY bids DESC, 1, p.state NULLS FIRST
LIMIT 100
OFFSET 10`

func BenchmarkFortyLines(b *testing.B) {
	w := newWorld()
	prepare(b, w)
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if _, err := parse.Query(fortyLines); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parse and bind", func(b *testing.B) {
		for b.Loop() {
			q, err := parse.Query(fortyLines)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := bind.New(w.environment()).Query(q, "query"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
