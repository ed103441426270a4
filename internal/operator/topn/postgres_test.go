package topn_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/topn"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/testserver"
	"wire.example/wire/sdk/batch"
)

// sqlOf returns the query of config over rows with the columns k, t, v and s, whose ties are settled by all columns.
func sqlOf(config topn.Config, rows string) string {
	names := []string{"k", "t", "v", "s"}
	list := func(keys []keyed.Key) string {
		var parts []string
		for _, key := range keys {
			part := names[key.Column]
			if key.Desc {
				part += " DESC"
			}
			if key.NullsFirst {
				part += " NULLS FIRST"
			} else {
				part += " NULLS LAST"
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, ", ")
	}
	keys := list(config.Order)
	total := keys + ", k, t, v, s"
	partition := ""
	if len(config.Partition) > 0 {
		partition = "PARTITION BY k "
	}
	function := [...]string{"row_number", "rank", "dense_rank"}[config.Function]
	order := keys
	if config.Function == topn.RowNumber {
		order = total
	}
	where := fmt.Sprintf("f > %d", config.Offset)
	if config.Limit >= 0 {
		inside := fmt.Sprintf("f <= %d", config.Offset+config.Limit)
		if config.WithTies {
			inside += fmt.Sprintf(" OR r <= %d", config.Offset+config.Limit)
		}
		where += " AND (" + inside + ")"
	}
	column := ""
	if config.RankColumn {
		column = ", f"
	}
	return fmt.Sprintf("SELECT k, t, v, s%s FROM (SELECT *, %s() OVER (%sORDER BY %s) f, rank() OVER (%sORDER BY %s) r FROM (%s) AS a(k, t, v, s)) b WHERE %s",
		column, function, partition, order, partition, keys, rows, where)
}

// TestPostgresAgrees compares what is left with what PostgreSQL says of the rows that are left.
func TestPostgresAgrees(t *testing.T) {
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	for name, config := range configs() {
		if config.Arrival {
			continue
		}
		config.Name, config.Types, config.Changes = "top 1", types(), true
		for seed := range uint64(20) {
			random := rand.New(rand.NewPCG(seed, 1))
			pick := func(n int) any {
				if random.IntN(15) == 0 {
					return nil
				}
				return random.IntN(n)
			}
			o := topn.New(&batch.Pool{}, limit.New("test", 0), config)
			left, values := map[string]int{}, []string{"(NULL::int, NULL::bigint, NULL::bigint, '?'::text)"}
			feed := func(kind batch.Change, row []any) {
				in := optest.Make(types(), row)
				in.Kinds = []batch.Change{kind}
				note(t, left, func(out *op.Output) (bool, error) { return o.Apply(in, out) })
				if random.IntN(3) == 0 {
					note(t, left, o.OnFlush)
				}
			}
			var live [][]any
			for range 40 {
				if len(live) > 0 && random.IntN(3) == 0 {
					at := random.IntN(len(live))
					feed(batch.Delete, live[at])
					live = slices.Delete(live, at, at+1)
					continue
				}
				row := []any{pick(3), pick(10), pick(4), []string{"", "b", "a text that is longer than a view"}[random.IntN(3)]}
				feed(batch.Insert, row)
				live = append(live, row)
			}
			note(t, left, o.OnEnd)
			for _, row := range live {
				var parts []string
				for _, v := range row {
					switch v := v.(type) {
					case nil:
						parts = append(parts, "NULL")
					case string:
						parts = append(parts, "'"+v+"'")
					default:
						parts = append(parts, fmt.Sprint(v))
					}
				}
				values = append(values, "("+strings.Join(parts, ", ")+")")
			}
			sql := sqlOf(config, "SELECT * FROM (VALUES "+strings.Join(values, ", ")+") AS v(k, t, v, s) WHERE s <> '?'")
			result := conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
			if result.Err != nil {
				t.Fatal(sql, result.Err)
			}
			want := map[string]int{}
			for _, row := range result.Rows {
				var parts []string
				for i, v := range row {
					switch {
					case v == nil:
						parts = append(parts, "NULL")
					case i == textColumn:
						parts = append(parts, fmt.Sprintf("%q", v))
					default:
						parts = append(parts, string(v))
					}
				}
				want[strings.Join(parts, ", ")]++
			}
			if fmt.Sprint(want) != fmt.Sprint(left) {
				t.Fatalf("%s, seed %d: %s\n got  %v\n want %v", name, seed, sql, left, want)
			}
		}
	}
}

// note notes how often each row is there after a call.
func note(t *testing.T, left map[string]int, f func(out *op.Output) (bool, error)) {
	t.Helper()
	d := drive{t: t}
	for _, row := range d.call(f) {
		kind, text, _ := strings.Cut(row, " ")
		if kind == "+I" || kind == "+U" {
			left[text]++
		} else if left[text]--; left[text] == 0 {
			delete(left, text)
		}
	}
}
