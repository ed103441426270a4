package over

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
)

const numberBytes = 4

// memory reserves what grows with partitions.
type memory struct {
	budget *limit.Budget
	name   string
	taken  int64
}

func (m *memory) take(bytes int64) error {
	if err := m.budget.Reserve(bytes); err != nil {
		return op.OutOfMemory(m.name, err)
	}
	m.taken += bytes
	return nil
}

// release gives back a part of what was taken.
func (m *memory) release(bytes int64) {
	m.budget.Release(bytes)
	m.taken -= bytes
}

// giveBack releases all that was taken.
func (m *memory) giveBack() {
	m.budget.Release(m.taken)
	m.taken = 0
}

// grown reserves what s has grown by since its capacity was before.
func (m *memory) grown(s []uint32, before int) error {
	if cap(s) == before {
		return nil
	}
	return m.take(int64(cap(s)-before) * numberBytes)
}

// queue is a list of positions that grows behind and shrinks at both ends.
type queue struct {
	items []uint32
	head  int
}

func (q *queue) count() int { return len(q.items) - q.head }

func (q *queue) front() int { return int(q.items[q.head]) }

func (q *queue) back() int { return int(q.items[len(q.items)-1]) }

func (q *queue) popFront() { q.head++ }

func (q *queue) popBack() { q.items = q.items[:len(q.items)-1] }

func (q *queue) clear() { q.items, q.head = q.items[:0], 0 }

// push appends a position.
func (q *queue) push(position int, m *memory) error {
	if len(q.items) == cap(q.items) && q.head > len(q.items)/2 {
		q.items = q.items[:copy(q.items, q.items[q.head:])]
		q.head = 0
	}
	before := cap(q.items)
	q.items = append(q.items, uint32(position)) //nolint:gosec // fewer rows than numbers
	return m.grown(q.items, before)
}
