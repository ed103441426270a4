package dedupe_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/operator/dedupe"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/testserver"
)

// TestPostgresAgrees compares the kept rows with DISTINCT ON, whose ties are settled by all columns.
func TestPostgresAgrees(t *testing.T) {
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	for order, keys := range map[string][]keyed.Key{
		"t DESC NULLS LAST":                {{Column: timeColumn, Desc: true}},
		"t NULLS FIRST, v DESC NULLS LAST": {{Column: timeColumn, NullsFirst: true}, {Column: valueColumn, Desc: true}},
		"s NULLS LAST":                     {{Column: textColumn}},
	} {
		for seed := range uint64(20) {
			random := rand.New(rand.NewPCG(seed, 2))
			pick := func(n int) any {
				if random.IntN(15) == 0 {
					return nil
				}
				return random.IntN(n)
			}
			d := newDrive(t, dedupe.Config{Partition: []int{keyColumn, nameColumn}, Order: keys})
			left, values := map[string]bool{}, []string{"(NULL::int, NULL::text, NULL::bigint, NULL::bigint, '?'::text)"}
			note := func(rows []string) {
				for _, row := range rows {
					text := strings.TrimPrefix(strings.TrimPrefix(row, "-U "), "+U ")
					if left[text] = !strings.HasPrefix(row, "-U"); !left[text] {
						delete(left, text)
					}
				}
			}
			for range 60 {
				row := []any{pick(3), []string{"a", "b"}[random.IntN(2)], pick(10), pick(4), []string{"", "b", "a text that is longer than a view"}[random.IntN(3)]}
				note(d.apply(row))
				if random.IntN(3) == 0 {
					note(d.call(d.o.OnFlush))
				}
				parts := make([]string, len(row))
				for i, v := range row {
					switch v := v.(type) {
					case nil:
						parts[i] = "NULL"
					case string:
						parts[i] = "'" + v + "'"
					default:
						parts[i] = fmt.Sprint(v)
					}
				}
				values = append(values, "("+strings.Join(parts, ", ")+")")
			}
			note(d.call(d.o.OnEnd))
			sql := fmt.Sprintf("SELECT DISTINCT ON (k, n) * FROM (VALUES %s) AS v(k, n, t, v, s) WHERE s <> '?' ORDER BY k, n, %s, k, n, t, v, s", strings.Join(values, ", "), order)
			result := conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
			if result.Err != nil {
				t.Fatal(sql, result.Err)
			}
			want := map[string]bool{}
			for _, row := range result.Rows {
				parts := make([]string, len(row))
				for i, v := range row {
					switch {
					case v == nil:
						parts[i] = "NULL"
					case slices.Contains([]int{nameColumn, textColumn}, i):
						parts[i] = fmt.Sprintf("%q", v)
					default:
						parts[i] = string(v)
					}
				}
				want[strings.Join(parts, ", ")] = true
			}
			if fmt.Sprint(want) != fmt.Sprint(left) {
				t.Fatalf("seed %d: %s\n got  %v\n want %v", seed, sql, left, want)
			}
		}
	}
}
