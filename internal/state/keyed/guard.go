package keyed

import "fmt"

// Guard is a test's store that says "not resident": until Load declares a key, touching it is an error. The unit is the hash of a key, and the
// key group where a call is about rows or whole groups.
type Guard struct {
	name   string
	loaded map[uint64]struct{}
	groups [Groups / 64]uint64
	// expected are groups that the next load lets pass, beside those it is given.
	expected [Groups / 64]uint64
	open     bool
	err      error
}

// NewGuard returns a guard that lets nothing pass; name is what errors call the table.
func NewGuard(name string) *Guard { return &Guard{name: name} }

// Open lets everything pass until the next Load: for a restore or a snapshot, which declare nothing.
func (g *Guard) Open() { g.open = true }

// Err returns the first touch of what was not declared.
func (g *Guard) Err() error { return g.err }

// load makes resident what is declared, and nothing else.
func (g *Guard) load(hashes []uint64, groups [Groups / 64]uint64) {
	for i, expected := range g.expected {
		groups[i] |= expected
	}
	g.open, g.groups, g.expected = false, groups, [Groups / 64]uint64{}
	g.loaded = make(map[uint64]struct{}, len(hashes))
	for _, h := range hashes {
		g.loaded[h] = struct{}{}
	}
}

// loadRange makes the key groups of a range of hashes resident, and nothing else.
func (g *Guard) loadRange(from, to uint64) {
	var groups [Groups / 64]uint64
	for group := from >> groupShift; group <= to>>groupShift; group++ {
		groups[group>>6] |= 1 << (group & 63)
	}
	g.load(nil, groups)
}

func (g *Guard) has(group uint8) bool { return g.open || g.groups[group>>6]>>(group&63)&1 != 0 }

func (g *Guard) keys(hashes []uint64) error {
	for _, h := range hashes {
		if _, ok := g.loaded[h]; !ok && !g.has(uint8(h>>groupShift)) {
			return g.report(fmt.Errorf("%s touches the key of hash %016x, which Needs did not declare", g.name, h))
		}
	}
	return nil
}

// group asks for a group; a key of it that was declared is enough.
func (g *Guard) group(group uint8) error {
	if g.has(group) {
		return nil
	}
	for h := range g.loaded {
		if h>>groupShift == uint64(group) {
			return nil
		}
	}
	return g.report(fmt.Errorf("%s touches key group %d, which Needs did not declare", g.name, group))
}

func (g *Guard) report(err error) error {
	if g.err == nil {
		g.err = err
	}
	return err
}

// SetGuard makes a test's guard watch over the table; nil, as ever outside tests, watches nothing.
func (t *Table) SetGuard(g *Guard) { t.guard = g }

// Resident reports whether all keys are in memory for good, so that nothing needs to be declared.
func (t *Table) Resident() bool { return t.guard == nil && (t.away == nil || !t.away.any) }

// Load makes the keys of hashes and all keys of groups, a bit for each, resident until the next Load.
func (t *Table) Load(hashes []uint64, groups [Groups / 64]uint64) error {
	if t.guard != nil {
		t.guard.load(hashes, groups)
	}
	return t.loadAway(hashes, groups)
}

// Expect says that keys of key groups are put in or looked for, until the next Load, of which none is away: such as hang on others that are new. It goes before that Load.
func (t *Table) Expect(groups [Groups / 64]uint64) {
	if t.guard != nil {
		t.guard.expected = groups
	}
}

// SetGuard makes a test's guard watch over the rows, by key group.
func (r *Rows) SetGuard(g *Guard) { r.guard = g }

// Resident reports whether all rows are in memory for good, so that nothing needs to be declared.
func (r *Rows) Resident() bool {
	return r.guard == nil && (r.away == nil || !r.away.any || r.away.ranged)
}

// Load makes the rows of the key groups of hashes, and of groups, resident until the next Load.
func (r *Rows) Load(hashes []uint64, groups [Groups / 64]uint64) error {
	if r.guard != nil {
		r.guard.load(hashes, groups)
	}
	return r.loadAway(hashes, groups)
}

// guardRows notes a touch of rows by their numbers.
func (r *Rows) guardRows(ids []uint32) {
	for _, id := range ids {
		if id != NoRow {
			_ = r.guard.group(r.GroupOf(id)) // the guard keeps it
		}
	}
}

// guardSlots notes a touch of keys by their slots.
func (t *Table) guardSlots(slots []uint32) {
	for _, slot := range slots {
		_ = t.guard.group(t.GroupOf(slot)) // the guard keeps it
	}
}
