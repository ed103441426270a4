package keyed

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/sqlstate"
)

// journaled is a journal of entries that are numbers, and the store that it writes to.
type journaled struct {
	*journal
	t      *testing.T
	store  *store.Memory
	budget *limit.Budget
	now    map[uint32]uint64 // what the entries are
	sealed map[uint32]uint64 // what they were at the seal
}

func newJournaled(t *testing.T, budget *limit.Budget, entries int) *journaled {
	j := &journaled{t: t, store: store.NewMemory(), budget: budget, now: map[uint32]uint64{}, journal: newJournal("test", Home{To: math.MaxUint64}, 0, nil, budget)}
	key := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	j.write = func(into *store.Changes, numbers []uint32) {
		for _, n := range numbers {
			value, there := j.now[n]
			if !there {
				t.Fatalf("entry %d is written and not there", n)
			}
			into.Put(j.home.Space, 0, uint64(n), key(n), binary.BigEndian.AppendUint64(nil, value))
		}
	}
	j.remove = func(into *store.Changes, numbers []uint32) {
		for _, n := range numbers {
			into.Delete(j.home.Space, 0, uint64(n), key(n))
		}
	}
	if err := j.grow(entries); err != nil {
		t.Fatal(err)
	}
	return j
}

// apply stores changes.
func (j *journaled) apply(c *store.Changes) {
	if err := j.store.Apply(j.t.Context(), []*store.Changes{c}); err != nil {
		j.t.Fatal(err)
	}
	c.Reset()
}

// compare compares what is stored with what is to be.
func (j *journaled) compare(want map[uint32]uint64) {
	j.t.Helper()
	got := map[uint32]uint64{}
	err := j.store.Reader().ScanSlice(j.home.Space, 0, 0, math.MaxUint64, func(_ uint64, key, value []byte) error {
		got[binary.BigEndian.Uint32(key)] = binary.BigEndian.Uint64(value)
		return nil
	})
	if err != nil {
		j.t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		j.t.Fatalf("%d entries are stored, of %d, or others", len(got), len(want))
	}
}

// change changes about n entries among the first `of`: some come, some go.
func (j *journaled) change(random *rand.Rand, n int, of uint32) {
	for range n {
		entry := random.Uint32N(of)
		var err error
		switch _, there := j.now[entry]; {
		case !there:
			err = j.enter([]uint32{entry})
		case random.IntN(3) == 0:
			j.leaveOne(entry)
			delete(j.now, entry)
			continue
		default:
			err = j.touch([]uint32{entry, entry})
		}
		if err != nil {
			j.t.Fatal(err)
		}
		j.now[entry] = random.Uint64()
	}
}

// TestJournalOfAnyDensity: what was there at a seal is stored, and nothing else, whether few or many entries have changed, and while they go on changing; so it is with what is spilled.
func TestJournalOfAnyDensity(t *testing.T) {
	const entries = 1 << 14
	random := rand.New(rand.NewPCG(1, 2))
	budget := limit.New("test", limit.Unlimited)
	j, c := newJournaled(t, budget, entries), &store.Changes{}
	dense := map[bool]int{}
	for epoch := range 300 {
		of := uint32(entries)
		if epoch%3 == 1 {
			of = 8 // the same ones come and go time and again
		}
		j.change(random, 1<<random.IntN(12), of)
		if len(j.touched) > entries/noteBits/denseShare {
			t.Fatalf("%d numbers are listed", len(j.touched))
		}
		dense[j.dense]++
		if epoch%5 == 4 {
			for more := true; more; {
				more = j.spill(c, 1<<10, func(n uint32) uint8 { return uint8(n) }) //nolint:gosec // any groups do
				j.apply(c)
			}
			j.compare(j.now)
			if n := j.changed(); n > 0 {
				t.Fatalf("%d entries have changed since all was spilled", n)
			}
			j.change(random, 100, of)
		}
		j.sealed = maps.Clone(j.now)
		j.seal()
		for more := true; more; j.apply(c) {
			if more = j.drain(c, random.Int64N(1<<12)); more {
				j.change(random, random.IntN(20), of)
			}
		}
		j.compare(j.sealed)
	}
	if dense[true] < 30 || dense[false] < 30 {
		t.Fatalf("%d epochs were dense, and %d not", dense[true], dense[false])
	}
	j.clear()
	if used := budget.Used(); used != j.bytes {
		t.Errorf("%d bytes are reserved, and %d known", used, j.bytes)
	}
}

// TestDenseEpochIsSpilledInPieces: what changed in a dense epoch is spilled where no memory is left to list it, and what the list took is given back. Others have memory meanwhile.
func TestDenseEpochIsSpilledInPieces(t *testing.T) {
	const entries = 5 * leastRelisted
	for _, room := range []int64{0, entries * numberBytes, 1 << 20} {
		budget := limit.New("test", 1<<20)
		j, c := newJournaled(t, budget, entries), &store.Changes{}
		for n := range uint32(entries) {
			if err := j.enter([]uint32{n}); err != nil {
				t.Fatal(err)
			}
			j.now[n] = uint64(n)
		}
		before := budget.Used()
		rest := budget.Available()
		if err := budget.Reserve(rest - min(room, rest)); err != nil {
			t.Fatal(err)
		}
		pieces, left := 0, budget.Available()
		for more := true; more; pieces++ {
			more = j.spill(c, 1<<12, nil)
			j.apply(c)
			if now := budget.Available(); now < left/2 {
				t.Fatalf("%d bytes are left of %d while it is spilled", now, left)
			}
		}
		j.compare(j.now)
		budget.Release(rest - min(room, rest))
		if used := budget.Used(); used > before || pieces < 10 {
			t.Errorf("%d bytes are in use after %d pieces, and %d were before", used, pieces, before)
		}
	}
}

// TestPiecesEndWithShards: a piece that goes on with a shard ends with it, and so does one that has half of what it may: no two pieces have a shard in common but those that it is too large for.
func TestPiecesEndWithShards(t *testing.T) {
	const entries = 1 << 14
	for _, size := range []int64{1 << 11, 3 << 12, 1 << 14, 3 << 14, 1 << 16, 1 << 30} {
		j, c := newJournaled(t, limit.New("test", limit.Unlimited), entries), &store.Changes{}
		for n := range uint32(entries) {
			if n%3 == 0 { // does not change, and so the last marks have fewer than there is room for on a list of all
				continue
			}
			j.now[n] = uint64(n)
			if err := j.enter([]uint32{n}); err != nil {
				t.Fatal(err)
			}
		}
		var shards map[int]bool
		write := j.write
		j.write = func(into *store.Changes, numbers []uint32) {
			for _, n := range numbers {
				shards[shardOf(uint8(n))] = true //nolint:gosec // its low bits
			}
			write(into, numbers)
		}
		last, pieces, together, all := -1, 0, 0, int64(0)
		for more := true; more; pieces++ {
			shards = map[int]bool{}
			more = j.spill(c, size, func(n uint32) uint8 { return uint8(n) }) //nolint:gosec // its low bits
			first, bytes := slices.Min(slices.Collect(maps.Keys(shards))), c.Bytes()
			switch {
			case first == last && len(shards) > 1:
				t.Fatalf("pieces of %d: number %d goes on with shard %d, and has %d shards", size, pieces, first, len(shards))
			case first != last && first != last+1:
				t.Fatalf("pieces of %d: number %d begins with shard %d behind %d", size, pieces, first, last)
			case more && first != last && bytes < size/cutShare:
				t.Fatalf("pieces of %d: number %d has %d bytes", size, pieces, bytes)
			}
			together, all = max(together, len(shards)), all+bytes
			last = slices.Max(slices.Collect(maps.Keys(shards)))
			j.apply(c)
		}
		j.compare(j.now)
		if last != store.Shards-1 || int64(pieces) > 2*all/size+store.Shards || size > all && together != store.Shards {
			t.Errorf("pieces of %d: there are %d, to shard %d, of %d shards at most", size, pieces, last, together)
		}
	}
}

// TestPiecesOfPartialLists: where not all that changed can be listed at once each list is of all shards, and no piece is cut short for them.
func TestPiecesOfPartialLists(t *testing.T) {
	const entries, size = 1 << 17, 1 << 20
	budget := limit.New("test", 16<<20)
	j, c := newJournaled(t, budget, entries), &store.Changes{}
	for n := range uint32(entries) {
		j.now[n] = uint64(n)
		if err := j.enter([]uint32{n}); err != nil {
			t.Fatal(err)
		}
	}
	if err := budget.Reserve(budget.Available() - 64<<10); err != nil {
		t.Fatal(err)
	}
	pieces, all := int64(0), int64(0)
	for more := true; more; pieces++ {
		more = j.spill(c, size, func(n uint32) uint8 { return uint8(n) }) //nolint:gosec // its low bits
		all += c.Bytes()
		j.apply(c)
	}
	j.compare(j.now)
	if pieces > all/size+1 {
		t.Errorf("%d bytes are in %d pieces", all, pieces)
	}
}

// TestJournalIsRefused: a list that there is no memory for is SQLSTATE 53200.
func TestJournalIsRefused(t *testing.T) {
	budget := limit.New("test", 64<<10)
	j := newJournaled(t, budget, 1<<16)
	if err := budget.Reserve(budget.Available()); err != nil {
		t.Fatal(err)
	}
	err := j.enter([]uint32{1})
	var state *sqlstate.Error
	if !errors.As(err, &state) || state.Code != sqlstate.OutOfMemory {
		t.Fatal(err)
	}
}
