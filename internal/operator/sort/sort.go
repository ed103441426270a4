package sort

import (
	"math"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// NoLimit is the Limit that keeps everything.
const NoLimit int64 = -1

// Config says what the operator does. Its output has the columns of its input.
type Config struct {
	// Name is the step's, for errors.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	Keys  []keyed.Key
	// Limit is how many rows are kept after Offset were passed over. WithTies keeps those that are equal to the last of them, too.
	Limit, Offset int64
	WithTies      bool
	// Partition, if there are columns, makes limit and offset hold for the rows with equal values of these, NULLs being equal to each other. The input is
	// exchanged by them.
	Partition []int
}

// Operator is the operator.
type Operator struct {
	config Config
	pool   *batch.Pool
	budget *limit.Budget
	// order is by partition and keys, partition by the partition alone, ties by the keys alone.
	order, partition, ties *keyed.Order
	hasher                 *keyed.Hasher // nil without partition
	rows                   *keyed.Rows
	// first is how many rows of a partition may be among those that are kept; -1 means all. cutAt is how many rows make it time to drop the others.
	first int64
	cutAt int
	// last is the last of the first rows, if there is no partition and there are as many; else keyed.NoRow. leaders are those of partitions.
	last    uint32
	leaders *leaders
	// ids are the rows to be emitted, in order, once ended; next is the first that has not been.
	ended bool
	ids   []uint32
	next  int
	held  int64 // bytes reserved for ids
	// runs are the rows that have left memory. merging is how they are put together at the end; dropped rows were not needed when they left.
	runs    *keyed.Runs
	merging merging
	dropped int64
	// keyColumns are those that partition and keys look at.
	keyColumns []int
	// chosen says that the rows were restored from a snapshot that has none but those to be emitted.
	chosen bool

	numbers []uint32
	kept    []uint16
	absent  []bool // columns that nothing reads
	columns []*batch.Column
	out     batch.Batch
}

// minCut is how many rows are gathered at least before some are dropped.
const minCut = 1 << 14

// New returns the operator that config describes. Its rows are reserved in budget.
func New(pool *batch.Pool, budget *limit.Budget, config Config) *Operator {
	o := &Operator{config: config, pool: pool, budget: budget, first: -1, last: keyed.NoRow, cutAt: math.MaxInt}
	partition := make([]keyed.Key, len(config.Partition))
	for i, column := range config.Partition {
		partition[i] = keyed.Key{Column: column}
	}
	keys := config.Keys
	if !leads(config.Partition, keys) {
		keys = slices.Concat(partition, keys)
	}
	o.order, o.partition, o.ties = keyed.NewOrder(config.Types, keys), keyed.NewOrder(config.Types, partition), keyed.NewOrder(config.Types, config.Keys)
	if len(partition) > 0 {
		o.hasher = keyed.NewHasher(config.Partition)
	}
	if config.Limit >= 0 {
		o.first = config.Limit + min(config.Offset, math.MaxInt64-config.Limit)
		if config.Limit == 0 {
			o.first = 0
		}
	}
	o.settleCut()
	for i := range config.Types {
		if slices.Contains(config.Partition, i) || slices.ContainsFunc(config.Keys, func(k keyed.Key) bool { return k.Column == i }) {
			o.keyColumns = append(o.keyColumns, i)
		}
	}
	o.rows = o.newRows()
	o.runs = o.newRuns()
	o.rows.SetExtras(keyed.Extras{Loaded: o.load})
	if o.hasher != nil && o.first > 0 {
		o.leaders = newLeaders(o)
	}
	return o
}

// settleCut sets cutAt for an operator without rows.
func (o *Operator) settleCut() {
	switch {
	case o.first < 0:
		o.cutAt = math.MaxInt
	case o.hasher == nil:
		o.cutAt = int(max(minCut, 2*min(o.first, math.MaxInt64/2)))
	default:
		o.cutAt = minCut
	}
}

// leads reports whether keys begin with the columns of partition, in whatever order.
func leads(partition []int, keys []keyed.Key) bool {
	if len(keys) < len(partition) {
		return false
	}
	for _, k := range keys[:len(partition)] {
		if !slices.Contains(partition, k.Column) {
			return false
		}
	}
	for _, column := range partition {
		if !slices.ContainsFunc(keys[:len(partition)], func(k keyed.Key) bool { return k.Column == column }) {
			return false
		}
	}
	return true
}

func (o *Operator) newRows() *keyed.Rows {
	return keyed.NewRows(o.pool, o.config.Types, 0, o.config.Name, o.budget)
}

// Done reports that no row can be kept.
func (o *Operator) Done() bool { return o.first == 0 }

// Tables is the one table: the rows.
func (o *Operator) Tables() []op.Table { return []op.Table{o.rows} }

// Needs declares the key groups of the rows that come; all of them where rows may be dropped, and at the end.
func (o *Operator) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in == nil || o.first >= 0:
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
	out.Counts.In += int64(n)
	o.account(out)
	if o.first == 0 {
		out.Counts.Filtered += int64(n)
		return false, nil
	}
	if n == 0 {
		return false, nil
	}
	o.see(in)
	if o.leaders != nil {
		return false, o.leaders.apply(in, out)
	}
	rows := in.Sel
	if o.last != keyed.NoRow {
		rows = o.among(in)
		out.Counts.Filtered += int64(n - len(rows))
		n = len(rows)
	}
	if err := o.keep(o.rows, in, rows, n); err != nil {
		return false, err
	}
	out.Counts.Held += int64(n)
	return false, o.tidy(out)
}

// tidy drops rows if there are many.
func (o *Operator) tidy(out *op.Output) error {
	if o.rows.Len() < o.cutAt {
		return nil
	}
	if err := o.cut(out); err != nil && !o.runs.WantIf(err) {
		return err
	}
	return nil
}

// see notes which columns nothing reads.
func (o *Operator) see(in *batch.Batch) {
	if o.absent == nil {
		o.absent = make([]bool, len(o.config.Types))
		for i, c := range in.Cols {
			o.absent[i] = c == nil
		}
	}
}

// among returns the rows of in that may be among the first.
func (o *Operator) among(in *batch.Batch) []uint16 {
	o.kept = o.kept[:0]
	cols, last := o.rows.Row(o.last)
	worst := 0
	if o.config.WithTies {
		worst = 1
	}
	for i := range in.Rows() {
		row := in.Row(i)
		if o.order.Compare(in.Cols, row, cols, last) < worst {
			o.kept = append(o.kept, uint16(row)) //nolint:gosec // a row number of a batch
		}
	}
	return o.kept
}

// keep appends n rows of in to a store: those of rows, or the first n.
func (o *Operator) keep(store *keyed.Rows, in *batch.Batch, rows []uint16, n int) error {
	if n == 0 {
		return nil
	}
	var hashes []uint64
	if o.hasher != nil {
		view := *in
		view.Sel = rows
		hashes = o.hasher.Hash(&view)
	}
	o.numbers = slices.Grow(o.numbers[:0], n)[:n]
	return store.Append(in.Cols, hashes, rows, o.numbers)
}

// sorted returns the numbers of all rows in order, with memory for them reserved.
func (o *Operator) sorted() ([]uint32, error) {
	if err := o.reserve(o.rows.Len()); err != nil {
		return nil, err
	}
	ids := make([]uint32, o.rows.Len())
	var c keyed.Cursor
	for at := 0; at < len(ids); {
		at += o.rows.Scan(&c, ids[at:])
	}
	return ids, o.order.Sort(o.rows, ids)
}

const numberBytes = 4

// reserve keeps memory for n row numbers.
func (o *Operator) reserve(n int) error {
	bytes := int64(n) * numberBytes
	if bytes <= o.held {
		o.budget.Release(o.held - bytes)
	} else if err := o.budget.Reserve(bytes - o.held); err != nil {
		return op.OutOfMemory(o.config.Name, err)
	}
	o.held = bytes
	return nil
}

// choose keeps, in place, the rows of each partition from number from up to, not including, number to; -1 means all. With ties it keeps those
// that are equal to the last of them, too. ids are in order.
func (o *Operator) choose(ids []uint32, from, to int64) []uint32 {
	if from == 0 && to < 0 {
		return ids
	}
	chosen := ids[:0]
	number, last := int64(0), keyed.NoRow
	for i, id := range ids {
		if i > 0 && o.hasher != nil && o.partition.CompareIDs(o.rows, last, id) != 0 {
			number = 0
		}
		switch {
		case number < from:
		case to < 0 || number < to:
			chosen = append(chosen, id)
		case number == to && o.config.WithTies && from < to && o.ties.CompareIDs(o.rows, last, id) == 0:
			chosen = append(chosen, id)
			last = id
			continue // it counts as the row before
		}
		last = id
		number++
	}
	return chosen
}

// cut drops the rows that are not among the first.
func (o *Operator) cut(out *op.Output) error {
	ids, err := o.sorted()
	if err != nil {
		return err
	}
	ids = o.choose(ids, 0, o.first)
	dropped := int64(o.rows.Len() - len(ids))
	if dropped > 0 || o.leaders != nil && o.leaders.stale {
		if err := o.replace(ids); err != nil {
			return err
		}
	}
	out.Counts.Held -= dropped
	out.Counts.Filtered += dropped
	o.cutAt = max(2*o.rows.Len(), minCut)
	return o.reserve(0)
}

// replace makes the rows with these numbers, in their order, all that are kept.
func (o *Operator) replace(ids []uint32) error {
	left := o.rows.Fresh()
	note := func(at int, _ *batch.Batch, numbers []uint32) error {
		if int64(at) < o.first && o.first <= int64(at+len(numbers)) {
			o.last = numbers[o.first-int64(at)-1]
		}
		return nil
	}
	if o.leaders != nil {
		o.leaders.begin()
		note = o.leaders.note
	}
	if err := o.copyTo(left, ids, note); err != nil {
		left.Free()
		return err
	}
	o.rows.Take(left)
	return nil
}

// copyTo copies rows to another store, and calls done with them and their numbers there; at is the place of the first of them in ids.
func (o *Operator) copyTo(store *keyed.Rows, ids []uint32, done func(at int, rows *batch.Batch, numbers []uint32) error) error {
	for at := 0; at < len(ids); at += batch.MaxRows {
		part := ids[at:min(at+batch.MaxRows, len(ids))]
		b := o.gather(part)
		if err := o.keep(store, b, nil, len(part)); err != nil {
			return err
		}
		if err := done(at, b, o.numbers); err != nil {
			return err
		}
	}
	return nil
}

// gather returns rows as a batch, lent until the next call.
func (o *Operator) gather(ids []uint32) *batch.Batch {
	o.makeColumns()
	o.rows.Gather(ids, o.columns)
	o.out = batch.Batch{Cols: o.columns, Len: len(ids)}
	return &o.out
}

// makeColumns makes the columns that are emitted.
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

// OnEnd emits the rows in order. If some have left memory, or there is not enough to sort the others, those leave first: whoever calls sees to that between two calls.
func (o *Operator) OnEnd(out *op.Output) (more bool, err error) {
	o.account(out)
	if o.runs.Any() {
		if o.rows.Len() > 0 {
			if o.stay() { // nothing is emitted before all of a task's rows are in runs, or none
				return false, &keyed.CorruptError{What: o.config.Name, Reason: "some rows were chosen already, of others that is not said"}
			}
			o.runs.Want()
			return true, nil
		}
		return o.mergeSome(out)
	}
	if !o.ended {
		if err := o.end(out); err != nil {
			if !o.stay() && o.runs.WantIf(err) {
				return true, nil
			}
			return false, err
		}
	}
	n := min(batch.MaxRows, len(o.ids)-o.next)
	if n == 0 { // nothing that was emitted is lent any more
		o.ids, o.next = nil, 0
		o.rows.Free()
		return false, o.reserve(0)
	}
	out.Emit(0, o.gather(o.ids[o.next:o.next+n]))
	o.next += n
	out.Counts.Held -= int64(n)
	out.Counts.Forwarded += int64(n)
	return true, nil
}

// end decides which rows are emitted, in which order.
func (o *Operator) end(out *op.Output) error {
	if o.leaders != nil {
		o.leaders.free()
	}
	ids, err := o.sorted()
	if err != nil {
		return err
	}
	o.ids, o.next, o.ended = ids, 0, true
	if !o.chosen {
		o.ids = o.choose(ids, o.config.Offset, o.first)
	}
	dropped := int64(len(ids) - len(o.ids))
	out.Counts.Held -= dropped
	out.Counts.Filtered += dropped
	return nil
}
