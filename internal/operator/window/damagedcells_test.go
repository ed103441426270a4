package window_test

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestEntriesOfWindowsThatThereAreNot: an entry of a slice whose first window is too far before its last one is refused, in memory and where it stays in the store: else more windows would be answered than any run comes to the end of.
func TestEntriesOfWindowsThatThereAreNot(t *testing.T) {
	const size, last = 10, 10
	c := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: size, Every: 2}, TimeType: schema.Of(schema.TimestampTZ)}
	c.Name, c.Types, c.Calls = "windows 1", slicedTypes(), []aggregate.Call{call(t, "count")}
	c.Keys, c.Start, c.End = []int{colKey}, colStart, colEnd
	revising := c
	revising.Emission, revising.Interval, revising.Lateness = window.Periodically, 10, 100
	text := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	text.Reset(1)
	text.SetBytes(0, []byte("a"))
	hashes := keyed.NewHasher([]int{0}).Hash(&batch.Batch{Cols: []*batch.Column{text}, Len: 1})
	for name, test := range map[string]struct {
		value []byte
		make  func() (op.Operator, error)
	}{
		"sliced":  {[]byte{0, 3}, func() (op.Operator, error) { return window.NewSliced(&batch.Pool{}, limit.New("test", 0), c) }},
		"revised": {[]byte{0}, func() (op.Operator, error) { return window.NewRevised(&batch.Pool{}, limit.New("test", 0), revising) }},
	} {
		for first, ok := range map[int64]bool{last - size + 2: true, last: true, last - size: false, math.MinInt64 + 2: false, math.MinInt64 + last + 1: false} {
			for how, put := range map[string]func(keyed.Evictable, *keyed.Entries) error{
				"admitted": func(p keyed.Evictable, e *keyed.Entries) error { return p.Admit(e) },
				"passed":   func(p keyed.Evictable, e *keyed.Entries) error { return p.Pass(e) },
			} {
				made, err := test.make()
				if err != nil {
					t.Fatal(err)
				}
				part := made.(op.Durable).Kept()[0].(keyed.Evictable)
				part.Keep(keyed.Home{To: math.MaxUint64})
				part.Attach(store.NewMemory().Reader(), 0)
				key := binary.BigEndian.AppendUint64([]byte{1, 1, 'a'}, uint64(first)) //nolint:gosec // the bits of it
				err = put(part, &keyed.Entries{Slices: []int64{last}, Hashes: hashes, Keys: [][]byte{key}, Values: [][]byte{test.value}})
				var corrupt *keyed.CorruptError
				if ok && err != nil || !ok && !errors.As(err, &corrupt) {
					t.Errorf("%s, %s, first window ends at %d: %v", name, how, first, err)
				}
			}
		}
	}
}
