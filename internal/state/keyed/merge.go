package keyed

import (
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Verdict is what becomes of a row of a merge.
type Verdict uint8

// What becomes of rows.
const (
	Take  Verdict = iota
	Skip          // this row
	Leave         // this one and all that follow
	Pause         // it is judged again by the next call; this one gives what it has
)

// Merger gives the rows of the runs of a key group in order. It holds a block of each.
type Merger struct {
	runs    *Runs
	group   uint8
	sources []source
	// tree is a tree of losers (Knuth, volume 3, 5.4.1): tree[0] is the source whose row comes next, tree[i] the one that lost at node i.
	tree []int32
	held int64
	one  [1]uint16
	// key is a row that Net passed, left how many of it netted has not given.
	key  []*batch.Column
	left int
}

// source is a run that is being merged.
type source struct {
	run      sortedRun
	next     uint64 // the block to be read
	cols     []*batch.Column
	prefixes []Prefix
	n, row   int // rows in cols, and the first that was not given
	head     Prefix
	over     bool
	bytes    int64
	passed   uint64 // how many of its rows
	// at and rows are where rows go that were taken and not copied yet, and which.
	at, rows []uint16
}

// Merge begins to merge all runs of a group. Close gives the memory back. The error is a *CorruptError, SQLSTATE 53200, or what the store says.
func (r *Runs) Merge(group uint8) (*Merger, error) { return r.merge(group, r.groups[group]) }

func (r *Runs) merge(group uint8, runs []sortedRun) (*Merger, error) {
	m := &Merger{runs: r, group: group, sources: make([]source, len(runs)), tree: make([]int32, max(len(runs), 1))}
	for i := range runs {
		s := &m.sources[i]
		s.run, s.cols = runs[i], r.columns()
		s.next, s.passed = s.run.first, s.run.passed
		if err := m.begin(s); err != nil {
			m.Close()
			return nil, err
		}
	}
	m.tree[0] = m.play(1)
	return m, nil
}

// begin reads the first block of a source, up to the first row that was not passed.
func (m *Merger) begin(s *source) error {
	if err := m.load(s); err != nil || s.run.skip == 0 {
		return err
	}
	if s.run.skip >= uint64(s.n) { //nolint:gosec // rows of a block
		return &CorruptError{What: m.runs.config.Name, Reason: fmt.Sprintf("block %d of run %d has %d rows, and %d were passed", s.run.first, s.run.slice, s.n, s.run.skip)}
	}
	s.row = int(s.run.skip) //nolint:gosec // a row of a block
	s.head = s.prefixes[s.row]
	return nil
}

// Fork returns another merge of the rows that come next, which does not pass any for this one. The error is a *CorruptError, SQLSTATE 53200, or what the store says.
func (m *Merger) Fork() (*Merger, error) {
	var runs []sortedRun
	for i := range m.sources {
		if s := &m.sources[i]; !s.over {
			run := s.run
			run.first, run.skip, run.passed = s.next-1, uint64(s.row), s.passed //nolint:gosec // a row of a block
			runs = append(runs, run)
		}
	}
	return m.runs.merge(m.group, runs)
}

// Close gives the memory back.
func (m *Merger) Close() {
	release(m.key)
	for i := range m.sources {
		release(m.sources[i].cols)
	}
	m.runs.config.Budget.Release(m.held)
	m.sources, m.held = nil, 0
}

// play fills the tree below a node, whose children are 2 times its number and the next, and returns the winner. The leaves are the sources.
func (m *Merger) play(node int) int32 {
	if node >= len(m.sources) {
		return int32(node - len(m.sources)) //nolint:gosec // a source
	}
	a, b := m.play(2*node), m.play(2*node+1)
	if m.before(b, a) {
		a, b = b, a
	}
	m.tree[node] = b
	return a
}

// before reports whether the row of source a comes before that of b.
func (m *Merger) before(a, b int32) bool {
	x, y := &m.sources[a], &m.sources[b]
	switch {
	case x.over || y.over:
		return !x.over
	case x.head != y.head:
		return x.head.Less(y.head)
	}
	if order := m.runs.config.Order; !order.exact {
		if c := order.Compare(x.cols, x.row, y.cols, y.row); c != 0 {
			return c < 0
		}
	}
	return a < b
}

// replay finds the next row after that of the source tree[0] was given.
func (m *Merger) replay() {
	winner := m.tree[0]
	for node := (int(winner) + len(m.sources)) / 2; node > 0; node /= 2 {
		if m.before(m.tree[node], winner) {
			m.tree[node], winner = winner, m.tree[node]
		}
	}
	m.tree[0] = winner
}

// load reads the next block of a source.
func (m *Merger) load(s *source) error {
	s.row = 0
	if s.next == s.run.blocks {
		s.over = true
		return nil
	}
	r := m.runs
	hash := firstHash(m.group) | s.next
	s.n = 0
	err := r.reader.ScanSlice(r.home.Space, s.run.slice, hash, hash, func(_ uint64, _, value []byte) error {
		in := &reader{what: r.config.Name, data: value}
		s.n = in.block(s.cols)
		return in.end()
	})
	if err != nil {
		return err
	}
	if s.n == 0 {
		return &CorruptError{What: r.config.Name, Reason: fmt.Sprintf("block %d of run %d is not there", s.next, s.run.slice)}
	}
	s.next++
	if cap(s.prefixes) < s.n {
		s.prefixes = make([]Prefix, s.n)
	}
	s.prefixes = s.prefixes[:s.n]
	r.config.Order.Prefixes(s.cols, nil, s.prefixes)
	s.head = s.prefixes[0]
	return m.settle(s)
}

// prefixBytes is the size of a Prefix.
const prefixBytes = 16

// settle reserves what a source has grown by.
func (m *Merger) settle(s *source) error {
	bytes := int64(cap(s.prefixes)) * prefixBytes
	for _, c := range s.cols {
		bytes += c.Footprint()
	}
	if added := bytes - s.bytes; added > 0 {
		if err := m.runs.config.Budget.Reserve(added); err != nil {
			return outOfMemory(m.runs.config.Name, err)
		}
		m.held += added
		s.bytes = bytes
	}
	return nil
}

// Next makes out the next rows that judge, nil for all, takes, at most most of them, and returns how many. done says that there are no more. A nil column of out is not wanted. What
// judge is given is lent for the call.
func (m *Merger) Next(out []*batch.Column, most int, judge func(cols []*batch.Column, row int) Verdict) (n int, done bool, err error) {
	for _, c := range out {
		switch {
		case c == nil:
		case c.Kind().IsNested():
			c.Reset(0)
		default:
			c.Reset(most)
		}
	}
	put := false
	for n < most && !done {
		s := &m.sources[m.tree[0]]
		if s.over {
			done = true
			break
		}
		verdict := Take
		if judge != nil {
			verdict = judge(s.cols, s.row)
		}
		if verdict == Pause {
			break
		}
		switch verdict {
		case Take:
			m.take(s, out, n)
			n++
		case Leave:
			done = true
		case Skip, Pause:
		}
		if s.row+1 == s.n {
			put = s.copyTo(out, put)
		}
		if err := m.pass(); err != nil {
			return 0, false, err
		}
	}
	for i := range m.sources {
		put = m.sources[i].copyTo(out, put)
	}
	for _, c := range out {
		if c != nil {
			c.Resize(n)
		}
	}
	return n, done, nil
}

// take notes that the row of a source becomes row n of out. Nested values are copied at once, since they are appended one after the other.
func (m *Merger) take(s *source, out []*batch.Column, n int) {
	s.at, s.rows = append(s.at, uint16(n)), append(s.rows, uint16(s.row)) //nolint:gosec // rows of a batch
	m.one[0] = uint16(s.row)                                              //nolint:gosec // a row of a batch
	for k, c := range out {
		if c != nil && c.Kind().IsNested() {
			appendRows(c, s.cols[k], m.one[:])
		}
	}
}

// copyTo copies the rows that were taken. put says that there are rows in out already.
func (s *source) copyTo(out []*batch.Column, put bool) bool {
	if len(s.at) == 0 {
		return put
	}
	for k, c := range out {
		if c == nil || c.Kind().IsNested() {
			continue
		}
		src := s.cols[k]
		if !put && c.Kind() == schema.Numeric && len(src.Scales()) == 0 {
			c.SetScale(src.Scale())
		}
		putRows(c, src, s.at, s.rows)
	}
	s.at, s.rows = s.at[:0], s.rows[:0]
	return true
}
