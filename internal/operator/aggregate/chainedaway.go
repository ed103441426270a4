package aggregate

import (
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Chained rows of calls leave memory all at once, apart from their groups, and nobody asks for them before the end: then groups and rows come back range by range, and rows are chained anew, in the
// order of their numbers.

// chainedPart is the chained rows of a call as a part that may leave memory.
type chainedPart struct {
	*keyed.Rows
	o *ordered
}

// Room is how many rows can be put in before memory grows; see keyed.Evictable. Few rows are not worth it.
func (p *chainedPart) Room() int {
	if p.Len() < batch.MaxRows {
		return math.MaxInt
	}
	return p.Rows.Room()
}

// Evict has all rows leave memory, if the store has them as they are; see keyed.Evictable.
func (p *chainedPart) Evict(_ int, settled bool) (evicted int, err error) {
	if !settled || !p.Stored(settled) {
		return 0, nil
	}
	evicted = p.Len()
	p.leave()
	return evicted, op.OutOfMemory(p.o.call.groups.config.Name, p.o.chains.Grow(p.o.call.groups.table.Limit()))
}

// ReadOn reads nothing: what is unread is so until the end; see keyed.Postponable.
func (p *chainedPart) ReadOn(int, bool) (more bool, err error) { return false, nil }

// Depart has all rows leave memory, with the memory; see keyed.Departing.
func (p *chainedPart) Depart(forGood bool) error {
	if forGood {
		if err := p.CountUnread(func(uint64) bool { return false }); err != nil {
			return err
		}
	}
	p.leave()
	return op.OutOfMemory(p.o.call.groups.config.Name, p.o.chains.Grow(p.o.call.groups.table.Limit()))
}

func (p *chainedPart) leave() {
	p.Leave()
	p.o.numberOf.Free()
	p.o.chains.Free()
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (p *chainedPart) Adopt() error {
	g := p.o.call.groups
	if err := g.nameAll(); err != nil {
		return op.OutOfMemory(g.config.Name, err)
	}
	for group := range keyed.Groups {
		if err := p.o.ownChains(uint8(group)); err != nil { //nolint:gosec // below 256
			return op.OutOfMemory(g.config.Name, err)
		}
	}
	return p.AdoptAs(func(yield func(uint32, uint64) bool) {
		for group := range keyed.Groups {
			for slot := range g.table.Slots(uint8(group)) { //nolint:gosec // below 256
				hash, c := g.table.HashOf(slot), p.o.chains.At(slot)
				for n, id := uint32(0), c.first; n < c.n; n, id = n+1, *p.Link(id, 0) {
					if !yield(id, hash) {
						return
					}
				}
			}
		}
	})
}

// stay reports whether restored rows stay in memory: if no group is away, nor any of the rows. Others are of no use before the end.
func (o *ordered) stay() bool {
	return !o.call.groups.table.HasAway() && !o.rows.HasAway()
}
