package keyed

import (
	"math"

	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/sdk/batch"
)

// Lists are lists of rows, each of which has a root; NoRow is behind the last one. A Ranked is one.
type Lists interface {
	First(root uint32) uint32
	Next(id uint32) uint32
}

// ListedConfig says how the rows of a Listed are found.
type ListedConfig struct {
	Rows *Rows
	// Table has a key for each list, Lists the lists of rows.
	Table *Table
	Lists Lists
	// Root is the list of a key, and whether nothing of it is left to do: only then it leaves.
	Root func(slot uint32) (root uint32, done bool)
	// Let is called with the rows of a list that leave, and what is kept beside them can be forgotten; it may be nil.
	Let func(ids []uint32)
	// Gone is called with the keys that leave, which are still in the table, but not when all leave at once; it may be nil.
	Gone func(slots []uint32) error
	// Free gives back what is kept beside rows and keys, the lists, too, when all leave.
	Free func()
	// Owned says that the keys have values of their own: they are a part, too, Owners, and rows leave with it. Gone is nil then.
	Owned bool
}

// Listed is rows as a part that may leave memory: those that are in the list of a key leave together, with the key, which is in memory only with all of its rows. The operator loads them by the hash of the key, and makes
// the lists. It is Evictable, Departing and Late.
type Listed struct {
	*Rows
	config ListedConfig
	rounds Rounds
	ids    []uint32
	slots  []uint32
	// Of rows that are Owned: missing are the hashes that are being loaded of which no key was in memory, sorted; groups are key groups that are, and there the hashes of keys that were, sorted, until the rows are loaded; homeless are rows that were restored although their keys were not; settled says, while rows leave, that no sealed
	// epoch is still to be applied.
	missing  []uint64
	there    *memory.List[uint64]
	groups   [Groups / 64]uint64
	homeless []uint32
	settled  bool
}

// NewListed returns rows that leave memory as config says.
func NewListed(config ListedConfig) *Listed {
	return &Listed{Rows: config.Rows, config: config, there: memory.NewList[uint64](config.Rows.budget)}
}

// Room is how many rows can be put in before memory grows; see Evictable. Few rows are not worth it.
func (l *Listed) Room() int {
	if l.Len() < batch.MaxRows || l.config.Owned {
		return math.MaxInt
	}
	return l.Rows.Room()
}

// Evict has rows leave memory with all others of their lists; see Evictable. To go through a key group costs the same however few leave.
func (l *Listed) Evict(want int, settled bool) (evicted int, err error) {
	if l.config.Owned {
		return want, nil
	}
	if !l.Settled() {
		return 0, nil
	}
	want = max(want, l.Len()/leastShare)
	return l.rounds.Evict(want, func(group uint8, most int) (int, error) { return l.evictGroup(group, most, settled) })
}

// evictGroup has about so many rows of a key group leave.
func (l *Listed) evictGroup(group uint8, want int, settled bool) (evicted int, err error) {
	table := l.config.Table
	l.slots, l.ids = l.slots[:0], l.ids[:0]
	for slot := range table.Slots(group) {
		if len(l.ids) >= want {
			break
		}
		if from := len(l.ids); table.Alone(slot) && l.collect(slot, settled) && len(l.ids) > from {
			l.slots = append(l.slots, slot)
		}
	}
	if l.config.Let != nil {
		l.config.Let(l.ids)
	}
	if l.config.Gone != nil {
		if err := l.config.Gone(l.slots); err != nil {
			return 0, err
		}
	}
	for _, slot := range l.slots {
		if err := table.Delete(slot); err != nil {
			return 0, err
		}
	}
	return len(l.ids), l.Expel(l.ids)
}

// collect adds the rows of a list to ids, if the store has all of them as they are and nothing of it is left to do.
func (l *Listed) collect(slot uint32, settled bool) bool {
	before := len(l.ids)
	root, done := l.config.Root(slot)
	if !done {
		return false
	}
	for id := l.config.Lists.First(root); id != NoRow; id = l.config.Lists.Next(id) {
		if !l.Clean(id, settled) {
			l.ids = l.ids[:before]
			return false
		}
		l.ids = append(l.ids, id)
	}
	return true
}

// Depart has all rows leave memory, with the memory; see Departing. Nobody asks for ranges of them.
func (l *Listed) Depart(bool) error {
	if l.config.Owned {
		return nil
	}
	l.config.Table.Free()
	l.config.Free()
	return l.Rows.Depart()
}

// Adopt has the rows that are there count as changed; see Late.
func (l *Listed) Adopt() error {
	table, lists := l.config.Table, l.config.Lists
	return l.AdoptAs(func(yield func(uint32, uint64) bool) {
		for g := range Groups {
			for slot := range table.Slots(uint8(g)) { //nolint:gosec // below 256
				hash := table.HashOf(slot)
				root, _ := l.config.Root(slot)
				for id := lists.First(root); id != NoRow; id = lists.Next(id) {
					if !yield(id, hash) {
						return
					}
				}
			}
		}
	})
}
