package plans_test

import (
	"testing"

	"wire.example/wire/internal/engine"
)

// fortyLines is a query of forty lines with joins, subqueries, groups and windows.
const fortyLines = `
WITH
  big_spenders AS (
    SELECT
      big.mid_id,
      count(*) AS n,
      sum(big.v) AS total
    FROM big
    WHERE big.v > 1
      AND big.tiny_id IN (
        SELECT id FROM tiny
        WHERE name LIKE 'a%'
      )
    GROUP BY big.mid_id
    HAVING sum(big.v) > 100
  ),
  ranked AS (
    SELECT
      mid_id,
      n,
      total,
      rank() OVER (
        PARTITION BY n % 10
        ORDER BY total DESC
      ) AS place
    FROM big_spenders
  )
SELECT
  mid.name,
  r.n,
  round(r.total::numeric, 2) AS total,
  CASE
    WHEN r.place = 1 THEN 'first'
    WHEN r.place < 4 THEN 'podium'
    ELSE 'rest'
  END AS class,
  (SELECT max(u.x) FROM u WHERE u.a = r.n) AS most
FROM ranked r
JOIN mid ON mid.id = r.mid_id
LEFT JOIN k ON k.id = r.n AND k.price > 3
WHERE r.place <= 10
  AND EXISTS (SELECT 1 FROM t WHERE t.a = r.n)
ORDER BY total DESC NULLS LAST, mid.name
LIMIT 100
`

// BenchmarkPlan is everything between text and a plan that can run: parsing, binding, every pass, the physical plan.
func BenchmarkPlan(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		plan, err := w.plan(fortyLines)
		if err == nil {
			_, err = engine.Plan(b.Context(), plan, 2)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
