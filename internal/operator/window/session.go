package window

import (
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

// Mergeable reports whether a Sessions can do what is asked: rows are not taken back, there are no grouping sets, and all calls are plain and Mergeable, without an
// ORDER BY that shows and, unless they ignore repeats, DISTINCT.
func (c *Config) Mergeable() bool {
	plain := *c
	plain.Emission, plain.Lateness = OnClose, 0
	return plain.Sliceable()
}

// session is the rows of a key that are less than the gap apart.
type session struct {
	start, end int64
	// next is the key's session before this one; of a session that was joined to another, that; of one that is free, the next of those.
	next, key uint32
	// shown is the first of the rows, in Sessions.shown, that were emitted for it and must be taken back, NoRow if there are none.
	shown uint32
	marks uint8
	// due is when it must be looked at, as Sessions.dues has it; never if it is the least number.
	due int64
}

const (
	// told: a row with the answer was emitted, and not taken back.
	told = 1 << iota
	// stirred: it has changed since it was looked at last.
	stirred
	// joined: its rows went to another session.
	joined
	// live: it is one.
	live
	// failing: its answer could not be given when it was asked for last, and that was said.
	failing
	// owing: rows follow that were emitted and must be taken back. Only in what is stored.
	owing
	// lasting are the marks that snapshots keep.
	lasting = told | stirred | failing
)

// Sessions makes one row of each session. Keys are all columns to group by; Start and End those of an Assign with a Session, whose rows have windows of their own.
// Windows that overlap are one; its output is that of an Aggregate.
type Sessions struct {
	cfg    Config
	pool   *batch.Pool
	budget *limit.Budget
	table  *keyed.Table // nil: there is one key, in slot 0
	hasher *keyed.Hasher
	calls  []*slicedCall
	// newest are, for each key, the session that began last, none if there is none.
	newest   *keyed.Slab[uint32]
	sessions *keyed.Slab[session]
	used     uint32
	free     uint32
	dues     dues
	mark     int64
	clock    int64

	batch sessionRows
	// stirred are sessions that the next flush looks at.
	stirred []uint32
	// shown are rows that were emitted and must be taken back, taken how many were.
	shown *keyed.Rows
	taken int
	// list are the sessions that are being emitted, from next on; those from closing on have closed.
	list    []uint32
	next    int
	closing int
	running bool
	emit    sessionOutput
	tables  []op.Table
	times   sessionTimes
	away    *sessionsAway // nil where all keys stay in memory
}

// sessionRows are the rows of a batch with their sessions, and what they do to those.
type sessionRows struct {
	keys, ids []uint32
	rows      []uint16
	cols      []*batch.Column
	late      []uint32
	// joins are sessions that were joined to others, in their order.
	joins [][2]uint32
	// before are sessions that were told of, as they were.
	before []toldBefore
	spare  uint32
}

// toldBefore is a session that was told of before the batch changed it.
type toldBefore struct {
	id         uint32
	start, end int64
}

// NewSessions returns the operator that config describes, which must be Mergeable. Its state is reserved in budget.
func NewSessions(pool *batch.Pool, budget *limit.Budget, config Config) (*Sessions, error) {
	if err := config.validate(false); err != nil {
		return nil, err
	}
	if !config.Mergeable() {
		return nil, fmt.Errorf("%s: what is asked of sessions cannot be merged", config.Name)
	}
	s := &Sessions{cfg: config, pool: pool, budget: budget, free: none, mark: math.MinInt64, clock: math.MinInt64, dues: dues{budget: budget}}
	s.newest, s.sessions = keyed.NewSlab[uint32](budget), keyed.NewSlab[session](budget)
	if len(config.Keys) > 0 {
		var types []schema.Type
		for _, k := range config.Keys {
			types = append(types, config.Types[k])
		}
		s.table, s.hasher = keyed.NewTable(pool, types, config.Name, budget), keyed.NewHasher(config.Keys)
		s.tables = []op.Table{&sessionsTable{s}}
	}
	for i := range s.cfg.Calls {
		s.calls = append(s.calls, newSlicedCall(&s.cfg.Calls[i], pool, budget))
	}
	s.batch.keys, s.batch.ids, s.batch.spare = make([]uint32, batch.MaxRows), make([]uint32, batch.MaxRows), none
	s.shown = keyed.NewRows(pool, config.Output(), 1, config.Name, budget)
	s.emit.init(s)
	s.times = sessionTimes{s: s, index: map[int64]*period{}, levels: keyed.NewSlab[uint8](budget), ends: noEnds()}
	return s, nil
}

// Tables are that of the keys.
func (s *Sessions) Tables() []op.Table { return s.tables }

// Needs declares the keys of the rows that come; all for an event, or where keys may leave memory those that it is time to look at.
func (s *Sessions) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case s.table == nil:
	case in == nil && s.away != nil:
	case in == nil:
		needs.All(0)
	default:
		needs.Keys(0, s.hasher.Hash(in))
	}
}

// Apply adds rows to their sessions.
func (s *Sessions) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if !s.running {
		if err := s.absorb(in, out); err != nil {
			return false, op.OutOfMemory(s.cfg.Name, err)
		}
		if len(s.stirred) < mostTouched || s.cfg.Emission == Periodically {
			return false, nil
		}
		s.takeStirred()
	}
	return s.run(out)
}

func (s *Sessions) absorb(in *batch.Batch, out *op.Output) error {
	out.Counts.In += int64(in.Rows())
	if in.Rows() == 0 {
		return nil
	}
	if err := s.findKeys(in); err != nil {
		return err
	}
	if s.table != nil {
		if err := s.table.Touch(s.batch.keys[:in.Rows()]); err != nil {
			return err
		}
	}
	if err := s.findSessions(in, out); err != nil {
		return err
	}
	b := &s.batch
	out.Counts.Absorbed += int64(len(b.rows))
	if err := s.join(); err != nil {
		return err
	}
	rows := b.rows
	if len(rows) == in.Len {
		rows = nil // all, in their order
	}
	for _, c := range s.calls {
		if err := c.add(in, rows, b.ids[:len(b.rows)], false); err != nil {
			return err
		}
	}
	for _, j := range b.joins {
		s.give(j[1])
	}
	b.joins = b.joins[:0]
	return s.tidy(b.late)
}

// findKeys finds the slots of the keys of in.
func (s *Sessions) findKeys(in *batch.Batch) error {
	var hashes []uint64
	if s.batch.cols = s.batch.cols[:0]; s.table != nil {
		hashes = s.hasher.Hash(in)
		for _, k := range s.cfg.Keys {
			s.batch.cols = append(s.batch.cols, in.Cols[k])
		}
	}
	if err := keyed.Places(s.table, hashes, s.batch.cols, in.Sel, s.batch.keys[:in.Rows()], s.newest, none); err != nil || s.table == nil {
		return err
	}
	return s.times.grow(s.newest.Len())
}

// findSessions finds the sessions of the rows of in, begins those that are not there, and notes which become one.
func (s *Sessions) findSessions(in *batch.Batch, out *op.Output) error {
	starts, ends := in.Cols[s.cfg.Start], in.Cols[s.cfg.End]
	from, to := starts.Int64s(), ends.Int64s()
	hasNulls := starts.HasNulls() || ends.HasNulls()
	b := &s.batch
	b.rows, b.late = b.rows[:0], b.late[:0]
	for i := range in.Rows() {
		row := in.Row(i)
		if hasNulls && (starts.IsNull(row) || ends.IsNull(row)) {
			out.Counts.Filtered++
			b.late = append(b.late, b.keys[i])
			continue
		}
		id, err := s.place(b.keys[i], from[row], to[row])
		if err != nil {
			return err
		}
		if id == none {
			out.Counts.Late++
			b.late = append(b.late, b.keys[i])
			continue
		}
		b.ids[len(b.rows)] = id
		b.rows = append(b.rows, uint16(row)) //nolint:gosec // a row number of a batch
	}
	return nil
}

// place returns the session of a row of a key with a window of its own, none if that is over and nothing is there to join.
func (s *Sessions) place(key uint32, start, end int64) (uint32, error) {
	if s.batch.spare == none {
		id, err := s.take()
		if err != nil {
			return none, err
		}
		s.batch.spare = id
	}
	s.times.measure(end - start)
	s.times.ends.see(end)
	place := s.newest.At(key)
	for *place != none && s.sessions.At(*place).start >= end {
		place = &s.sessions.At(*place).next
	}
	id := *place
	if id == none || s.sessions.At(id).end <= start {
		if s.over(end) || s.cfg.gone(end) {
			return none, nil
		}
		fresh := s.batch.spare
		s.batch.spare = none
		*s.sessions.At(fresh) = session{start: start, end: end, next: id, key: key, shown: keyed.NoRow, marks: live, due: math.MinInt64}
		*place = fresh
		s.stir(fresh, s.sessions.At(fresh))
		return fresh, s.schedule(fresh, s.closeTime(end))
	}
	at := s.sessions.At(id)
	s.stir(id, at)
	at.start, at.end = min(at.start, start), max(at.end, end)
	for at.next != none {
		other := s.sessions.At(at.next)
		if other.end <= at.start {
			break
		}
		s.stir(at.next, other)
		at.start, at.end = min(at.start, other.start), max(at.end, other.end)
		s.batch.joins = append(s.batch.joins, [2]uint32{id, at.next})
		at.next, other.next = other.next, id
		other.marks |= joined
	}
	return id, nil
}

// stir notes that a session is about to change.
func (s *Sessions) stir(id uint32, at *session) {
	switch {
	case at.marks&stirred != 0 || !s.cfg.changes():
		return
	case at.marks&told != 0:
		s.batch.before = append(s.batch.before, toldBefore{id, at.start, at.end})
	case s.cfg.Emission == OnClose && !s.closes(at.end):
		return // it comes out when it closes
	}
	at.marks |= stirred
	s.stirred = append(s.stirred, id)
}

// schedule has a session looked at when time has come to micros, and not before.
func (s *Sessions) schedule(id uint32, micros int64) error {
	s.sessions.At(id).due = micros
	return s.dues.push(due{micros, id})
}

// join keeps what was told of sessions before they change, and adds those to others that became one with them.
func (s *Sessions) join() error {
	b := &s.batch
	if len(b.before) > 0 {
		if err := s.emit.keep(b.before); err != nil {
			return err
		}
		b.before = b.before[:0]
	}
	if len(b.joins) == 0 {
		return nil
	}
	for _, j := range b.joins {
		into, from := s.sessions.At(j[0]), s.sessions.At(j[1])
		if from.shown != keyed.NoRow {
			last := from.shown
			for next := *s.shown.Link(last, 0); next != keyed.NoRow; next = *s.shown.Link(last, 0) {
				last = next
			}
			*s.shown.Link(last, 0) = into.shown
			into.shown, from.shown = from.shown, keyed.NoRow
			if into.marks&stirred == 0 {
				into.marks |= stirred
				s.stirred = append(s.stirred, j[0])
			}
		}
		for _, c := range s.calls {
			if err := c.folder.Fold(j[:1], j[1:]); err != nil {
				return err
			}
		}
	}
	for i, id := range b.ids[:len(b.rows)] {
		for s.sessions.At(id).marks&joined != 0 {
			id = s.sessions.At(id).next
		}
		b.ids[i] = id
	}
	return nil
}

// closes reports whether a session that ends at end closes by now.
func (s *Sessions) closes(end int64) bool { return s.closeTime(end) <= s.mark }

// closeTime is when a session that ends at end closes.
func (s *Sessions) closeTime(end int64) int64 { return add(max(end, 0), s.cfg.Lag) + min(end, 0) }

// over reports whether nothing joins a session any more that ends at end.
func (s *Sessions) over(end int64) bool { return s.dropTime(end) <= s.mark }

// dropTime is when a session that ends at end is forgotten.
func (s *Sessions) dropTime(end int64) int64 {
	return add(add(max(end, 0), s.cfg.Lag), s.cfg.Lateness) + min(end, 0)
}

// take returns a session that is empty.
func (s *Sessions) take() (uint32, error) {
	if id := s.free; id != none {
		s.free = s.sessions.At(id).next
		return id, nil
	}
	if s.used == none {
		return 0, sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "%s has more sessions than it can number", s.cfg.Name)
	}
	n := int(s.used) + 1
	if err := s.sessions.Grow(n); err != nil {
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

// give takes a session back.
func (s *Sessions) give(id uint32) {
	for _, c := range s.calls {
		c.state.Free(id)
	}
	*s.sessions.At(id) = session{next: s.free, shown: keyed.NoRow, due: math.MinInt64}
	s.free = id
}

// tidy forgets those of keys that have no sessions.
func (s *Sessions) tidy(keys []uint32) error {
	if s.table == nil || len(keys) == 0 {
		return nil
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if *s.newest.At(key) != none {
			continue
		}
		if err := s.table.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func newSlicedCall(config *aggregate.Call, pool *batch.Pool, budget *limit.Budget) *slicedCall {
	c := &slicedCall{config: config, spec: expr.Spec{Args: config.ArgTypes, Direct: config.Direct, Pool: pool, Budget: budget}}
	c.reset()
	return c
}

// reset makes the call's state new.
func (c *slicedCall) reset() {
	c.state = c.config.Function.NewState(&c.spec)
	c.folder = c.state.(expr.Folder)
}
