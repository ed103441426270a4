package parse_test

import (
	"strings"
	"testing"

	"wire.example/wire/internal/sql/ast"
	sqlparse "wire.example/wire/internal/sql/parse"
)

// fortyLines is a query of the size that people write.
const fortyLines = `WITH recent AS (
  SELECT b.auction, b.bidder, b.price, b.channel, b.date_time,
         a.category, a.seller, a.item_name
  FROM TUMBLE(bid, date_time, INTERVAL '10 seconds') AS b
  JOIN auction AS a ON a.id = b.auction
   AND b.date_time BETWEEN a.date_time AND a.expires
  WHERE b.price > 1000
    AND b.channel NOT IN ('Apple', 'Google')
    AND a.item_name ILIKE '%lamp%'
),
ranked AS (
  SELECT r.*, row_number() OVER w AS place,
         sum(price) OVER (w ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS rolling
  FROM recent AS r
  WINDOW w AS (PARTITION BY category ORDER BY price DESC NULLS LAST, date_time)
),
totals (category, bids, total, average) AS (
  SELECT category, count(*) FILTER (WHERE price > 5000),
         sum(price)::NUMERIC(20, 2), avg(price)
  FROM recent
  GROUP BY GROUPING SETS ((category), ())
  HAVING count(*) > 10
)
SELECT t.category,
       p.name AS seller,
       coalesce(t.total, 0) AS total,
       CASE WHEN t.average > 10000 THEN 'dear'
            WHEN t.average > 1000 THEN 'fair'
            ELSE 'cheap'
       END AS class,
       (SELECT max(x.price) FROM recent AS x WHERE x.category = t.category) AS dearest,
       to_char(k.date_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS at
FROM ranked AS k
LEFT JOIN totals AS t USING (category)
LEFT JOIN person AS p ON p.id = k.seller AND p.state = ANY (ARRAY['OR', 'ID', 'CA'])
CROSS JOIN LATERAL unnest(string_to_array(p.name, ' ')) WITH ORDINALITY AS part (word, n)
WHERE k.place <= 3
  AND EXISTS (SELECT 1 FROM recent AS r2 WHERE r2.bidder = k.bidder AND r2.price < k.price)
ORDER BY t.total DESC, k.place
LIMIT 100 OFFSET 10`

func BenchmarkStatement(b *testing.B) {
	if n := strings.Count(fortyLines, "\n") + 1; n < 40 {
		b.Fatalf("only %d lines", n)
	}
	b.SetBytes(int64(len(fortyLines)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sqlparse.Statement(fortyLines); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrint(b *testing.B) {
	s, err := sqlparse.Statement(fortyLines)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		ast.SQL(s)
	}
}

func BenchmarkInsertOfManyRows(b *testing.B) {
	text := "INSERT INTO t VALUES (1, 'abc', 2.5)" + strings.Repeat(", (1, 'abc', 2.5)", 9_999)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sqlparse.Statement(text); err != nil {
			b.Fatal(err)
		}
	}
}
