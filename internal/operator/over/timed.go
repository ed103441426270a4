package over

import (
	"math"
	"slices"

	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// The marks of a Timed's rows, which may be put together.
const (
	// answered is that of a row that was emitted, and is kept for the frames of later ones.
	answered = 1 << iota
	// headOfAll is that of the first row that its partition had, where that is asked for.
	headOfAll
)

// Timed is the operator of window functions over rows that are only ever added, in the order of a time that has a watermark: each row is emitted once, when the watermark says that no row can come
// before it, nor within what its frames see of the time behind it. Rows that are equal in the order stand in that of their other columns, ascending, NULLs last. Rows without a time come out
// at the end.
//
// Rows that have been emitted are kept as long as a frame of a later one may see them; of frames that begin with the partition only the answers so far are. So the rows of a partition that are
// complete are a queue, behind which those that become complete are put, sorted.
type Timed struct {
	config Config
	e      *Operator // has the rows, and the functions
	budget *limit.Budget
	time   int
	// order is by partition, then as rows stand in it; byTime is by the time.
	order   *keyed.Order
	waiting *keyed.Ranked // rows that are not complete, by time
	root    uint32
	table   *keyed.Table // nil without partition: slot 0 is the one there is
	parts   *keyed.Slab[queued]
	slotOf  *keyed.Slab[uint32] // of rows
	queues  []fifo              // by slot; they follow from the rows
	room    int                 // rows that there is room for in all queues
	fresh   []uint32            // rows that came since the last watermark
	due     []uint32            // rows that have become complete
	partly  []uint32            // the partitions with complete rows that are not answered yet
	running []running
	sliding []*slidingSums
	keeps   bool // something is kept of partitions without rows
	heads   bool // the first row of a partition is kept
	groups  bool // groups of peers are counted
	sight   sight
	jobs    jobs
	working bool
	limit   int64 // of the times that are answered, while working
	trimmed int64 // up to which what is not needed was looked for in all partitions
	stamp   stamps
	held    int64

	columns []*batch.Column // of the partition
	slots   []uint32
	ids     []uint32
	gone    []uint32
	out     batch.Batch
	touched []uint32 // partitions of which something is about to change
	// loaded: rows were put in one by one.
	loaded bool
	away   timedAway
}

// queued is what is known of a partition.
type queued struct {
	// answered is how many rows at the front of its queue are emitted already.
	answered uint32
	// rows is how many rows it has at all.
	rows uint32
	// head is the first row it ever had, if that is kept.
	head  uint32
	stamp int64 // the processing time at which a row last came, in µs
}

// fifo is the queue of the complete rows of a partition: items from head on.
type fifo struct {
	items []uint32
	head  int
}

func (f *fifo) rows() []uint32 { return f.items[f.head:] }

// push appends a row and returns by how many rows the memory has grown.
func (f *fifo) push(id uint32) int {
	before := cap(f.items)
	if len(f.items) == before && f.head > before/2 {
		f.items, f.head = f.items[:copy(f.items, f.items[f.head:])], 0
	}
	f.items = append(f.items, id)
	return cap(f.items) - before
}

// pop drops the first n rows and returns by how many rows the memory has shrunk.
func (f *fifo) pop(n int) int {
	before := cap(f.items)
	if f.head += n; f.head < len(f.items) {
		if left := f.items[f.head:]; len(left) < before/4 {
			*f = fifo{items: append([]uint32(nil), left...)}
		}
		return before - cap(f.items)
	}
	const small = 8 // so much every queue keeps
	if before <= small {
		f.items, f.head = f.items[:0], 0
		return 0
	}
	*f = fifo{}
	return before
}

// queueBytes is what a queue takes beside its rows.
const queueBytes = 32

// NewTimed returns the operator that config describes. What it keeps is reserved in budget. For each of the calls TimedRefusal must be "", and Order must begin with a TIMESTAMP or TIMESTAMPTZ
// column, ascending, NULLs last.
func NewTimed(pool *batch.Pool, budget *limit.Budget, config Config) *Timed {
	t := newTimed(pool, budget, config, nil)
	t.order = keyed.NewOrder(config.Types, config.total())
	t.waiting = keyed.NewRanked(t.e.rows, keyed.NewOrder(config.Types, []keyed.Key{{Column: t.time}}), config.Name, budget)
	if len(config.Partition) > 0 {
		types := make([]schema.Type, len(config.Partition))
		for i, column := range config.Partition {
			types[i] = config.Types[column]
		}
		t.table = keyed.NewTable(pool, types, config.Name, budget)
		t.columns = make([]*batch.Column, len(types))
	}
	extras := keyed.Extras{Loaded: t.load}
	if t.leaves() {
		extras.Has = t.away.present
	}
	t.e.rows.SetExtras(extras)
	if t.table != nil {
		t.table.SetValues(keyed.Values{Append: t.appendState, Restore: t.restorePartition, Leave: t.leaves(), Free: t.let})
	}
	return t
}

// total are the keys of an order of rows by partition, then as rows stand in it.
func (c *Config) total() []keyed.Key {
	var keys []keyed.Key
	for _, column := range c.Partition {
		keys = append(keys, keyed.Key{Column: column})
	}
	keys = append(keys, c.Order...)
	for i := range c.Types {
		if !slices.ContainsFunc(keys, func(k keyed.Key) bool { return k.Column == i }) {
			keys = append(keys, keyed.Key{Column: i})
		}
	}
	return keys
}

// newTimed returns a Timed that has the functions, and nothing that tells partitions, or rows that wait, by; whole is nil but for a partition that is larger than memory.
func newTimed(pool *batch.Pool, budget *limit.Budget, config Config, whole *whole) *Timed {
	t := &Timed{config: config, budget: budget, time: NoColumn, root: keyed.NoRow, trimmed: math.MinInt64}
	if len(config.Order) > 0 {
		t.time = config.Order[0].Column
	}
	inner := config
	if config.TTL > 0 {
		inner.Types = append(slices.Clip(config.Types), schema.Of(schema.Int64))
		t.stamp.init(pool, len(config.Types))
	}
	t.e = newTimedFunctions(pool, budget, inner, whole)
	for _, c := range t.e.calls {
		switch c := c.(type) {
		case *runningPosition:
			t.keeps, t.groups = true, t.groups || c.kind == window.DenseRank
		case *runningFirst:
			t.keeps, t.heads = true, true
		case *framed:
			switch s := c.sums.(type) {
			case *runningSums:
				t.running, t.keeps = append(t.running, s), true
			case *slidingSums:
				t.sliding = append(t.sliding, s)
			}
		}
	}
	t.parts, t.slotOf = keyed.NewSlab[queued](budget), keyed.NewSlab[uint32](budget)
	t.sight.init(t)
	return t
}

// Tables are the partitions, if there are columns to tell them by, and the rows.
func (t *Timed) Tables() []op.Table {
	if t.table == nil {
		return []op.Table{t.e.rows}
	}
	return []op.Table{&partitionTable{t.table, t}, &timedRows{t.e.rows, t}}
}

// Needs declares the partitions of the rows that come. What a watermark answers waits, and is in memory; processing time finds others that are away.
func (t *Timed) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in == nil && t.leaves() && t.e.rows.Noting():
		hashes := t.stamp.patrol.Hashes()
		needs.Keys(0, hashes)
		needs.Keys(1, hashes)
	case in == nil:
		for i := range t.Tables() {
			needs.All(i)
		}
	case t.table == nil:
		needs.Groups(0, 0, 0)
	default:
		hashes := t.e.hasher.Hash(in)
		needs.Keys(0, hashes)
		needs.Keys(1, hashes)
	}
}

// Apply keeps rows.
func (t *Timed) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	n := in.Rows()
	out.Counts.In += int64(n)
	out.Counts.Held += int64(n)
	if n == 0 {
		return false, nil
	}
	t.e.see(in)
	if err := t.sight.see(in.Cols, in); err != nil {
		return false, err
	}
	hashes, err := t.find(in, n)
	if err != nil {
		return false, err
	}
	if t.config.TTL > 0 && t.table != nil {
		if err := t.table.Touch(t.slots); err != nil {
			return false, err
		}
	}
	t.ids = slices.Grow(t.ids[:0], n)[:n]
	if err := t.e.rows.Append(t.stamp.columns(in), hashes, in.Sel, t.ids); err != nil {
		return false, err
	}
	if err := t.noteRows(t.ids); err != nil {
		return false, err
	}
	t.fresh = append(t.fresh, t.ids...)
	return false, t.reserve()
}

// noteRows notes the partitions of rows, which are those of slots.
func (t *Timed) noteRows(ids []uint32) error {
	if err := t.slotOf.Grow(int(slices.Max(ids)) + 1); err != nil {
		return op.OutOfMemory(t.config.Name, err)
	}
	for i, id := range ids {
		*t.slotOf.At(id) = t.slots[i]
		part := t.parts.At(t.slots[i])
		part.rows++
		part.stamp = max(part.stamp, t.stamp.now)
	}
	return nil
}

// reserve reserves the lists of row numbers.
func (t *Timed) reserve() error {
	bytes := int64(cap(t.fresh)+cap(t.due)+cap(t.partly)+cap(t.jobs.targets)+t.room)*numberBytes + int64(cap(t.queues))*queueBytes
	if bytes < t.held {
		t.budget.Release(t.held - bytes)
	} else if err := t.budget.Reserve(bytes - t.held); err != nil {
		return op.OutOfMemory(t.config.Name, err)
	}
	t.held = bytes
	return nil
}

// find sets slots to those of the partitions of the rows of b.
func (t *Timed) find(b *batch.Batch, n int) (hashes []uint64, err error) {
	t.slots = slices.Grow(t.slots[:0], n)[:n]
	if t.table == nil {
		clear(t.slots)
		if t.parts.Len() > 0 {
			return nil, nil
		}
		return nil, t.begin(1, []uint32{0})
	}
	hashes = t.e.hasher.Hash(b)
	for i, column := range t.config.Partition {
		t.columns[i] = b.Cols[column]
	}
	fresh, err := t.table.Upsert(hashes, t.columns, b.Sel, t.slots)
	if err != nil || len(fresh) == 0 {
		return hashes, err
	}
	begun := make([]uint32, len(fresh))
	for k, i := range fresh {
		begun[k] = t.slots[i]
	}
	return hashes, t.begin(t.table.Limit(), begun)
}

// begin makes slots 0 to n-1 usable, and some of them those of partitions that begin.
func (t *Timed) begin(n int, slots []uint32) error {
	if err := t.parts.Grow(n); err != nil {
		return op.OutOfMemory(t.config.Name, err)
	}
	if err := t.e.counts.Grow(n); err != nil {
		return op.OutOfMemory(t.config.Name, err)
	}
	for _, r := range t.running {
		if err := r.grow(n); err != nil {
			return err
		}
	}
	for _, s := range t.sliding {
		if err := s.grow(n); err != nil {
			return err
		}
	}
	if more := n - len(t.queues); more > 0 {
		t.queues = append(t.queues, make([]fifo, more)...)
	}
	for _, slot := range slots {
		t.room -= t.queues[slot].pop(len(t.queues[slot].rows()))
		*t.parts.At(slot) = queued{head: keyed.NoRow}
		*t.e.counts.At(slot) = count{}
		for _, r := range t.running {
			r.forget(slot)
		}
		for _, s := range t.sliding {
			s.forget(slot)
		}
	}
	return nil
}

// OnWatermark emits the rows before which none can come any more.
func (t *Timed) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	return t.work(less(micros, t.config.Lag), false, out)
}

// less subtracts what is not negative, down to the least time.
func less(micros, by int64) int64 {
	if micros < math.MinInt64+by {
		return math.MinInt64
	}
	return micros - by
}

// Limit is the watermark that those behind may be told: rows come out later by what frames see of the time behind them.
func (t *Timed) Limit(micros int64) int64 {
	if micros == math.MaxInt64 {
		return micros
	}
	return less(micros, t.sight.ahead)
}

// OnEnd emits the rest, and gives the memory back.
func (t *Timed) OnEnd(out *op.Output) (more bool, err error) {
	if more, err := t.work(math.MaxInt64, true, out); more || err != nil {
		return more, err
	}
	if t.table != nil { // before what is stored with its keys
		t.table.Free()
	}
	t.e.free()
	t.vacate()
	return false, nil
}

// work emits the next rows below a limit.
func (t *Timed) work(limit int64, all bool, out *op.Output) (more bool, err error) {
	if !t.working {
		if len(t.fresh) == 0 && t.root == keyed.NoRow && len(t.partly) == 0 {
			return false, t.trim(limit)
		}
		if err := t.plan(limit, all); err != nil {
			return false, err
		}
		t.working = true
	}
	_, n, answers, err := t.e.step(&t.jobs)
	if err != nil {
		return false, err
	}
	if n == 0 { // nothing that was emitted is lent any more
		t.working = false
		if err := t.finish(); err != nil {
			return false, err
		}
		return false, t.trim(limit)
	}
	t.out = batch.Batch{Cols: append(append(t.out.Cols[:0], t.e.columns[:len(t.config.Types)]...), answers...), Len: n}
	out.Emit(0, &t.out)
	out.Counts.Held -= int64(n)
	out.Counts.Forwarded += int64(n)
	return true, nil
}
