package aggregate

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Splittable reports whether the calls can be made in that way, and there is one with DISTINCT that needs it.
func (c *Config) Splittable() bool {
	if c.Retracts || c.TTL > 0 || c.Sets != nil || len(c.Keys) == 0 {
		return false
	}
	split := false
	for i := range c.Calls {
		call := &c.Calls[i]
		if !call.Function.Mergeable || call.Function.Order != 0 {
			return false
		}
		split = split || call.isSplit()
	}
	return split
}

// isSplit reports whether the values of a call are looked up.
func (c *Call) isSplit() bool { return c.Distinct && !c.Function.IgnoresRepeats }

// part is the calls that share the values they have seen.
type part struct {
	// args are the columns of the values, places where they lie among the columns of pieces.
	args, places []int
	strict       bool
	calls        []int
}

// pieces is what Scatter sends on: keys, the number of the part, values, and which calls they are for.
type pieces struct {
	parts  []part
	types  []schema.Type
	number int // the column with the part's number
	mask   int
}

// pieces are those of the calls that are split.
func (c *Config) pieces() *pieces {
	p := &pieces{types: c.keyTypes()}
	p.number = len(p.types)
	p.types = append(p.types, schema.Of(schema.Int16))
	for i := range c.Calls {
		call := &c.Calls[i]
		if !call.isSplit() {
			continue
		}
		args := call.Args[call.Function.DirectArgs(len(call.Args)):]
		at := slices.IndexFunc(p.parts, func(o part) bool {
			return slices.Equal(o.args, args) && o.strict == call.Function.Strict && len(o.calls) < mostSharing
		})
		if at < 0 {
			at = len(p.parts)
			p.parts = append(p.parts, part{args: args, strict: call.Function.Strict, places: p.place(c, args)})
		}
		p.parts[at].calls = append(p.parts[at].calls, i)
	}
	p.mask = len(p.types)
	p.types = append(p.types, schema.Of(schema.Int32))
	return p
}

// place finds columns for values. Those of different parts may lie in one.
func (p *pieces) place(c *Config, args []int) []int {
	var places []int
	for _, a := range args {
		at := p.number + 1
		for at < len(p.types) && (!p.types[at].Equal(c.Types[a]) || slices.Contains(places, at)) {
			at++
		}
		if at == len(p.types) {
			p.types = append(p.types, c.Types[a])
		}
		places = append(places, at)
	}
	return places
}

// ScatterOutput are the types of the columns that a Scatter emits, and the ordinals of those by which a Distinct is dealt its input.
func (c *Config) ScatterOutput() (types []schema.Type, partition []int) {
	p := c.pieces()
	for i := range p.mask {
		partition = append(partition, i)
	}
	return p.types, partition
}

// Scatter sends the values on that calls with DISTINCT look at: for each row one piece for each list of arguments. It is the first of the operators by which the values of one
// group are known by many tasks: they are exchanged by what they are, Distinct knows which of them each group has had, and makes partial answers of the others, and an Operator
// that merges those is told of everything else by a Combiner.
//
//	rows ─┬─▶ Combiner ─────────────────────────────────────────── keys ═▶ Operator, Merge
//	      └─▶ Scatter ─ keys, part and values ═▶ Distinct ──────── keys ═▶ the same
//
// All four are made of one Config with Split set, the last one as it is behind a Combiner. It must be Splittable.
type Scatter struct {
	config  Config
	pieces  *pieces
	filters []*filtered
	out     batch.Batch
	nulls   []*batch.Column
	number  *batch.Column
	mask    *batch.Column
	masks   []int32
	sel     []uint16
	passed  []bool
	// part is the one that comes next for the batch at hand.
	part int
}

// NewScatter returns the scatter of config. It has no state, and can stand in a lane.
func NewScatter(pool *batch.Pool, config Config) *Scatter {
	s := &Scatter{config: config, pieces: config.pieces(), sel: make([]uint16, 0, batch.MaxRows), masks: make([]int32, batch.MaxRows)}
	for _, t := range s.pieces.types {
		s.nulls = append(s.nulls, batch.NewColumn(pool, t))
	}
	s.number, s.mask = s.nulls[s.pieces.number], s.nulls[s.pieces.mask]
	s.out.Cols = make([]*batch.Column, len(s.pieces.types))
	for _, p := range s.pieces.parts {
		for _, i := range p.calls {
			if f := config.Calls[i].Filter; f != NoColumn && !slices.ContainsFunc(s.filters, func(o *filtered) bool { return o.column == f }) {
				s.filters = append(s.filters, &filtered{column: f})
			}
		}
	}
	return s
}

// Apply sends the pieces of one part on.
func (s *Scatter) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	rows := in.Rows()
	if s.part == 0 {
		for _, f := range s.filters {
			f.find(in)
		}
		s.passed = append(s.passed[:0], make([]bool, rows)...)
		out.Counts.In += int64(rows)
	}
	for s.part < len(s.pieces.parts) && len(s.sel) == 0 {
		s.choose(in, &s.pieces.parts[s.part])
		s.part++
	}
	if len(s.sel) > 0 {
		s.build(in, s.part-1)
		out.Emit(0, &s.out)
		s.sel = s.sel[:0]
	}
	if s.part < len(s.pieces.parts) {
		return true, nil
	}
	s.part = 0
	for _, passed := range s.passed {
		if passed {
			out.Counts.Forwarded++
		} else {
			out.Counts.Filtered++
		}
	}
	return false, nil
}

// choose finds the rows that count for a call of a part, and makes their masks.
func (s *Scatter) choose(in *batch.Batch, p *part) {
	masks := s.masks[:in.Rows()]
	clear(masks)
	for k, i := range p.calls {
		bit := int32(1) << k
		if f := s.config.Calls[i].Filter; f == NoColumn {
			for i := range masks {
				masks[i] |= bit
			}
		} else {
			at := slices.IndexFunc(s.filters, func(o *filtered) bool { return o.column == f })
			for _, i := range s.filters[at].positions {
				masks[i] |= bit
			}
		}
	}
	s.mask.Reset(in.Len)
	to := s.mask.Int32s()
	for i, mask := range masks {
		row := in.Row(i)
		if mask == 0 || p.strict && slices.ContainsFunc(p.args, func(a int) bool { return in.Cols[a].IsNull(row) }) {
			continue
		}
		to[row] = mask
		s.passed[i] = true
		s.sel = append(s.sel, uint16(row)) //nolint:gosec // a row number of a batch
	}
}

// build makes the batch of a part.
func (s *Scatter) build(in *batch.Batch, number int) {
	for i := range s.out.Cols {
		switch {
		case i < s.pieces.number:
			s.out.Cols[i] = in.Cols[s.config.Keys[i]]
		case i == s.pieces.number:
			s.number.Reset(in.Len)
			for row := range s.number.Int16s() {
				s.number.Int16s()[row] = int16(number) //nolint:gosec // there are few parts
			}
			s.out.Cols[i] = s.number
		case i == s.pieces.mask:
			s.out.Cols[i] = s.mask
		default:
			if s.nulls[i].Len() != in.Len {
				s.nulls[i].Reset(in.Len)
				s.nulls[i].SetAllNull()
			}
			s.out.Cols[i] = s.nulls[i]
		}
	}
	p := &s.pieces.parts[number]
	for k, at := range p.places {
		s.out.Cols[at] = in.Cols[p.args[k]]
	}
	s.out.Len, s.out.Sel = in.Len, s.sel
	if len(s.sel) == in.Len {
		s.out.Sel = nil
	}
}

// Distinct knows the values that calls with DISTINCT have had, and makes partial answers of those that are new. It keeps values for good.
type Distinct struct {
	*Operator
	whole Config
	// noted marks slots that have partial answers, which are touched in their order; next is the first that is still to come out, while emitting.
	noted   *keyed.Slab[uint8]
	touched []uint32
	next    int
	output  *output
	values  []*batch.Column // of the calls that are split, by call
}

// NewDistinct returns the operator that takes what the Scatter of config sends.
func NewDistinct(pool *batch.Pool, budget *limit.Budget, config Config) *Distinct {
	p := config.pieces()
	inner := Config{Name: config.Name, Types: p.types}
	for i := range config.Keys {
		inner.Keys = append(inner.Keys, i)
	}
	for i := range p.mask {
		inner.Partition = append(inner.Partition, i)
	}
	inner.pieced = p
	for _, part := range p.parts {
		for _, i := range part.calls {
			c := config.Calls[i]
			c.Args, c.Filter, c.OrderBy = part.places, NoColumn, nil
			inner.Calls = append(inner.Calls, c)
		}
	}
	d := &Distinct{Operator: New(pool, budget, inner), whole: config, noted: keyed.NewSlab[uint8](budget)}
	d.groups.note = d.noteRows
	d.stays = func(slot uint32) bool { return int(slot) < d.noted.Len() && *d.noted.At(slot) != 0 }
	d.output = newOutput(d.groups, config.PartialOutput())
	d.values = d.output.out.Cols[len(config.Keys):]
	return d
}

// noteRows notes that the groups of rows have partial answers.
func (d *Distinct) noteRows(rows *selection) error {
	if err := d.noted.Grow(d.table.Limit()); err != nil {
		return err
	}
	for _, slot := range rows.slots {
		if m := d.noted.At(slot); *m == 0 {
			*m = 1
			d.touched = append(d.touched, slot)
		}
	}
	return nil
}

// Apply looks values up.
func (d *Distinct) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if d.next == 0 {
		out.Counts.In += int64(in.Rows())
		out.Counts.Absorbed += int64(in.Rows())
		if err := d.absorb(in); err != nil {
			return false, err
		}
		if len(d.touched) < mostGroups {
			return false, nil
		}
	}
	return d.OnFlush(out)
}

// OnFlush emits the partial answers of the values that were new.
func (d *Distinct) OnFlush(out *op.Output) (more bool, err error) {
	if len(d.touched) == 0 {
		return false, nil
	}
	slots := d.touched[d.next:min(len(d.touched), d.next+batch.MaxRows)]
	d.emit(slots, out)
	for _, slot := range slots {
		*d.noted.At(slot) = 0
		for _, c := range d.calls {
			c.state.Free(slot)
		}
	}
	if d.next += len(slots); d.next < len(d.touched) {
		return true, nil
	}
	d.touched, d.next = d.touched[:0], 0
	return false, nil
}

// emit emits the partial answers of slots: as a Combiner would, with NULLs for the calls that are not split.
func (d *Distinct) emit(slots []uint32, out *op.Output) {
	d.output.head(slots)
	cols := d.values
	for i := range d.whole.Calls {
		call := &d.whole.Calls[i]
		n := len(call.Function.PartialTypes(call.ArgTypes))
		if call.isSplit() {
			d.calls[d.at(i)].state.Partial(slots, cols[:n])
		} else {
			for _, col := range cols[:n] {
				col.Reset(len(slots))
				col.SetAllNull()
			}
		}
		cols = cols[n:]
	}
	out.Emit(0, &d.output.out)
}

// partOf returns the part of a call, counted in the order of parts.
func (p *pieces) partOf(call int) int {
	for k, part := range p.parts {
		if call -= len(part.calls); call < 0 {
			return k
		}
	}
	panic("aggregate: a call that is not split")
}

// at returns the place among the split calls, which are in the order of their parts, of call i.
func (d *Distinct) at(i int) int {
	at := 0
	for _, part := range d.config.pieced.parts {
		for _, call := range part.calls {
			if call == i {
				return at
			}
			at++
		}
	}
	panic("aggregate: a call that is not split")
}

// Closes says that the end does not go through the groups.
func (d *Distinct) Closes(int) bool { return false }

// OnEnd emits what is left.
func (d *Distinct) OnEnd(out *op.Output) (more bool, err error) { return d.OnFlush(out) }
