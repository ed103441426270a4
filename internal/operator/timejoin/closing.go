package timejoin

import (
	"errors"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// closing joins stored rows of both inputs that are all there: the side with fewer rows is hashed, the other one looked up.
type closing struct {
	cfg    *Config
	out    *sheet
	cond   *condition
	active bool
	sides  [2]closingSide
	build  int // the side that is hashed
	phase  closingPhase

	table  *keyed.Table // of the keys of the build side
	chains *keyed.Slab[chain]
	links  *keyed.Slab[uint32] // by row of the build side: the next one of its key

	// The rows of the probe side that are looked up: from is behind them.
	from    int
	chunk   []uint32
	able    *batch.Batch // those that may match, by position in the chunk
	first   []uint32     // their chains
	at      int
	next    uint32
	walking bool
	tried   storedPairs
	found   storedPairs
	alone   []uint32
	last    int // the rows of the build side before this one have come out
}

// closingPhase is what comes next.
type closingPhase uint8

const (
	taking   closingPhase = iota // a chunk of probe rows
	trying                       // candidates of the chunk
	speaking                     // rows of the chunk that come out alone
	resting                      // build rows that come out alone
)

// closingSide is the rows of an input.
type closingSide struct {
	store  *store
	slice  *slice // nil if there are none
	ids    []uint32
	lent   bool // ids are another's
	quiet  bool // rows do not come out alone yet: there are more that they may match
	budget *limit.Budget
	own    []*batch.Column // the keys of rows
	b      batch.Batch
	slots  []uint32
}

// storedPairs are rows of the probe side beside rows of the build side.
type storedPairs struct{ probe, build []uint32 }

func (p *storedPairs) reset() { p.probe, p.build = p.probe[:0], p.build[:0] }

func newClosing(c *Config, stores [2]*store, out *sheet) closing {
	j := closing{cfg: c, out: out, cond: newCondition(c), alone: make([]uint32, 0, batch.MaxRows)}
	for input := range j.sides {
		j.sides[input] = closingSide{store: stores[input], budget: c.Budget, own: stores[input].own, slots: make([]uint32, batch.MaxRows)}
	}
	j.table = keyed.NewTable(c.Pool, stores[LeftInput].keys.types(c.Left), stores[LeftInput].name, c.Budget)
	j.chains, j.links = keyed.NewSlab[chain](c.Budget), keyed.NewSlab[uint32](c.Budget)
	return j
}

// append adds a row.
func (s *closingSide) append(id uint32) error {
	if len(s.ids) == cap(s.ids) {
		if err := s.grow(len(s.ids) + 1); err != nil {
			return err
		}
	}
	s.ids = append(s.ids, id)
	return nil
}

// grow makes room for n rows.
func (s *closingSide) grow(n int) error {
	room := max(n, 2*cap(s.ids), 64)
	if err := s.budget.Reserve(int64(room-cap(s.ids)) * idBytes); err != nil {
		return err
	}
	grown := make([]uint32, len(s.ids), room)
	copy(grown, s.ids)
	s.ids = grown
	return nil
}

// idBytes is the size of a row number.
const idBytes = 4

// begin begins to join the rows that the sides have.
func (j *closing) begin() error {
	j.active, j.phase, j.from, j.last = true, taking, 0, 0
	for input := range j.sides {
		if err := j.fold(input); err != nil {
			return err
		}
	}
	j.build = RightInput
	if len(j.sides[LeftInput].ids) < len(j.sides[RightInput].ids) {
		j.build = LeftInput
	}
	if err := j.hash(); err != nil {
		return err
	}
	if probe := 1 - j.build; j.table.Len() == 0 && !j.speaks(probe) {
		j.from = len(j.sides[probe].ids)
	}
	return nil
}

// speaks reports whether rows of an input may come out alone.
func (j *closing) speaks(input int) bool {
	return !j.sides[input].quiet && (j.cfg.preserves(input) || j.cfg.Kind == Semi && input == LeftInput)
}

// rows are those of a side, nil if it has none.
func (s *closingSide) rows() *keyed.Rows {
	if s.slice == nil {
		return nil
	}
	return s.slice.rows
}

// keys returns a batch of rows of a side that have their keys and time, lent until the next call, as far as they may match.
func (s *closingSide) keys(ids []uint32) (able *batch.Batch) {
	s.slice.rows.Gather(ids, s.own)
	s.b = batch.Batch{Cols: s.own, Len: len(ids)}
	able, _ = s.store.keys.divide(&s.b)
	return able
}

// hash puts the rows of the build side into the table.
func (j *closing) hash() error {
	s := &j.sides[j.build]
	j.table.Reserve(len(s.ids))
	for from := 0; from < len(s.ids); {
		ids := s.ids[from:min(from+batch.MaxRows, len(s.ids))]
		from += len(ids)
		able := s.keys(ids)
		slots := s.slots[:able.Rows()]
		fresh, err := j.table.Upsert(s.store.keys.hash(able), s.store.keys.of(able), able.Sel, slots)
		if err != nil {
			return err
		}
		if err := errors.Join(j.chains.Grow(j.table.Limit()), j.links.Grow(int(slices.Max(ids))+1)); err != nil {
			return op.OutOfMemory(s.store.name, err)
		}
		for i, slot := range slots {
			id := ids[able.Row(i)]
			c := j.chains.At(slot)
			*j.links.At(id) = keyed.NoRow
			if len(fresh) > 0 && int(fresh[0]) == i {
				fresh = fresh[1:]
				*c = chain{id, id}
				continue
			}
			*j.links.At(c.tail) = id
			c.tail = id
		}
	}
	return nil
}

// step goes on, and answers more when it has emitted something or done enough for a call.
func (j *closing) step(out *op.Output) (more bool, err error) {
	for chunks := 0; ; {
		switch j.phase {
		case taking:
			s := &j.sides[1-j.build]
			if j.from == len(s.ids) {
				j.phase = resting
				continue
			}
			if err := j.lookUp(); err != nil {
				return false, err
			}
			j.phase = trying
		case trying:
			j.try(out)
			if j.at == len(j.first) {
				j.phase = speaking
			}
			if j.emitPairs(out) {
				return true, nil
			}
			if chunks++; chunks == chunksPerCall {
				return true, nil
			}
		case speaking:
			j.phase = taking
			if j.emitAlone(1-j.build, j.chunk, out) {
				return true, nil
			}
		case resting:
			s := &j.sides[j.build]
			if j.last == len(s.ids) {
				return false, nil
			}
			ids := s.ids[j.last:min(j.last+batch.MaxRows, len(s.ids))]
			j.last += len(ids)
			if j.emitAlone(j.build, ids, out) {
				return true, nil
			}
		}
	}
}

// lookUp looks the next chunk of probe rows up.
func (j *closing) lookUp() error {
	s := &j.sides[1-j.build]
	j.chunk = s.ids[j.from:min(j.from+batch.MaxRows, len(s.ids))]
	j.from += len(j.chunk)
	j.at, j.walking = 0, false
	if j.first = nil; j.table.Len() == 0 {
		return nil
	}
	j.able = s.keys(j.chunk)
	j.first = s.slots[:j.able.Rows()]
	if err := j.table.Find(s.store.keys.hash(j.able), s.store.keys.of(j.able), j.able.Sel, j.first); err != nil {
		return err
	}
	for i, slot := range j.first {
		head := keyed.NoRow
		if slot != keyed.NoSlot {
			head = j.chains.At(slot).head
		}
		j.first[i] = head
	}
	return nil
}

// try tries candidates, as many as a batch has rows, and notes those that match.
func (j *closing) try(out *op.Output) {
	t, f := &j.tried, &j.found
	t.reset()
	f.reset()
	j.collect()
	if len(t.probe) == 0 {
		return
	}
	probe, build := j.sides[1-j.build].slice.rows, j.sides[j.build].slice.rows
	var truth []bool
	if j.cond != nil {
		j.cond.begin(len(t.probe), nil)
		j.cond.stored(1-j.build, probe, t.probe)
		j.cond.stored(j.build, build, t.build)
		truth = j.cond.eval(out)
	}
	pairs, marks := j.cfg.pairs(), j.cfg.Kind != Inner
	for i, id := range t.probe {
		if len(truth) > 0 && !truth[i] {
			continue
		}
		if marks {
			*probe.Mark(id) |= matched
			*build.Mark(t.build[i]) |= matched
		}
		if pairs {
			f.probe, f.build = append(f.probe, id), append(f.build, t.build[i])
		}
	}
}

// collect fills tried with candidates.
func (j *closing) collect() {
	t := &j.tried
	probe, build := j.sides[1-j.build].rows(), j.sides[j.build].rows()
	verdict := !j.cfg.pairs()
	for j.at < len(j.first) {
		if !j.walking {
			j.next, j.walking = j.first[j.at], true
		}
		id := j.chunk[j.able.Row(j.at)]
		for j.next != keyed.NoRow {
			if len(t.probe) == batch.MaxRows {
				return
			}
			if verdict && j.build == RightInput && *probe.Mark(id)&matched != 0 {
				break
			}
			if !verdict || j.build == RightInput || *build.Mark(j.next)&matched == 0 {
				t.probe, t.build = append(t.probe, id), append(t.build, j.next)
			}
			j.next = *j.links.At(j.next)
		}
		j.at, j.walking = j.at+1, false
	}
}

// emitPairs emits what was found, and reports whether there was anything.
func (j *closing) emitPairs(out *op.Output) bool {
	f := &j.found
	if len(f.probe) == 0 {
		return false
	}
	j.out.begin(len(f.probe), nil)
	j.out.stored(1-j.build, j.sides[1-j.build].slice.rows, f.probe)
	j.out.stored(j.build, j.sides[j.build].slice.rows, f.build)
	out.Emit(0, &j.out.b)
	return true
}

// emitAlone emits those of an input's rows, all of whose matches are known, that come out alone. It reports whether there are any.
func (j *closing) emitAlone(input int, ids []uint32, out *op.Output) bool {
	if !j.speaks(input) {
		return false
	}
	var when uint8 // the mark of those that come out
	if j.cfg.Kind == Semi {
		when = matched
	}
	rows := j.sides[input].slice.rows
	j.alone = j.alone[:0]
	for _, id := range ids {
		if *rows.Mark(id)&matched == when {
			j.alone = append(j.alone, id)
		}
	}
	if len(j.alone) == 0 {
		return false
	}
	j.out.begin(len(j.alone), nil)
	j.out.stored(input, rows, j.alone)
	if j.cfg.pairs() {
		j.out.nulls(1 - input)
	}
	out.Emit(0, &j.out.b)
	return true
}

// keptForNext is how much memory of what finds rows is kept for the next ones at most, in bytes.
const keptForNext = 1 << 20

// forget forgets what finds the rows that were joined. Its memory is kept for the next ones, if that is little and enough is left beside it: windows that close one after the other need about as much each.
func (j *closing) forget() {
	j.active = false
	held := j.table.Bytes() + j.chains.Bytes() + j.links.Bytes()
	if budget := j.cfg.Budget; held > keptForNext || budget.Available() < budget.Limit()/2 {
		j.free()
		return
	}
	j.table.Empty()
}

// free gives the memory of what finds rows back.
func (j *closing) free() {
	j.table.Free()
	j.chains.Free()
	j.links.Free()
}

// end forgets what was joined.
func (j *closing) end() {
	j.forget()
	for input := range j.sides {
		s := &j.sides[input]
		if !s.lent {
			s.budget.Release(int64(cap(s.ids)) * idBytes)
		}
		s.ids = nil
	}
}
