package keyed

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// leavers is a journaled whose entries leave memory and come back.
type leavers struct {
	*journaled
	random  *rand.Rand
	away    map[uint32]uint64
	changes *store.Changes // of the sealed epoch
	sealing bool           // it is not applied
	drained bool
	entries int
}

// model is what is there, in memory or not.
func (l *leavers) model() map[uint32]uint64 {
	all := maps.Clone(l.now)
	maps.Copy(all, l.away)
	return all
}

func (l *leavers) must(err error) {
	if err != nil {
		l.t.Fatal(err)
	}
}

// some are up to n different entries among the first `of`.
func (l *leavers) some(n int, of uint32) []uint32 {
	var numbers []uint32
	first, run := l.random.Uint32N(of), l.random.IntN(2) == 0
	for i := range uint32(1 + l.random.IntN(n)) { //nolint:gosec // few
		number := l.random.Uint32N(of)
		if run {
			number = (first + i) % of
		}
		if !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// change has entries come, change, and go, several at once.
func (l *leavers) change(of uint32) {
	var fresh, there []uint32
	for _, n := range l.some(60, of) {
		_, resident := l.now[n]
		_, away := l.away[n]
		switch {
		case resident:
			there = append(there, n)
		case !away:
			fresh = append(fresh, n)
		}
	}
	switch l.random.IntN(3) {
	case 0:
		if len(fresh) > 0 {
			l.must(l.enter(fresh))
		}
		for _, n := range fresh {
			l.now[n] = l.random.Uint64()
		}
	case 1:
		l.must(l.touch(append(slices.Clone(there), there...)))
		for _, n := range there {
			l.now[n] = l.random.Uint64()
		}
	default:
		l.leave(there)
		for _, n := range there {
			delete(l.now, n)
		}
	}
}

// stores is what is stored of an entry.
func (l *leavers) stores(n uint32) (value uint64, there bool) {
	l.must(l.store.Reader().Lookup(l.home.Space, 0, []uint64{uint64(n)}, func(_ uint64, _, v []byte) error {
		value, there = binary.BigEndian.Uint64(v), true
		return nil
	}))
	return value, there
}

// evict has clean entries leave memory, and others come back.
func (l *leavers) evict(of uint32) {
	for _, n := range l.some(60, of) {
		if value, there := l.now[n]; there && l.clean(n, !l.sealing) {
			if stored, is := l.stores(n); !is || stored != value {
				l.t.Fatalf("entry %d is clean, and stored is something else", n)
			}
			l.reset(n)
			delete(l.now, n)
			l.away[n] = value
		}
	}
	for _, n := range l.some(60, of) {
		if value, there := l.away[n]; there {
			l.stored([]uint32{n})
			delete(l.away, n)
			l.now[n] = value
		}
	}
}

// step drains some of the sealed epoch, or applies it.
func (l *leavers) step(all bool) {
	for more := true; more && l.sealing; more = all {
		if !l.drained {
			l.drained = !l.drain(l.changes, l.random.Int64N(1<<11))
			continue
		}
		l.apply(l.changes)
		l.compare(l.sealed)
		l.sealing = false
	}
}

// TestJournalOfEntriesThatLeave: whatever comes, changes, goes, leaves memory and comes back, one at a time or many, what was there at a seal is stored, and what may leave is stored as it is.
func TestJournalOfEntriesThatLeave(t *testing.T) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 1))
		budget := limit.New("test", limit.Unlimited)
		l := &leavers{journaled: newJournaled(t, budget, 1), random: random, away: map[uint32]uint64{}, changes: &store.Changes{}, entries: 1}
		l.used = false
		most := 1 << (6 + random.IntN(10))
		for range 3000 {
			of := uint32(l.entries) //nolint:gosec // few
			switch random.IntN(40) {
			case 0:
				if l.sealing {
					l.step(true)
				}
				l.sealed = l.model()
				l.seal()
				l.sealing, l.drained = true, false
			case 1, 2, 3:
				l.step(false)
			case 4, 5, 6, 7:
				l.evict(of)
			case 8:
				l.entries = min(most, l.entries+1+random.IntN(1+l.entries))
				l.must(l.grow(l.entries))
			case 9:
				if random.IntN(4) > 0 {
					continue
				}
				l.step(true)
				for more := true; more; {
					more = l.spill(l.changes, 1+random.Int64N(1<<12), nil)
					l.apply(l.changes)
				}
				l.compare(l.model())
				if random.IntN(3) == 0 { // all leaves
					maps.Copy(l.away, l.now)
					clear(l.now)
					l.forget()
					l.must(l.grow(l.entries))
				}
			case 10:
				if random.IntN(10) > 0 {
					continue
				}
				l.used = l.used || len(l.away) > 0
				l.journal.clear()
				clear(l.now)
				clear(l.away)
				l.must(l.grow(l.entries))
			default:
				l.change(of)
			}
		}
		l.step(true)
		l.journal.clear()
		if used := budget.Used(); used != l.bytes {
			t.Errorf("%d bytes are reserved, and %d known", used, l.bytes)
		}
	}
}
