package keyed

import (
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Consume returns the merge of all runs of a group that passes rows for good: those that it has passed are no rows of the runs any more. It is open, and the same one, until rows leave memory, another group is
// consumed, or Stop. The error is a *CorruptError, SQLSTATE 53200, or what the store says.
func (r *Runs) Consume(group uint8) (*Merger, error) {
	if r.open != nil && r.open.group == group {
		return r.open, nil
	}
	r.Stop()
	m, err := r.Merge(group)
	if err != nil {
		return nil, err
	}
	r.open = m
	return m, nil
}

// Stop ends the merge that Consume returned, if one is open, and gives the memory back.
func (r *Runs) Stop() {
	m := r.open
	if m == nil {
		return
	}
	r.note()
	left := r.groups[m.group][:0]
	for _, n := range r.groups[m.group] {
		if n.passed < n.rows {
			left = append(left, n)
		}
	}
	r.count -= len(r.groups[m.group]) - len(left)
	r.groups[m.group] = left
	m.Close()
	r.open = nil
}

// note writes where the open merge stands.
func (r *Runs) note() {
	m := r.open
	if m == nil {
		return
	}
	first := firstHash(m.group)
	for i := range m.sources {
		s, n := &m.sources[i], &r.groups[m.group][i]
		if s.passed == n.passed {
			continue
		}
		before := n.first
		n.first, n.skip, n.passed = s.next-1, uint64(s.row), s.passed //nolint:gosec // a row of a block
		if s.over {
			n.first, n.skip = n.blocks, 0
		}
		if n.first > before {
			r.gone.Drop(r.home.Space, n.slice, first|before, first|(n.first-1))
		}
		if s.over {
			r.gone.Delete(r.home.Space, indexSlice, first, orderKey8(n.order))
		} else {
			r.putIndex(r.gone, m.group, *n)
		}
	}
}

// clear writes what has become of runs in the epoch under way, before others are made of them.
func (w *spill) clear(into *store.Changes) (progress, error) {
	r := w.runs
	r.Stop()
	into.Add(r.gone)
	r.gone.Reset()
	w.next = w.begin
	return apart, nil
}

// Head is the row that comes next, lent until it is passed; ok is false if there is none.
func (m *Merger) Head() (cols []*batch.Column, row int, ok bool) {
	if len(m.sources) == 0 {
		return nil, 0, false
	}
	s := &m.sources[m.tree[0]]
	return s.cols, s.row, !s.over
}

// pass goes on to the next row.
func (m *Merger) pass() error {
	s := &m.sources[m.tree[0]]
	if err := m.advance(s); err != nil {
		return err
	}
	m.replay()
	return nil
}

// advance goes on to the next row of a source.
func (m *Merger) advance(s *source) error {
	s.passed++
	if s.row++; s.row < s.n {
		s.head = s.prefixes[s.row]
		return nil
	}
	return m.load(s)
}

// Net passes the row that comes next, and all that are equal to it in the order, of runs that are signed. It returns columns with the row, which are lent until the next call, and how many more of them were added than taken
// back. There must be a row. The error is a *CorruptError, SQLSTATE 53200, or what the store says.
func (m *Merger) Net() (key []*batch.Column, net int, err error) {
	cols, row, _ := m.Head()
	sign := len(cols) - 1
	if m.key == nil {
		m.key = m.runs.columns()[:sign]
	}
	for k, c := range m.key {
		c.Reset(1)
		c.CopyRow(0, cols[k], row)
	}
	for ok := true; ok && m.runs.config.Order.Compare(m.key, 0, cols, row) == 0; {
		if cols[sign].Bits().Get(row) {
			net--
		} else {
			net++
		}
		if err := m.pass(); err != nil {
			return nil, 0, err
		}
		cols, row, ok = m.Head()
	}
	return m.key, net, nil
}

// netted makes out the next rows of signed runs, at most most, of which those that were added and taken back again are left out; see Next.
func (m *Merger) netted(out []*batch.Column, most int) (n int, done bool, err error) {
	sign := len(out) - 1
	for _, c := range out {
		if c.Reset(most); c.Kind().IsNested() {
			c.Reset(0)
		}
	}
	for n < most {
		if m.left == 0 {
			if _, _, ok := m.Head(); !ok {
				done = true
				break
			}
			if _, m.left, err = m.Net(); err != nil {
				return 0, false, err
			}
			continue
		}
		for k, c := range m.key {
			if out[k].Kind().IsNested() {
				appendRows(out[k], c, []uint16{0})
			} else {
				out[k].CopyRow(n, c, 0)
			}
		}
		out[sign].Bits().Put(n, m.left < 0)
		if m.left < 0 {
			m.left++
		} else {
			m.left--
		}
		n++
	}
	for _, c := range out {
		c.Resize(n)
	}
	return n, done, nil
}
