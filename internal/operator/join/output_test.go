package join_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestOnlyNeededColumns: columns that nothing reads behind the join are nil, in every kind of row that it gives, and are not even looked at.
func TestOnlyNeededColumns(t *testing.T) {
	number := schema.Of(schema.Int64)
	two := []schema.Type{number, number}
	rows := [2][][]string{{{"1", "10"}, {"2", "20"}}, {{"1", "30"}, {"3", "40"}}}
	for _, test := range []struct {
		kind join.Kind
		need []bool
		want string
	}{
		{join.Full, []bool{true, false, false, true}, "1 - - 30, 2 - - NULL, NULL - - 40"},
		{join.Full, []bool{false, true, false, false}, "- 10 - -, - 20 - -, - NULL - -"},
		{join.Semi, []bool{false, true}, "- 10"},
		{join.Anti, []bool{true, false}, "2 -"},
		{join.Mark, []bool{true, false, true}, "1 - t, 2 - f"},
		{join.Mark, []bool{true, false, false}, "1 - -, 2 - -"},
		{join.Single, []bool{true, false, false, true}, "1 - - 30, 2 - - NULL"},
		{join.Inner, []bool{false, false, false, false}, "- - - -"},
	} {
		for build := range 2 {
			c := join.Config{
				Kind: test.kind, Build: build, Left: two, Right: two, Keys: []join.Key{{}}, Need: test.need, Pool: &batch.Pool{}, Budget: limit.New("test", 0),
			}
			h, err := join.NewHash(&c)
			if err != nil {
				t.Fatal(err)
			}
			r := newRun(t, h)
			for _, input := range []int{1 - build, build} { // the probe side waits
				b := makeBatch(t, two, rows[input], false)
				place := 2 * input
				if input == 1 && (test.kind == join.Semi || test.kind == join.Anti || test.kind == join.Mark) || !test.need[place+1] {
					b.Cols[1] = nil
				}
				if err := r.drain(b.Len, func() (bool, error) { return h.ApplyInput(input, b, r.out) }); err != nil {
					t.Fatal(err)
				}
			}
			for input := range 2 {
				if err := r.feed(two, event{input: input}); err != nil {
					t.Fatal(err)
				}
			}
			slices.Sort(r.rows)
			if got := strings.Join(r.rows, ", "); got != test.want {
				t.Errorf("%s, build %d, need %v: %s, want %s", test.kind, build, test.need, got, test.want)
			}
		}
	}
}

// TestRowsKeepTheirOrigin: what comes of a probe row has its place in the input.
func TestRowsKeepTheirOrigin(t *testing.T) {
	number := schema.Of(schema.Int64)
	one := []schema.Type{number}
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Semi} {
		h, err := join.NewHash(&join.Config{
			Kind: kind, Build: join.RightInput, Left: one, Right: one, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0),
		})
		if err != nil {
			t.Fatal(err)
		}
		out := op.NewOutput(1)
		if _, err := h.ApplyInput(join.RightInput, makeBatch(t, one, [][]string{{"2"}, {"2"}, {"3"}}, false), out); err != nil {
			t.Fatal(err)
		}
		if _, err := h.OnInputEnd(join.RightInput, out); err != nil {
			t.Fatal(err)
		}
		in := makeBatch(t, one, [][]string{{"1"}, {"2"}, {"3"}}, false)
		in.Origin = &batch.Origin{Block: batch.WrapBuffer([]byte("123")), Starts: []uint32{0, 1, 2}, Ends: []uint32{1, 2, 3}}
		if _, err := h.ApplyInput(join.LeftInput, in, out); err != nil {
			t.Fatal(err)
		}
		var got []string
		b := out.Ports[0]
		for i := range b.Rows() {
			got = append(got, string(b.Origin.Record(b.OriginRow(b.Row(i)))))
		}
		want := map[join.Kind]string{join.Inner: "[2 2 3]", join.Left: "[1 2 2 3]", join.Semi: "[2 3]"}[kind]
		if fmt.Sprint(got) != want {
			t.Errorf("%s: records %v, want %s", kind, got, want)
		}
	}
}
