package topn

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Where there are no partitions and rows are taken back, all rows leave memory as a sorted run when it is short, and the first of them are read back. From then on the list has the rows up to its last one, and what comes behind
// that is noted: rows that are added, and rows that take others back, which are not looked for. When so many of the list are gone that the first rows are not among it any more, the next ones are taken from the runs and from
// what was noted: added rows less those that were taken back.

// behindList is a bit of the mark of a row that is not in the list, since it comes behind it; beside it stands keyed.Minus.
const behindList = 2

const (
	// mostFirst is up to how many first rows others leave memory: the first do not.
	mostFirst = 1 << 20
	// spare is how many rows the list has at least beside twice the first rows, after rows were read back.
	spare = 8
)

// tail is what comes behind the list.
type tail struct {
	runs *tailRuns // nil: rows do not leave memory
	// root is the list of rows in memory that come behind the list.
	root uint32
	// stale says that all rows have left memory, the first, too.
	stale bool
	// needed is how many rows the list had when rows were last read back.
	needed int

	row   [1]uint16
	one   [1]uint32
	equal []uint32
	gone  []uint32
}

// spills reports whether rows may leave memory as runs.
func (o *Operator) spills() bool {
	c := &o.config
	return o.table == nil && c.Changes && !c.Arrival && c.TTL == 0 && o.end > 0 && o.end <= mostFirst
}

// Overflows reports whether rows leave memory in runs.
func (o *Operator) Overflows() bool { return o.tail.runs != nil }

// tailRuns are the rows that have left memory.
type tailRuns struct {
	*keyed.Runs
	o *Operator
}

func (o *Operator) newTail() tail {
	t := tail{root: keyed.NoRow}
	if o.spills() {
		t.runs = &tailRuns{o: o, Runs: keyed.NewRuns(keyed.RunsConfig{
			Name: o.config.Name, Pool: o.pool, Budget: o.budget, Rows: o.rows, Types: o.types, Order: o.order, Left: o.left, Signed: true, Alone: true,
		})}
	}
	return t
}

// Tight reports whether rows should leave memory, and can; see keyed.Spiller.
func (r *tailRuns) Tight() bool {
	return r.Flushes() && len(r.o.touched) == 0 && r.o.output.waiting() == 0
}

// Flushes reports whether rows should leave memory once everything is flushed; see keyed.Flushing. The first rows would come back at once, and there may be many of those where some are equal.
func (r *tailRuns) Flushes() bool {
	return r.o.rows.Len() > 2*max(r.o.wanted(), r.o.tail.needed) && r.Runs.Tight()
}

// wanted is how many rows the list has at least after rows were read back.
func (o *Operator) wanted() int { return 2*int(o.end) + spare }

// left notes that all rows have left memory.
func (o *Operator) left() {
	o.lists.Free()
	o.notes.Free()
	for slot := range o.parts.Len() {
		*o.parts.At(uint32(slot)) = noRows() //nolint:gosec // one
	}
	o.tail.root, o.tail.stale = keyed.NoRow, true
}

// any reports whether there are rows behind the list.
func (t *tail) any() bool { return t.runs != nil && (t.root != keyed.NoRow || t.runs.Any()) }

// isBehindList reports whether a row, the i-th that counts, comes behind the last of the list.
func (o *Operator) isBehindList(part *partitionState, cols []*batch.Column, i, row int) bool {
	last := o.lists.Last(part.root)
	if last == keyed.NoRow {
		return true
	}
	if p := o.lists.Prefix(last); p != o.prefixes[i] {
		return p.Less(o.prefixes[i])
	}
	others, other := o.rows.Row(last)
	return !o.order.Exact() && o.order.Compare(cols, row, others, other) > 0
}

// addBehind notes a row, the i-th that counts, that comes behind the list.
func (o *Operator) addBehind(id uint32, i int, mark uint8) (err error) {
	*o.rows.Mark(id) = behindList | mark
	o.tail.root, err = o.lists.Insert(o.tail.root, id, o.prefixes[i])
	return err
}

// takeBehind takes a row back, the i-th that counts, that comes behind the list: out of what is noted, or it is noted that it is taken back.
func (o *Operator) takeBehind(cols []*batch.Column, i, row int) error {
	t := &o.tail
	if id, found := o.lists.Find(t.root, cols, row, o.prefixes[i]); found && *o.rows.Mark(id)&keyed.Minus == 0 {
		t.root = o.lists.Delete(t.root, id)
		o.gone = append(o.gone, id)
		return nil
	}
	t.row[0] = uint16(row) //nolint:gosec // a row number of a batch
	if err := o.rows.Append(cols, nil, t.row[:], t.one[:]); err != nil {
		return err
	}
	if err := o.noteRows(t.one[:]); err != nil {
		return err
	}
	return o.addBehind(t.one[0], i, keyed.Minus)
}

// refresh reads the first rows back if they have left memory: they were emitted.
func (o *Operator) refresh() error {
	if !o.tail.stale {
		return nil
	}
	if o.parts.Len() == 0 {
		if err := o.parts.Grow(1); err != nil {
			return op.OutOfMemory(o.config.Name, err)
		}
		*o.parts.At(0) = noRows()
	}
	part := o.parts.At(0)
	if err := o.fill(part); err != nil {
		return err
	}
	o.emitted(part)
	o.tail.stale = false
	return nil
}

// makeFull has the first rows be among the list, before what has changed is found.
func (o *Operator) makeFull() error {
	if err := o.refresh(); err != nil || len(o.touched) == 0 || !o.tail.any() {
		return err
	}
	if part := o.parts.At(0); o.lacks(part, o.keysIn(part)) {
		return o.fill(part)
	}
	return nil
}

// keysIn is how many different keys the rows of the list have, as far as that matters: to the first that is not among the first, and where they are counted.
func (o *Operator) keysIn(part *partitionState) (n int64) {
	if o.config.Function != DenseRank {
		return 0
	}
	before := keyed.NoRow
	for id := o.lists.First(part.root); id != keyed.NoRow && n <= o.end; id = o.lists.Next(id) {
		if !o.isPeer(id, before) {
			n++
		}
		before = id
	}
	return n
}

// lacks reports whether a row that comes behind the list may be among the first; the list has so many keys.
func (o *Operator) lacks(part *partitionState, keys int64) bool {
	switch {
	case o.config.Function == DenseRank:
		return keys <= o.end // others may have the last of them
	case int64(o.lists.Len(part.root)) < o.end:
		return true
	}
	return o.counted() && o.isPeer(o.lists.At(part.root, int(o.end)-1), o.lists.Last(part.root))
}

// fill puts rows from behind the list in it until the first rows are among it, and some more.
func (o *Operator) fill(part *partitionState) error {
	t, keys := &o.tail, o.keysIn(part)
	for t.any() && (o.lists.Len(part.root) < o.wanted() || o.lacks(part, keys)) {
		last := o.lists.Last(part.root)
		if err := o.fillOne(part); err != nil {
			return err
		}
		if now := o.lists.Last(part.root); now != last && !o.isPeer(now, last) {
			keys++
		}
	}
	t.needed = o.lists.Len(part.root)
	gone := t.gone
	t.gone = t.gone[:0]
	return o.rows.Delete(gone)
}

// fillOne puts the row that comes next behind the list in it, and all that are equal to it, if more of them were added than taken back.
func (o *Operator) fillOne(part *partitionState) error {
	t := &o.tail
	order, merger, err := o.nearest()
	if err != nil {
		return err
	}
	var key []*batch.Column
	net := 0
	if order <= 0 && merger != nil {
		if key, net, err = merger.Net(); err != nil {
			return err
		}
	}
	if order >= 0 && t.root != keyed.NoRow {
		if net, err = o.fillNoted(part, net); err != nil {
			return err
		}
	}
	for ; net > 0; net-- {
		if err := o.rows.Append(key, nil, nil, t.one[:]); err != nil {
			return err
		}
		if err := o.noteRows(t.one[:]); err != nil {
			return err
		}
		if part.root, err = o.lists.Insert(part.root, t.one[0], o.lists.PrefixOf(t.one[0])); err != nil {
			return err
		}
	}
	return nil
}

// nearest compares the next row of the runs with the next that is noted: one that there is not comes behind all others. merger is nil if there are no more runs.
func (o *Operator) nearest() (order int, merger *keyed.Merger, err error) {
	t := &o.tail
	if !t.runs.Any() {
		return 1, nil, nil
	}
	if merger, err = t.runs.Consume(0); err != nil {
		return 0, nil, err
	}
	cols, row, left := merger.Head()
	if !left {
		t.runs.Stop()
		return 1, nil, nil
	}
	first := o.lists.First(t.root)
	if first == keyed.NoRow {
		return -1, merger, nil
	}
	others, other := o.rows.Row(first)
	return o.order.Compare(cols, row, others, other), merger, nil
}

// fillNoted takes the next rows that are noted and are equal to each other, beside net of the runs, and puts those that are left in the list. It returns how many more are.
func (o *Operator) fillNoted(part *partitionState, net int) (more int, err error) {
	t := &o.tail
	t.equal = t.equal[:0]
	first := o.lists.First(t.root)
	for id := first; id != keyed.NoRow && (id == first || o.order.CompareIDs(o.rows, id, first) == 0); id = o.lists.First(t.root) {
		t.root = o.lists.Delete(t.root, id)
		if *o.rows.Mark(id)&keyed.Minus != 0 {
			net--
			t.gone = append(t.gone, id)
			continue
		}
		net++
		t.equal = append(t.equal, id)
	}
	kept := min(max(net, 0), len(t.equal))
	t.gone = append(t.gone, t.equal[kept:]...)
	for _, id := range t.equal[:kept] {
		if err := o.rows.TouchOne(id); err != nil {
			return 0, err
		}
		*o.rows.Mark(id) = 0
		if part.root, err = o.lists.Insert(part.root, id, o.lists.PrefixOf(id)); err != nil {
			return 0, err
		}
	}
	return net - kept, nil
}
