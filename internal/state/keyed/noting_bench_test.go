package keyed_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// Sizes of BenchmarkNoting: entries that come in a call, entries of an epoch, epochs, and rows that are kept all along.
const (
	notedBatch  = 512
	notedEpoch  = 1 << 18
	notedEpochs = 8
	notedRows   = 1 << 20
)

// stopwatch sums up CPU time.
type stopwatch struct {
	b    *testing.B
	used int64
}

func (w *stopwatch) measure(f func() error) {
	began := int64(sdktest.Spent(w.b))
	err := f()
	w.used += int64(sdktest.Spent(w.b)) - began
	if err != nil {
		w.b.Fatal(err)
	}
}

// sealed ends an epoch, and drains it.
func sealed(b *testing.B, k keyed.Kept) {
	k.Seal()
	for more := true; more; {
		var err error
		if more, err = k.Drain(&store.Changes{}, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNoting says what it costs, in CPU time, that what changes is noted: the difference between "noting" and "silent". In "table" keys come that are new, and are touched once more; in "rows" rows come in the place of others,
// which lie anywhere and are deleted before.
func BenchmarkNoting(b *testing.B) {
	for _, noting := range []bool{false, true} {
		name := map[bool]string{false: "/silent", true: "/noting"}[noting]
		b.Run("table"+name, func(b *testing.B) { notedKeys(b, noting) })
		b.Run("rows"+name, func(b *testing.B) { notedHoles(b, noting) })
	}
}

func notedKeys(b *testing.B, noting bool) {
	types, pool := []schema.Type{schema.Of(schema.Int64)}, &batch.Pool{}
	hashes, slots := make([]uint64, notedEpoch), make([]uint32, notedEpoch)
	hasher := keyed.NewHasher([]int{0})
	put, touch := stopwatch{b: b}, stopwatch{b: b}
	for range b.N {
		t := keyed.NewTable(pool, types, "keys", limit.New("bench", limit.Unlimited))
		if noting {
			t.Keep(keyed.Home{To: math.MaxUint64})
		}
		for epoch := range notedEpochs {
			all := make([][]*batch.Column, notedEpoch/notedBatch)
			for at := range all {
				all[at] = newColumns(pool, types)
				all[at][0].Reset(notedBatch)
				for i := range notedBatch {
					all[at][0].Int64s()[i] = int64(epoch*notedEpoch + at*notedBatch + i)
				}
				copy(hashes[at*notedBatch:], hasher.Hash(&batch.Batch{Cols: all[at], Len: notedBatch}))
			}
			put.measure(func() error {
				for at, cols := range all {
					if _, err := t.Upsert(hashes[at*notedBatch:][:notedBatch], cols, nil, slots[at*notedBatch:][:notedBatch]); err != nil {
						return err
					}
				}
				return nil
			})
			touch.measure(func() error {
				for _, slot := range slots {
					if err := t.TouchOne(slot); err != nil {
						return err
					}
				}
				return nil
			})
			for _, cols := range all {
				cols[0].Release()
			}
			if noting {
				sealed(b, t)
			}
		}
		t.Free()
	}
	entries := float64(b.N * notedEpochs * notedEpoch)
	b.ReportMetric(float64(put.used)/entries, "put-ns/key")
	b.ReportMetric(float64(touch.used)/entries, "touch-ns/key")
}

func notedHoles(b *testing.B, noting bool) {
	types, pool := []schema.Type{schema.Of(schema.Int64)}, &batch.Pool{}
	cols, hashes, ids := newColumns(pool, types), make([]uint64, notedBatch), make([]uint32, notedRows)
	cols[0].Reset(notedBatch)
	clear(cols[0].Int64s())
	appended, deleted := stopwatch{b: b}, stopwatch{b: b}
	for range b.N {
		random := rand.New(rand.NewPCG(1, 2))
		r := keyed.NewRows(pool, types, 0, "rows", limit.New("bench", limit.Unlimited))
		if noting {
			r.Keep(keyed.Home{To: math.MaxUint64})
		}
		for at := 0; at < len(ids); at += notedBatch {
			for i := range hashes {
				hashes[i] = random.Uint64()
			}
			if err := r.Append(cols, hashes, nil, ids[at:at+notedBatch]); err != nil {
				b.Fatal(err)
			}
		}
		for range notedEpochs {
			if noting {
				sealed(b, r)
			}
			random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			for at := 0; at < notedEpoch; at += notedBatch {
				some := ids[at : at+notedBatch]
				deleted.measure(func() error { return r.Delete(some) })
				appended.measure(func() error { return r.Append(cols, hashes, nil, some) })
			}
		}
		r.Free()
	}
	entries := float64(b.N * notedEpochs * notedEpoch)
	b.ReportMetric(float64(appended.used)/entries, "append-ns/row")
	b.ReportMetric(float64(deleted.used)/entries, "delete-ns/row")
}
