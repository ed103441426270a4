package window

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// HeldConfig describes a Held. Its output has the columns of the input.
type HeldConfig struct {
	// Name is the step's, for errors.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	// Keys are the columns by which rows are of one session, and by which they are exchanged. Without them all are.
	Keys []int
	// Start and End are the columns of the window that an Assign with a Session gave to each row alone; in the output they are those of the whole session. Rows in
	// which one is NULL are in no session.
	Start, End int
	// Lag is how far End may be behind the watermark, in µs, the lateness of the Assign included: a session comes out when the watermark has reached its end plus Lag.
	Lag int64
	// Retracts says that rows of the input may be taken back: until their session has come out.
	Retracts bool
	// ProcessingTime says that sessions end by processing time.
	ProcessingTime bool
}

// Held keeps rows until their session is over, and emits them with its start and end: for sessions that are not grouped by their keys alone, and for what cannot
// be merged. What is taken back before that was never there; a session may fall apart by it.
type Held struct {
	cfg    HeldConfig
	budget *limit.Budget
	table  *keyed.Table // nil: there is one key, in slot 0
	hasher *keyed.Hasher
	rows   *keyed.Rows
	// chains are the rows of each key, next the one behind each row.
	chains *keyed.Slab[heldChain]
	next   *keyed.Slab[uint32]
	dues   dues
	mark   int64
	away   heldAway
	all    heldAll

	keys   []uint32
	cols   []*batch.Column
	sel    []uint16
	at     []int
	picked []uint64
	ids    []uint32
	// ready are rows that come out, from given on.
	ready  []heldRow
	bytes  int64
	given  int
	out    batch.Batch
	tables []op.Table
}

// heldChain is the rows of a key.
type heldChain struct {
	first, last uint32
	n           uint32
	due         int64
}

// heldRow is a row with the bounds of its session, or before that with its own.
type heldRow struct {
	bounds
	id uint32
}

const heldRowBytes = 24

// NewHeld returns the operator that config describes. Its state is reserved in budget.
func NewHeld(pool *batch.Pool, budget *limit.Budget, config HeldConfig) (*Held, error) {
	isTime := func(column int) bool {
		k := config.Types[column].Kind
		return k == schema.Timestamp || k == schema.TimestampTZ
	}
	switch {
	case !isTime(config.Start) || !isTime(config.End):
		return nil, fmt.Errorf("%s: a session from %v to %v", config.Name, config.Types[config.Start], config.Types[config.End])
	case config.Lag < 0:
		return nil, fmt.Errorf("%s: a lag of %d µs", config.Name, config.Lag)
	}
	h := &Held{cfg: config, budget: budget, mark: math.MinInt64, dues: dues{budget: budget}, away: heldAway{dues: duesOf[uint64]{budget: budget}}}
	if len(config.Keys) > 0 {
		var types []schema.Type
		for _, k := range config.Keys {
			types = append(types, config.Types[k])
		}
		h.table, h.hasher = keyed.NewTable(pool, types, config.Name, budget), keyed.NewHasher(config.Keys)
		h.tables = append(h.tables, h.table)
	}
	h.rows, h.chains = keyed.NewRows(pool, config.Types, 0, config.Name, budget), keyed.NewSlab[heldChain](budget)
	h.next = keyed.NewSlab[uint32](budget)
	h.tables = append(h.tables, h.rows)
	h.keys, h.ids = make([]uint32, batch.MaxRows), make([]uint32, batch.MaxRows)
	for _, t := range config.Types {
		h.out.Cols = append(h.out.Cols, batch.NewColumn(pool, t))
	}
	return h, nil
}

// Tables are that of the keys, if there are any, and the rows.
func (h *Held) Tables() []op.Table { return h.tables }

// Needs declares the keys of the rows that come, and the rows of their key groups; all for an event.
func (h *Held) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	last := len(h.tables) - 1
	switch {
	case h.table != nil && h.rows.HasAway():
		h.needsAway(in, needs)
	case in == nil:
		needs.All(0)
		needs.All(last)
	case h.table == nil:
		needs.Groups(0, 0, 0)
	default:
		hashes := h.hasher.Hash(in)
		needs.Keys(0, hashes)
		for _, hash := range hashes {
			needs.Groups(last, op.GroupOf(hash), op.GroupOf(hash))
		}
	}
}

// Apply keeps rows, and drops those that are taken back.
func (h *Held) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	out.Counts.In += int64(in.Rows())
	if in.Rows() == 0 {
		return false, nil
	}
	return false, op.OutOfMemory(h.cfg.Name, h.absorb(in, out))
}

func (h *Held) absorb(in *batch.Batch, out *op.Output) error {
	hashes, err := h.findKeys(in)
	if err != nil {
		return err
	}
	starts, ends := in.Cols[h.cfg.Start], in.Cols[h.cfg.End]
	h.sel, h.at = h.sel[:0], h.at[:0]
	for i := range in.Rows() {
		row := in.Row(i)
		switch {
		case starts.IsNull(row) || ends.IsNull(row):
			out.Counts.Filtered++
		case len(in.Kinds) == 0 || op.Adds(in.Kinds[row]):
			h.sel, h.at = append(h.sel, uint16(row)), append(h.at, i) //nolint:gosec // a row number of a batch
		default:
			if err := h.append(in, hashes, out); err != nil {
				return err
			}
			if err := h.remove(in, row, h.keys[i], out); err != nil {
				return err
			}
		}
	}
	if err := h.append(in, hashes, out); err != nil {
		return err
	}
	for _, key := range h.keys[:in.Rows()] {
		if err := h.tidy(key); err != nil {
			return err
		}
	}
	return nil
}

// findKeys finds the slots of the keys of in, and returns their hashes, nil without keys.
func (h *Held) findKeys(in *batch.Batch) ([]uint64, error) {
	keys := h.keys[:in.Rows()]
	if h.table == nil {
		clear(keys)
		if h.chains.Len() > 0 {
			return nil, nil
		}
		if err := h.chains.Grow(1); err != nil {
			return nil, err
		}
		*h.chains.At(0) = noChain()
		return nil, nil
	}
	h.cols = h.cols[:0]
	for _, k := range h.cfg.Keys {
		h.cols = append(h.cols, in.Cols[k])
	}
	hashes := h.hasher.Hash(in)
	fresh, err := h.table.Upsert(hashes, h.cols, in.Sel, keys)
	if err != nil || len(fresh) == 0 {
		return hashes, err
	}
	if err := h.chains.Grow(h.table.Limit()); err != nil {
		return nil, err
	}
	for _, i := range fresh {
		*h.chains.At(keys[i]) = noChain()
	}
	return hashes, nil
}

func noChain() heldChain {
	return heldChain{first: keyed.NoRow, last: keyed.NoRow, due: math.MaxInt64}
}

// append keeps the rows of in that wait for it.
func (h *Held) append(in *batch.Batch, hashes []uint64, out *op.Output) error {
	if len(h.sel) == 0 {
		return nil
	}
	h.picked = h.picked[:0]
	if hashes != nil {
		for _, i := range h.at {
			h.picked = append(h.picked, hashes[i])
		}
		hashes = h.picked
	}
	ids := h.ids[:len(h.sel)]
	if err := h.rows.Append(in.Cols, hashes, h.sel, ids); err != nil {
		return err
	}
	if err := h.next.Grow(h.rows.Limit()); err != nil {
		return err
	}
	ends := in.Cols[h.cfg.End].Int64s()
	for k, id := range ids {
		if err := h.chain(h.keys[h.at[k]], id, ends[h.sel[k]]); err != nil {
			return err
		}
	}
	out.Counts.Held += int64(len(ids))
	h.sel, h.at = h.sel[:0], h.at[:0]
	return nil
}

// chain puts a row that ends at end behind the others of its key.
func (h *Held) chain(key, id uint32, end int64) error {
	c := h.chains.At(key)
	if h.table == nil && h.rows.HasAway() {
		cols, row := h.rows.Row(id)
		if err := h.merge(bounds{cols[h.cfg.Start].Int64s()[row], end}); err != nil {
			return err
		}
	}
	*h.next.At(id) = keyed.NoRow
	if c.n == 0 {
		c.first = id
	} else {
		*h.next.At(c.last) = id
	}
	c.last = id
	c.n++
	return h.schedule(key, h.closeTime(end))
}

// schedule has a key looked at when time has come to micros, unless it is sooner.
func (h *Held) schedule(key uint32, micros int64) error {
	c := h.chains.At(key)
	if micros >= c.due {
		return nil
	}
	c.due = micros
	return h.dues.push(due{micros, key})
}

// closeTime is when a session that ends at end comes out: when its input ends at the latest.
func (h *Held) closeTime(end int64) int64 {
	return min(add(max(end, 0), h.cfg.Lag)+min(end, 0), math.MaxInt64-1)
}

// remove drops a row that is like row of in.
func (h *Held) remove(in *batch.Batch, row int, key uint32, out *op.Output) error {
	c := h.chains.At(key)
	before := keyed.NoRow
	for id := c.first; id != keyed.NoRow; before, id = id, *h.next.At(id) {
		if !h.like(id, in, row) {
			continue
		}
		next := *h.next.At(id)
		if before == keyed.NoRow {
			c.first = next
		} else {
			*h.next.At(before) = next
		}
		if next == keyed.NoRow {
			c.last = before
		}
		c.n--
		out.Counts.Held--
		out.Counts.Absorbed += 2 // the row and the one that takes it back
		return h.rows.Delete([]uint32{id})
	}
	out.Counts.Filtered++ // not known, or it has come out
	return nil
}

func (h *Held) like(id uint32, in *batch.Batch, row int) bool {
	cols, at := h.rows.Row(id)
	for i, c := range in.Cols {
		if c != nil && !aggregate.Same(cols[i], at, c, row) {
			return false
		}
	}
	return true
}

// tidy forgets a key without rows. One that was forgotten already has a chain that says so.
func (h *Held) tidy(key uint32) error {
	c := h.chains.At(key)
	if h.table == nil || c.n > 0 || c.due == math.MinInt64 {
		return nil
	}
	c.due = math.MinInt64
	return h.table.Delete(key)
}

// OnWatermark emits the rows of the sessions that end by now.
func (h *Held) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	if h.cfg.ProcessingTime {
		return false, nil
	}
	return h.close(micros, out)
}

// OnTime emits the rows of the sessions of processing time that end by now.
func (h *Held) OnTime(micros int64, out *op.Output) (more bool, err error) {
	if !h.cfg.ProcessingTime {
		return false, nil
	}
	return h.close(micros, out)
}

// OnEnd emits the rows of all sessions.
func (h *Held) OnEnd(out *op.Output) (more bool, err error) {
	if more, err = h.close(math.MaxInt64, out); err != nil || more {
		return more, err
	}
	if h.table != nil {
		h.table.Free()
	}
	h.rows.Free()
	h.chains.Free()
	h.next.Free()
	h.dues.free()
	h.away.dues.free()
	h.budget.Release(h.bytes + h.all.bytes)
	h.ready, h.bytes, h.all = nil, 0, heldAll{}
	return false, nil
}

func (h *Held) close(micros int64, out *op.Output) (more bool, err error) {
	h.mark = max(h.mark, micros)
	if h.table == nil && h.rows.HasAway() {
		more, err = h.closeAll(out)
		return more, op.OutOfMemory(h.cfg.Name, err)
	}
	h.away.asking = false // what was asked for is there, and comes out: it is not to be read again
	for {
		if h.given == len(h.ready) {
			h.ready, h.given = h.ready[:0], 0
			found, err := h.takeDue()
			if err != nil || !found {
				return err == nil && h.ask(), op.OutOfMemory(h.cfg.Name, err)
			}
			if len(h.ready) == 0 {
				continue
			}
		}
		return true, op.OutOfMemory(h.cfg.Name, h.emit(out))
	}
}

// takeDue takes the rows of the next keys out that have sessions which are over, about a batch of them; false if no key is due.
func (h *Held) takeDue() (found bool, err error) {
	for len(h.ready) < batch.MaxRows {
		t, ok := h.dues.pop(h.mark)
		if !ok {
			return found, nil
		}
		if int(t.id) >= h.chains.Len() || h.chains.At(t.id).due != t.micros {
			continue
		}
		found = true
		if err := h.takeKey(t.id); err != nil {
			return false, err
		}
	}
	return true, nil
}

// takeKey takes the rows of a key that are in sessions which are over.
func (h *Held) takeKey(key uint32) error {
	c := h.chains.At(key)
	c.due = math.MaxInt64
	from := len(h.ready)
	if err := h.room(int(c.n)); err != nil {
		return err
	}
	for id := c.first; id != keyed.NoRow; id = *h.next.At(id) {
		cols, row := h.rows.Row(id)
		h.ready = append(h.ready, heldRow{bounds{cols[h.cfg.Start].Int64s()[row], cols[h.cfg.End].Int64s()[row]}, id})
	}
	list := h.ready[from:]
	came := h.ids[:0]
	slices.SortStableFunc(list, func(a, b heldRow) int { return cmp.Compare(a.start, b.start) })
	out := 0
	next := int64(math.MaxInt64)
	for first := 0; first < len(list); {
		end, last := list[first].end, first+1
		for ; last < len(list) && list[last].start < end; last++ {
			end = max(end, list[last].end)
		}
		if at := h.closeTime(end); at > h.mark {
			next = min(next, at)
			for _, r := range list[first:last] {
				came = append(came, r.id)
			}
		} else {
			start := list[first].start
			for k := first; k < last; k++ {
				list[out] = heldRow{bounds{start, end}, list[k].id}
				out++
			}
		}
		first = last
	}
	h.ready = h.ready[:from+out]
	h.rechain(key, came, out)
	if c.n == 0 {
		return h.tidy(key)
	}
	return h.schedule(key, next)
}

// rechain leaves the rows of a key that stay, by their starts, if out of them go.
func (h *Held) rechain(key uint32, stay []uint32, out int) {
	c := h.chains.At(key)
	if out == 0 {
		return
	}
	c.first, c.last, c.n = keyed.NoRow, keyed.NoRow, uint32(len(stay)) //nolint:gosec // fewer than rows
	for i, id := range stay {
		if *h.next.At(id) = keyed.NoRow; i == 0 {
			c.first = id
		} else {
			*h.next.At(c.last) = id
		}
		c.last = id
	}
}

// room reserves memory for n more rows that are ready.
func (h *Held) room(n int) error {
	need := len(h.ready) + n
	if need <= cap(h.ready) {
		return nil
	}
	need = max(need, 2*cap(h.ready), batch.MaxRows)
	bytes := int64(need) * heldRowBytes
	if err := h.budget.Reserve(bytes); err != nil {
		return err
	}
	grown := make([]heldRow, len(h.ready), need)
	copy(grown, h.ready)
	h.budget.Release(h.bytes)
	h.ready, h.bytes = grown, bytes
	return nil
}

// emit emits the next rows that are ready, and drops them.
func (h *Held) emit(out *op.Output) error {
	list := h.ready[h.given:]
	list = list[:min(len(list), batch.MaxRows)]
	h.given += len(list)
	ids := h.ids[:len(list)]
	for i, r := range list {
		ids[i] = r.id
	}
	h.rows.Gather(ids, h.out.Cols)
	starts, ends := h.out.Cols[h.cfg.Start].Int64s(), h.out.Cols[h.cfg.End].Int64s()
	for i, r := range list {
		starts[i], ends[i] = r.start, r.end
	}
	h.out.Len, h.out.Sel = len(list), nil
	out.Counts.Held -= int64(len(list))
	out.Counts.Forwarded += int64(len(list))
	out.Emit(0, &h.out)
	return h.rows.Delete(ids)
}

// heldVersion is that of the layout of a Held's state: docs/format/window.md.
const heldVersion = 1

// Snapshot returns the rows of a key group that have not come out.
func (h *Held) Snapshot(group op.KeyGroup) ([]byte, error) {
	rows, err := h.rows.Snapshot(uint8(group))
	return keyed.AppendParts(nil, heldVersion, rows), err
}

// Restore puts the rows of a snapshot in, and chains them by their keys.
func (h *Held) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(h.cfg.Name, data, heldVersion, 1)
	if err != nil {
		return err
	}
	if err := h.rows.Restore(uint8(group), parts[0]); err != nil {
		return err
	}
	if err := h.next.Grow(h.rows.Limit()); err != nil {
		return op.OutOfMemory(h.cfg.Name, err)
	}
	return op.OutOfMemory(h.cfg.Name, h.rechainAll(h.rows.AppendGroup(nil, uint8(group))))
}

func (h *Held) rechainAll(ids []uint32) error {
	for len(ids) > 0 {
		n := min(len(ids), batch.MaxRows)
		h.rows.Gather(ids[:n], h.out.Cols)
		h.out.Len = n
		if _, err := h.findKeys(&h.out); err != nil {
			return err
		}
		ends := h.out.Cols[h.cfg.End].Int64s()
		for i, id := range ids[:n] {
			if err := h.chain(h.keys[i], id, ends[i]); err != nil {
				return err
			}
		}
		ids = ids[n:]
	}
	return nil
}
