package keyed

import "fmt"

// Guard is a test's store that says "not resident": until Load declares a key, touching it is an error. The unit is the hash of a key, and the
// key group where a call is about whole groups.
type Guard struct {
	name   string
	keysOf map[uint64]struct{}
	groups [Groups / 64]uint64
	open   bool
}

// NewGuard returns a guard; name is what errors call the table.
func NewGuard(name string) *Guard { return &Guard{name: name} }

// Open lets everything pass until the next Load: for a restore or a snapshot, which declare nothing.
func (g *Guard) Open() { g.open = true }

// load makes resident what is declared, and nothing else.
func (g *Guard) load(hashes []uint64, groups [Groups / 64]uint64) {
	g.open, g.groups = false, groups
	g.keysOf = make(map[uint64]struct{}, len(hashes))
	for _, h := range hashes {
		g.keysOf[h] = struct{}{}
	}
}

func (g *Guard) has(group uint8) bool { return g.open || g.groups[group>>6]>>(group&63)&1 != 0 }

func (g *Guard) keys(hashes []uint64) error {
	for _, h := range hashes {
		if _, ok := g.keysOf[h]; !ok && !g.has(uint8(h>>groupShift)) {
			return fmt.Errorf("%s touches the key of hash %016x, which Needs did not declare", g.name, h)
		}
	}
	return nil
}

// group asks for a group; a key of it that was declared is enough.
func (g *Guard) group(group uint8) error {
	if g.has(group) {
		return nil
	}
	for h := range g.keysOf {
		if h>>groupShift == uint64(group) {
			return nil
		}
	}
	return fmt.Errorf("%s touches key group %d, which Needs did not declare", g.name, group)
}

// SetGuard makes a test's guard watch over the table; nil, as ever outside tests, watches nothing.
func (t *Table) SetGuard(g *Guard) { t.guard = g }

// Resident reports whether all keys are in memory for good, so that nothing needs to be declared.
func (t *Table) Resident() bool { return t.guard == nil }

// Load makes the keys of hashes and all keys of groups, a bit for each, resident until the next Load.
func (t *Table) Load(hashes []uint64, groups [Groups / 64]uint64) error {
	if t.guard != nil {
		t.guard.load(hashes, groups)
	}
	return nil
}
