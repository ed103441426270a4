package keyed_test

import (
	"encoding/binary"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// BenchmarkTableEpoch says what it costs, in CPU time, to write a key that is new in an epoch to changes in the form of a log: a number or two, as what calls with DISTINCT have had, or a text of some 20 bytes, with a value of one byte.
func BenchmarkTableEpoch(b *testing.B) {
	for name, kinds := range map[string][]schema.Kind{"number": {schema.Int64}, "numbers": {schema.Int64, schema.Int64}, "text": {schema.Text}} {
		b.Run(name, func(b *testing.B) { drainedKeys(b, kinds) })
	}
}

func drainedKeys(b *testing.B, kinds []schema.Kind) {
	var types []schema.Type
	var columns []int
	for i, kind := range kinds {
		types, columns = append(types, schema.Of(kind)), append(columns, i)
	}
	pool, hasher, slots := &batch.Pool{}, keyed.NewHasher(columns), make([]uint32, notedBatch)
	cols := newColumns(pool, types)
	fill := func(t *keyed.Table, from int) {
		numberKeys(cols, from, notedBatch)
		if _, err := t.Upsert(hasher.Hash(&batch.Batch{Cols: cols, Len: notedBatch}), cols, nil, slots); err != nil {
			b.Fatal(err)
		}
	}
	changes, used, bytes := &store.Changes{}, int64(0), int64(0)
	changes.Log(math.MaxInt64)
	for range b.N {
		t := keyed.NewTable(pool, types, "keys", limit.New("bench", limit.Unlimited))
		t.SetValues(keyed.Values{Append: func(dst []byte, slot uint32) []byte { return binary.AppendUvarint(dst, uint64(slot&7)) }})
		t.Keep(keyed.Home{To: math.MaxUint64})
		for epoch := range notedEpochs {
			for at := 0; at < notedEpoch; at += notedBatch {
				fill(t, epoch*notedEpoch+at)
			}
			began := int64(sdktest.Spent(b))
			t.Seal()
			for more := true; more; {
				var err error
				if more, err = t.Drain(changes, 64<<10); err != nil {
					b.Fatal(err)
				}
				if changes.Bytes() >= loggedPiece || !more {
					bytes += changes.Bytes()
					changes.Reset()
				}
			}
			used += int64(sdktest.Spent(b)) - began
		}
		t.Free()
	}
	keys := float64(b.N * notedEpochs * notedEpoch)
	b.ReportMetric(float64(used)/keys, "ns/key")
	b.ReportMetric(float64(bytes)/keys, "B/key")
}

// numberKeys makes cols, of numbers and text, the keys of so many numbers from one on.
func numberKeys(cols []*batch.Column, from, n int) {
	for i, c := range cols {
		c.Reset(n)
		for row := range n {
			number := int64(from + row)
			switch {
			case c.Kind() == schema.Text:
				c.SetBytes(row, binary.BigEndian.AppendUint64([]byte("a longer text"), uint64(number))) //nolint:gosec // not negative
			case i > 0:
				c.Int64s()[row] = number >> 3
			default:
				c.Int64s()[row] = number
			}
		}
	}
}
