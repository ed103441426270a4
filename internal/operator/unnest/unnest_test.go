package unnest_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/unnest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// rows makes a batch of numbers 0, 1, … beside arrays of texts; nil is NULL.
func rows(pool *batch.Pool, arrays [][]string) *batch.Batch {
	ids := batch.NewColumn(pool, schema.Of(schema.Int64))
	lists := batch.NewColumn(pool, schema.ArrayOf(schema.Of(schema.Text)))
	ids.Reset(len(arrays))
	lists.Reset(len(arrays))
	elements := lists.Child(0)
	total := 0
	for _, a := range arrays {
		total += len(a)
	}
	elements.Reset(total)
	at := 0
	for i, a := range arrays {
		ids.Int64s()[i] = int64(i)
		lists.Offsets()[i] = int32(at)
		for _, text := range a {
			elements.SetBytes(at, []byte(text))
			at++
		}
		if a == nil {
			lists.SetNull(i)
		}
	}
	lists.Offsets()[len(arrays)] = int32(at)
	return &batch.Batch{Cols: []*batch.Column{ids, lists}, Len: len(arrays)}
}

type row struct {
	id   int64
	text string
}

// apply runs the operator until it is through and returns all rows, elements being in column number.
func apply(t *testing.T, u *unnest.Unnest, in *batch.Batch, number int) ([]row, op.Counts) {
	t.Helper()
	var got []row
	var counts op.Counts
	for more := true; more; {
		out := op.NewOutput(1)
		var err error
		if more, err = u.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		counts.Add(out.Counts)
		b := out.Ports[0]
		if b == nil {
			continue
		}
		if b.Rows() > batch.MaxRows {
			t.Fatalf("a batch of %d rows", b.Rows())
		}
		for i := range b.Rows() {
			got = append(got, row{b.Cols[0].Int64s()[i], string(b.Cols[number].Bytes(i))})
		}
	}
	return got, counts
}

func TestUnnest(t *testing.T) {
	long := "a text that is longer than a view holds itself"
	arrays := [][]string{{"a", long}, {}, nil, {"b"}}
	tests := []struct {
		name   string
		sel    []uint16
		want   []row
		counts op.Counts
	}{
		{"all", nil, []row{{0, "a"}, {0, long}, {3, "b"}}, op.Counts{In: 4, Forwarded: 2, Filtered: 2, Emitted: 3}},
		{"selected", []uint16{1, 3}, []row{{3, "b"}}, op.Counts{In: 2, Forwarded: 1, Filtered: 1, Emitted: 1}},
		{"nothing", []uint16{1, 2}, nil, op.Counts{In: 2, Filtered: 2}},
	}
	for _, test := range tests {
		for number, appended := range map[int]bool{1: false, 2: true} {
			t.Run(test.name, func(t *testing.T) {
				pool := &batch.Pool{}
				in := rows(pool, arrays)
				in.Sel = test.sel
				got, counts := apply(t, unnest.New(pool, 1, appended, nil), in, number)
				if !slices.Equal(got, test.want) || counts != test.counts || !counts.Balanced() {
					t.Errorf("%v, %+v; want %v, %+v", got, counts, test.want, test.counts)
				}
			})
		}
	}
}

// TestResumes: an array with more elements than a batch holds comes out over several calls, counted once, and the operator is then ready
// for the next batch.
func TestResumes(t *testing.T) {
	pool := &batch.Pool{}
	many := make([]string, 2*batch.MaxRows+5)
	for i := range many {
		many[i] = string(rune('a' + i%26))
	}
	u := unnest.New(pool, 1, false, nil)
	for range 2 {
		got, counts := apply(t, u, rows(pool, [][]string{{"x"}, many, {"y"}}), 1)
		if len(got) != len(many)+2 || got[0].text != "x" || got[len(got)-1] != (row{2, "y"}) {
			t.Fatalf("%d rows", len(got))
		}
		for i, text := range many {
			if got[i+1] != (row{1, text}) {
				t.Fatalf("row %d is %v, want %s", i+1, got[i+1], text)
			}
		}
		if counts.In != 3 || counts.Forwarded != 3 || counts.Emitted != int64(len(got)) {
			t.Errorf("%+v", counts)
		}
	}
}

func TestCarriesKindsAndOrigins(t *testing.T) {
	pool := &batch.Pool{}
	in := rows(pool, [][]string{{"a"}, {"b", "c"}})
	in.Kinds = []batch.Change{batch.Insert, batch.Delete}
	in.Origin = &batch.Origin{Block: batch.WrapBuffer([]byte("12")), Starts: []uint32{0, 1}, Ends: []uint32{1, 2}}
	in.Cols = append(in.Cols, nil)
	out := op.NewOutput(1)
	if _, err := unnest.New(pool, 1, false, nil).Apply(in, out); err != nil {
		t.Fatal(err)
	}
	b := out.Ports[0]
	if !slices.Equal(b.Kinds, []batch.Change{batch.Insert, batch.Delete, batch.Delete}) || b.Cols[2] != nil {
		t.Errorf("kinds %v", b.Kinds)
	}
	for i, want := range []string{"1", "2", "2"} {
		if got := string(b.Origin.Record(b.OriginRow(i))); got != want {
			t.Errorf("row %d comes from %q, want %q", i, got, want)
		}
	}
}

// TestLongArraysMakeSmallBatches: rows that repeat a long array of their parent come few at a time, none is lost, and a row is counted once.
func TestLongArraysMakeSmallBatches(t *testing.T) {
	pool := &batch.Pool{}
	lengths := []int{3, 0, 2000, 20_000, 1, 300_000, 0, 7}
	arrays := make([][]string, len(lengths))
	total := 0
	for i, n := range lengths {
		total += n
		arrays[i] = make([]string, n)
	}
	in := rows(pool, arrays)
	u := unnest.New(pool, 1, true, nil)
	seen, largest := 0, 0
	var counts op.Counts
	for more := true; more && seen < 3000; {
		out := op.NewOutput(1)
		var err error
		if more, err = u.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		counts.Add(out.Counts)
		b := out.Ports[0]
		if b == nil {
			t.Fatal("no rows, though there are more")
		}
		seen += b.Rows()
		largest = max(largest, b.Cols[1].Child(0).Len())
	}
	if largest > 1<<18+20_000 {
		t.Errorf("a batch repeats %d values", largest)
	}
	// Without the array in the output nothing is repeated, and batches are full.
	u = unnest.New(pool, 1, true, []bool{true, false})
	got, counts := apply(t, u, in, 2)
	if len(got) != total || counts.In != 8 || counts.Forwarded != 6 || counts.Filtered != 2 || counts.Emitted != int64(total) {
		t.Errorf("%d rows of %d, account %+v", len(got), total, counts)
	}
	// With it, the account is the same.
	small := rows(pool, [][]string{make([]string, 900), {}, make([]string, 600), {"x"}})
	got, counts = apply(t, unnest.New(pool, 1, true, nil), small, 2)
	if len(got) != 1501 || counts.In != 4 || counts.Forwarded != 3 || counts.Filtered != 1 {
		t.Errorf("%d rows, account %+v", len(got), counts)
	}
}

// TestColumnsThatNothingReadsAreNotPassedOn: they are nil, as the columns of an input that nothing reads.
func TestColumnsThatNothingReadsAreNotPassedOn(t *testing.T) {
	pool := &batch.Pool{}
	in := rows(pool, [][]string{{"a", "b"}, {"c"}})
	out := op.NewOutput(1)
	if _, err := unnest.New(pool, 1, true, []bool{true, false}).Apply(in, out); err != nil {
		t.Fatal(err)
	}
	if b := out.Ports[0]; b.Cols[0] == nil || b.Cols[1] != nil || b.Cols[2] == nil || b.Rows() != 3 {
		t.Errorf("columns %v", b.Cols)
	}
}
