package window

import (
	"bytes"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Rows of a Held without keys leave memory all at once, and are not read before a session closes: when that is follows from the bounds of the sessions, which stay in memory and are few. Then what is in memory leaves, too, and all
// rows are gone through in the store: those of sessions that have closed come out, and are removed there. Where few are left then, and memory is not short any more, they come back.

// heldAll is what a Held without keys knows of rows that the store alone has.
type heldAll struct {
	// sessions are those of all rows, once some are away, in their order; bytes is reserved for them.
	sessions []bounds
	bytes    int64
	phase    heldPhase
	mark     keyed.Bookmark
	// keys, values and hashes are stored rows at hand, data their bytes.
	keys, values [][]byte
	hashes       []uint64
	data         []byte
	sel          []uint16
	// low is when memory is tight: while less is left. 0: never.
	low int64
	// stay are the rows that stay, copied, and stayBytes what they hold, while they are few enough to come back when all were gone through; many says that they are not.
	stay      keyed.Entries
	stayBytes int64
	many      bool
}

type heldPhase uint8

const (
	// idle: no session has closed. settling: the store must have all rows next. reading: those of sessions that have closed come out.
	idle heldPhase = iota
	settling
	reading
)

const (
	boundsBytes = 16
	// readBytes is about how many bytes of stored rows are read at once.
	readBytes = 256 << 10
	// Rows come back that take at most stayMost bytes, and this part of what is low. Beside its bytes each takes about stayRow.
	stayMost  = 1 << 20
	stayShare = 16
	stayRow   = 80
)

// leavesAll reports whether rows leave memory all at once.
func (h *Held) leavesAll() bool { return h.table == nil && !h.cfg.Retracts }

// Settles reports whether the store must have all rows before the next call.
func (h *Held) Settles() bool { return h.all.phase == settling }

// merge notes that there is a row with these bounds.
func (h *Held) merge(b bounds) error {
	a := &h.all
	from, _ := slices.BinarySearchFunc(a.sessions, b.start, func(s bounds, start int64) int {
		if s.end <= start {
			return -1
		}
		return 1
	})
	to := from
	for ; to < len(a.sessions) && a.sessions[to].start < b.end; to++ {
		b.start, b.end = min(b.start, a.sessions[to].start), max(b.end, a.sessions[to].end)
	}
	if to == from+1 {
		a.sessions[from] = b
		return nil
	}
	a.sessions = slices.Replace(a.sessions, from, to, b)
	if need := int64(cap(a.sessions)) * boundsBytes; need > a.bytes {
		if err := h.budget.Reserve(need - a.bytes); err != nil {
			return err
		}
		a.bytes = need
	}
	return nil
}

// mergeRows notes rows in memory.
func (h *Held) mergeRows(ids []uint32) error {
	for _, id := range ids {
		cols, row := h.rows.Row(id)
		if err := h.merge(bounds{cols[h.cfg.Start].Int64s()[row], cols[h.cfg.End].Int64s()[row]}); err != nil {
			return err
		}
	}
	return nil
}

// sessionOf returns the session of a row with these bounds.
func (a *heldAll) sessionOf(start int64) bounds {
	at, _ := slices.BinarySearchFunc(a.sessions, start, func(s bounds, start int64) int {
		if s.end <= start {
			return -1
		}
		return 1
	})
	return a.sessions[at]
}

// leaveAll has all rows leave memory, which the store has.
func (h *Held) leaveAll() error {
	if h.rows.Len() == 0 {
		return nil
	}
	if !h.rows.HasAway() {
		h.all.sessions = h.all.sessions[:0]
	}
	var ids [1]uint32
	for id := h.chains.At(0).first; id != keyed.NoRow; id = *h.next.At(id) {
		ids[0] = id
		if err := h.mergeRows(ids[:]); err != nil {
			return op.OutOfMemory(h.cfg.Name, err)
		}
	}
	h.rows.Leave()
	h.chains.Free()
	h.next.Free()
	h.dues.free()
	return nil
}

// closeAll is close where rows are away.
func (h *Held) closeAll(out *op.Output) (more bool, err error) {
	a := &h.all
	switch a.phase {
	case idle:
		if !slices.ContainsFunc(a.sessions, func(s bounds) bool { return h.closeTime(s.end) <= h.mark }) {
			return false, nil
		}
		a.phase = settling
		return true, nil
	case settling:
		if err := h.leaveAll(); err != nil {
			return false, err
		}
		a.phase = reading
		a.many = false
		a.mark.At(0)
	default:
	}
	for out.Ports[0] == nil {
		over, err := h.readAll(out)
		if err != nil {
			return false, err
		}
		if over && out.Ports[0] == nil {
			a.sessions = slices.DeleteFunc(a.sessions, func(s bounds) bool { return h.closeTime(s.end) <= h.mark })
			a.phase = idle
			return false, h.comeBack()
		}
	}
	return true, nil
}

// remain notes that the ith stored row at hand stays.
func (h *Held) remain(i int) {
	a := &h.all
	if a.many {
		return
	}
	key, value := a.keys[i], a.values[i]
	size := int64(len(key)+len(value)) + stayRow
	most := int64(stayMost)
	if a.low > 0 {
		most = min(most, a.low/stayShare)
	}
	if a.stayBytes+size > most || !h.budget.TryReserve(size) {
		h.forgetStay()
		a.many = true
		return
	}
	a.stayBytes += size
	a.stay.Slices, a.stay.Hashes = append(a.stay.Slices, 0), append(a.stay.Hashes, a.hashes[i])
	a.stay.Keys, a.stay.Values = append(a.stay.Keys, bytes.Clone(key)), append(a.stay.Values, bytes.Clone(value))
}

func (h *Held) forgetStay() {
	h.budget.Release(h.all.stayBytes)
	h.all.stay, h.all.stayBytes = keyed.Entries{}, 0
}

// comeBack has the rows that stay come back into memory if they are few, none has come since, and there is room: from then on nothing is away.
func (h *Held) comeBack() error {
	a := &h.all
	defer h.forgetStay()
	if a.many || h.rows.Len() > 0 || a.low > 0 && h.budget.Available() < 2*a.low {
		return nil
	}
	h.rows.Returned()
	a.sessions = a.sessions[:0]
	return h.rows.Admit(&a.stay)
}

// readAll emits those of the next stored rows whose session has closed, and reports whether there were no more.
func (h *Held) readAll(out *op.Output) (over bool, err error) {
	a := &h.all
	a.keys, a.values, a.hashes, a.data = a.keys[:0], a.values[:0], a.hashes[:0], a.data[:0]
	over, err = h.rows.Read(&a.mark, math.MaxUint64, func(hash uint64, key, value []byte) bool {
		at := len(a.data)
		a.data = append(append(a.data, key...), value...)
		a.hashes = append(a.hashes, hash)
		a.keys, a.values = append(a.keys, a.data[at:at+len(key):at+len(key)]), append(a.values, a.data[at+len(key):])
		return len(a.keys) < batch.MaxRows && len(a.data) < readBytes
	})
	if err != nil || len(a.keys) == 0 {
		return over, err
	}
	if err := h.rows.Decode(a.keys, a.values, h.out.Cols); err != nil {
		return false, err
	}
	starts, ends := h.out.Cols[h.cfg.Start].Int64s(), h.out.Cols[h.cfg.End].Int64s()
	a.sel = a.sel[:0]
	for i := range a.keys {
		of := a.sessionOf(starts[i])
		if h.closeTime(of.end) > h.mark {
			h.remain(i)
			continue
		}
		if err := h.rows.DeleteStored(a.hashes[i], a.keys[i]); err != nil {
			return false, err
		}
		starts[i], ends[i] = of.start, of.end
		a.sel = append(a.sel, uint16(i)) //nolint:gosec // a row number of a batch
	}
	if len(a.sel) > 0 {
		h.out.Len, h.out.Sel = len(a.keys), a.sel
		out.Counts.Held -= int64(len(a.sel))
		out.Counts.Forwarded += int64(len(a.sel))
		out.Emit(0, &h.out)
	}
	return over, nil
}

// heldAllRows are the rows as a part that may leave memory.
type heldAllRows struct {
	*keyed.Rows
	h *Held
}

// Attach lets rows leave memory; see keyed.Evictable.
func (r *heldAllRows) Attach(reader store.Reader, low int64) {
	r.h.all.low = low
	r.Rows.Attach(reader, low)
}

// Room is how many rows can be put in before memory grows; see keyed.Evictable. Few rows are not worth it.
func (r *heldAllRows) Room() int {
	if r.Len() < batch.MaxRows {
		return math.MaxInt
	}
	return r.Rows.Room()
}

// Evict has all rows leave memory, if the store has them as they are; see keyed.Evictable. While rows are coming out all stay.
func (r *heldAllRows) Evict(_ int, settled bool) (evicted int, err error) {
	if r.h.given < len(r.h.ready) || !settled || !r.Stored(settled) {
		return 0, nil
	}
	evicted = r.Len()
	return evicted, r.h.leaveAll()
}

// Depart has all rows leave memory, with the memory; see keyed.Departing.
func (r *heldAllRows) Depart(bool) error {
	if r.h.given < len(r.h.ready) {
		return nil
	}
	return r.h.leaveAll()
}

// Pass leaves rows in the store; see keyed.Evictable.
func (r *heldAllRows) Pass(e *keyed.Entries) error {
	h := r.h
	err := r.DecodeEach(e, func(cols []*batch.Column, n int) error {
		starts, ends := cols[h.cfg.Start].Int64s(), cols[h.cfg.End].Int64s()
		for i := range n {
			if err := h.merge(bounds{starts[i], ends[i]}); err != nil {
				return op.OutOfMemory(h.cfg.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.Rows.Pass(e)
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (r *heldAllRows) Adopt() error {
	h := r.h
	return r.AdoptAs(func(yield func(uint32, uint64) bool) {
		if h.chains.Len() == 0 {
			return
		}
		for id := h.chains.At(0).first; id != keyed.NoRow; id = *h.next.At(id) {
			if !yield(id, 0) {
				return
			}
		}
	})
}
