package timejoin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/internal/testserver"
)

// spell writes an interval join as a query of the ids of both sides over tables l and r, 0 being NULL.
func spell(c *timejoin.IntervalConfig) string {
	on := "true"
	if len(c.Keys) > 0 {
		on = "l.k = r.k"
		if c.Keys[0].NotDistinct {
			on = "l.k IS NOT DISTINCT FROM r.k"
		}
	}
	bound := func(op string, micros int64) {
		on += fmt.Sprintf(" AND l.t %s r.t + interval '%d microseconds'", op, micros)
	}
	if c.Lower != timejoin.NoLower {
		bound(">=", c.Lower)
	}
	if c.Upper != timejoin.NoUpper {
		bound("<=", c.Upper)
	}
	on += " AND l.t IS NOT NULL AND r.t IS NOT NULL"
	if c.Residual != nil {
		on += " AND (l.id + r.id) % 3 <> 0"
	}
	sides := "SELECT coalesce(l.id, 0), coalesce(r.id, 0) FROM l "
	switch c.Kind {
	case timejoin.Semi:
		return "SELECT id, -1::bigint FROM l WHERE EXISTS (SELECT 1 FROM r WHERE " + on + ")"
	case timejoin.Anti:
		return "SELECT id, -1::bigint FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE " + on + ")"
	case timejoin.Full: // which PostgreSQL has for equalities alone
		return sides + "LEFT JOIN r ON " + on + " UNION ALL SELECT 0, id FROM r WHERE NOT EXISTS (SELECT 1 FROM l WHERE " + on + ")"
	default:
		return sides + strings.ToUpper(c.Kind.String()) + " JOIN r ON " + on
	}
}

// TestIntervalJoinsAreWhatPostgreSQLAnswers, over the same rows in tables, whatever the order in which they come and the watermarks that are told.
func TestIntervalJoinsAreWhatPostgreSQLAnswers(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	random := rand.New(rand.NewPCG(3, 4))
	answered, rows := 0, 0
	residual, reads := program(t, "(l2 + r2) % 3 <> 0")
	for range 8 {
		var sides [2][]row
		for input, name := range []string{"l", "r"} {
			sides[input] = loadSide(t, conn, random, name, int64(1+1000*input))
		}
		for n, bounds := range [][2]int64{{-5, 5}, {0, 10}, {-7, -2}, {3, 3}, {4, 2}, {timejoin.NoLower, 1}, {-1, timejoin.NoUpper}} {
			for kind := timejoin.Inner; kind <= timejoin.Anti; kind++ {
				c := interval(kind, 0, 0)
				if c.Lower = bounds[0]; c.Lower != timejoin.NoLower {
					c.Lower *= unit
				}
				if c.Upper = bounds[1]; c.Upper != timejoin.NoUpper {
					c.Upper *= unit
				}
				switch random.IntN(4) {
				case 0:
					c.Keys = nil
				case 1:
					c.Keys[0].NotDistinct = true
				}
				if n%2 == 1 {
					c.Residual, c.Reads = residual, reads
				}
				want := answer(ctx, t, conn, spell(&c))
				r := intervalRig(t, c)
				feedBoth(r, random, sides)
				r.finish()
				r.same(want, spell(&c))
				answered++
				rows += len(want)
			}
		}
	}
	if answered < 300 || rows < 5000 {
		t.Errorf("only %d answers with %d rows", answered, rows)
	}
}

// loadSide makes a table, and returns its rows.
func loadSide(t *testing.T, conn *pgx.Conn, random *rand.Rand, name string, first int64) []row {
	t.Helper()
	sql := fmt.Sprintf("DROP TABLE IF EXISTS %s; CREATE TEMPORARY TABLE %[1]s (k bigint, t timestamp, id bigint);", name)
	rows := make([]row, random.IntN(25))
	for i := range rows {
		r := &rows[i]
		*r = at(first+int64(i), int64(random.IntN(3)), int64(i+random.IntN(12)-20))
		key, when := fmt.Sprint(*r.key), fmt.Sprintf("timestamp '1970-01-01' + interval '%d microseconds'", *r.time)
		if random.IntN(12) == 0 {
			key, r.key = "NULL", nil
		}
		if random.IntN(12) == 0 {
			when, r.time = "NULL", nil
		}
		sql += fmt.Sprintf("INSERT INTO %s VALUES (%s, %s, %d);", name, key, when, r.id)
	}
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
	return rows
}

// feedBoth feeds rows in their order, mixed, and tells the highest watermarks that make no row late.
func feedBoth(r *rig, random *rand.Rand, sides [2][]row) {
	at := [2]int{}
	for at[0] < len(sides[0]) || at[1] < len(sides[1]) {
		input := random.IntN(2)
		n := min(1+random.IntN(5), len(sides[input])-at[input])
		if n == 0 {
			continue
		}
		r.feed(input, sides[input][at[input]:at[input]+n], nil)
		at[input] += n
		least := int64(1000) * unit
		for _, row := range sides[input][at[input]:] {
			if row.time != nil {
				least = min(least, *row.time)
			}
		}
		r.watermark(input, least)
	}
}

// answer is what a query of pairs gives.
func answer(ctx context.Context, t *testing.T, conn *pgx.Conn, sql string) map[pair]int {
	t.Helper()
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	want := map[pair]int{}
	for rows.Next() {
		var p pair
		if err := rows.Scan(&p.left, &p.right); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		want[p]++
	}
	if rows.Err() != nil {
		t.Fatalf("%s: %v", sql, rows.Err())
	}
	return want
}
