package join_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/testserver"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// randomChanges makes changes of a table with three columns, and what they leave.
func randomChanges(random *rand.Rand, n int) (rows [][]string, kinds []batch.Change, left [][]string) {
	for range n {
		fresh := drawTable(random, 1)[0]
		if len(left) == 0 || random.IntN(2) == 0 {
			rows, kinds, left = append(rows, fresh), append(kinds, batch.Insert), append(left, fresh)
			continue
		}
		at := random.IntN(len(left))
		old := left[at]
		left = slices.Delete(left, at, at+1)
		if random.IntN(2) == 0 {
			rows, kinds = append(rows, old), append(kinds, batch.Delete)
			continue
		}
		rows, kinds, left = append(rows, old, fresh), append(kinds, batch.UpdateBefore, batch.UpdateAfter), append(left, fresh)
	}
	return rows, kinds, left
}

// TestChangingJoinsAreWhatPostgreSQLAnswers over what the changes of both inputs have left.
func TestChangingJoinsAreWhatPostgreSQLAnswers(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	random := rand.New(rand.NewPCG(3, 4))
	number := schema.Of(schema.Int64)
	types := []schema.Type{number, number, number}
	answered, rows := 0, 0
	for range 5 {
		var changes [2][][]string
		var kinds [2][]batch.Change
		for side, name := range []string{"l", "r"} {
			var left [][]string
			changes[side], kinds[side], left = randomChanges(random, random.IntN(30))
			load(t, conn, name, left)
		}
		for _, q := range questions() {
			want, code := ask(ctx, t, conn, q.sql)
			c := join.Config{Name: "j", Kind: q.kind, Left: types, Right: types, Keys: q.keys, NullAware: q.nullAware, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
			if q.residual.sql != "" {
				// What a filter inside of IN does not know is not among its rows.
				text := map[bool]string{true: "coalesce(" + q.residual.expr + ", false)", false: q.residual.expr}[q.kind >= join.Anti && q.kind <= join.Mark]
				c.Residual, c.Reads = program(t, types, types, text)
			}
			j, err := join.NewChanging(&c)
			if err != nil {
				t.Fatal(err)
			}
			r := &changingRun{t: t, op: j, out: op.NewOutput(1), fold: folded{rows: map[string]int{}}}
			for at := [2]int{}; at[0] < len(changes[0]) || at[1] < len(changes[1]); {
				input := random.IntN(2)
				from, to := at[input], min(at[input]+1+random.IntN(6), len(changes[input]))
				if from == len(changes[input]) {
					continue
				}
				at[input] = to
				r.feed(types, changeEvent{input: input, rows: changes[input][from:to], kinds: kinds[input][from:to]})
			}
			if code != "" || len(r.errs) > 0 {
				continue // a row that was there for a moment only may have failed
			}
			if got := r.fold.left(); !slices.Equal(got, want) {
				t.Errorf("%s, l %v %v, r %v %v:\n got %v\nwant %v", q.sql, kinds[0], changes[0], kinds[1], changes[1], got, want)
			}
			answered++
			rows += len(want)
		}
	}
	if answered < 200 || rows < 1000 {
		t.Errorf("only %d answers with %d rows", answered, rows)
	}
}
