package memory

import (
	"unsafe"

	"wire.example/wire/internal/foundation/limit"
)

// BlockLen is the number of words in a block: 32 KiB.
const BlockLen = 4096

// Blocks lends blocks of words that lie together, many to a piece of memory. What is put back is lent again. It belongs to one goroutine.
type Blocks struct {
	budget *limit.Budget
	free   []*[BlockLen]uint64
	count  int
}

// NewBlocks returns an owner of no blocks, whose memory is reserved in budget.
func NewBlocks(budget *limit.Budget) *Blocks { return &Blocks{budget: budget} }

// Get returns a block of zeros. The error is a *limit.ExceededError.
func (b *Blocks) Get() (*[BlockLen]uint64, error) {
	if last := len(b.free) - 1; last >= 0 {
		block := b.free[last]
		b.free = b.free[:last]
		return block, nil
	}
	const size = BlockLen * 8
	blocks := max(1, min(b.count/4, maxRun/size))
	if blocks > 1 && !b.budget.TryReserve(int64(blocks)*size) {
		blocks = 1
	}
	if blocks == 1 {
		if err := b.budget.Reserve(size); err != nil {
			return nil, err
		}
	}
	run := make([][BlockLen]uint64, blocks)
	advise(b.budget, unsafe.Pointer(unsafe.SliceData(run)), blocks*size)
	for i := len(run) - 1; i > 0; i-- {
		b.free = append(b.free, &run[i])
	}
	b.count += blocks
	return &run[0], nil
}

// Put takes a block back.
func (b *Blocks) Put(block *[BlockLen]uint64) {
	clear(block[:])
	b.free = append(b.free, block)
}

// Bytes returns the memory in use, as reserved: lent or not.
func (b *Blocks) Bytes() int64 { return int64(b.count) * BlockLen * 8 }

// Free gives all memory back; no block may be used any more.
func (b *Blocks) Free() {
	b.budget.Release(b.Bytes())
	b.free, b.count = nil, 0
}
