package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// prober looks the rows of one input up in the other's side, a batch at a time, and says what becomes of them.
type prober struct {
	cfg   *Config
	build int
	keys  *keyColumns // of the probe side
	side  *side
	res   *residual // nil: the keys say all
	may   *maybe    // nil: no key is compared by IN
	out   *output
	role  role
	// outer and marks say that rows of the probe and of the build side come out according to whether they match.
	outer, marks bool

	// in is the batch at work, nil between two; held tells that its rows were stored before, and are not the driver's.
	in   *batch.Batch
	held bool
	rows int
	// first is where the candidates of each row begin, groups the slot of its group; both by position.
	first, groups []uint32
	// truth is what is known of each row, matches the row that it was found to match. Of a failed row nothing more is wanted.
	truth   []uint8
	touched []uint32 // stored rows that are about to be marked
	matches []uint32
	// The candidates come in two sweeps: rows whose keys are equal; rows whose keys may be, NULL being compared by IN. Where they decide on the
	// probe rows, each sweep is over the batch, else over each row.
	second bool
	at     int    // the position that comes next
	next   uint32 // its next candidate, if begun
	begun  bool
	tried  pairs // candidates
	found  pairs // what comes out
	sel    []uint16
	// constant is memory for what is true of all candidates.
	constant []uint8
	// known is what was known of the rows of the batch at work before, if those that are stored are a part of those that it may match: then nothing is decided, but what is known now is noted
	// there. nil otherwise.
	known []uint8
	// quiet: nobody has to know that stored rows are marked.
	quiet bool
}

// role is what a pair of rows that match is good for.
type role uint8

const (
	pairRole    role = iota // it comes out
	verdictRole             // it decides on the probe row
	markRole                // it decides on the stored row
)

// roleOf returns the role of the pairs of a join whose input build is stored.
func roleOf(c *Config, build int) role {
	switch {
	case c.Kind <= Full, c.Kind == Single && build == LeftInput:
		return pairRole
	case build == LeftInput:
		return markRole
	default:
		return verdictRole
	}
}

// newProber returns a prober of the input that is not build.
func newProber(c *Config, build int, s *side, out *output) *prober {
	p := &prober{
		cfg: c, build: build, keys: newKeyColumns(c, 1-build), side: s, res: newResidual(c, build), may: newMaybe(c, build), out: out,
		role: roleOf(c, build), outer: c.preserves(1 - build), marks: c.preserves(build),
		first: make([]uint32, batch.MaxRows), truth: make([]uint8, batch.MaxRows),
	}
	if p.role == verdictRole {
		p.sel = make([]uint16, 0, batch.MaxRows) // never nil: that would select every row
	}
	if p.role == pairRole {
		p.found = newPairs()
	}
	if p.may != nil {
		p.groups = make([]uint32, batch.MaxRows)
	}
	if c.Kind == Single {
		p.matches = make([]uint32, batch.MaxRows)
	}
	if p.tests() {
		p.tried, p.constant = newPairs(), make([]uint8, batch.MaxRows)
	}
	return p
}

// tests reports whether there is more to a pair than that the keys are equal.
func (p *prober) tests() bool {
	switch p.role {
	case pairRole:
		return p.res != nil || p.cfg.Kind == Single
	case verdictRole:
		return p.res != nil || p.may != nil && !p.may.alone
	default:
		return true
	}
}

// run processes in as far as a call may go, and answers more like Apply.
func (p *prober) run(in *batch.Batch, held bool, out *op.Output) (more bool, err error) {
	if p.in == nil {
		if err := p.begin(in, held); err != nil {
			return false, err
		}
	}
	switch {
	case p.tests():
		err = p.test(out)
	case p.role == pairRole:
		err = p.join(out)
	default:
		p.look(out)
	}
	if err != nil || p.at < p.rows {
		return err == nil, err
	}
	switch {
	case p.known != nil:
		copy(p.known, p.truth[:p.rows])
	case p.role == verdictRole:
		p.emitVerdicts(out)
	case p.role == markRole:
		p.absorb(out)
	}
	p.in = nil
	return false, nil
}

// begin looks the rows of a batch up.
func (p *prober) begin(in *batch.Batch, held bool) error {
	p.rows = in.Rows()
	hashes, dealt := p.keys.hash(in)
	if err := p.side.find(in, p.keys, hashes, p.first[:p.rows]); err != nil {
		return err
	}
	if p.may != nil && p.side.dealt != nil {
		if err := p.side.findGroups(in, p.keys, dealt, p.groups[:p.rows]); err != nil {
			return err
		}
	}
	p.start(in, held)
	return nil
}

// start makes in the batch at work. Where its rows' candidates begin is known.
func (p *prober) start(in *batch.Batch, held bool) {
	p.rows = in.Rows()
	clear(p.truth[:p.rows])
	copy(p.truth, p.known)
	if p.matches != nil {
		for i := range p.matches[:p.rows] {
			p.matches[i] = keyed.NoRow
		}
	}
	p.in, p.held, p.at, p.begun, p.second = in, held, 0, false, false
}

// take counts rows as taken from the input, or from what was held.
func (p *prober) take(out *op.Output, rows int64) {
	if p.held {
		out.Counts.Held -= rows
	} else {
		out.Counts.In += rows
	}
}

// heldRow is the row of a Reject that is in no batch any more.
const heldRow = -1

// reject reports the row at a position: nothing more becomes of it.
func (p *prober) reject(out *op.Output, position uint16, err *sqlstate.Error) {
	p.take(out, 1)
	p.truth[position] = failed
	row := heldRow
	if !p.held {
		row = p.in.Row(int(position))
	}
	out.Reject(row, err)
}

// join emits rows beside all rows of their keys, and notes which stored rows they are.
func (p *prober) join(out *op.Output) error {
	p.found.reset()
	from := p.at
	var matched int64
	if p.side.unique() {
		matched = p.joinOnce()
	} else {
		matched = p.joinChains()
	}
	rows := int64(p.at - from)
	if p.outer {
		matched = rows
	}
	p.take(out, rows)
	out.Counts.Forwarded += matched
	out.Counts.Filtered += rows - matched
	if p.known != nil {
		for i, row := range p.found.rows { // the batch has no selection
			if p.found.ids[i] != keyed.NoRow {
				p.truth[row] = isTrue
			}
		}
	}
	if p.marks {
		if err := p.touch(p.found.ids, nil); err != nil {
			return err
		}
		for _, id := range p.found.ids {
			if id != keyed.NoRow {
				*p.side.rows.Mark(id) = isTrue
			}
		}
	}
	p.emitPairs(out)
	return nil
}

// joinOnce is for keys that have one row at most: a batch then gives a batch.
func (p *prober) joinOnce() (matched int64) {
	f := &p.found
	rows, ids := f.rows[:p.rows], f.ids[:p.rows]
	n := 0
	for i, id := range p.first[:p.rows] { // without branches: what does not match is written over by the next
		rows[n], ids[n] = uint16(p.in.Row(i)), id //nolint:gosec // a row number of a batch
		hit := 0
		if id != keyed.NoRow {
			hit = 1
		}
		matched += int64(hit)
		if n += hit; p.outer {
			n = i + 1
		}
	}
	f.rows, f.ids = rows[:n], ids[:n]
	p.at = p.rows
	return matched
}

// joinChains follows the chains until the batch is full. It counts the rows that it is through with and that matched.
func (p *prober) joinChains() (matched int64) {
	f, link := &p.found, p.side.link()
	for p.at < p.rows && len(f.ids) < batch.MaxRows {
		if !p.begun {
			p.next, p.begun = p.first[p.at], true
		}
		row := uint16(p.in.Row(p.at)) //nolint:gosec // a row number of a batch
		if p.next == keyed.NoRow {
			if p.outer {
				f.rows, f.ids = append(f.rows, row), append(f.ids, keyed.NoRow)
			}
			p.at, p.begun = p.at+1, false
			continue
		}
		have := len(f.ids)
		var n int
		n, p.next = p.side.walk(link, p.next, f.ids[have:batch.MaxRows])
		f.ids = f.ids[:have+n]
		for range n {
			f.rows = append(f.rows, row)
		}
		if p.next == keyed.NoRow {
			matched++
			p.at, p.begun = p.at+1, false
		}
	}
	return matched
}

func (p *prober) emitPairs(out *op.Output) {
	if len(p.found.ids) > 0 {
		out.Emit(0, p.out.pairs(p.in, p.found.rows, p.side.rows, p.found.ids))
	}
}

// look decides on rows by whether their key is there.
func (p *prober) look(out *op.Output) {
	single := p.cfg.Kind == Single
	for i, id := range p.first[:p.rows] {
		if id == keyed.NoRow {
			if p.may != nil {
				p.startMaybe(i) // says what is unknown
			}
			continue
		}
		if p.truth[i] = isTrue; !single {
			continue
		}
		var two [2]uint32
		n, _ := p.side.walk(p.side.link(), id, two[:])
		if p.matches[i] = two[0]; n > 1 {
			p.reject(out, uint16(i), errSecondRow()) //nolint:gosec // a position in a batch
		}
	}
	p.at = p.rows
}

// emitVerdicts emits the probe rows that pass.
func (p *prober) emitVerdicts(out *op.Output) {
	p.sel = p.sel[:0]
	ids := p.found.ids[:0]
	taken, kind := int64(0), p.cfg.Kind
	for i, truth := range p.truth[:p.rows] {
		if truth == failed {
			continue
		}
		taken++
		switch {
		case kind == Semi && truth != isTrue, kind == Anti && (truth == isTrue || truth == isUnknown && p.cfg.NullAware):
			continue
		case kind == Single:
			ids = append(ids, p.matches[i])
		}
		p.sel = append(p.sel, uint16(p.in.Row(i))) //nolint:gosec // a row number of a batch
	}
	p.take(out, taken)
	out.Counts.Forwarded += int64(len(p.sel))
	out.Counts.Filtered += taken - int64(len(p.sel))
	if len(p.sel) == 0 {
		return
	}
	sel := p.sel
	if len(sel) == p.in.Len {
		sel = nil
	}
	b := p.out.selected(p.in, sel)
	switch kind {
	case Mark:
		c := p.out.beginMark()
		for i, truth := range p.truth[:p.rows] {
			setMark(c, p.in.Row(i), truth)
		}
	case Single:
		p.out.beside(p.side.rows, ids)
	default:
	}
	out.Emit(0, b)
}

// absorb counts the rows that have done their work.
func (p *prober) absorb(out *op.Output) {
	rows := int64(0)
	for _, truth := range p.truth[:p.rows] {
		if truth != failed {
			rows++
		}
	}
	p.take(out, rows)
	out.Counts.Absorbed += rows
}
