package window_test

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// outlined are operators with state that may stay unread by its outline.
func outlined(t testing.TB) map[string]func() op.Durable {
	t.Helper()
	of := func(c window.Config) window.Config {
		c.Start, c.End = colStart, colEnd
		c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
		c.Calls = []aggregate.Call{call(t, "count")}
		return c
	}
	made := func(o op.Durable, err error) op.Durable {
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	sliced := func(shape window.Shape) func() op.Durable {
		return func() op.Durable {
			c := of(window.Config{})
			c.Types = slices.Clone(c.Types)
			timeType := c.Types[colStart]
			c.Types[colStart], c.Types[colEnd] = schema.Of(schema.Int64), schema.Of(schema.Int64)
			return made(window.NewSliced(&batch.Pool{}, limit.New("test", 0), window.SlicedConfig{Config: c, Shape: shape, TimeType: timeType}))
		}
	}
	revised := func(shape window.Shape, emission window.Emission, lateness int64) func() op.Durable {
		return func() op.Durable {
			c := of(window.Config{Emission: emission, Lateness: lateness})
			c.Types = slicedTypes()
			return made(window.NewRevised(&batch.Pool{}, limit.New("test", 0), window.SlicedConfig{Config: c, Shape: shape, TimeType: schema.Of(schema.TimestampTZ)}))
		}
	}
	return map[string]func() op.Durable{
		"hop, on update":      revised(window.Shape{Kind: window.Hop, Size: 30, Every: 10}, window.OnUpdate, 0),
		"hop, corrected":      revised(window.Shape{Kind: window.Hop, Size: 30, Every: 10}, window.OnClose, 15),
		"cumulate, corrected": revised(window.Shape{Kind: window.Cumulate, Size: 30, Every: 10}, window.OnClose, 15),

		"tumble":   sliced(window.Shape{Kind: window.Tumble, Size: 10}),
		"hop":      sliced(window.Shape{Kind: window.Hop, Size: 30, Every: 10}),
		"cumulate": sliced(window.Shape{Kind: window.Cumulate, Size: 30, Every: 10}),
		"session": func() op.Durable {
			return made(window.NewSessions(&batch.Pool{}, limit.New("test", 0), of(window.Config{})))
		},
	}
}

// countingReader counts the entries that are read.
type countingReader struct {
	store.Reader
	n int
}

func (r *countingReader) ScanSlice(s store.Space, slice int64, from, to uint64, f func(hash uint64, key, value []byte) error) error {
	return r.Reader.ScanSlice(s, slice, from, to, func(hash uint64, key, value []byte) error {
		r.n++
		return f(hash, key, value)
	})
}

func (r *countingReader) Lookup(s store.Space, slice int64, hashes []uint64, f func(hash uint64, key, value []byte) error) error {
	return r.Reader.Lookup(s, slice, hashes, func(hash uint64, key, value []byte) error {
		r.n++
		return f(hash, key, value)
	})
}

// resumed is an operator that goes on from a store.
type resumed struct {
	t      *testing.T
	o      op.Durable
	store  *store.Memory
	reader *countingReader
	rows   []string
}

func resume(t *testing.T, o op.Durable, from *store.Memory) *resumed {
	r := &resumed{t: t, o: o, store: from, reader: &countingReader{Reader: from.Reader()}}
	for i, part := range o.Kept() {
		part.Keep(keyed.Home{Space: store.Space{Operator: 1, Table: uint8(i)}, To: math.MaxUint64}) //nolint:gosec // few
		part.(keyed.Evictable).Attach(r.reader, 1<<20)
	}
	return r
}

// seal stores all that has changed, and returns what the parts say of it.
func (r *resumed) seal() (outlines [][]byte, rest map[op.KeyGroup][]byte) {
	rest = map[op.KeyGroup][]byte{}
	for _, part := range r.o.Kept() {
		part.Seal()
		outline, ok := part.(keyed.Outlined).Outline()
		if !ok {
			r.t.Fatal("nothing is said of what there is")
		}
		outlines = append(outlines, outline)
	}
	for g := range op.KeyGroups {
		data, err := r.o.Rest(op.KeyGroup(g)) //nolint:gosec // below 256
		if err != nil {
			r.t.Fatal(err)
		}
		if data != nil {
			rest[op.KeyGroup(g)] = data //nolint:gosec // below 256
		}
	}
	changes := &store.Changes{}
	for _, part := range r.o.Kept() {
		if _, err := part.Drain(changes, math.MaxInt64); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := r.store.Apply(r.t.Context(), []*store.Changes{changes}); err != nil {
		r.t.Fatal(err)
	}
	return outlines, rest
}

// call makes calls until there is no more to do.
func (r *resumed) call(in *batch.Batch, f func(*op.Output) (bool, error)) {
	r.t.Helper()
	out, tables := op.NewOutput(2), r.o.(op.Tabled).Tables()
	for more := true; more; {
		if slices.ContainsFunc(tables, func(t op.Table) bool { return !t.Resident() }) {
			var needs op.Needs
			r.o.(op.Needer).Needs(0, in, &needs)
			if err := needs.Load(tables); err != nil {
				r.t.Fatal(err)
			}
		}
		out.Reset()
		var err error
		if more, err = f(out); err != nil {
			r.t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			r.rows = append(r.rows, sdktest.Rows(b)...)
		}
	}
}

// pass has rows come, and then a watermark.
func (r *resumed) pass(in *batch.Batch, mark int64) {
	if in != nil {
		r.call(in, func(out *op.Output) (bool, error) { return r.o.(op.Operator).Apply(in, out) })
	}
	if f, ok := r.o.(op.Flusher); ok {
		r.call(nil, f.OnFlush)
	}
	r.call(nil, func(out *op.Output) (bool, error) { return r.o.(op.WatermarkHandler).OnWatermark(mark, out) })
}

// restore puts in what is stored, or leaves it unread.
func (r *resumed) restore(outlines [][]byte, rest map[op.KeyGroup][]byte, lazily bool) {
	for i, part := range r.o.Kept() {
		if lazily {
			if ok, err := part.(keyed.Outlined).PostponeSlices(0, [][]byte{outlines[i], outlines[i]}); !ok || err != nil {
				r.t.Fatalf("part %d cannot stay unread: %v", i, err)
			}
			continue
		}
		var e keyed.Entries
		space := store.Space{Operator: 1, Table: uint8(i)} //nolint:gosec // few
		err := r.store.Reader().Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
			e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
			e.Keys, e.Values = append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
			return nil
		})
		if err == nil {
			err = part.Admit(&e)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	for g, data := range rest {
		if err := r.o.RestoreRest(g, data); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := r.o.Restored(); err != nil {
		r.t.Fatal(err)
	}
}

// someRows are rows of keys with one window, or slice, which begins, or has its first end, at from and ends at to.
func someRows(sliced bool, keys int, from, to int64) *batch.Batch {
	rows := make([][]any, keys)
	for i := range rows {
		rows[i] = []any{int(from), int(to), strconv.Itoa(i), 0, 0, nil}
	}
	types := windowTypes()
	if sliced {
		types = slicedTypes()
	}
	return optest.Make(types, rows...)
}

// TestARestartReadsNoWindows: what is unread is not looked at when an operator goes on, but when it is needed, and then it is all there.
func TestARestartReadsNoWindows(t *testing.T) {
	const keys, fewer = 700, 100
	for name, begin := range outlined(t) {
		t.Run(name, func(t *testing.T) {
			_, once := begin().(*window.Sliced)
			_, changes := begin().(*window.Revised)
			sliced := once || changes
			spans := [][2]int64{{0, 10}, {10, 20}, {20, 30}}
			switch shape, _, _ := strings.Cut(name, ","); shape {
			case "tumble":
				spans = [][2]int64{{10, 10}, {20, 20}, {30, 30}}
			case "hop":
				spans = [][2]int64{{10, 30}, {20, 40}, {30, 50}}
			case "cumulate":
				spans = [][2]int64{{10, 30}, {20, 30}, {30, 30}}
			}
			memory := store.NewMemory()
			first := resume(t, begin(), memory)
			for _, span := range spans[:2] {
				first.pass(someRows(sliced, keys, span[0], span[1]), 0)
			}
			first.pass(nil, 10)
			outlines, rest := first.seal()
			var want []string
			for _, way := range []string{"put in", "unread", "read on"} {
				lazily := way != "put in"
				copied := store.NewMemory() // each has its own
				changes := &store.Changes{}
				for table := range uint8(2) {
					space := store.Space{Operator: 1, Table: table}
					err := memory.Reader().Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
						changes.Put(space, slice, hash, key, value)
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				if err := copied.Apply(t.Context(), []*store.Changes{changes}); err != nil {
					t.Fatal(err)
				}
				next := resume(t, begin(), copied)
				next.restore(outlines, rest, lazily)
				if next.reader.n > 0 {
					t.Errorf("%d entries were read before the first row", next.reader.n)
				}
				again, _ := next.seal()
				if lazily && len(again[0]) < len(outlines[0]) {
					t.Errorf("what is unread is forgotten: %x, then %x", outlines[0], again[0])
				}
				for _, part := range next.o.Kept() {
					if u, ok := part.(keyed.Unread); ok && way == "read on" { // to its end
						for more := true; more; {
							var err error
							if more, err = u.ReadOn(50, false); err != nil {
								t.Fatal(err)
							}
						}
					}
				}
				next.pass(someRows(sliced, fewer, spans[1][0], spans[1][1]), 10)
				if lazily && once && next.reader.n > 0 {
					t.Errorf("%d entries were read for rows", next.reader.n)
				}
				next.pass(someRows(sliced, fewer, spans[2][0], spans[2][1]), 20)
				next.pass(nil, 1000)
				slices.Sort(next.rows)
				if !lazily {
					if want = next.rows; len(want) < fewer {
						t.Fatalf("%d rows came out", len(want))
					}
					continue
				}
				if next.reader.n == 0 || !slices.Equal(next.rows, want) {
					t.Errorf("%d entries were read, and %d rows came out, want %d", next.reader.n, len(next.rows), len(want))
				}
			}
		})
	}
}

// FuzzOutlines: whatever stands in place of an outline, it is read or it is not known.
func FuzzOutlines(f *testing.F) {
	names := slices.Sorted(maps.Keys(outlined(f)))
	f.Add([]byte(nil))
	f.Add([]byte{1, 0, 0, 1, 2})
	f.Add([]byte{1, 6, 2, 200, 1, 12})
	f.Add([]byte{1, 1, 3, 20, 20, 1, 2, 20})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 256 {
			return
		}
		all := outlined(t)
		for _, name := range names {
			o := all[name]()
			for i, part := range o.Kept() {
				part.Keep(keyed.Home{Space: store.Space{Operator: 1, Table: uint8(i)}, To: math.MaxUint64}) //nolint:gosec // few
				part.(keyed.Evictable).Attach(store.NewMemory().Reader(), 0)
			}
			for _, part := range o.Kept() {
				if _, err := part.(keyed.Outlined).PostponeSlices(0, [][]byte{data}); err != nil {
					t.Fatal(name, err)
				}
			}
		}
	})
}

// TestKeysThatAreNoted: keys of sessions that were unread, and of which it was noted that the store has them, are not forgotten when hashes are noted anew.
func TestKeysThatAreNoted(t *testing.T) {
	const batches, keys = 20, 1000
	begin, memory := outlined(t)["session"], store.NewMemory()
	first := resume(t, begin(), memory)
	for n := range batches {
		rows := make([][]any, keys)
		for i := range rows {
			rows[i] = []any{0, 10, strconv.Itoa(n*keys + i), 0, 0, nil}
		}
		first.pass(optest.Make(windowTypes(), rows...), 0)
	}
	outlines, rest := first.seal()
	next := resume(t, begin(), memory)
	next.restore(outlines, rest, true)
	for more := true; more; {
		var err error
		if more, err = next.o.Kept()[0].(keyed.Unread).ReadOn(keys, true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := next.o.Kept()[0].(keyed.Evictable).Evict(1, true); err != nil {
		t.Fatal(err)
	}
	next.pass(nil, 1000)
	if len(next.rows) != batches*keys {
		t.Errorf("%d sessions closed, of %d", len(next.rows), batches*keys)
	}
}
