package memory_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/connect/memory"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// numbers is a batch of one BIGINT column.
func numbers(values ...int64) *batch.Batch {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(len(values))
	copy(c.Int64s(), values)
	return &batch.Batch{Cols: []*batch.Column{c}, Len: len(values)}
}

// rows are n batches of one row, their numbers.
func rows(n int64) *memory.Rows {
	r := &memory.Rows{Schema: schema.New(schema.Field{Name: "n", Type: schema.Of(schema.Int64)})}
	for i := range n {
		r.Batches = append(r.Batches, numbers(i))
	}
	return r
}

func TestSourceKeepsTheContract(t *testing.T) {
	var records []string
	for i := range 100 {
		records = append(records, strconv.Itoa(i))
	}
	sdktest.SourceSuite(t, sdktest.Source{
		Type: memory.SourceType(), Config: func(testing.TB) any { return rows(100) }, Records: records,
	})
}

func TestSinkKeepsTheContract(t *testing.T) {
	sdktest.SinkSuite(t, sdktest.Sink{
		Type:        memory.SinkType(),
		AtLeastOnce: "the program gets rows at once",
		New: func(testing.TB) sdktest.Target {
			var got []string
			take := func(_ context.Context, b *batch.Batch) error {
				for i := range b.Rows() {
					got = append(got, string(b.Cols[0].Bytes(b.Row(i))))
				}
				return nil
			}
			return sdktest.Target{Config: &memory.Output{Take: take}, Visible: func(testing.TB) []string { return got }}
		},
	})
}

func TestTheDecoderLendsWhatIsNeeded(t *testing.T) {
	typ := memory.SourceType()
	config := &memory.Rows{Schema: schema.New(), Batches: []*batch.Batch{{Cols: []*batch.Column{numbers(1, 2, 3).Cols[0], numbers(4, 5, 6).Cols[0]}, Len: 3, Sel: []uint16{0, 2}}}}
	d, err := typ.Rows.NewDecoder(config, codec.DecodeSpec{Need: []codec.Need{{}, {Read: true}}})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := typ.Open(t.Context(), connector.SourceEnv{Name: "t"}, config)
	if err != nil {
		t.Fatal(err)
	}
	var block codec.Block
	if status, err := reader.Poll(t.Context(), nil, &block); status != connector.Ready || err != nil || block.Name != "t" {
		t.Fatal(status, err)
	}
	if err := d.Begin(&block); err != nil {
		t.Fatal(err)
	}
	b, res, err := d.Decode()
	if err != nil || res.More || res.Records != 2 || b.Cols[0] != nil || b.Cols[1].Int64s()[b.Row(1)] != 6 {
		t.Errorf("%+v, %+v, %v", b, res, err)
	}
	if config.Batches[0].Cols[0] == nil {
		t.Error("the rows themselves were changed")
	}
}

func TestACollectorKeepsRows(t *testing.T) {
	pool := &batch.Pool{}
	c := memory.NewCollector(pool)
	reserved := int64(0)
	c.Reserve = func(bytes int64) error {
		if reserved += bytes; reserved > 1<<20 {
			return errors.New("no room")
		}
		return nil
	}
	var want []int64
	for i := range int64(1000) {
		want = append(want, i, i+1)
		if err := c.Take(t.Context(), &batch.Batch{Cols: numbers(i, -1, i+1).Cols, Len: 3, Sel: []uint16{0, 2}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 { // several batches
		all := make([]int64, batch.MaxRows)
		want = append(want, all...)
		if err := c.Take(t.Context(), numbers(all...)); err != nil {
			t.Fatal(err)
		}
	}
	var got []int64
	for _, b := range c.Batches() {
		got = append(got, b.Cols[0].Int64s()...)
	}
	if !slices.Equal(got, want) || c.Rows() != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	if lent := pool.Stats().Bytes; reserved < int64(len(want))*8 || reserved > lent {
		t.Errorf("%d bytes reserved for %d rows, %d are lent", reserved, len(want), lent)
	}
	c.Release()
	if lent := pool.Stats().Bytes; lent != 0 || c.Rows() != 0 {
		t.Errorf("%d bytes were not given back", lent)
	}
	refused := 0
	for range 100 {
		if err := c.Take(t.Context(), numbers(make([]int64, batch.MaxRows)...)); err != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no batch was refused")
	}
}

func TestTheProgramCanEndTheRun(t *testing.T) {
	enough := errors.New("enough")
	sink, err := memory.SinkType().Open(t.Context(), connector.SinkEnv{Pool: &batch.Pool{}}, &memory.Output{
		Take: func(context.Context, *batch.Batch) error { return enough },
	})
	if err != nil {
		t.Fatal(err)
	}
	chunk, err := sink.NewChunk()
	if err != nil {
		t.Fatal(err)
	}
	chunk.Encode(numbers(1))
	if err := sink.Write(t.Context(), chunk); !errors.Is(err, enough) {
		t.Error(err)
	}
}

var errFull = errors.New("full")

func TestTheProgramIsToldHowRowsCome(t *testing.T) {
	changelog, unbounded := false, false
	_, err := memory.SinkType().Open(t.Context(), connector.SinkEnv{Changelog: true, Unbounded: true}, &memory.Output{Begin: func(c, u bool) { changelog, unbounded = c, u }})
	if err != nil || !changelog || !unbounded {
		t.Error(changelog, unbounded, err)
	}
}

func TestRowsKeepTheirKinds(t *testing.T) {
	typ := memory.SourceType()
	config := &memory.Rows{Schema: rows(0).Schema, Batches: []*batch.Batch{changes([]batch.Change{ins, del}, 1, 1)}}
	if !typ.Rows.Changes(config) || typ.Rows.Changes(rows(3)) {
		t.Error("which rows change?")
	}
	d, err := typ.Rows.NewDecoder(config, codec.DecodeSpec{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(&codec.Block{Count: 1}); err != nil {
		t.Fatal(err)
	}
	b, _, err := d.Decode()
	if err != nil || !slices.Equal(sdktest.Rows(b), []string{"+I 1", "-D 1"}) {
		t.Errorf("%v, %v", sdktest.Rows(b), err)
	}
}

// TestTimesOfRows: the event times of the rows that count, whatever is needed of them.
func TestTimesOfRows(t *testing.T) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Timestamp))
	c.Reset(4)
	copy(c.Int64s(), []int64{5, 99, 7, 6})
	all := &batch.Batch{Cols: []*batch.Column{c}, Len: 4}
	some := &batch.Batch{Cols: []*batch.Column{c}, Len: 4, Sel: []uint16{0, 2, 3}}
	r := &memory.Rows{Schema: schema.New(schema.Field{Name: "t", Type: schema.Of(schema.Timestamp)}), Batches: []*batch.Batch{all, some}}
	spec := codec.DecodeSpec{Schema: r.Schema, Need: []codec.Need{{}}, Times: [][]int{{0}}}
	d, err := memory.SourceType().Rows.NewDecoder(r, spec)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]int64{{math.MinInt64, 5, 99, 99}, {math.MinInt64, 5, 7}} {
		if err := d.Begin(&codec.Block{First: int64(i), Count: 1}); err != nil {
			t.Fatal(err)
		}
		b, res, err := d.Decode()
		if err != nil || b.Cols[0] != nil || res.Top != []int64{99, 7}[i] {
			t.Fatal(b, res, err)
		}
		for k, before := range want {
			if got := b.Before[b.Row(k)]; got != before {
				t.Errorf("batch %d: row %d comes after %d, want %d", i, b.Row(k), got, before)
			}
		}
	}
}
