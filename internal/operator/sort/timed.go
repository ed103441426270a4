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

// TimedConfig says what a Timed does. Its output has the columns of its input.
type TimedConfig struct {
	// Name is the step's, for errors.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	// Keys begin with a TIMESTAMP or TIMESTAMPTZ column, ascending, NULLs last, that no row which comes after watermark w has below w - Lag. Rows that are equal in all keys come out in
	// the order of their other columns, ascending.
	Keys []keyed.Key
	// Lag is how far that column may be behind the watermark, in µs.
	Lag int64
}

// Timed is the operator that puts rows of an endless input in the order of time: it keeps each until the watermark says that no row can come before it. The input has inserts
// alone, all of one key group, and so has the output. Rows without a time come out at the end.
//
// What is kept beyond a watermark stands in a ranked list (keyed.Ranked); what comes and goes between two watermarks, which is most where rows are nearly in order, is sorted by
// words alone (keyed.Order.Sort). Where memory is short the rows that wait become sorted runs, from which a watermark takes what is due, together with what came since.
type Timed struct {
	config TimedConfig
	pool   *batch.Pool
	budget *limit.Budget
	order  *keyed.Order
	rows   *keyed.Rows
	lists  *keyed.Ranked
	root   uint32
	fresh  []uint32 // rows that came since the last watermark
	due    []uint32 // rows that are being emitted, in order
	next   int
	held   int64 // bytes reserved for fresh and due
	runs   *keyed.Runs
	taking bool            // more rows of the runs are due
	read   []*batch.Column // taken from the runs

	numbers []uint32
	absent  []bool
	columns []*batch.Column
	out     batch.Batch
}

// NewTimed returns the operator that config describes. Its rows are reserved in budget.
func NewTimed(pool *batch.Pool, budget *limit.Budget, config TimedConfig) *Timed {
	keys := slices.Clone(config.Keys)
	for i := range config.Types {
		if !slices.ContainsFunc(keys, func(k keyed.Key) bool { return k.Column == i }) {
			keys = append(keys, keyed.Key{Column: i})
		}
	}
	o := &Timed{config: config, pool: pool, budget: budget, order: keyed.NewOrder(config.Types, keys), root: keyed.NoRow}
	o.rows = keyed.NewRows(pool, config.Types, 0, config.Name, budget)
	o.rows.SetExtras(keyed.Extras{Loaded: o.load})
	o.lists = keyed.NewRanked(o.rows, o.order, config.Name, budget)
	o.runs = keyed.NewRuns(keyed.RunsConfig{
		Name: config.Name, Pool: pool, Budget: budget, Rows: o.rows, Types: config.Types, Order: o.order, Left: o.left, Alone: true,
		Stay: func() bool { return len(o.due) > 0 }, // they are being emitted
	})
	return o
}

// Tables is the one table: the rows.
func (o *Timed) Tables() []op.Table { return []op.Table{o.rows} }

// Needs declares the rows.
func (o *Timed) Needs(_ int, _ *batch.Batch, needs *op.Needs) { needs.Groups(0, 0, 0) }

// Apply keeps rows.
func (o *Timed) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	n := in.Rows()
	out.Counts.In += int64(n)
	out.Counts.Held += int64(n)
	if n == 0 {
		return false, nil
	}
	if o.absent == nil {
		o.absent = make([]bool, len(o.config.Types))
		for i, c := range in.Cols {
			o.absent[i] = c == nil
		}
	}
	o.numbers = slices.Grow(o.numbers[:0], n)[:n]
	if err := o.rows.Append(in.Cols, nil, in.Sel, o.numbers); err != nil {
		return false, err
	}
	o.fresh = append(o.fresh, o.numbers...)
	return false, o.reserve()
}

// reserve reserves the lists of row numbers.
func (o *Timed) reserve() error {
	bytes := int64(cap(o.fresh)+cap(o.due)) * numberBytes
	if bytes > o.held {
		if err := o.budget.Reserve(bytes - o.held); err != nil {
			return op.OutOfMemory(o.config.Name, err)
		}
		o.held = bytes
	}
	return nil
}

// OnWatermark emits the rows before which none can come any more.
func (o *Timed) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	limit := micros - o.config.Lag
	if limit > micros { // below all times
		limit = math.MinInt64
	}
	return o.emit(limit, false, out)
}

// OnEnd emits the rest, and gives the memory back. If rows have left memory the others do so first.
func (o *Timed) OnEnd(out *op.Output) (more bool, err error) {
	if len(o.due) == 0 && o.runs.Any() && o.rows.Len() > 0 && !o.taking {
		o.runs.Want()
		return true, nil
	}
	if more, err := o.emit(0, true, out); more || err != nil {
		return more, err
	}
	o.rows.Free()
	o.lists.Free()
	o.runs.Free()
	o.budget.Release(o.held)
	o.fresh, o.due, o.held = nil, nil, 0
	return false, nil
}

// emit emits the next rows below a time, or of all.
func (o *Timed) emit(limit int64, all bool, out *op.Output) (more bool, err error) {
	if len(o.due) == 0 {
		if wanted, err := o.choose(limit, all); wanted || err != nil || len(o.due) == 0 {
			return wanted, err
		}
	}
	n := min(batch.MaxRows, len(o.due)-o.next)
	if n == 0 { // nothing that was emitted is lent any more
		err := o.rows.Delete(o.due)
		o.due, o.next = o.due[:0], 0
		return o.taking, err
	}
	if o.columns == nil {
		o.columns = o.newColumns()
	}
	o.rows.Gather(o.due[o.next:o.next+n], o.columns)
	o.out = batch.Batch{Cols: o.columns, Len: n}
	o.next += n
	out.Emit(0, &o.out)
	out.Counts.Held -= int64(n)
	out.Counts.Forwarded += int64(n)
	return true, nil
}

// newColumns returns a column for each that something reads.
func (o *Timed) newColumns() []*batch.Column {
	columns := make([]*batch.Column, len(o.config.Types))
	for i, typ := range o.config.Types {
		if len(o.absent) == 0 || !o.absent[i] {
			columns[i] = batch.NewColumn(o.pool, typ)
		}
	}
	return columns
}

// choose finds rows that are due, and puts those that came and are not in the list: all of them, or where there are runs the first. It reports whether there is no memory for that, and all rows in memory leave it
// before the next call.
func (o *Timed) choose(limit int64, all bool) (wanted bool, err error) {
	isDue := func(cols []*batch.Column, row int) bool {
		c := cols[o.config.Keys[0].Column]
		return all || !c.IsNull(row) && c.Int64s()[row] < limit
	}
	o.taking = false
	spilled := o.runs.Any()
	if err = o.chooseFresh(isDue, !spilled); err == nil && !spilled {
		err = o.order.Sort(o.rows, o.due)
	}
	var merger *keyed.Merger
	if err == nil && spilled {
		merger, err = o.consume()
	}
	if err != nil && o.runs.WantIf(err) {
		o.due = o.due[:0]
		return true, nil
	}
	if err == nil && spilled {
		return o.chooseWithRuns(merger, isDue)
	}
	return false, err
}

// chooseFresh puts rows that came in the list, but for those that are due, if these are wanted at once, with those of the list.
func (o *Timed) chooseFresh(isDue func(cols []*batch.Column, row int) bool, atOnce bool) error {
	for id := o.lists.First(o.root); atOnce && id != keyed.NoRow && isDue(o.rows.Row(id)); id = o.lists.First(o.root) {
		o.root = o.lists.Delete(o.root, id)
		o.due = append(o.due, id)
	}
	for _, id := range o.fresh {
		if atOnce && isDue(o.rows.Row(id)) {
			o.due = append(o.due, id)
		} else if err := o.wait(id); err != nil {
			return err
		}
	}
	o.fresh = o.fresh[:0]
	return o.reserve()
}

// wait puts a row in the list.
func (o *Timed) wait(id uint32) (err error) {
	o.root, err = o.lists.Insert(o.root, id, o.lists.PrefixOf(id))
	return err
}

// Snapshot returns the rows, if they are of the key group.
func (o *Timed) Snapshot(group op.KeyGroup) ([]byte, error) {
	rows, err := o.rows.Snapshot(uint8(group))
	if rows == nil || err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, version, nil, rows), nil
}

// Restore puts the rows of a snapshot in.
func (o *Timed) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(o.config.Name, data, version, 2)
	if err != nil {
		return err
	}
	if parts[0] != nil {
		return &keyed.CorruptError{What: o.config.Name, Reason: "it was stored by an operator that sorts at the end"}
	}
	if err := o.rows.Restore(uint8(group), parts[1]); err != nil {
		return err
	}
	o.fresh = o.rows.AppendGroup(o.fresh, uint8(group))
	return o.reserve()
}
