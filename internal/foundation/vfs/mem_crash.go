package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// CrashOptions say what survives a power failure besides what was synced.
type CrashOptions struct {
	// Keep is the chance, 0 to 1, that a change which was not synced survives: a write, a truncation, or a change of names in one
	// directory. 0 drops them all, 1 keeps them all; in between each is decided by itself, so that a later one may survive an earlier.
	Keep float64
	// Tear lets a surviving write be cut to a random part of its beginning.
	Tear bool
	// Rand decides; needed unless Keep is 0 or 1 and Tear is false. A seed repeats the image.
	Rand *rand.Rand
}

// CrashImage returns a new file system with what a power failure now would leave of m: durable content and durable names, and of the rest
// what options keep. Inodes keep their numbers; locks are free; everything in the image is durable. Neither m nor its open files change,
// so that a test can take an image after every call and go on. A directory that was moved to another one may, as a file may, be left in
// both: sync both directories after such a move.
func (m *Mem) CrashImage(options CrashOptions) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	crash := crash{CrashOptions: options, nodes: map[*node]*node{}}
	return &Mem{root: crash.survivor(m.root), inodes: m.inodes, changes: m.changes}
}

// crash copies nodes that survive; hard links stay one node.
type crash struct {
	CrashOptions
	nodes map[*node]*node
}

// survivor is what is left of n and of all below it. Directories are walked in the order of names, so that a seed decides alike each time.
func (c *crash) survivor(n *node) *node {
	if done := c.nodes[n]; done != nil {
		return done
	}
	s := &node{inode: n.inode, mode: n.mode, mtime: n.mtime}
	c.nodes[n] = s
	if !n.mode.IsDir() {
		content := slices.Clone(n.stable.content)
		for _, e := range n.writes.changes {
			if c.keeps() {
				content = c.torn(e).apply(content)
			}
		}
		s.content, s.stable.content = content, slices.Clone(content)
		return s
	}
	entries := maps.Clone(n.stable.entries)
	for _, r := range n.names.changes {
		if c.keeps() {
			r.apply(entries)
		}
	}
	s.entries = map[string]*node{}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		s.entries[name] = c.survivor(entries[name])
	}
	s.stable.entries = maps.Clone(s.entries)
	return s
}

// keeps decides about one change that was not synced.
func (c *crash) keeps() bool {
	switch {
	case c.Keep <= 0:
		return false
	case c.Keep >= 1:
		return true
	default:
		return c.Rand.Float64() < c.Keep
	}
}

// torn is what of a surviving edit was written.
func (c *crash) torn(e edit) edit {
	if c.Tear && len(e.data) > 0 {
		// At least one byte stays: an edit without data is a truncation.
		e.data = e.data[:1+c.Rand.IntN(len(e.data))]
	}
	return e
}
