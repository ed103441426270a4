package keyed

import (
	"wire.example/wire/internal/state/store"
)

// Attach lets entries leave memory; see Evictable.
func (t *Table) Attach(r store.Reader, low int64) {
	t.away = &away{reader: r, budget: t.budget, low: low, label: t.label}
}

// MayLeave reports whether keys may leave memory: Values say so.
func (t *Table) MayLeave() bool { return t.values.Leave }

// tight reports whether little memory is left.
func (a *away) tight() bool { return a != nil && a.budget.Available() < a.low }

// Room is how many keys can be put in before memory grows; see Evictable.
func (t *Table) Room() int {
	room := len(t.spare) * minBlock
	for number, g := range &t.groups {
		if g != nil {
			room += min(len(g.free)+int(g.end-g.next), t.heads[number].room(g.live))
		}
	}
	return room
}

// Spill writes what changed in the epoch under way; see Evictable. Pieces are of neighbouring key groups, so that they do not overlap in the store.
func (t *Table) Spill(into *store.Changes, most int64) (more bool) {
	k := t.kept
	from := into.Bytes()
	for ; k.adopted < Groups; k.adopted++ {
		if into.Bytes()-from >= most {
			return true
		}
		if g := t.groups[k.adopted]; g != nil {
			t.spillGroup(into, g)
		}
	}
	if k.spill(into, most-(into.Bytes()-from), t.GroupOf) {
		return true
	}
	t.away.spilled()
	return false
}

// spillGroup writes the keys of a key group that were there before changes were noted.
func (t *Table) spillGroup(into *store.Changes, g *group) {
	k := t.kept
	for at := 0; at < len(g.order); at += drained {
		k.slots = k.slots[:0]
		for _, slot := range g.order[at:min(at+drained, len(g.order))] {
			if !t.isGone(slot) {
				k.slots = append(k.slots, slot)
			}
		}
		k.spillSome(into, k.slots)
	}
}

// sortByGroup sorts numbers by their key groups.
func sortByGroup(numbers []uint32, groupOf func(uint32) uint8) {
	var next, ends [Groups]int
	for _, n := range numbers {
		ends[groupOf(n)]++
	}
	for g, at := 0, 0; g < Groups; g++ {
		next[g], at = at, at+ends[g]
		ends[g] = at
	}
	for g := range next {
		for next[g] < ends[g] {
			n := numbers[next[g]]
			for to := groupOf(n); int(to) != g; to = groupOf(n) {
				numbers[next[to]], n = n, numbers[next[to]]
				next[to]++
			}
			numbers[next[g]] = n
			next[g]++
		}
	}
}

// leastShare is which part of a large table leaves memory at least: to go through a key group costs the same however few leave.
const leastShare = 8

// Leaving returns how many keys leave a table at least where want are asked for.
func (t *Table) Leaving(want int) int {
	if want >= Groups {
		want = max(want, t.len/leastShare)
	}
	return want
}

// Evict has keys leave memory; see Evictable. They leave all key groups alike, since the room that they make is that of their groups' new keys.
func (t *Table) Evict(want int, settled bool) (evicted int, err error) {
	k := t.kept
	if t.away.isLoose() {
		return 0, nil
	}
	want = t.Leaving(want)
	all := max(t.len, 1)
	for range Groups {
		if evicted >= want {
			break
		}
		number := uint8(t.hand) //nolint:gosec // below Groups
		t.hand = (t.hand + 1) % Groups
		g := t.groups[number]
		if g == nil || g.live == 0 {
			continue
		}
		k.slots = k.slots[:0]
		most := min(want*g.live/all, g.live/2)
		for _, slot := range g.order {
			if len(k.slots) > most {
				break
			}
			if !t.isGone(slot) && k.clean(slot, settled) && t.Alone(slot) && (k.values.Free == nil || k.values.Free(slot)) {
				k.slots = append(k.slots, slot)
			}
		}
		if err := t.Expel(k.slots); err != nil {
			return evicted, err
		}
		evicted += len(k.slots)
	}
	return evicted, nil
}

// Pass leaves keys in the store; see Evictable.
func (t *Table) Pass(e *Entries) error {
	if e.Len() == 0 {
		return nil
	}
	bytes := 0
	for i, key := range e.Keys {
		bytes += len(key) + len(e.Values[i])
	}
	t.away.keyBytes = max(t.away.keyBytes, int64(bytes/e.Len()))
	t.kept.used = true // there is something to drop
	for _, hash := range e.Hashes {
		if err := t.away.add(hash); err != nil {
			return t.refused(err)
		}
	}
	return nil
}

// HashOf returns the hash that the key in slot was put in with, or one of the same key group that is equal for equal keys.
func (t *Table) HashOf(slot uint32) uint64 { return t.fullHash(slot) }

// Alone reports whether no other key in memory has the hash of that in slot, nor one that was removed and that the store has still: what is loaded by a hash is all that has it, and so
// such keys stay.
func (t *Table) Alone(slot uint32) bool {
	hash := t.fullHash(slot)
	if t.away != nil && t.away.isBuried(hash) {
		return false
	}
	head, tag := &t.heads[hash>>groupShift], tagOf(hash)
	for other, at := head.find(tag, head.home(tag)); other != NoSlot; other, at = head.find(tag, at) {
		if other != slot && t.fullHash(other) == hash {
			return false
		}
	}
	return true
}

// Expel takes keys of one key group out of memory, which the store has as they are, with all others in memory that have their hashes. What is kept for them must be forgotten before. The error is SQLSTATE 53200.
func (t *Table) Expel(slots []uint32) error {
	if len(slots) == 0 {
		return nil
	}
	if t.gone == nil {
		t.gone = NewSlab[uint8](t.budget)
	}
	if err := t.gone.Grow(int(t.limit)); err != nil {
		return t.refused(err)
	}
	k := t.kept
	g := t.groups[t.GroupOf(slots[0])]
	for _, slot := range slots {
		hash := t.fullHash(slot)
		if err := t.away.add(hash); err != nil {
			return t.refused(err)
		}
		t.heads[hash>>groupShift].remove(entryOf(tagOf(hash), slot))
		*t.gone.At(slot) = 1
		k.reset(slot)
		t.forgetBytes(slot)
		g.live--
		g.dead++
		t.len--
	}
	return t.sweep(g)
}

// AppendHash appends the slots of the keys in memory that have a hash.
func (t *Table) AppendHash(to []uint32, hash uint64) []uint32 {
	head, tag := &t.heads[hash>>groupShift], tagOf(hash)
	for slot, at := head.find(tag, head.home(tag)); slot != NoSlot; slot, at = head.find(tag, at) {
		if t.fullHash(slot) == hash {
			to = append(to, slot)
		}
	}
	return to
}

// HasHash reports whether a key of a hash is in memory.
func (t *Table) HasHash(hash uint64) bool {
	head, tag := &t.heads[hash>>groupShift], tagOf(hash)
	slot, at := head.find(tag, head.home(tag))
	for slot != NoSlot && t.fullHash(slot) != hash {
		slot, at = head.find(tag, at)
	}
	return slot != NoSlot
}

func (t *Table) loadAway(hashes []uint64, groups [Groups / 64]uint64) error {
	if t.away == nil || !t.away.any {
		return nil
	}
	return t.away.load(t.kept.home, t.slice, hashes, groups, t.HasHash, t.Admit)
}
