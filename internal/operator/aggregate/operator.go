package aggregate

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Operator makes one row of each group, when the input ends, or keeps those rows up to date by changes.
type Operator struct {
	*groups
	config Config
	output *output
	walk   walk
	ranges *ranges // nil while all groups are in memory
	// ended: the walk has begun. over: everything was emitted. hasEmpty: the groups of empty sets were made, perhaps before a restore.
	ended, over, hasEmpty bool
	// keeps: changes of the state are noted. whole: it was restored by key groups.
	keeps, whole bool
	// stays, unless it is nil, says of a slot that its group must stay in memory.
	stays func(slot uint32) bool
	// passed is what Restored has left in the store.
	passed Passed
	// owned: a Part's owner decides when the state goes, all of it at once.
	owned bool
	// started: with changes, the groups that are there without rows were made.
	started bool
	// lost: it is not known where those are, since all groups have left memory.
	lost    bool
	ignored int64
	tables  []op.Table
	asked   asked
	// groupTable and groupPart are the groups as what is loaded and as what leaves memory.
	groupTable groupTable
	groupPart  groupPart
}

// New returns the operator that config describes. Its state is reserved in budget.
func New(pool *batch.Pool, budget *limit.Budget, config Config) *Operator {
	o := &Operator{config: config}
	o.groups = newGroups(pool, budget, &o.config, false)
	o.output = newOutput(o.groups, config.Output())
	if o.table != nil {
		o.groupPart = groupPart{Table: o.table, o: o}
		o.groupTable = groupTable{Table: o.table, o: o}
		o.tables = append(o.tables, &o.groupTable)
	}
	for _, s := range o.seen {
		o.tables = append(o.tables, &seenTable{s.table, s, o})
	}
	for _, c := range o.calls {
		if c.ordered != nil {
			if c.ordered.ranking != nil {
				o.groupPart.ordered = append(o.groupPart.ordered, c.ordered)
			}
			o.tables = append(o.tables, &rowsTable{c.ordered.rows, c.ordered})
		}
	}
	return o
}

// Tables are that of the groups, and those of the calls in their order.
func (o *Operator) Tables() []op.Table { return o.tables }

// Needs declares the groups of the rows that come, and what the calls keep in the same key groups; everything at the end, but for groups that may leave memory: a flush looks
// at those that were touched since the last one, which have stayed.
func (o *Operator) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	o.asked.in = in
	switch {
	case in == nil && o.table != nil && o.table.Departed():
		o.needRange(needs)
	case in == nil:
		o.needAll(needs)
	case in.Rows() == 0:
	case o.table == nil:
		for i := range o.tables {
			needs.Groups(i, 0, 0)
		}
	default:
		o.needRows(in, needs)
	}
}

// Separate returns the hashes of the groups of in, if each row has one; see op.Separable.
func (o *Operator) Separate(_ int, in *batch.Batch) []uint64 {
	if o.table == nil || len(o.sets) != 1 {
		return nil
	}
	return o.hashes(in, 0, o.placesOf(in))
}

// needAll declares everything that does not leave memory, and what a sweep has found that did.
func (o *Operator) needAll(needs *op.Needs) {
	if o.keeps && o.leaves() {
		o.needLasting(needs)
	}
	if e := o.expiry; e != nil && o.keeps {
		o.needWoken(needs, e.waking.Hashes())
	}
	for i := range o.tables {
		if !o.keeps || !o.partLeaves(i) {
			needs.All(i)
		}
	}
}

// needWoken declares the groups of hashes that a sweep has found, or the values.
func (o *Operator) needWoken(needs *op.Needs, hashes []uint64) {
	switch of := o.expiry.phase; {
	case len(hashes) == 0:
	case of >= sweepSeen:
		needs.Keys(1+of-sweepSeen, hashes)
	default:
		needs.Keys(0, hashes)
		for k := 1 + len(o.seen); k < len(o.tables); k++ {
			needs.Keys(k, hashes)
		}
	}
}

// needRows declares the groups of rows, and the rows of calls in their key groups. Which of the values that calls have seen are needed is not known before the groups are there: see seenTable.
func (o *Operator) needRows(in *batch.Batch, needs *op.Needs) {
	if o.keeps {
		o.needLasting(needs)
	}
	partition := o.placesOf(in)
	for i := range o.sets {
		hashes := o.hashes(in, i, partition)
		needs.Keys(0, hashes)
		for k := 1 + len(o.seen); k < len(o.tables); k++ {
			if o.keeps && o.leaves() {
				needs.Keys(k, hashes)
				continue
			}
			for _, h := range hashes {
				needs.Groups(k, op.GroupOf(h), op.GroupOf(h))
			}
		}
	}
}

// Apply adds rows to their groups.
func (o *Operator) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if err := o.findLasting(); err != nil {
		return false, err
	}
	if o.changes == nil || !o.changes.flushing {
		if err := o.absorb(in); err != nil {
			return false, err
		}
		rows, unmatched := int64(in.Rows()), int64(o.counted.unmatched)
		out.Counts.In += rows
		out.Counts.Absorbed += rows - unmatched
		out.Counts.Filtered += unmatched
		o.ignored += unmatched
		if o.changes == nil || !o.changes.full() {
			return false, nil
		}
	}
	return o.OnFlush(out)
}

// Ignored returns how many rows were taken back that were not known, since their group has expired. They are counted as filtered.
func (o *Operator) Ignored() int64 { return o.ignored }

// OnFlush emits the changes of the groups that were touched since the last flush.
func (o *Operator) OnFlush(out *op.Output) (more bool, err error) {
	if o.changes == nil {
		return false, nil
	}
	if err := o.findLasting(); err != nil {
		return false, err
	}
	if !o.started {
		if err := o.makeLasting(); err != nil {
			return false, op.OutOfMemory(o.config.Name, err)
		}
		o.started = true
	}
	more, err = o.changes.flush(out)
	return more, op.OutOfMemory(o.config.Name, err)
}

// makeLasting makes the groups that are there without rows, and has them looked at.
func (o *Operator) makeLasting() error {
	if o.table == nil {
		if err := o.grow(1); err != nil {
			return err
		}
		o.touched = true
		return o.changes.touch(nil)
	}
	o.counted.always, o.lost = nil, false
	for i, places := range o.config.Sets {
		if len(places) > 0 {
			continue
		}
		if err := o.upsertEmpty(i); err != nil {
			return err
		}
		o.counted.always = append(o.counted.always, o.slots[0])
		if err := o.changes.touch(o.slots[:1]); err != nil {
			return err
		}
	}
	return nil
}

// OnEnd emits the groups, or what has changed of them. The last call emits nothing: it gives the memory back, which the batch of the one before it needed, unless somebody else does.
func (o *Operator) OnEnd(out *op.Output) (more bool, err error) {
	if o.changes != nil {
		return o.OnFlush(out)
	}
	if !o.ended {
		if err := o.begin(); err != nil {
			return false, op.OutOfMemory(o.config.Name, err)
		}
	}
	if err := o.enterRange(); err != nil {
		return false, err
	}
	slots := o.piece()
	for o.rows != nil && len(slots) > 0 {
		if slots = o.inhabited(slots); len(slots) > 0 {
			break
		}
		slots = o.piece()
	}
	if len(slots) == 0 && o.ranges.goOn() {
		return true, nil
	}
	if len(slots) == 0 {
		if !o.owned {
			o.free()
			o.groupTable.giveBack()
		}
		o.over = true
		return false, nil
	}
	return true, o.output.answers(slots, out)
}

// piece returns the next groups to be emitted.
func (o *Operator) piece() []uint32 {
	if o.table != nil && !o.over {
		return o.walk.piece(o.table)
	}
	if o.over || o.walk.next > 0 {
		return nil
	}
	o.walk.next++
	return []uint32{0}
}

// inhabited returns those of slots that are groups still.
func (o *Operator) inhabited(slots []uint32) []uint32 {
	return slices.DeleteFunc(slots, o.empty)
}

// begin prepares the end: what was seen need not be known any longer, and groups without rows are made where there must be one.
func (o *Operator) begin() error {
	for _, s := range o.seen {
		s.free()
	}
	if o.table == nil {
		o.ended = true
		return o.grow(1)
	}
	if !o.hasEmpty && o.ranges == nil {
		for i, places := range o.config.Sets {
			if len(places) > 0 {
				continue
			}
			if err := o.makeEmpty(i); err != nil {
				return err
			}
		}
	}
	o.ended, o.hasEmpty = true, true
	return o.grow(o.table.Limit())
}

// makeEmpty makes the group of the empty set with number i, which is there without rows.
func (o *Operator) makeEmpty(i int) error {
	if err := o.upsertEmpty(i); err != nil || o.rows == nil {
		return err
	}
	if err := o.table.TouchOne(o.slots[0]); err != nil {
		return err
	}
	*o.rows.At(o.slots[0])++ // there is no input that could take it back
	return nil
}
