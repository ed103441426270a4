package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Symmetric is the inner join that stores both inputs: each row is looked up among those of the other input that came before, so that a pair
// comes out as soon as both of its rows are there. Rows of an input are stored as long as the other one has not ended.
type Symmetric struct {
	cfg   Config
	sides [2]*side
	// probes look up the rows of each input.
	probes [2]*prober
	ended  [2]bool
	// single counts rows of the batch at work that have found no partner yet.
	single int64
	sel    []uint16
	store  batch.Batch
}

// NewSymmetric returns a symmetric join, which is inner. It does not keep c, whose Build means nothing here.
func NewSymmetric(c *Config) (*Symmetric, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Kind != Inner || c.Broadcast {
		return nil, c.wrong("only an inner join whose inputs are dealt by key can store both of them")
	}
	s := &Symmetric{cfg: *c, sel: make([]uint16, 0, batch.MaxRows)}
	for input := range s.sides {
		s.sides[input] = newSide(&s.cfg, input)
	}
	for input := range s.probes {
		build := 1 - input
		s.probes[input] = newProber(&s.cfg, build, s.sides[build], newOutput(&s.cfg, build))
	}
	return s, nil
}

// Apply is for operators of one input.
func (s *Symmetric) Apply(*batch.Batch, *op.Output) (bool, error) {
	return false, errOneInput(s.cfg.title())
}

// ApplyInput looks rows up, and stores them.
func (s *Symmetric) ApplyInput(input int, in *batch.Batch, out *op.Output) (more bool, err error) {
	switch {
	case in.Kinds != nil:
		return false, errChanges(s.cfg.title())
	case s.ended[input]:
		return false, errEnded(s.cfg.title(), input)
	}
	if more, err = s.probes[input].run(in, false, out); err != nil {
		return false, err
	}
	// What becomes of rows without a partner is known when they are stored.
	s.single += out.Counts.Filtered
	out.Counts.In -= out.Counts.Filtered
	out.Counts.Filtered = 0
	if more {
		return true, nil
	}
	useless := s.single
	if !s.ended[1-input] {
		stored, passed, err := s.keep(input, in)
		if err != nil {
			return false, err
		}
		useless = passed - stored
	}
	out.Counts.In += s.single
	out.Counts.Absorbed += s.single - useless
	out.Counts.Filtered += useless
	s.single = 0
	return false, nil
}

// keep stores the rows of in that were not rejected. Of passed rows it stores those that may be of use.
func (s *Symmetric) keep(input int, in *batch.Batch) (stored, passed int64, err error) {
	p := s.probes[input]
	s.sel = s.sel[:0]
	for i, truth := range p.truth[:in.Rows()] {
		if truth != failed {
			s.sel = append(s.sel, uint16(in.Row(i))) //nolint:gosec // a row number of a batch
		}
	}
	if len(s.sel) < in.Rows() {
		s.store.View(in, s.sel)
		in = &s.store
	}
	n, err := s.sides[input].add(in)
	return int64(n), int64(in.Rows()), err
}

// OnInputEnd frees the rows of the other input: nothing that they could meet will come.
func (s *Symmetric) OnInputEnd(input int, _ *op.Output) (more bool, err error) {
	s.ended[input] = true
	s.sides[1-input].free()
	return false, nil
}

// Tables are the state: the rows and the keys of the left input, then of the right.
func (s *Symmetric) Tables() []op.Table {
	var tables []op.Table
	for _, side := range s.sides {
		tables = append(tables, side.rows)
		if side.table != nil {
			tables = append(tables, side.table)
		}
	}
	return tables
}

// Needs declares the keys of in, on both sides.
func (s *Symmetric) Needs(input int, in *batch.Batch, needs *op.Needs) {
	if in == nil {
		for i := range s.Tables() {
			needs.All(i)
		}
		return
	}
	hashes, dealt := s.probes[input].keys.hash(in)
	for i, table := range s.Tables() {
		if _, isRows := table.(*keyed.Rows); isRows {
			needs.Keys(i, dealt)
		} else {
			needs.Keys(i, hashes)
		}
	}
}

// Snapshot returns the state of a key group: the parts of the left input, then those of the right.
func (s *Symmetric) Snapshot(number op.KeyGroup) ([]byte, error) {
	var p [2 * parts][]byte
	for i, side := range s.sides {
		if err := side.snapshot(uint8(number), p[i*parts:(i+1)*parts]); err != nil {
			return nil, err
		}
	}
	return keyed.AppendParts(nil, stateVersion, p[:]...), nil
}

// Restore puts the state of a key group in.
func (s *Symmetric) Restore(number op.KeyGroup, data []byte) error {
	p, err := keyed.Parts(s.cfg.title(), data, stateVersion, 2*parts)
	if err != nil {
		return err
	}
	for i, side := range s.sides {
		if err := side.restore(uint8(number), p[i*parts:(i+1)*parts]); err != nil {
			return err
		}
	}
	return nil
}
