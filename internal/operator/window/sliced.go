package window

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	expr "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// SlicedConfig says what a Sliced does. Its output is that of an Aggregate with the same Config without Sets.
type SlicedConfig struct {
	// Config is as for an Aggregate, but Start and End are the columns of a slice, BIGINTs as an Assign with Slices appends them: Start has the end of the first
	// window of the row, End that of the last. It must be Sliceable. Merge: the input is that of a Combiner with the same Start and End.
	Config
	// Shape is that of the Assign.
	Shape Shape
	// Former says of a Revised how the one told of windows whose state it goes on from.
	Former Showing
	// TimeType is the type of the start and the end of windows, a TIMESTAMP or TIMESTAMPTZ.
	TimeType schema.Type
	// Tasks is how many tasks share the budget, and answer windows at the same time; 0 is one.
	Tasks int
}

// Sliceable reports whether a Sliced, or a Revised where changes come out, can do the work of an Aggregate, so that rows need not be repeated for each of their windows: rows
// are not taken back, there are no grouping sets, and all calls are plain and Mergeable, without an ORDER BY that shows and, unless they ignore repeats, DISTINCT.
func (c *Config) Sliceable() bool {
	if c.Retracts || c.Sets != nil {
		return false
	}
	return !slices.ContainsFunc(c.Calls, func(call aggregate.Call) bool {
		return !call.Function.Mergeable || call.Function.Class != expr.Plain || call.Distinct && !call.Function.IgnoresRepeats || call.Function.Order == expr.ShownOrder && len(call.OrderBy) > 0
	})
}

// Output are the types of the columns that a Sliced emits.
func (c *SlicedConfig) Output() []schema.Type {
	types := c.Config.Config.Output()
	k, t := len(c.Keys), schema.Of(c.TimeType.Kind)
	return slices.Concat(types[:k], []schema.Type{t, t}, types[k:])
}

func (c *SlicedConfig) validate() error {
	if err := c.Shape.Validate(); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	switch {
	case !c.Sliceable():
		return fmt.Errorf("%s: what is asked of windows cannot be put together from slices", c.Name)
	case c.Shape.Kind == Session:
		return fmt.Errorf("%s: sessions have no slices", c.Name)
	case c.Types[c.Start].Kind != schema.Int64 || c.Types[c.End].Kind != schema.Int64:
		return fmt.Errorf("%s: a slice from %v to %v", c.Name, c.Types[c.Start], c.Types[c.End])
	case c.TimeType.Kind != schema.Timestamp && c.TimeType.Kind != schema.TimestampTZ:
		return fmt.Errorf("%s: windows of %v", c.Name, c.TimeType)
	case c.Lag < 0 || c.Lateness < 0 || c.Emission == Periodically && c.Interval <= 0:
		return fmt.Errorf("%s: a lag of %d, a lateness of %d, an interval of %d µs", c.Name, c.Lag, c.Lateness, c.Interval)
	}
	return nil
}

// none is no entry, and the end of a chain of entries.
const none = ^uint32(0)

// run is what is known of a key: chains of entries, each with what the key's rows of a slice add up to.
//
// Where all calls can take back what they have added (expr.Unfolder), back is the sum of all entries, and front is 0. Else a window is answered from a queue that is
// made of two stacks: back is the sum of the entries that came last, and of those before them each entry of front holds the
// sum from itself up to the last of front. So an entry is added to the sum once when it comes, once when the front is used up and the back becomes the front, and
// the answer of a window is front's first and back, whatever is asked for: nothing need be subtracted.
type run struct {
	// open are the entries of slices that are in no window yet that was answered, the newest first.
	open uint32
	// oldest to newest are those of slices whose first window was answered, count in number, of which the first front hold sums.
	oldest, newest uint32
	count, front   uint32
	// back is the entry with the sum of the others, none if there are none.
	back uint32
	// odd are entries of rows that were late for some windows of their slice: they leave earlier than others that came before them.
	odd uint32
}

func (r *run) empty() bool { return r.open == none && r.count == 0 && r.back == none && r.odd == none }

// entry is a place in the states of the calls, by its number.
type entry struct {
	// next is the next in the key's chain, or the next free entry; peer the next of the slice.
	next, peer uint32
	key        uint32
	slice      uint32
}

// slice is the rows that are in the same windows.
type slice struct {
	first, last int64 // ends of windows
	number      uint32
	entries     uint32 // in memory; not while s.paged()
	odd         bool
	// away are the key groups, a bit for each, that have entries in the store alone: out, or fewer.
	away [op.KeyGroups / 64]uint64
	out  int
	// unread: a restart has left entries in the store, and nobody knows how many; out has none of them.
	unread bool
}

func (s *slice) compare(o *slice) int {
	return cmp.Or(cmp.Compare(s.first, o.first), cmp.Compare(s.last, o.last))
}

// Sliced makes one row of each group and window out of slices.
type Sliced struct {
	cfg    SlicedConfig
	shape  Shape
	pool   *batch.Pool
	budget *limit.Budget
	table  *keyed.Table // nil: there is one key, in slot 0
	hasher *keyed.Hasher
	calls  []*slicedCall
	// subtracts: entries are taken out of the sum when they leave.
	subtracts bool
	// alone: no window has several slices, and so an entry is the sum.
	alone bool

	runs    *keyed.Slab[run]
	entries *keyed.Slab[entry]
	used    uint32 // entries that were ever used
	free    uint32 // the first of those that are free
	idle    int    // how many are free
	// list are the slices that there are, by number, nil for one that is over; index are the same. open are those whose first window was not answered, by that.
	list  []*slice
	spare []uint32
	index map[[2]int64]*slice
	open  []*slice
	// rest are the others, by their last window.
	rest []*slice

	// fired is the end of the window that was answered last.
	fired, mark int64
	// firing is the end of the window that is being answered; cursor says how far.
	firing bool
	end    int64
	cursor keyed.Cursor
	once   bool

	// cells note which entries have changed, once keeps says so. summed are entries that hold sums and are stored so; see sum. whole: the state was restored by key groups.
	cells        *keyed.Cells
	keeps, whole bool
	summed       map[uint32]bool
	// ages are the generations of entries, nil while all are of generation 0: a key and a slice have several where some have left memory. round is that of new ones.
	ages  *keyed.Slab[uint32]
	round uint32
	// away is nil where all entries stay in memory.
	away *slicesAway

	batch  rowsOfSlices
	emit   slicedRows
	tables []op.Table
}

// slicedCall is one aggregate over all entries.
type slicedCall struct {
	config *aggregate.Call
	spec   expr.Spec
	state  expr.State
	folder expr.Folder
	rows   expr.Rows
	ids    []uint32
	nums   []uint16
}

// rowsOfSlices are the rows of a batch with their entries.
type rowsOfSlices struct {
	keys []uint32
	ids  []uint32
	rows []uint16
	cols []*batch.Column
	late []uint32 // keys of rows that were left out
}

// NewSliced returns the operator that config describes. Its state is reserved in budget.
func NewSliced(pool *batch.Pool, budget *limit.Budget, config SlicedConfig) (*Sliced, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	if config.changes() {
		return nil, fmt.Errorf("%s: answers that change cannot be given once", config.Name)
	}
	s := &Sliced{cfg: config, shape: config.Shape.normal(), pool: pool, budget: budget, free: none, fired: math.MinInt64, mark: math.MinInt64, index: map[[2]int64]*slice{}}
	s.runs, s.entries = keyed.NewSlab[run](budget), keyed.NewSlab[entry](budget)
	if len(config.Keys) > 0 {
		var types []schema.Type
		for _, k := range config.Keys {
			types = append(types, config.Types[k])
		}
		s.table, s.hasher = keyed.NewTable(pool, types, config.Name, budget), keyed.NewHasher(config.Keys)
		s.tables = []op.Table{&slicedTable{sliced: s}}
	}
	s.subtracts, s.alone = s.shape.Kind != Cumulate, !s.shape.Overlaps()
	for i := range s.cfg.Calls {
		c := newSlicedCall(&s.cfg.Calls[i], pool, budget)
		_, subtracts := c.state.(expr.Unfolder)
		s.subtracts = s.subtracts && subtracts
		s.calls = append(s.calls, c)
	}
	s.batch.keys, s.batch.ids = make([]uint32, batch.MaxRows), make([]uint32, batch.MaxRows)
	s.emit.init(s)
	s.cells = s.newCells()
	return s, nil
}

// Tables are that of the keys.
func (s *Sliced) Tables() []op.Table { return s.tables }

// Needs declares the keys of the rows that come; all for an event. Where entries may leave memory rows need nothing, since what they add up to is added to what is stored when it
// is asked for, and an event the key groups that are answered next.
func (s *Sliced) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case s.table == nil:
	case s.away != nil:
		if in == nil {
			s.away.page.needs(needs)
		}
	case in == nil:
		needs.All(0)
	default:
		needs.Keys(0, s.hasher.Hash(in))
	}
}

// Apply adds rows to the slices of their keys.
func (s *Sliced) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	out.Counts.In += int64(in.Rows())
	if in.Rows() == 0 {
		return false, nil
	}
	if err := s.absorb(in, out); err != nil {
		return false, op.OutOfMemory(s.cfg.Name, err)
	}
	return false, nil
}

func (s *Sliced) absorb(in *batch.Batch, out *op.Output) error {
	if err := s.findKeys(in); err != nil {
		return err
	}
	if err := s.findEntries(in, out); err != nil {
		return err
	}
	if err := s.cells.Touch(s.batch.ids[:len(s.batch.rows)]); err != nil {
		return err
	}
	out.Counts.Absorbed += int64(len(s.batch.rows))
	rows := s.batch.rows
	if len(rows) == in.Len {
		rows = nil // all, in their order
	}
	for _, c := range s.calls {
		if err := c.add(in, rows, s.batch.ids[:len(s.batch.rows)], s.cfg.Merge); err != nil {
			return err
		}
	}
	return nil
}

// findKeys finds the slots of the keys of in.
func (s *Sliced) findKeys(in *batch.Batch) error {
	var hashes []uint64
	if s.batch.cols = s.batch.cols[:0]; s.table != nil {
		hashes = s.hasher.Hash(in)
		for _, k := range s.cfg.Keys {
			s.batch.cols = append(s.batch.cols, in.Cols[k])
		}
	}
	return keyed.Places(s.table, hashes, s.batch.cols, in.Sel, s.batch.keys[:in.Rows()], s.runs, noRun())
}

func noRun() run {
	return run{open: none, oldest: none, newest: none, back: none, odd: none}
}

// findEntries finds the entries of the rows of in. Rows whose windows were all answered are left out.
func (s *Sliced) findEntries(in *batch.Batch, out *op.Output) error {
	firsts, lasts := in.Cols[s.cfg.Start].Int64s(), in.Cols[s.cfg.End].Int64s()
	b := &s.batch
	b.rows = b.rows[:0]
	var at *slice
	for i := range in.Rows() {
		row := in.Row(i)
		if at == nil || firsts[row] != at.first || lasts[row] != at.last {
			if at = s.slice(firsts[row], lasts[row]); at == nil {
				out.Counts.Late++
				b.late = append(b.late, b.keys[i])
				continue
			}
		}
		id, err := s.entryOf(b.keys[i], at)
		if err != nil {
			return err
		}
		b.ids[len(b.rows)] = id
		b.rows = append(b.rows, uint16(row)) //nolint:gosec // a row number of a batch
	}
	if len(b.late) == 0 {
		return nil
	}
	slices.Sort(b.late)
	for _, key := range slices.Compact(b.late) {
		if err := s.tidy(key); err != nil {
			return err
		}
	}
	b.late = b.late[:0]
	return nil
}

// slice returns the slice of the rows whose windows end from first to last, nil if all of those were answered.
func (s *Sliced) slice(first, last int64) *slice {
	if first <= s.fired { // no row comes that late
		return nil
	}
	for i := len(s.open) - 1; i >= max(0, len(s.open)-8); i-- { // the newest are most likely
		if o := s.open[i]; o.first == first && o.last == last {
			return o
		}
	}
	return s.openSlice(first, last)
}

// openSlice returns a slice that is among the open ones, or makes it.
func (s *Sliced) openSlice(first, last int64) *slice {
	if found := s.index[[2]int64{first, last}]; found != nil {
		return found
	}
	n := s.newSlice(first, last)
	i, _ := slices.BinarySearchFunc(s.open, n, (*slice).compare)
	s.open = slices.Insert(s.open, i, n)
	return n
}

// newSlice makes a slice.
func (s *Sliced) newSlice(first, last int64) *slice {
	n := &slice{first: first, last: last, entries: none, odd: s.shape.isOdd(first, last)}
	if k := len(s.spare) - 1; k >= 0 {
		n.number, s.spare = s.spare[k], s.spare[:k]
		s.list[n.number] = n
	} else {
		n.number = uint32(len(s.list)) //nolint:gosec // slices are few
		s.list = append(s.list, n)
	}
	s.index[[2]int64{first, last}] = n
	return n
}

// entryOf returns the entry of a key and an open slice.
func (s *Sliced) entryOf(key uint32, at *slice) (uint32, error) {
	r := s.runs.At(key)
	for id := r.open; id != none; {
		e := s.entries.At(id)
		if e.slice == at.number {
			return id, nil
		}
		id = e.next
	}
	id, err := s.take()
	if err != nil {
		return 0, err
	}
	*s.entries.At(id) = entry{next: none, peer: at.entries, key: key, slice: at.number}
	at.entries = id
	if err := s.date(id, s.round); err != nil {
		return 0, err
	}
	s.chain(&r.open, id, at)
	return id, s.cells.Enter(id)
}

// chain puts an entry into the chain of open ones, the newest first.
func (s *Sliced) chain(place *uint32, id uint32, at *slice) {
	for *place != none && s.list[s.entries.At(*place).slice].compare(at) > 0 {
		place = &s.entries.At(*place).next
	}
	s.entries.At(id).next = *place
	*place = id
}

// take returns an entry that is empty.
func (s *Sliced) take() (uint32, error) {
	if id := s.free; id != none {
		s.free = s.entries.At(id).next
		s.idle--
		return id, nil
	}
	if s.used == none {
		return 0, sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "%s has more groups of slices than it can number", s.cfg.Name)
	}
	n := int(s.used) + 1
	if err := s.entries.Grow(n); err != nil {
		return 0, err
	}
	for _, c := range s.calls {
		if err := c.state.Grow(n); err != nil {
			return 0, err
		}
	}
	s.used++
	return s.used - 1, nil
}

// give takes an entry back.
func (s *Sliced) give(id uint32) {
	if s.summed != nil {
		delete(s.summed, id)
	}
	for _, c := range s.calls {
		c.state.Free(id)
	}
	s.entries.At(id).next, s.free = s.free, id
	s.idle++
}

// fold adds entries to entries.
func (s *Sliced) fold(into, from []uint32) error {
	for _, c := range s.calls {
		if err := c.folder.Fold(into, from); err != nil {
			return err
		}
	}
	return nil
}

// tidy forgets a key that has no entries.
func (s *Sliced) tidy(key uint32) error {
	if s.table != nil && s.runs.At(key).empty() {
		return s.table.Delete(key)
	}
	return nil
}

// add adds rows of in to their entries.
func (c *slicedCall) add(in *batch.Batch, rows []uint16, ids []uint32, merge bool) error {
	c.rows.Args = c.rows.Args[:0]
	for _, a := range c.config.Args {
		c.rows.Args = append(c.rows.Args, in.Cols[a])
	}
	c.rows.Slots, c.rows.Rows, c.rows.N = ids, rows, len(ids)
	if merge {
		return c.state.Merge(&c.rows)
	}
	if c.config.Filter != aggregate.NoColumn {
		c.filter(in.Cols[c.config.Filter])
	}
	return c.state.Add(&c.rows)
}

// filter leaves the rows for which a column is true.
func (c *slicedCall) filter(col *batch.Column) {
	if c.nums == nil {
		c.nums, c.ids = make([]uint16, 0, batch.MaxRows), make([]uint32, 0, batch.MaxRows)
	}
	c.nums, c.ids = c.nums[:0], c.ids[:0]
	values := col.Bits()
	for i := range c.rows.N {
		if row := c.rows.Row(i); values.Get(row) && !col.IsNull(row) {
			c.nums, c.ids = append(c.nums, uint16(row)), append(c.ids, c.rows.Slots[i]) //nolint:gosec // a row number of a batch
		}
	}
	c.rows.Slots, c.rows.Rows, c.rows.N = c.ids, c.nums, len(c.nums)
}
