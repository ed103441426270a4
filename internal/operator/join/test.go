package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// pairs are probe rows beside stored rows.
type pairs struct {
	positions []uint16 // of the probe rows among those of the batch that count
	rows      []uint16 // the same rows, physical
	ids       []uint32 // keyed.NoRow is no row
	// last says that the probe row has no candidate behind this one.
	last []bool
	// real are those with a stored row, where not all have one.
	real []uint16
	none int
	// loose says that their keys may be equal at best.
	loose bool
}

func newPairs() pairs {
	return pairs{
		positions: make([]uint16, 0, batch.MaxRows), rows: make([]uint16, 0, batch.MaxRows), ids: make([]uint32, 0, batch.MaxRows),
		last: make([]bool, 0, batch.MaxRows), real: make([]uint16, 0, batch.MaxRows),
	}
}

func (p *pairs) reset() {
	p.positions, p.rows, p.ids, p.last, p.none = p.positions[:0], p.rows[:0], p.ids[:0], p.last[:0], 0
}

// add appends a row beside the last ids that are beyond those of the others.
func (p *pairs) add(position, row uint16, last bool) {
	for len(p.rows) < len(p.ids) {
		p.positions, p.rows, p.last = append(p.positions, position), append(p.rows, row), append(p.last, false)
	}
	if last && len(p.last) > 0 {
		p.last[len(p.last)-1] = true
	}
}

// present returns a selection of the pairs that have a stored row, nil if all have.
func (p *pairs) present() []uint16 {
	if p.none == 0 {
		return nil
	}
	p.real = p.real[:0]
	for i, id := range p.ids {
		if id != keyed.NoRow {
			p.real = append(p.real, uint16(i)) //nolint:gosec // at most batch.MaxRows
		}
	}
	return p.real
}

const (
	// chunksPerCall bounds how many candidates a call tries, so that one that finds nothing ends, too.
	chunksPerCall = 16
	// stepsPerChunk bounds how many stored rows are looked at for the candidates of a chunk.
	stepsPerChunk = 1 << 16
)

// test tries candidates, chunk by chunk.
func (p *prober) test(out *op.Output) error {
	p.found.reset()
	for chunk := 0; chunk < chunksPerCall && p.at < p.rows && len(p.found.ids) <= batch.MaxRows/2; chunk++ {
		p.tried.reset()
		p.collect(batch.MaxRows - len(p.found.ids))
		truth := p.judge()
		if p.marks || p.role == markRole {
			if err := p.touch(p.tried.ids, truth); err != nil {
				return err
			}
		}
		switch p.role {
		case pairRole:
			p.resolvePairs(truth, out)
		case verdictRole:
			p.resolveVerdicts(truth, out)
		case markRole:
			p.resolveMarks(truth, out)
		}
	}
	if p.role == pairRole {
		p.emitPairs(out)
	}
	if p.at == p.rows && p.role == verdictRole && p.may != nil && !p.second {
		p.second, p.at, p.begun = true, 0, false
	}
	return nil
}

// collect fills tried with at most room candidates. A probe row that has none stands there alone if it is to come out.
func (p *prober) collect(room int) {
	t := &p.tried
	t.loose = p.second
	for steps := 0; p.at < p.rows && len(t.ids) < room && steps < stepsPerChunk; {
		position := uint16(p.at)      //nolint:gosec // a position in a batch
		row := uint16(p.in.Row(p.at)) //nolint:gosec // a row number of a batch
		if !p.begun {
			p.next, p.begun = p.begins(p.at), true
			if p.next == keyed.NoRow && p.role == pairRole {
				t.ids = append(t.ids, keyed.NoRow)
				t.add(position, row, true)
				t.none++
			}
		}
		if p.next == keyed.NoRow || p.settled(p.at) {
			if p.turn() {
				return
			}
			steps++
			continue
		}
		have := len(t.ids)
		var n int
		n, p.next = p.side.walk(p.link(), p.next, t.ids[have:room])
		steps += n
		t.ids = p.promising(t.ids[:have+n], have)
		t.add(position, row, p.next == keyed.NoRow)
	}
}

// turn goes on to the next row; or, where pairs decide on stored rows, first to those that the row may be equal to, so that rows are done with one
// after the other whatever way they were cut into batches. It reports whether candidates of another sweep follow.
func (p *prober) turn() bool {
	if p.role == markRole && p.may != nil {
		if !p.second {
			if next := p.startMaybe(p.at); next != keyed.NoRow {
				p.second, p.next = true, next
				return true
			}
		} else {
			p.second, p.at, p.begun = false, p.at+1, false
			return true
		}
	}
	p.at, p.begun = p.at+1, false
	return false
}

// link is that of the chains of this sweep.
func (p *prober) link() int {
	switch {
	case !p.second:
		return p.side.link()
	case p.side.dealt != nil:
		return groupLink
	default:
		return wholeLink
	}
}

// begins returns where the candidates of a row begin in this sweep.
func (p *prober) begins(position int) uint32 {
	if p.second {
		return p.startMaybe(position)
	}
	first := p.first[position]
	if p.role == markRole && p.res == nil && first != keyed.NoRow && p.side.chained && *p.side.rows.Mark(first) == isTrue {
		return keyed.NoRow // then all of the chain are marked
	}
	return first
}

// limit is the truth beyond which no candidate of this sort leads.
func (p *prober) limit() uint8 {
	if p.tried.loose {
		return isUnknown
	}
	return isTrue
}

// settled reports whether nothing more is wanted of a row.
func (p *prober) settled(position int) bool {
	truth := p.truth[position]
	return truth == failed || p.role == verdictRole && p.cfg.Kind != Single && truth >= p.limit()
}

// promising drops from ids, beyond the first have, those that cannot change anything.
func (p *prober) promising(ids []uint32, have int) []uint32 {
	if p.role != markRole && !p.tried.loose {
		return ids
	}
	kept := ids[:have]
	for _, id := range ids[have:] {
		if p.role == markRole && *p.side.rows.Mark(id) >= p.limit() || p.tried.loose && !p.may.be(p.in, p.in.Row(p.at), p.side.rows, id) {
			continue
		}
		kept = append(kept, id)
	}
	return kept
}

// judge returns the truth of each candidate.
func (p *prober) judge() []uint8 {
	t := &p.tried
	if p.res == nil || t.none == len(t.ids) {
		truth := p.constant[:len(t.ids)]
		for i := range truth {
			truth[i] = p.limit()
		}
		return truth
	}
	truth := p.res.eval(p.in, t.rows, p.side.rows, t.ids, t.present())
	if t.loose {
		for i, v := range truth {
			if v == isTrue {
				truth[i] = isUnknown
			}
		}
	}
	return truth
}

func (p *prober) resolvePairs(truth []uint8, out *op.Output) {
	t, f := &p.tried, &p.found
	for i, id := range t.ids {
		position := t.positions[i]
		if p.truth[position] == failed {
			continue
		}
		if id != keyed.NoRow {
			switch {
			case truth[i] == failed:
				p.reject(out, position, p.res.err(i))
				continue
			case truth[i] != isTrue:
			case p.cfg.Kind == Single && *p.side.rows.Mark(id) == isTrue:
				p.reject(out, position, errSecondRow())
				continue
			default:
				if p.marks {
					*p.side.rows.Mark(id) = isTrue
				}
				p.truth[position] = isTrue
				f.rows, f.ids = append(f.rows, t.rows[i]), append(f.ids, id)
			}
		}
		if t.last[i] {
			p.complete(position, t.rows[i], out)
		}
	}
}

// complete counts a row all of whose candidates were tried.
func (p *prober) complete(position, row uint16, out *op.Output) {
	p.take(out, 1)
	switch {
	case p.truth[position] == isTrue:
		out.Counts.Forwarded++
	case p.outer:
		out.Counts.Forwarded++
		p.found.rows, p.found.ids = append(p.found.rows, row), append(p.found.ids, keyed.NoRow)
	default:
		out.Counts.Filtered++
	}
}

func (p *prober) resolveVerdicts(truth []uint8, out *op.Output) {
	t := &p.tried
	for i, id := range t.ids {
		position := t.positions[i]
		switch {
		case p.settled(int(position)):
		case truth[i] == failed:
			p.reject(out, position, p.res.err(i))
		case truth[i] == isTrue && p.cfg.Kind == Single && p.truth[position] == isTrue:
			p.reject(out, position, errSecondRow())
		case truth[i] > p.truth[position]:
			if p.truth[position] = truth[i]; truth[i] == isTrue && p.matches != nil {
				p.matches[position] = id
			}
		}
	}
}

func (p *prober) resolveMarks(truth []uint8, out *op.Output) {
	t := &p.tried
	for i, id := range t.ids {
		mark := p.side.rows.Mark(id)
		switch {
		case p.truth[t.positions[i]] == failed, *mark >= p.limit():
		case truth[i] == failed:
			p.reject(out, t.positions[i], p.res.err(i))
		case truth[i] > *mark:
			*mark = truth[i]
		}
	}
}
