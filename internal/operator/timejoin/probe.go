package timejoin

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// prober looks the rows of one input up among those that are stored of the other, slice by slice.
type prober struct {
	cfg   *IntervalConfig
	input int
	keys  *keys
	other *store
	cond  *condition // nil: keys and time say all
	out   *sheet

	// in is the batch at work, nil between two; able are its rows that may match, unable the numbers of the others.
	in     *batch.Batch
	able   *batch.Batch
	unable []uint16
	hashes []uint64
	// from, to and matched are, for each able row, where its partners are and whether there was one; hits is how many have.
	from, to []int64
	matched  []bool
	hits     int
	span     span
	pass     []uint16

	// The rows that are looked up in the slice at hand, and the chains that are followed.
	slice     int
	begun     bool // the rows of the slice are looked up
	whole     bool // all times of the slice are within the reach of all rows
	all       bool // all rows are looked up: these are not set
	positions []uint16
	rows      []uint16
	some      []uint64
	first     []uint32
	at        int
	next      uint32
	walking   bool
	sweep     *sweep // nil without keys
	tried     pairs
	found     pairs
	times     []*batch.Column // of tried rows, the time alone
	open      []uint32        // stored rows that are about to be settled
}

// span is the reach of all rows of a batch together: the least and the greatest from, and to.
type span struct{ minFrom, maxFrom, minTo, maxTo int64 }

// pairs are rows of the batch beside stored ones.
type pairs struct {
	positions []uint16 // among the able rows
	rows      []uint16
	ids       []uint32
}

func (p *pairs) reset() { p.positions, p.rows, p.ids = p.positions[:0], p.rows[:0], p.ids[:0] }

func newProber(c *IntervalConfig, input int, other *store, out *sheet) *prober {
	p := &prober{
		cfg: c, input: input, keys: newKeys(&c.Config, input, c.time(input)), other: other, cond: newCondition(&c.Config), out: out,
		from: make([]int64, batch.MaxRows), to: make([]int64, batch.MaxRows), matched: make([]bool, batch.MaxRows),
		positions: make([]uint16, 0, batch.MaxRows), rows: make([]uint16, 0, batch.MaxRows), some: make([]uint64, 0, batch.MaxRows),
		times: make([]*batch.Column, len(other.keep)), pass: make([]uint16, 0, batch.MaxRows),
	}
	if len(c.Keys) > 0 {
		p.sweep = newSweep(c, input, p.keys)
	}
	p.times[other.time] = batch.NewColumn(c.Pool, c.types(other.input)[other.time])
	return p
}

// begin makes in the batch at work.
func (p *prober) begin(in *batch.Batch) {
	p.in = in
	p.able, p.unable = p.keys.divide(in)
	p.hashes = p.keys.hash(p.able)
	p.slice, p.begun = 0, false
	n := p.able.Rows()
	clear(p.matched[:n])
	micros := in.Cols[p.cfg.time(p.input)].Int64s()
	p.hits = 0
	p.from, p.to = p.from[:n], p.to[:n]
	low, high := extent(p.able, p.cfg.time(p.input))
	s := &p.span
	s.minFrom, s.minTo = p.cfg.reach(p.input, low)
	s.maxFrom, s.maxTo = p.cfg.reach(p.input, high)
	if !p.cfg.bounded() || low < past/2 || high > future/2 || p.able.Sel != nil {
		for i := range n { // of bounds that are open, and times near the end of all
			p.from[i], p.to[i] = p.cfg.reach(p.input, micros[p.able.Row(i)])
		}
		return
	}
	less, more := s.minFrom-low, s.minTo-low
	for i, t := range micros[:n] {
		p.from[i], p.to[i] = t+less, t+more
	}
}

// verdict reports whether it matters of the rows only that they match.
func (p *prober) verdict() bool { return p.input == LeftInput && !p.cfg.pairs() }

// chunksPerCall bounds how many candidates a call tries, so that one that finds nothing ends, too.
const chunksPerCall = 16

// run looks rows up as far as a call may go, and answers more like Apply.
func (p *prober) run(out *op.Output) (more bool, err error) {
	p.found.reset()
	for chunk := 0; p.slice < len(p.other.slices); {
		s := p.other.slices[p.slice]
		if !p.begun {
			if err := p.enter(s); err != nil {
				return false, err
			}
			p.begun = true
		}
		for p.at < len(p.first) || p.sweep != nil && p.sweep.more() {
			if err := p.try(s, out); err != nil {
				return false, err
			}
			if chunk++; chunk == chunksPerCall || len(p.found.ids) > batch.MaxRows/2 {
				p.emit(s, out)
				return true, nil
			}
		}
		p.slice, p.begun = p.slice+1, false
		if len(p.found.ids) > 0 {
			p.emit(s, out)
			return true, nil
		}
	}
	if p.sweep != nil {
		p.sweep.end()
	}
	return false, nil
}

// enter looks up the rows that may have partners in a slice.
func (p *prober) enter(s *slice) (err error) {
	p.at, p.walking, p.first = 0, false, nil
	n := p.able.Rows()
	if n == 0 || s.min > p.span.maxTo || s.max < p.span.minFrom {
		return nil
	}
	if p.sweep != nil {
		if p.sweep.choose(&s.late, n, p.span.minFrom, p.span.maxTo); p.sweep.more() {
			if err := p.sweep.build(p.able, p.keys, p.hashes); err != nil {
				return err
			}
		}
	}
	if err := p.other.enterLate(s, p.span.minFrom, p.span.maxTo); err != nil {
		return err
	}
	p.whole = s.min >= p.span.maxFrom && s.max <= p.span.minTo
	if s.table != nil && s.table.Len() == 0 {
		return nil
	}
	if p.all = s.min <= p.span.minTo && s.max >= p.span.maxFrom && !p.verdict(); p.all {
		p.first, err = p.other.lookUp(s, p.in, p.keys, p.hashes, p.able.Sel)
		return err
	}
	p.positions, p.rows, p.some = p.positions[:0], p.rows[:0], p.some[:0]
	for i := range n {
		if s.min <= p.to[i] && s.max >= p.from[i] && !(p.verdict() && p.matched[i]) {
			p.positions = append(p.positions, uint16(i))   //nolint:gosec // a position in a batch
			p.rows = append(p.rows, uint16(p.able.Row(i))) //nolint:gosec // a row number of a batch
			p.some = append(p.some, p.hashes[i])
		}
	}
	if len(p.rows) == 0 {
		return nil
	}
	p.first, err = p.other.lookUp(s, p.in, p.keys, p.some, p.rows)
	return err
}

// row returns the position and the number of the k-th row that is looked up.
func (p *prober) row(k int) (position, row uint16) {
	if p.all {
		return uint16(k), uint16(p.able.Row(k)) //nolint:gosec // row numbers of a batch
	}
	return p.positions[k], p.rows[k]
}

// try tries a number of candidates, and notes those that match.
func (p *prober) try(s *slice, out *op.Output) error {
	t := &p.tried
	t.reset()
	room := batch.MaxRows - len(p.found.ids)
	if p.at < len(p.first) {
		p.collect(s, room)
	} else if err := p.collectSwept(s, room); err != nil {
		return err
	}
	if len(t.ids) == 0 {
		return nil
	}
	if !p.whole {
		p.checkTimes(s)
	}
	if p.cond != nil && len(t.ids) > 0 {
		p.cond.begin(len(t.ids), nil)
		p.cond.gather(p.input, p.in, t.rows)
		p.cond.stored(p.other.input, s.rows, t.ids)
		truth := p.cond.eval(out)
		p.retain(func(i int) bool { return truth[i] })
	}
	if p.input != LeftInput && !p.cfg.pairs() || p.other.waits {
		if err := p.touch(s); err != nil {
			return err
		}
	}
	p.note(s)
	return nil
}

// touch notes that stored rows among the tried pairs are about to be settled.
func (p *prober) touch(s *slice) error {
	if !s.rows.Noting() {
		return nil
	}
	p.open = p.open[:0]
	for _, id := range p.tried.ids {
		if *s.rows.Mark(id) != settled {
			p.open = append(p.open, id)
		}
	}
	return s.rows.Touch(p.open)
}

// collect fills tried with candidates, room at most.
func (p *prober) collect(s *slice, room int) {
	t := &p.tried
	marks := !p.cfg.pairs() && !p.verdict() // they decide on stored rows, and one that is settled stays so
	if !marks && !s.repeated && room >= len(p.first)-p.at {
		for ; p.at < len(p.first); p.at++ {
			if id := p.first[p.at]; id != keyed.NoRow {
				position, row := p.row(p.at)
				t.positions, t.rows, t.ids = append(t.positions, position), append(t.rows, row), append(t.ids, id)
			}
		}
		return
	}
	for p.at < len(p.first) {
		if !p.walking {
			p.next, p.walking = p.first[p.at], true
		}
		position, row := p.row(p.at)
		for ; p.next != keyed.NoRow; p.next = *s.links.At(p.next) {
			if len(t.ids) == room {
				return
			}
			if marks && *s.rows.Mark(p.next) == settled {
				continue
			}
			t.positions, t.rows, t.ids = append(t.positions, position), append(t.rows, row), append(t.ids, p.next)
		}
		p.at, p.walking = p.at+1, false
	}
}

// retain keeps the tried pairs that want says, by their place.
func (p *prober) retain(want func(i int) bool) {
	t, n := &p.tried, 0
	for i := range t.ids {
		if want(i) {
			t.positions[n], t.rows[n], t.ids[n] = t.positions[i], t.rows[i], t.ids[i]
			n++
		}
	}
	t.positions, t.rows, t.ids = t.positions[:n], t.rows[:n], t.ids[:n]
}

// checkTimes keeps the tried pairs whose times are near enough.
func (p *prober) checkTimes(s *slice) {
	t := &p.tried
	s.rows.Gather(t.ids, p.times)
	micros := p.times[p.other.time].Int64s()
	n := 0
	for i, position := range t.positions {
		if v := micros[i]; v < p.from[position] || v > p.to[position] {
			continue
		}
		t.positions[n], t.rows[n], t.ids[n] = position, t.rows[i], t.ids[i]
		n++
	}
	t.positions, t.rows, t.ids = t.positions[:n], t.rows[:n], t.ids[:n]
}

// note notes what tried pairs are good for.
func (p *prober) note(s *slice) {
	t, f := &p.tried, &p.found
	for _, position := range t.positions {
		if !p.matched[position] {
			p.matched[position] = true
			p.hits++
		}
	}
	switch {
	case p.verdict():
	case !p.cfg.pairs(): // they decide on the stored rows
		for i, id := range t.ids {
			if mark := s.rows.Mark(id); *mark == open {
				*mark = settled
				if p.cfg.Kind == Semi {
					f.rows, f.ids = append(f.rows, t.rows[i]), append(f.ids, id)
				}
			}
		}
	default:
		f.rows, f.ids = append(f.rows, t.rows...), append(f.ids, t.ids...)
		if p.other.waits {
			for _, id := range t.ids {
				*s.rows.Mark(id) = settled
			}
		}
	}
}

// emit emits what was found in a slice.
func (p *prober) emit(s *slice, out *op.Output) {
	f := &p.found
	if len(f.ids) == 0 {
		return
	}
	p.out.begin(len(f.ids), nil)
	p.out.stored(p.other.input, s.rows, f.ids)
	if p.cfg.pairs() {
		p.out.gather(p.input, p.in, f.rows)
	}
	out.Emit(0, &p.out.b)
}

// merged returns a and b, both ascending, as one.
func merged(a, b []uint16) []uint16 {
	if len(b) == 0 {
		return a
	}
	i, j := len(a)-1, len(b)-1
	a = append(a, b...)
	for k := len(a) - 1; j >= 0; k-- {
		if i >= 0 && a[i] > b[j] {
			a[k] = a[i]
			i--
		} else {
			a[k] = b[j]
			j--
		}
	}
	return a
}
