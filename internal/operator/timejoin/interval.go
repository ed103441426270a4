package timejoin

import (
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Interval is the join of rows whose times are not far from each other.
//
// Each row is looked up among the rows of the other input that came before, so that a pair comes out as soon as both of its rows are there, and then
// stored in a slice of time until the other input's watermark proves that nothing it could match will come. A row without a match that is to
// come out nevertheless does so then. Everything that comes out is an insert.
type Interval struct {
	cfg    IntervalConfig
	stores [2]*store
	probes [2]*prober
	out    *sheet
	widths [2]int64
	// horizons are the times before which rows of an input need not be kept; over says that no row need be.
	horizons [2]int64
	ended    [2]bool
	// now is the processing time, past if it is not known.
	now  int64
	ids  []uint32
	list rowList // of rows that are to be stored
	// asked are rows that are away and come out.
	asked asking
}

// NewInterval returns an interval join. It does not keep c.
func NewInterval(c *IntervalConfig) (*Interval, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	j := &Interval{cfg: *c, horizons: [2]int64{past, past}, now: past, ids: make([]uint32, 0, batch.MaxRows)}
	cfg := &j.cfg
	j.out = newOutput(&cfg.Config)
	for input := range j.stores {
		j.stores[input] = newStore(&cfg.Config, cfg.title(sortInterval), input, cfg.time(input))
		j.stores[input].indexed, j.stores[input].waits = true, cfg.preserves(input)
		j.widths[input] = cfg.width(input)
	}
	for input := range j.probes {
		j.probes[input] = newProber(cfg, input, j.stores[1-input], j.out)
	}
	return j, nil
}

// Apply is for operators of one input.
func (j *Interval) Apply(*batch.Batch, *op.Output) (bool, error) {
	return false, errOneInput(j.cfg.title(sortInterval))
}

// ApplyInput looks rows up, and stores them.
func (j *Interval) ApplyInput(input int, in *batch.Batch, out *op.Output) (more bool, err error) {
	p := j.probes[input]
	if p.in == nil {
		switch {
		case op.Retracted(in):
			return false, errChanges(j.cfg.title(sortInterval), input)
		case j.ended[input]:
			return false, errEnded(j.cfg.title(sortInterval), input)
		case in.Rows() == 0:
			return false, nil
		}
		p.begin(in)
	}
	if more, err = p.run(out); more || err != nil {
		return more, err
	}
	p.in = nil
	if done, err := j.storeAll(input, in, out); done || err != nil {
		return false, err
	}
	return false, j.settle(input, in, out)
}

// storeAll stores the rows of a batch that was looked up as they are, if all of them are to be stored in one slice, and none is marked.
func (j *Interval) storeAll(input int, in *batch.Batch, out *op.Output) (done bool, err error) {
	p, cfg := j.probes[input], &j.cfg
	marked := cfg.preserves(input) || input == LeftInput && !cfg.pairs()
	if j.ended[1-input] || len(p.unable) > 0 || marked && p.hits > 0 {
		return false, nil
	}
	from, to := extent(in, cfg.time(input))
	if from < j.horizons[input] {
		return false, nil
	}
	number := j.numbering(input)
	at := number(from)
	if number(to) != at {
		return false, nil
	}
	rows, hits := int64(in.Rows()), int64(0)
	if cfg.pairs() {
		hits = int64(p.hits)
	}
	out.Counts.In += rows
	out.Counts.Forwarded += hits
	out.Counts.Absorbed += rows - hits
	return true, j.stores[input].add(at, in, p.hashes, nil)
}

// settle says what becomes of the rows of a batch that were looked up: they are stored, come out alone, or are through.
func (j *Interval) settle(input int, in *batch.Batch, out *op.Output) error {
	p, cfg := j.probes[input], &j.cfg
	verdict := input == LeftInput && !cfg.pairs()
	horizon, over := j.horizons[input], j.ended[1-input]
	preserved := cfg.preserves(input)
	j.list.reset()
	micros := in.Cols[cfg.time(input)].Int64s()
	number := j.numbering(input)
	pass := p.pass[:0]
	var forwarded, filtered, absorbed int64
	for i := range p.able.Rows() {
		row := p.able.Row(i)
		hit := p.matched[i]
		switch {
		case verdict && hit && cfg.Kind == Semi:
			pass = append(pass, uint16(row)) //nolint:gosec // a row number of a batch
			forwarded++
			continue
		case verdict && hit:
			filtered++
			continue
		}
		keep := !over && (micros[row] >= horizon || fault.Weak("interval/behind"))
		if keep {
			mark := open
			if hit && preserved {
				mark = settled
			}
			j.list.add(uint16(row), p.hashes[i], mark, number(micros[row])) //nolint:gosec // a row number of a batch
		}
		switch {
		case hit && cfg.pairs():
			forwarded++
		case keep, hit:
			absorbed++
		case preserved:
			pass = append(pass, uint16(row)) //nolint:gosec // a row number of a batch
			forwarded++
		default:
			filtered++
		}
	}
	if preserved {
		pass = merged(pass, p.unable)
		forwarded += int64(len(p.unable))
	} else {
		filtered += int64(len(p.unable))
	}
	p.pass = pass
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += forwarded
	out.Counts.Filtered += filtered
	out.Counts.Absorbed += absorbed
	if len(pass) > 0 {
		j.emitPassed(input, in, pass, out)
	}
	return j.stores[input].addAll(in, &j.list)
}

// emitPassed emits rows of a batch, beside NULLs where there are columns of the other input.
func (j *Interval) emitPassed(input int, in *batch.Batch, sel []uint16, out *op.Output) {
	if len(sel) == in.Len {
		sel = nil
	}
	j.out.begin(in.Len, sel)
	if j.cfg.pairs() {
		j.out.nulls(1 - input)
	}
	j.out.share(input, in)
	out.Emit(0, &j.out.b)
}

// numbering returns the function from times to the numbers of slices.
func (j *Interval) numbering(input int) func(micros int64) int64 {
	width := j.widths[input]
	switch {
	case width == 0:
		return func(int64) int64 { return 0 }
	case j.cfg.endless(input):
		number := int64(past)
		if j.now != past {
			number = floorDiv(j.now, width)
		}
		return func(int64) int64 { return number }
	}
	last, from, to := int64(0), int64(0), int64(-1)
	return func(micros int64) int64 {
		if micros < from || micros > to {
			last = floorDiv(micros, width)
			from = last * width // less than micros, unless it is beyond all times
			if to = from + (width - 1); from > micros || to < from {
				from, to = micros, micros
			}
		}
		return last
	}
}

// OnInputWatermark frees the rows of the other input that nothing can match any more, and emits those without a match.
func (j *Interval) OnInputWatermark(input int, micros int64, out *op.Output) (more bool, err error) {
	other := 1 - input
	j.horizons[other] = max(j.horizons[other], j.cfg.horizon(other, micros))
	return j.release(other, micros == future, out)
}

// OnInputEnd frees the rows of the other input.
func (j *Interval) OnInputEnd(input int, out *op.Output) (more bool, err error) {
	j.ended[input] = true
	j.horizons[1-input] = future
	return j.release(1-input, true, out)
}

// release goes through the slices of an input that are due, and reports whether it has emitted something: then it is to be called again.
func (j *Interval) release(input int, all bool, out *op.Output) (more bool, err error) {
	s, horizon := j.stores[input], j.horizons[input]
	if j.cfg.endless(input) && !all {
		return false, nil
	}
	for i := 0; i < len(s.slices); {
		p := s.slices[i]
		if p.min >= horizon && !all {
			return false, nil // and so are those behind it
		}
		if more, err := j.emitDue(input, p, horizon, all, out); more || err != nil {
			return more, err
		}
		if (all || p.number < floorDiv(horizon, j.widths[input])) && !fault.Weak("interval/drop") { // no row of its times will be stored
			s.drop(i)
			continue
		}
		i++
	}
	return false, nil
}

// emitDue emits rows of a slice that have found no match and lie before the horizon, and reports whether there were any.
func (j *Interval) emitDue(input int, p *slice, horizon int64, all bool, out *op.Output) (more bool, err error) {
	if all {
		err = p.due.flush()
	} else {
		err = p.due.advance(horizon)
	}
	if err != nil {
		return false, op.OutOfMemory(j.stores[input].name, err)
	}
	j.ids = j.ids[:0]
	for p.due.any() && len(j.ids) == 0 {
		for _, id := range p.due.take(batch.MaxRows) {
			if *p.rows.Mark(id) == open {
				j.ids = append(j.ids, id)
			}
		}
	}
	if len(j.ids) == 0 {
		return j.ask(input, p, horizon, all)
	}
	if err := p.rows.Touch(j.ids); err != nil {
		return false, err
	}
	for _, id := range j.ids {
		*p.rows.Mark(id) = settled
	}
	j.out.begin(len(j.ids), nil)
	j.out.stored(input, p.rows, j.ids)
	if j.cfg.pairs() {
		j.out.nulls(1 - input)
	}
	out.Emit(0, &j.out.b)
	return true, nil
}

// OnTime lets rows go that have lived long enough.
func (j *Interval) OnTime(micros int64, out *op.Output) (more bool, err error) {
	first := j.now == past
	j.now = max(j.now, micros)
	for input, s := range j.stores {
		width := j.widths[input]
		if !j.cfg.endless(input) || j.cfg.TTL == 0 || fault.Weak("ttl/sweep") {
			continue
		}
		if first && len(s.slices) > 0 && s.slices[0].number == past {
			if err := s.rename(floorDiv(j.now, width)); err != nil {
				return false, err
			}
		}
		for len(s.slices) > 0 && add(add(s.slices[0].number*width, width), j.cfg.TTL) <= j.now {
			if more, err := j.emitDue(input, s.slices[0], future, true, out); more || err != nil {
				return more, err
			}
			s.drop(0)
		}
	}
	return false, nil
}

// rename gives the first slice, of rows that came before any time was known, a number from number on that no other one has.
func (s *store) rename(number int64) error {
	p := s.slices[0]
	s.slices = s.slices[1:]
	i := s.find(number)
	for ; i < len(s.slices) && s.slices[i].number == number; i++ {
		number++
	}
	p.number = number
	s.slices = slices.Insert(s.slices, i, p)
	if k := s.kept; k != nil {
		return p.rows.Rename(number, k.sealed, k.current)
	}
	return nil
}
