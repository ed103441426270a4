package blackhole_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/connect/blackhole"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

func numbers(values ...int64) *batch.Batch {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(len(values))
	copy(c.Int64s(), values)
	return &batch.Batch{Cols: []*batch.Column{c}, Len: len(values)}
}

func open(t *testing.T, restore json.RawMessage) connector.Sink {
	t.Helper()
	typ := blackhole.SinkType()
	s, err := typ.Open(t.Context(), connector.SinkEnv{Restore: restore}, typ.NewConfig())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// write puts each of batches through a chunk of its own.
func write(t *testing.T, s connector.Sink, batches ...*batch.Batch) {
	t.Helper()
	for _, b := range batches {
		chunk, err := s.NewChunk()
		if err != nil {
			t.Fatal(err)
		}
		if bad := chunk.Encode(b); bad != nil {
			t.Fatal(bad)
		}
		if rows, _ := chunk.Size(); rows != b.Rows() {
			t.Errorf("a chunk of %d rows, want %d", rows, b.Rows())
		}
		if err := s.Write(t.Context(), chunk); err != nil {
			t.Fatal(err)
		}
		chunk.Reset()
		if rows, bytes := chunk.Size(); rows != 0 || bytes != 0 {
			t.Errorf("%d rows, %d bytes after Reset", rows, bytes)
		}
		if err := s.Write(t.Context(), chunk); err != nil { // an emptied chunk adds nothing
			t.Fatal(err)
		}
	}
}

func prepare(t *testing.T, s connector.Sink, epoch int64) json.RawMessage {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, err := s.Prepare(t.Context(), epoch)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), epoch, state, false); err != nil {
		t.Fatal(err)
	}
	return state
}

func summary(s connector.Sink) (rows, checksum string) {
	m := s.(connector.Summarizer).Summary()
	return m["rows"], m["checksum"]
}

func TestTheChecksumDependsOnRowsNotOnTheirOrder(t *testing.T) {
	values := make([]int64, 1000)
	for i := range values {
		values[i] = int64(i * i)
	}
	whole := open(t, nil)
	write(t, whole, numbers(values...))
	prepare(t, whole, 1)
	rows, sum := summary(whole)
	if rows != "1000" || len(sum) != 16 {
		t.Fatalf("%s rows, checksum %s", rows, sum)
	}

	shuffled := open(t, nil)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	write(t, shuffled, numbers(values[:10]...), numbers(values[10:700]...), numbers(values[700:]...))
	prepare(t, shuffled, 1)
	if r, s := summary(shuffled); r != rows || s != sum {
		t.Errorf("shuffled: %s rows, %s; want %s rows, %s", r, s, rows, sum)
	}

	values[500]++
	changed := open(t, nil)
	write(t, changed, numbers(values...))
	prepare(t, changed, 1)
	if _, s := summary(changed); s == sum {
		t.Error("one value changed and the checksum did not")
	}
	if err := changed.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheChecksumGoesOnFromItsState(t *testing.T) {
	straight := open(t, nil)
	write(t, straight, numbers(1, 2, 3), numbers(4, 5))
	prepare(t, straight, 1)
	wantRows, wantSum := summary(straight)

	first := open(t, nil)
	write(t, first, numbers(1, 2, 3))
	state := prepare(t, first, 1)
	write(t, first, numbers(99)) // lost in the crash
	again := open(t, state)
	write(t, again, numbers(4, 5))
	prepare(t, again, 2)
	if rows, sum := summary(again); rows != wantRows || sum != wantSum {
		t.Errorf("%s rows, %s; want %s rows, %s", rows, sum, wantRows, wantSum)
	}
}

func TestTheSummaryIsThatOfTheLastEpoch(t *testing.T) {
	s := open(t, nil)
	if rows, sum := summary(s); rows != "0" || sum != "0000000000000000" {
		t.Errorf("before any epoch: %s rows, %s", rows, sum)
	}
	write(t, s, numbers(1))
	prepare(t, s, 1)
	before, _ := summary(s)
	write(t, s, numbers(2))
	if rows, _ := summary(s); rows != before || rows != "1" {
		t.Errorf("%s rows before the second epoch", rows)
	}
	prepare(t, s, 2)
	if rows, _ := summary(s); rows != "2" {
		t.Errorf("%s rows after it", rows)
	}
}

func TestTheChecksumOfChangesIsThatOfWhatTheyLeave(t *testing.T) {
	plain := open(t, nil)
	write(t, plain, numbers(3, 5, 5))
	prepare(t, plain, 1)
	_, want := summary(plain)

	changed := func(batches ...*batch.Batch) connector.Sink {
		s := open(t, nil)
		write(t, s, batches...)
		prepare(t, s, 1)
		return s
	}
	first := numbers(1, 1, 2, 2, 3)
	first.Kinds = []batch.Change{batch.Insert, batch.UpdateBefore, batch.UpdateAfter, batch.Delete, batch.Insert}
	second := numbers(4, 5, 6, 5)
	second.Kinds = []batch.Change{batch.Delete, batch.Insert, batch.Insert, batch.UpdateAfter} // what is taken back may be given later
	third := numbers(9, 4, 6)
	third.Kinds = []batch.Change{batch.Insert, batch.Insert, batch.Delete}
	third.Sel = []uint16{1, 2}
	for _, order := range [][]*batch.Batch{{first, second, third}, {third, first, second}} {
		s := changed(order...)
		m := s.(connector.Summarizer).Summary()
		if m["checksum"] != want || m["rows"] != "11" || m["left"] != "3" {
			t.Errorf("%v, want checksum %s of 3 rows", m, want)
		}
	}
	if typ := blackhole.SinkType(); typ.Changes(typ.NewConfig()) != connector.Changelog {
		t.Error("changes are not taken")
	}
}
