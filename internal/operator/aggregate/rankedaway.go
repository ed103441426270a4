package aggregate

import (
	"iter"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// The ranked rows of calls leave memory with their group, and come back so: a group that is in the table has all its rows in memory, and one that is not has none there.

// rowsLeave reports whether the rows that calls keep ranked may leave memory.
func (o *Operator) rowsLeave() bool { return o.leaves() && o.ranks() }

// someRowsAway reports whether rows of a call are not in memory.
func (o *Operator) someRowsAway() bool {
	return slices.ContainsFunc(o.calls, func(c *call) bool { return c.ordered != nil && c.ordered.rows.HasAway() })
}

// groupTable is the table of the groups as the first of an operator's tables. It notes which hashes have no group in memory before those are loaded, and so before their rows are.
type groupTable struct {
	*keyed.Table
	o      *Operator
	hashes []uint64
	// ranged: a range was loaded; from..to is that, and there are the hashes of it whose groups were in memory.
	ranged   bool
	from, to uint64
	there    []uint64
	held     int64 // reserved for those
}

// Resident reports whether everything is in memory, of the rows of groups, too.
func (t *groupTable) Resident() bool { return t.Table.Resident() && !t.o.someRowsAway() }

// Load notes the hashes, and loads their groups.
func (t *groupTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	t.hashes, t.ranged = t.hashes[:0], false
	if t.o.someRowsAway() {
		for _, h := range hashes {
			if !t.HasHash(h) {
				t.hashes = append(t.hashes, h)
			}
		}
		slices.Sort(t.hashes)
	}
	return t.Table.Load(hashes, groups)
}

// LoadRange notes which hashes of a range have groups in memory, and loads the others; see op.RangedTable.
func (t *groupTable) LoadRange(from, to uint64) error {
	if t.ranged, t.there = t.o.rowsLeave(), t.there[:0]; t.ranged {
		t.from, t.to = from, to
		for slot := range t.o.slotsIn(from, to) {
			t.there = append(t.there, t.HashOf(slot))
		}
		slices.Sort(t.there)
		if bytes := int64(cap(t.there)) * hashBytes; bytes > t.held {
			if err := t.o.budget.Reserve(bytes - t.held); err != nil {
				return op.OutOfMemory(t.o.config.Name, err)
			}
			t.held = bytes
		}
	}
	return t.Table.LoadRange(from, to)
}

const hashBytes = 8

// giveBack gives back what is held for ranges.
func (t *groupTable) giveBack() {
	if t.held > 0 {
		t.o.budget.Release(t.held)
		t.there, t.held = nil, 0
	}
}

// slotsIn are the groups in memory with hashes from..to.
func (g *groups) slotsIn(from, to uint64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for group := op.GroupOf(from); ; group++ {
			for slot := range g.table.Slots(uint8(group)) {
				if hash := g.table.HashOf(slot); hash >= from && hash <= to && !yield(slot) {
					return
				}
			}
			if group == op.GroupOf(to) {
				return
			}
		}
	}
}

// present reports whether the rows of a hash are in memory, but for those that are being loaded.
func (t *groupTable) present(hash uint64) bool {
	if t.ranged && hash >= t.from && hash <= t.to {
		_, found := slices.BinarySearch(t.there, hash)
		return found
	}
	_, found := slices.BinarySearch(t.hashes, hash)
	return !found
}

// rowsTable is the rows of a call as one of an operator's tables: what is loaded is put into the lists of groups, which are loaded before.
type rowsTable struct {
	*keyed.Rows
	o *ordered
}

// Load makes rows resident.
func (t *rowsTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	t.o.linking = true
	err := t.Rows.Load(hashes, groups)
	t.o.linking = false
	return err
}

// LoadRange makes the rows of a range resident; see op.RangedTable.
func (t *rowsTable) LoadRange(from, to uint64) error {
	t.o.linking = true
	err := t.Rows.LoadRange(from, to)
	t.o.linking = false
	if err != nil || t.o.ranking != nil {
		return err
	}
	for group := op.GroupOf(from); err == nil; group++ {
		if err = t.o.rechain(uint8(group)); group == op.GroupOf(to) {
			break
		}
	}
	return err
}

// groupPart is the groups as a part that may leave memory. They make their rows leave, too.
type groupPart struct {
	*keyed.Table
	o       *Operator
	ordered []*ordered
	// settled says, while groups leave, that no sealed epoch is still to be applied.
	settled bool
	// spilled is of how many calls the rows were spilled.
	spilled int
	joint   *keyed.Joint // with the rows; nil: nothing may stay unread
}

// joinRows has groups and their rows read together.
func (o *Operator) joinRows() {
	p := &o.groupPart
	if len(p.ordered) == 0 || !o.postpones() {
		return
	}
	parts := []keyed.JointPart{o.table}
	for _, ordered := range p.ordered {
		parts = append(parts, ordered.rows)
	}
	linking := func(on bool) {
		for _, ordered := range p.ordered {
			ordered.linking = on
		}
	}
	p.joint = keyed.NewJoint(o.table.HasHash, linking, parts...)
	for _, ordered := range p.ordered {
		ordered.part.joint = p.joint
	}
}

// Joint is what groups are restored with; see keyed.InJoint.
func (p *groupPart) Joint() *keyed.Joint { return p.joint }

// Joint is what rows are restored with; see keyed.InJoint.
func (p *rowsPart) Joint() *keyed.Joint { return p.joint }

// Room is how many groups, or rows, can be put in before memory grows; see keyed.Evictable. Few rows are not worth it.
func (p *groupPart) Room() int {
	room := p.Table.Room()
	for _, o := range p.ordered {
		if o.rows.Len() >= batch.MaxRows {
			room = min(room, o.rows.Room())
		}
	}
	return room
}

// Spill writes what changed of the groups and of their rows; see keyed.Evictable.
func (p *groupPart) Spill(into *store.Changes, most int64) (more bool) {
	for p.spilled < len(p.ordered) {
		from := into.Bytes()
		if p.ordered[p.spilled].rows.Spill(into, most) {
			return true
		}
		p.spilled++
		if most -= into.Bytes() - from; most <= 0 {
			return true
		}
	}
	if p.Table.Spill(into, most) {
		return true
	}
	p.spilled = 0
	return false
}

// Evict has groups leave memory with their rows; see keyed.Evictable.
func (p *groupPart) Evict(want int, settled bool) (evicted int, err error) {
	p.settled = settled
	for _, o := range p.ordered {
		if !o.rows.Settled() {
			return 0, nil
		}
		o.leaving = o.leaving[:0]
	}
	evicted, err = p.Table.Evict(want, settled)
	for _, o := range p.ordered {
		if err == nil {
			err = o.rows.Expel(o.leaving)
		}
	}
	return evicted, err
}

// let takes the rows of a group out of their lists, to be expelled, if the store has all of them as they are.
func (p *groupPart) let(slot uint32) bool {
	for i, o := range p.ordered {
		from := len(o.leaving)
		if o.collect(slot, p.settled) {
			o.before = from
			continue
		}
		for _, other := range p.ordered[:i] {
			other.leaving = other.leaving[:other.before]
		}
		return false
	}
	for _, o := range p.ordered {
		*o.ranking.heads.At(slot) = ranks{}
	}
	return true
}

// collect adds the rows of a group to those that leave, if the store has all of them as they are.
func (o *ordered) collect(slot uint32, settled bool) bool {
	lists, from := o.ranking.lists, len(o.leaving)
	for id := lists.First(o.ranking.root(slot)); id != keyed.NoRow; id = lists.Next(id) {
		if !o.rows.Clean(id, settled) {
			o.leaving = o.leaving[:from]
			return false
		}
		o.leaving = append(o.leaving, id)
	}
	return true
}

// Depart has all groups leave memory with their rows, and with the memory; see keyed.Departing.
func (p *groupPart) Depart(forGood bool) error {
	for _, o := range p.ordered {
		if forGood {
			if err := o.rows.CountUnread(p.HasHash); err != nil {
				return err
			}
			o.rows.DepartForGood()
		} else if err := o.rows.Depart(); err != nil {
			return err
		}
	}
	return p.Table.Depart(forGood)
}

// vacate gives back the memory of what is kept beside rows, all of which have left, or, of chains, for their groups.
func (o *ordered) vacate() {
	if o.ranking == nil {
		o.chains.Free()
		return
	}
	o.ranking.lists.Free()
	o.ranking.heads.Free()
}

// rowsPart is the rows of a call as a part that may leave memory, which they do with their groups.
type rowsPart struct {
	*keyed.Rows
	o     *ordered
	joint *keyed.Joint // with the groups; nil: nothing may stay unread
}

// Room is left to the groups; see keyed.Evictable.
func (p *rowsPart) Room() int { return math.MaxInt }

// Evict is left to the groups; see keyed.Evictable.
func (p *rowsPart) Evict(want int, _ bool) (evicted int, err error) { return want, nil }

// Depart is left to the groups; see keyed.Departing.
func (p *rowsPart) Depart(bool) error { return nil }

// Adopt has the rows that are there count as changed; see keyed.Late.
func (p *rowsPart) Adopt() error {
	table, r := p.o.call.groups.table, p.o.ranking
	return p.AdoptAs(func(yield func(uint32, uint64) bool) {
		for g := range keyed.Groups {
			for slot := range table.Slots(uint8(g)) { //nolint:gosec // below 256
				hash := table.HashOf(slot)
				for id := r.lists.First(r.root(slot)); id != keyed.NoRow; id = r.lists.Next(id) {
					if !yield(id, hash) {
						return
					}
				}
			}
		}
	})
}

// link puts rows that were loaded, in the order of their hashes, into the lists of their groups.
func (o *ordered) link(ids []uint32) error {
	if !o.linking {
		return nil // a restore, which makes all lists at its end
	}
	g := o.call.groups
	for len(ids) > 0 {
		hash, n := o.rows.HashOf(ids[0]), 1
		for n < len(ids) && o.rows.HashOf(ids[n]) == hash {
			n++
		}
		o.owners = g.table.AppendHash(o.owners[:0], hash)
		for from := 0; from < n; {
			number := o.numberAt(ids[from])
			to := from + 1
			for to < n && o.numberAt(ids[to]) == number {
				to++
			}
			at := slices.IndexFunc(o.owners, func(slot uint32) bool { return *g.numbers.of.At(slot) == number })
			if at < 0 {
				return o.ownerless()
			}
			if err := o.enlist(o.owners[at], ids[from:to]); err != nil {
				return op.OutOfMemory(g.config.Name, err)
			}
			from = to
		}
		ids = ids[n:]
	}
	return nil
}

// numberAt returns the number of the group of a row.
func (o *ordered) numberAt(id uint32) int64 {
	cols, row := o.rows.Row(id)
	return cols[o.ranking.number].Int64s()[row]
}

// enlist puts rows into the list of a group, which may have some.
func (o *ordered) enlist(slot uint32, ids []uint32) (err error) {
	r := o.ranking
	root := r.root(slot)
	if root == keyed.NoRow {
		if err := o.order.Sort(o.rows, ids); err != nil {
			return err
		}
		if root, err = r.lists.Build(ids); err != nil {
			return err
		}
		ids = nil
	}
	for _, id := range ids {
		if root, err = r.lists.Insert(root, id, r.lists.PrefixOf(id)); err != nil {
			return err
		}
	}
	r.set(slot, root)
	return nil
}

// makeWhole has groups leave memory of which some rows were restored and others were not, or the group itself was not. Those that wait to be told of do so, too, once any does.
func (o *Operator) makeWhole() error {
	if !o.rowsLeave() || len(o.groupPart.ordered) == 0 || !o.table.HasAway() && !o.someRowsAway() {
		return nil
	}
	broken := map[uint64]struct{}{}
	var ids []uint32
	for g := range keyed.Groups {
		group := uint8(g) //nolint:gosec // below 256
		clear(broken)
		for _, p := range o.groupPart.ordered {
			for slot := range o.table.Slots(group) {
				if hash := o.table.HashOf(slot); p.rows.MayBeAway(hash) || o.waits(slot) {
					broken[hash] = struct{}{}
				}
			}
			ids = p.rows.AppendGroup(ids[:0], group)
			for _, id := range ids {
				if hash := p.rows.HashOf(id); !o.table.HasHash(hash) {
					broken[hash] = struct{}{}
				}
			}
		}
		if err := o.expel(group, broken); err != nil {
			return err
		}
	}
	if o.changes != nil {
		o.changes.used = 0
	}
	return nil
}

// waits reports whether a group that was restored waits to be told of.
func (o *Operator) waits(slot uint32) bool {
	return o.changes != nil && *o.changes.marks.At(slot)&touched != 0
}

// Passed is what is known of groups that a restore left in the store: whether others were told of some, or were not, and whether some have changed since and wait to be told of.
type Passed struct{ Told, Untold, Waiting bool }

// note notes a group by its marks, with waits instead of touched.
func (p *Passed) note(marks uint8) {
	told := marks&lasting != 0
	p.Told, p.Untold, p.Waiting = p.Told || told, p.Untold || !told, p.Waiting || marks&waits != 0
}

// Add adds what is known of others.
func (p *Passed) Add(o Passed) {
	p.Told, p.Untold, p.Waiting = p.Told || o.Told, p.Untold || o.Untold, p.Waiting || o.Waiting
}

// Note notes a stored group, with Changes.
func (p *Passed) Note(entry []byte) {
	if len(entry) > 0 {
		p.note(entry[0])
	}
}

// expel has the groups of some hashes of a key group leave memory with their rows, which are in no list yet.
func (o *Operator) expel(group uint8, hashes map[uint64]struct{}) error {
	if len(hashes) == 0 {
		return nil
	}
	var slots []uint32
	for slot := range o.table.Slots(group) {
		if _, ok := hashes[o.table.HashOf(slot)]; ok {
			slots = append(slots, slot)
		}
	}
	for _, slot := range slots {
		if o.changes != nil {
			marks := *o.changes.marks.At(slot)
			if marks&touched != 0 {
				marks |= waits
			}
			o.passed.note(marks)
		}
		if err := o.clear(slot); err != nil {
			return err
		}
	}
	if err := o.table.Expel(slots); err != nil {
		return err
	}
	for _, p := range o.groupPart.ordered {
		ids := slices.DeleteFunc(p.rows.AppendGroup(nil, group), func(id uint32) bool {
			_, ok := hashes[p.rows.HashOf(id)]
			return !ok
		})
		if err := p.rows.Expel(ids); err != nil {
			return err
		}
	}
	return nil
}
