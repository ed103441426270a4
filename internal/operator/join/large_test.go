package join_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// manyRows are n rows of a key, a number of one digit and the row's own number.
func manyRows(n int, key func(i int) string) [][]string {
	rows := make([][]string, n)
	for i := range rows {
		rows[i] = []string{key(i), null, strconv.Itoa(i % 10), strconv.Itoa(i)}
	}
	return rows
}

// feedAll feeds rows in batches, and the ends of the inputs named by ends.
func feedAll(t testing.TB, r *run, types []schema.Type, input int, rows [][]string) {
	t.Helper()
	for chunk := range slices.Chunk(rows, batch.MaxRows) {
		if err := r.feed(types, event{input: input, rows: chunk}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLongChainsComeInPieces: a row with many more matches than a batch has rows gives them over many calls, in order, and nothing is lost or said
// twice, for every kind, with and without a condition beside the keys, and without keys.
func TestLongChainsComeInPieces(t *testing.T) {
	number := schema.Of(schema.Int64)
	types := []schema.Type{number, number, number, number}
	few := manyRows(5, func(i int) string { return []string{"1", "2", "1", null, "3"}[i] })
	many := manyRows(2*batch.MaxRows+7, func(i int) string { return []string{"1", "1", "1", "1", "2", null}[i%6] })
	for kind := join.Inner; kind <= join.Single; kind++ {
		for build := range 2 {
			for _, keys := range [][]join.Key{nil, {{}}, {{Match: join.In}}} {
				for _, res := range residuals() {
					nullAware := kind == join.Anti && len(keys) > 0 && keys[0].Match == join.In
					if len(keys) > 0 && keys[0].Match == join.In && kind != join.Semi && kind != join.Mark && !nullAware {
						continue
					}
					for _, big := range []int{0, 1} {
						rows := [2][][]string{few, few}
						rows[big] = many
						name := fmt.Sprintf("%s, build %d, keys %v, residual %q, input %d is large", kind, build, keys, res.expr, big)
						t.Run(name, func(t *testing.T) {
							c := join.Config{
								Kind: kind, Build: build, Left: types, Right: types, Keys: keys, NullAware: nullAware, Pool: &batch.Pool{}, Budget: limit.New("test", 0),
							}
							if res.expr != "" {
								c.Residual, c.Reads = program(t, types, types, res.expr)
							}
							ref := reference{
								kind: kind, build: build, keys: keys, types: [2][]schema.Type{types, types}, nullAware: nullAware, residual: res.eval,
								left: rows[0], right: rows[1],
							}
							h, err := join.NewHash(&c)
							if err != nil {
								t.Fatal(err)
							}
							r := newRun(t, h)
							for _, input := range []int{build, 1 - build} {
								feedAll(t, r, types, input, rows[input])
								if err := r.feed(types, event{input: input}); err != nil {
									t.Fatal(err)
								}
							}
							got, want := r.answer(), ref.run()
							if !slices.Equal(got.rows, want.rows) || !slices.Equal(got.rejects, want.rejects) {
								t.Errorf("%d rows, %d rejects, want %d and %d", len(got.rows), len(got.rejects), len(want.rows), len(want.rejects))
							}
							if used := c.Budget.Used(); used != 0 {
								t.Errorf("%d bytes are still reserved", used)
							}
						})
					}
				}
			}
		}
	}
}
