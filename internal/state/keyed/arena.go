package keyed

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

const (
	minArenaChunk = 4 << 10
	maxArenaChunk = 1 << 20
	// arenaShare: a chunk is not larger than one part in so many of what is left.
	arenaShare = 16
)

// arena keeps long text: pieces of memory that never move, filled one after the other.
type arena struct {
	pool   *batch.Pool
	budget *limit.Budget
	bufs   []*batch.Buffer
	// shared is a column without rows that has bufs, for those that borrow them.
	shared *batch.Column
	bytes  int64 // reserved
	used   int64 // bytes put in
	dead   int64 // bytes put in that nothing names any more
}

func newArena(pool *batch.Pool, budget *limit.Budget) *arena {
	return &arena{pool: pool, budget: budget, shared: batch.NewColumn(pool, schema.Of(schema.Text))}
}

// add copies b and returns where it lies.
func (a *arena) add(b []byte) (buf, off uint32, err error) {
	last := len(a.bufs) - 1
	if last < 0 || cap(a.bufs[last].Data)-len(a.bufs[last].Data) < len(b) {
		if err := a.grow(len(b)); err != nil {
			return 0, 0, err
		}
		last++
	}
	chunk := a.bufs[last]
	off = uint32(len(chunk.Data))
	chunk.Data = append(chunk.Data, b...)
	a.used += int64(len(b))
	return uint32(last), off, nil
}

// grow adds a chunk: as large as all before, within bounds; where the budget has no room for that, a smaller one.
func (a *arena) grow(n int) error {
	size := max(n, min(maxArenaChunk, max(minArenaChunk, int(a.bytes))))
	for size > max(n, minArenaChunk) && int64(size) > a.budget.Available()/arenaShare {
		size = max(n, minArenaChunk, size/2)
	}
	if err := a.budget.Reserve(int64(size)); err != nil {
		return err
	}
	a.bytes += int64(size)
	chunk := a.pool.NewBuffer(size)
	a.bufs = append(a.bufs, chunk)
	a.shared.AddBuffer(chunk)
	return nil
}

func (a *arena) get(buf, off, n uint32) []byte { return a.bufs[buf].Data[off : off+n : off+n] }

// wasteful reports whether more than half of the bytes, and more than a chunk, are dead.
func (a *arena) wasteful() bool { return a.dead > a.used/2 && a.dead > maxArenaChunk }

func (a *arena) free() {
	for _, b := range a.bufs {
		b.Release()
	}
	a.budget.Release(a.bytes)
	a.shared.Release()
	*a = *newArena(a.pool, a.budget)
}
