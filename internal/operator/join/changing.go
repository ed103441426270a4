package join

import (
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Changing is the join of inputs that have no end, and whose rows may be taken back. It knows every kind. Both inputs are stored: a row is looked up
// among the rows of the other input that are there, what comes of it is emitted at once, and what it undoes, that a row had no match, is taken back. So what
// has been emitted is at any time the join of what has come.
//
// The rows of a key are found in a table that both inputs share. Where all that matters of a row of the other input is its key, the number of rows that
// have it says whether there is a match; otherwise each row that comes out according to its matches counts them.
type Changing struct {
	cfg    Config
	plan   changes
	keys   [2]*keyColumns
	table  *keyed.Table
	runs   *keyed.Slab[bucket]
	kin    *kin // nil where no NULL makes a match unknown
	stores [2]*store
	// res evaluate the residual on rows of an input beside stored ones of the other; nil without one. outs make what they give.
	res   [2]*residual
	outs  [2]*output
	ended [2]bool
	// free says that rows of an input need not be known any more.
	free [2]bool
	now  int64
	// asked are the hashes of keys that the next call of OnTime needs: rows of theirs have expired.
	asked []uint64

	work  work
	given given
	tried candidates
	// certain stands for how many candidates may match a row that does not count them; it is 0.
	certain uint32
	// nowhere stands for the rows of a row's key that has none.
	nowhere run
	missing missing
	numbers *numbers
	joint   *keyed.Joint // nil: rows do not leave memory
	// failure is that of an undoing.
	failure error
	// ignored counts rows that were taken back and not known.
	ignored int64
}

// bucket is the rows of a key, of both inputs.
type bucket [2]run

// changes is what follows from a Config.
type changes struct {
	// verdict: rows of the left input come out, or not, according to their matches. Otherwise pairs come out.
	verdict bool
	// preserves says of each input that its rows come out according to their matches; degrees that they count these; stores that rows are stored, otherwise
	// only how many a key has.
	preserves, degrees, stores [2]bool
	// judged says that candidates are looked at one by one, since there is a condition beside the keys, or degrees.
	judged bool
	// final says of each input that a row of it is done with once the other one has a row of its key.
	final [2]bool
	// aware: keys are compared by IN, and a NULL makes it unknown whether rows match.
	aware bool
}

func planChanges(c *Config) changes {
	p := changes{verdict: c.Kind == Semi || c.Kind == Anti || c.Kind == Mark, stores: [2]bool{true, true}}
	p.aware = c.threeValued() && slices.ContainsFunc(c.Keys, func(k Key) bool { return k.Match == In })
	p.judged = p.aware || c.Residual != nil
	for input := range 2 {
		p.preserves[input] = c.preserves(input)
		p.judged = p.judged || p.preserves[input] && c.Inputs[1-input].TTL > 0
	}
	for input := range 2 {
		p.degrees[input] = p.judged && p.preserves[input]
	}
	p.stores[RightInput] = !p.verdict || p.judged || c.Inputs[RightInput].TTL > 0
	for input := range 2 {
		own, other := c.Inputs[input], c.Inputs[1-input]
		enough := other.Unique || input == LeftInput && !p.judged && (c.Kind == Semi || c.Kind == Anti)
		p.final[input] = enough && own.AppendOnly && other.AppendOnly && other.TTL == 0 && !p.aware && !p.preserves[1-input]
	}
	return p
}

// Changes reports whether what a Changing join emits is a changelog: otherwise it is inserts only.
func (c *Config) Changes() bool {
	appended := c.Inputs[LeftInput].AppendOnly && c.Inputs[RightInput].AppendOnly
	return !appended || c.Kind != Inner && c.Kind != Semi
}

// NewChanging returns a join of inputs that change. It does not keep c, whose Build means nothing here.
func NewChanging(c *Config) (*Changing, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Broadcast {
		return nil, c.wrong("an input that may change cannot be broadcast")
	}
	j := &Changing{cfg: *c}
	j.missing.j = j
	if c.Kind == Single && c.Inputs[RightInput].Unique {
		j.cfg.Kind = Left // a second match is there for a moment only, since what it replaces is taken back later
	}
	j.plan = planChanges(&j.cfg)
	for input := range 2 {
		j.keys[input] = newKeyColumns(&j.cfg, input)
		j.res[input] = newResidual(&j.cfg, 1-input)
		j.outs[input] = newOutput(&j.cfg, 1-input)
		j.stores[input] = newStore(&j.cfg, &j.plan, input)
	}
	j.table = keyed.NewTable(c.Pool, pick(c.Left, j.keys[LeftInput].columns), c.title(), c.Budget)
	j.runs = keyed.NewSlab[bucket](c.Budget)
	j.numbers = &numbers{Table: j.table, j: j}
	if j.plan.aware {
		j.kin = newKin(&j.cfg, j.keys)
	}
	j.work = newWork()
	j.given = newGiven()
	if j.plan.judged {
		j.tried = newCandidates()
	}
	j.describe()
	return j, nil
}

// Ignored returns how many rows were taken back that were not known, since they had expired.
func (j *Changing) Ignored() int64 { return j.ignored }

// Apply is for operators of one input.
func (j *Changing) Apply(*batch.Batch, *op.Output) (bool, error) {
	return false, errOneInput(j.cfg.title())
}

// ApplyInput stores rows, or forgets them, and emits what that changes.
func (j *Changing) ApplyInput(input int, in *batch.Batch, out *op.Output) (more bool, err error) {
	w := &j.work
	if w.in == nil {
		switch {
		case j.ended[input]:
			return false, errEnded(j.cfg.title(), input)
		case j.cfg.Inputs[input].AppendOnly && op.Retracted(in):
			return false, errTakenBack(j.cfg.title(), input)
		case in.Rows() == 0:
			return false, nil
		}
		if err := j.begin(input, in, out); err != nil {
			w.in = nil
			return false, err
		}
	}
	g := &j.given
	g.reset()
	switch {
	case j.plan.judged:
		j.judge(out)
	case !j.plan.verdict:
		j.givePairs()
	case input == LeftInput:
		j.giveLeft()
	default:
		j.giveFlips()
	}
	if j.failure != nil {
		return false, op.OutOfMemory(j.cfg.title(), j.failure)
	}
	j.emit(out)
	if w.at < w.n || j.tried.left() {
		return true, nil
	}
	w.in = nil
	return false, j.finish(out)
}

// emit makes a batch of what is given.
func (j *Changing) emit(out *op.Output) {
	g, w := &j.given, &j.work
	if len(g.rows) == 0 {
		return
	}
	o := j.outs[w.input]
	b := o.pairs(w.in, g.rows, j.stores[1-w.input].rows, g.ids)
	for _, c := range o.probe {
		if own := o.cols[c.place]; own != nil && len(g.alone) > 0 {
			for _, row := range g.alone {
				own.SetNull(int(row))
			}
		}
	}
	if mark := o.mark; mark >= 0 {
		c := o.beginMark()
		for row, truth := range g.marks {
			setMark(c, row, truth)
		}
	}
	if g.changed {
		b.Kinds = g.kinds
	}
	out.Emit(0, b)
}

// finish stores what is known only now, forgets what is of no use any more, and accounts for the rows of the batch.
func (j *Changing) finish(out *op.Output) error {
	w := &j.work
	c := &out.Counts
	for _, f := range w.flags[:w.n] {
		switch {
		case f&rejected != 0:
			continue // counted with its error
		case f&gave != 0:
			c.Forwarded++
		case f&folded != 0:
			c.Absorbed++
		default:
			c.Filtered++
		}
		c.In++
	}
	if j.free[w.input] {
		return nil
	}
	if err := j.stores[w.input].flush(); err != nil {
		return err
	}
	return j.tidy(w.input)
}

// tidy drops what nobody can meet any more.
func (j *Changing) tidy(input int) error {
	w := &j.work
	if j.plan.final[1-input] {
		if err := j.dropMet(input); err != nil {
			return err
		}
	}
	for p := 0; w.takes && p < w.n; p++ {
		if w.ids[p] != keyed.NoRow {
			*j.stores[input].rows.Mark(w.ids[p]) = 0
		}
	}
	if !w.shrunk {
		return nil
	}
	return j.tidyKeys(w.slots[:w.n])
}

// dropMet drops the rows of the other input that are done with, now that there are rows of their keys.
func (j *Changing) dropMet(input int) error {
	for _, slot := range j.work.slots[:j.work.n] {
		if slot == keyed.NoSlot {
			continue
		}
		if b := j.runs.At(slot); b[input].count > 0 && b[1-input].count > 0 {
			if err := j.stores[1-input].dropRun(&b[1-input]); err != nil {
				return err
			}
		}
	}
	return nil
}

// OnInputEnd frees the rows of the other input if nothing that they could meet will come, and nobody asks for them; all rows after the second end.
func (j *Changing) OnInputEnd(input int, _ *op.Output) (more bool, err error) {
	j.ended[input] = true
	other := 1 - input
	switch {
	case j.ended[other]:
		j.freeAll()
	case !j.free[other] && j.useless(other):
		j.free[other] = true
		err = j.freeInput(other)
	}
	return false, err
}

func (j *Changing) freeAll() {
	for input, s := range j.stores {
		j.free[input] = true
		s.freeRows()
	}
	j.table.Free()
	j.runs.Free()
	if j.kin != nil {
		j.kin.table.Free()
		j.kin.lists.Free()
	}
}

// freeInput drops the rows of an input, and the keys that no row of the other one has.
func (j *Changing) freeInput(input int) error {
	j.stores[input].freeRows()
	if j.kin != nil {
		if err := j.kin.forgetInput(input); err != nil {
			return err
		}
	}
	for g := range keyed.Groups {
		for slot := range j.table.Slots(uint8(g)) { //nolint:gosec // less than Groups
			b := j.runs.At(slot)
			if b[input] = noRun(); b[1-input].count > 0 {
				continue
			}
			if err := j.table.Delete(slot); err != nil {
				return err
			}
		}
	}
	return nil
}

// useless reports whether the rows of an input, whose other one has ended, need not be known any more: they need, to tell the other one's rows whether they
// have a match, and where it is not certain that a row that is taken back is there, or what it gave.
func (j *Changing) useless(input int) bool {
	in, other := j.cfg.Inputs[input], j.cfg.Inputs[1-input]
	switch {
	case j.plan.preserves[1-input]:
		return false
	case in.AppendOnly:
		return true
	default:
		return in.TTL == 0 && (other.TTL == 0 || !j.plan.preserves[input])
	}
}
