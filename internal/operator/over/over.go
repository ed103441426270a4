package over

import (
	"slices"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Operator is the operator.
type Operator struct {
	config Config
	pool   *batch.Pool
	memory memory
	// order is by partition and order, partitions and peers by one of them.
	order, partitions, peers *keyed.Order
	hasher                   *keyed.Hasher // nil without partition
	rows                     *keyed.Rows
	// stored are the rows that came; rows is another one once they have left memory, and segments is how those come back, at the end, from runs.
	stored   *keyed.Rows
	runs     *keyed.Runs
	segments segments
	carried  *carried // nil, but while a partition is emitted that is larger than memory
	// ids are all rows in order, once ended; next is the first that has not been emitted.
	ended bool
	ids   []uint32
	next  int
	// dropped is how many of ids are not stored any more.
	dropped int
	// skip is how many rows of the first partition of a key group were emitted before the snapshot that it was restored from.
	skip [op.KeyGroups]int

	part partition
	// piece is the part of a partition that is being emitted.
	piece     piece
	wantPeers bool
	allPeers  bool // also those before the rows that are computed
	// counts are those of a Timed, by partition; nil if the functions see whole partitions.
	counts *keyed.Slab[count]
	// whole is what is known of all rows of a partition that is larger than memory; nil: of others.
	whole  *whole
	frames []*framing
	calls  []evaluator

	numbers []uint32
	sel     []uint16
	absent  []bool // columns that nothing reads
	columns []*batch.Column
	answers []*batch.Column
	out     batch.Batch
}

// evaluator computes the column of a call.
type evaluator interface {
	// begin begins a partition.
	begin() error
	// fill computes the rows of the operator's piece, which is the first of a batch if it begins at row 0.
	fill() error
	// finish returns the column of the n rows of the batch. It is lent until the next fill.
	finish(n int) *batch.Column
	// close gives back what the operator's memory does not count.
	close()
}

// New returns the operator that config describes. What it keeps is reserved in budget.
func New(pool *batch.Pool, budget *limit.Budget, config Config) *Operator {
	return newOperator(pool, budget, config, nil, nil)
}

// newOperator returns an operator, whose functions are those of a Timed if there are counts, and of a partition that is larger than memory if there is a whole.
func newOperator(pool *batch.Pool, budget *limit.Budget, config Config, counts *keyed.Slab[count], whole *whole) *Operator {
	o := &Operator{config: config, pool: pool, memory: memory{budget: budget, name: config.Name}, counts: counts, whole: whole}
	partition := make([]keyed.Key, len(config.Partition))
	for i, column := range config.Partition {
		partition[i] = keyed.Key{Column: column}
	}
	o.order = keyed.NewOrder(config.Types, slices.Concat(partition, config.Order))
	o.partitions, o.peers = keyed.NewOrder(config.Types, partition), keyed.NewOrder(config.Types, config.Order)
	if len(partition) > 0 {
		o.hasher = keyed.NewHasher(config.Partition)
	}
	o.rows = o.newRows()
	o.stored = o.rows
	o.runs = keyed.NewRuns(keyed.RunsConfig{
		Name: config.Name, Pool: pool, Budget: budget, Rows: o.rows, Types: config.Types, Order: o.order, Left: func() {}, Stay: func() bool { return o.ended },
	})
	for i := range config.Calls {
		o.calls = append(o.calls, o.evaluatorOf(&config.Calls[i]))
	}
	return o
}

func (o *Operator) newRows() *keyed.Rows {
	return keyed.NewRows(o.pool, o.config.Types, 0, o.config.Name, o.memory.budget)
}

// evaluatorOf chooses how a call is computed.
func (o *Operator) evaluatorOf(c *Call) evaluator {
	if !c.Function.Framed() && (hasOffset(c.Frame.Start) || hasOffset(c.Frame.End)) {
		f := o.frameOf(c.Frame) // for its mistakes, which for RANGE are found on the way
		f.used = f.used || f.Unit == ast.FrameRange
	}
	if o.whole != nil && seesWhole(c, len(o.config.Order) > 0) {
		return o.wholeOf(c)
	}
	if isRunning, _ := timedWay(c); isRunning && o.counts != nil {
		return o.runningOf(c)
	}
	switch c.Function.Kind {
	case window.Lag, window.Lead:
		return newOffset(o, c)
	case window.FirstValue, window.LastValue, window.NthValue:
		return newValue(o, c)
	case window.Aggregate:
		return newAggregate(o, c)
	default:
		return newPosition(o, c)
	}
}

// runningOf chooses how a call is computed from what is kept of a partition.
func (o *Operator) runningOf(c *Call) evaluator {
	switch c.Function.Kind {
	case window.FirstValue:
		return &runningFirst{newPicker(o, c, c.Args[0])}
	case window.Aggregate:
		return newRunningAggregate(o, c)
	default:
		return newRunningPosition(o, c)
	}
}

// framing returns the frames of a call.
func (o *Operator) framing(f Frame) *framing {
	made := o.frameOf(f)
	made.used = true
	ends := f.Start == ast.CurrentRow || f.End == ast.CurrentRow
	o.wantPeers = o.wantPeers || f.Unit == ast.FrameGroups || f.Unit == ast.FrameRange && ends || f.Exclude > ast.ExcludeCurrentRow
	o.allPeers = o.allPeers || f.Unit == ast.FrameGroups && (hasOffset(f.Start) || hasOffset(f.End))
	return made
}

// frameOf returns frames, the same for all calls that have the same.
func (o *Operator) frameOf(f Frame) *framing {
	for _, known := range o.frames {
		if known.Frame == f {
			return known
		}
	}
	made := &framing{Frame: f, o: o}
	o.frames = append(o.frames, made)
	return made
}

// Tables is the one table: the rows.
func (o *Operator) Tables() []op.Table { return []op.Table{o.stored} }

// Needs declares the key groups of the rows that come, and all of them at the end.
func (o *Operator) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in == nil:
		needs.All(0)
	case o.hasher == nil:
		needs.Groups(0, 0, 0)
	default:
		needs.Keys(0, o.hasher.Hash(in))
	}
}

// Apply keeps rows.
func (o *Operator) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	n := in.Rows()
	o.see(in)
	out.Counts.In += int64(n)
	out.Counts.Held += int64(n)
	return false, o.keep(o.rows, in)
}

// see notes which columns nothing reads.
func (o *Operator) see(in *batch.Batch) {
	if in.Rows() == 0 || o.absent != nil {
		return
	}
	o.absent = make([]bool, len(o.config.Types))
	for i, c := range in.Cols {
		o.absent[i] = c == nil
	}
}

// keep appends rows to a store.
func (o *Operator) keep(store *keyed.Rows, in *batch.Batch) error {
	n := in.Rows()
	if n == 0 {
		return nil
	}
	var hashes []uint64
	if o.hasher != nil {
		hashes = o.hasher.Hash(in)
	}
	o.numbers = slices.Grow(o.numbers[:0], n)[:n]
	return store.Append(in.Cols, hashes, in.Sel, o.numbers)
}

// OnEnd emits the rows in order, each with what the functions say of it.
func (o *Operator) OnEnd(out *op.Output) (more bool, err error) {
	switch {
	case o.segments.begun || o.ended:
	case o.runs.Any() && o.stored.Len() > 0:
		o.runs.Want()
		return true, nil // they leave before the next call
	case o.runs.Any():
		o.beginSegments()
	default:
		if err := o.end(); err != nil {
			if o.runs.WantIf(err) {
				return true, nil
			}
			return false, err
		}
	}
	for o.segments.begun && o.next == len(o.ids) {
		if o.carried != nil {
			if err := o.carryOn(out); err != nil || out.Ports[0] != nil {
				return true, err
			}
			continue
		}
		if more, err := o.nextSegment(); err != nil || !more {
			return false, err
		}
	}
	for o.next < len(o.ids) && out.Ports[0] == nil { // what was emitted before is passed over
		if err := o.emit(out); err != nil {
			return false, err
		}
	}
	if out.Ports[0] != nil || o.segments.begun {
		return true, nil
	}
	o.free() // nothing that was emitted is lent any more
	return false, nil
}

// free gives all memory back.
func (o *Operator) free() {
	if o.carried != nil {
		o.carried.free()
	}
	for _, c := range o.calls {
		c.close()
	}
	o.rows.Free()
	o.stored.Free()
	o.runs.Free()
	o.ids, o.next, o.part, o.calls = nil, 0, partition{}, nil
	o.memory.giveBack()
}

// emit emits those of the next rows that were not emitted before a restore.
func (o *Operator) emit(out *op.Output) error {
	n := min(batch.MaxRows, len(o.ids)-o.next)
	o.out = batch.Batch{Cols: append(o.out.Cols[:0], o.gather(o.ids[o.next:o.next+n])...), Len: n}
	o.sel = o.sel[:0]
	if err := o.compute(n); err != nil {
		return err
	}
	o.next += n
	selected := len(o.sel)
	if selected == 0 {
		return nil
	}
	for _, c := range o.calls {
		o.out.Cols = append(o.out.Cols, c.finish(n))
	}
	if selected < n {
		o.out.Sel = o.sel
	}
	out.Emit(0, &o.out)
	out.Counts.Held -= int64(selected)
	out.Counts.Forwarded += int64(selected)
	return nil
}

// end sorts the rows.
func (o *Operator) end() error {
	bytes := int64(o.rows.Len()) * numberBytes
	if err := o.memory.take(bytes); err != nil {
		return err
	}
	o.ids = make([]uint32, o.rows.Len())
	var c keyed.Cursor
	for at := 0; at < len(o.ids); {
		at += o.rows.Scan(&c, o.ids[at:])
	}
	if err := o.order.Sort(o.rows, o.ids); err != nil {
		o.memory.release(bytes)
		o.ids = nil
		return err
	}
	o.next, o.ended = 0, true
	return nil
}

// gather returns columns with rows, lent until the next call.
func (o *Operator) gather(ids []uint32) []*batch.Column {
	o.makeColumns()
	o.rows.Gather(ids, o.columns)
	return o.columns
}

// makeColumns makes a column for each that something reads.
func (o *Operator) makeColumns() {
	if o.columns != nil {
		return
	}
	o.columns = make([]*batch.Column, len(o.config.Types))
	for i, typ := range o.config.Types {
		if len(o.absent) == 0 || !o.absent[i] {
			o.columns[i] = batch.NewColumn(o.pool, typ)
		}
	}
}

// compute has the functions answer for the next n rows, and selects those that were not emitted before.
func (o *Operator) compute(n int) error {
	for at := 0; at < n; {
		if o.next+at == o.part.end {
			if err := o.beginPartition(); err != nil {
				return err
			}
		}
		p := &o.piece
		p.from, p.at = o.next+at-o.part.start, at
		p.to = min(p.from+n-at, len(o.part.ids))
		if err := o.fill(); err != nil {
			return err
		}
		for i := max(p.from, o.part.skip); i < p.to; i++ {
			o.sel = append(o.sel, uint16(at+i-p.from)) //nolint:gosec // a row number of a batch
		}
		at += p.to - p.from
	}
	return nil
}

// beginPartition goes on to the next partition.
func (o *Operator) beginPartition() error {
	start := o.part.end
	end := start + 1
	for end < len(o.ids) && o.partitions.CompareIDs(o.rows, o.ids[start], o.ids[end]) == 0 {
		end++
	}
	group := o.rows.GroupOf(o.ids[start])
	o.part.start, o.part.end, o.part.ids = start, end, o.ids[start:end]
	o.part.skip, o.skip[group] = o.skip[group], 0
	return o.beginFunctions()
}
