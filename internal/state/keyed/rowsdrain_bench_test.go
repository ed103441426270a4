package keyed_test

import (
	"fmt"
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

// Sizes of BenchmarkRowsEpoch: rows of an epoch, all of them new, epochs, rows that come at once, and the bytes of a piece that goes ahead.
const (
	drainedRows   = 1 << 17
	drainedEpochs = 8
	drainedBatch  = 256
	drainedPiece  = 12 << 20
	loggedPiece   = 4 << 20
)

// wideBids are batches of rows as Nexmark's bids with all their columns, about 190 bytes each when stored, and their hashes.
func wideBids(n int) (types []schema.Type, batches [][]*batch.Column, hashes [][]uint64) {
	for _, kind := range []schema.Kind{schema.Int64, schema.Int64, schema.Int64, schema.Text, schema.Text, schema.Timestamp, schema.Text} {
		types = append(types, schema.Of(kind))
	}
	random, pool := rand.New(rand.NewPCG(1, 2)), &batch.Pool{}
	for range n {
		cols, hash := newColumns(pool, types), make([]uint64, drainedBatch)
		for _, c := range cols {
			c.Reset(drainedBatch)
		}
		for i := range drainedBatch {
			hash[i] = random.Uint64()
			for _, c := range []int{0, 1, 2, 5} {
				cols[c].Int64s()[i] = random.Int64()
			}
			cols[3].SetBytes(i, fmt.Appendf(nil, "channel-%d", hash[i]%10_000))
			cols[4].SetBytes(i, fmt.Appendf(nil, "https://www.nexmark.com/%x/item.htm?query=1&channel_id=%d", hash[i]&0xffffff, hash[i]%10_000))
			cols[6].SetBytes(i, []byte("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")[:20+hash[i]>>8%32])
		}
		batches, hashes = append(batches, cols), append(hashes, hash)
	}
	return types, batches, hashes
}

// BenchmarkRowsEpoch says what a row costs that is new in an epoch, in CPU time: "append" by being kept, "noting" by being kept and noted, "drain" by being written to changes. The memory of changes is used again if "spare" or "logged"; these have the form of a log.
func BenchmarkRowsEpoch(b *testing.B) {
	types, batches, hashes := wideBids(64)
	ids := make([]uint32, drainedBatch)
	fill := func(b *testing.B, r *keyed.Rows, from int) {
		for at := range drainedRows / drainedBatch {
			i := (from + at) % len(batches)
			if err := r.Append(batches[i], hashes[i], nil, ids); err != nil {
				b.Fatal(err)
			}
		}
	}
	measured := func(b *testing.B, f func()) int64 {
		began := int64(sdktest.Spent(b))
		f()
		return int64(sdktest.Spent(b)) - began
	}
	for _, noting := range []bool{false, true} {
		b.Run(map[bool]string{false: "append", true: "noting"}[noting], func(b *testing.B) {
			used := int64(0)
			for range b.N {
				r := keyed.NewRows(&batch.Pool{}, types, 1, "bids", limit.New("bench", limit.Unlimited))
				if noting {
					r.Keep(keyed.Home{To: math.MaxUint64})
				}
				for epoch := range drainedEpochs {
					used += measured(b, func() { fill(b, r, epoch) })
				}
				r.Free()
			}
			b.ReportMetric(float64(used)/float64(b.N*drainedRows*drainedEpochs), "ns/row")
		})
	}
	for _, way := range []string{"new", "spare", "logged"} {
		b.Run("drain/"+way, func(b *testing.B) {
			used, bytes := int64(0), int64(0)
			spare, piece := way != "new", int64(drainedPiece)
			c := &store.Changes{}
			if way == "logged" {
				c.Log(math.MaxInt64)
				piece = loggedPiece
			}
			for range b.N {
				r := keyed.NewRows(&batch.Pool{}, types, 1, "bids", limit.New("bench", limit.Unlimited))
				r.Keep(keyed.Home{To: math.MaxUint64})
				for epoch := range drainedEpochs {
					fill(b, r, epoch)
					used += measured(b, func() {
						r.Seal()
						for more := true; more; {
							var err error
							if more, err = r.Drain(c, 64<<10); err != nil {
								b.Fatal(err)
							}
							if c.Bytes() < piece && more {
								continue
							}
							bytes += c.Bytes()
							if c.Reset(); !spare {
								c = &store.Changes{}
							}
						}
					})
				}
				r.Free()
			}
			b.ReportMetric(float64(used)/float64(b.N*drainedRows*drainedEpochs), "ns/row")
			b.ReportMetric(float64(bytes)/float64(b.N*drainedRows*drainedEpochs), "B/row")
		})
	}
}
