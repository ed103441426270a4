package timejoin

import (
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Versions of a Temporal join leave memory with all others of their key, and come back so: a key that is in the table has all its versions in memory, and one that is not has none there.
// What is away is not trimmed by watermarks: that happens when its key comes again.

// versionRows are the versions as a part that may leave memory.
type versionRows struct {
	*keyed.Rows
	v      *versions
	ids    []uint32
	slots  []uint32
	rounds keyed.Rounds
}

// Leaves reports whether versions may leave memory: something but time finds them.
func (t *Temporal) Leaves() bool { return len(t.keys.columns) > 0 }

// describe says how what is kept is put in.
func (t *Temporal) describe() {
	e := keyed.Extras{Loaded: t.versions.load}
	if t.Leaves() {
		e.Has, e.Postpone = t.versions.table.HasHash, true
	}
	t.versions.rows.SetExtras(e)
	t.held.SetExtras(keyed.Extras{Loaded: t.wake})
	t.leaving = versionRows{Rows: t.versions.rows, v: t.versions}
}

// needsAway declares the keys of in, or those of the rows that the next call lets go; what waits needs none yet.
func (t *Temporal) needsAway(input int, in *batch.Batch, needs *op.Needs) {
	switch {
	case in == nil && t.asked:
		needs.Keys(0, t.asking)
	case in == nil:
	case input == RightInput:
		needs.Keys(0, t.versions.keys.hash(in))
	default:
		hashes := t.keys.hash(in)
		if t.cfg.Processing || t.ended[RightInput] {
			needs.Keys(0, hashes)
			return
		}
		micros, reached := in.Cols[t.cfg.LeftTime].Int64s(), t.reached[RightInput]
		t.asking = t.asking[:0]
		for i, h := range hashes {
			if micros[in.Row(i)] < reached {
				t.asking = append(t.asking, h)
			}
		}
		needs.Keys(0, t.asking)
	}
}

// ask notes what rows that wait no longer need, if some of that may be away: then the next call has it.
func (t *Temporal) ask(hashes []uint64) bool {
	if t.asked || !t.versions.rows.HasAway() {
		t.asked = false
		return false
	}
	t.asked, t.asking = true, append(t.asking[:0], hashes...)
	return true
}

// Room is how many rows can be put in before memory grows; see keyed.Evictable. Few rows are not worth it.
func (r *versionRows) Room() int {
	if r.Len() < batch.MaxRows {
		return math.MaxInt
	}
	return r.Rows.Room()
}

// leastShare is which part of the versions leaves memory at least: to go through a key group costs the same however few leave.
const leastShare = 8

// Evict has versions leave memory with all others of their keys; see keyed.Evictable.
func (r *versionRows) Evict(want int, settled bool) (evicted int, err error) {
	if !r.Settled() {
		return 0, nil
	}
	want = max(want, r.Len()/leastShare)
	return r.rounds.Evict(want, func(group uint8, most int) (int, error) { return r.evictGroup(group, most, settled) })
}

// evictGroup has about so many versions of a key group leave.
func (r *versionRows) evictGroup(group uint8, want int, settled bool) (evicted int, err error) {
	v := r.v
	r.slots, r.ids = r.slots[:0], r.ids[:0]
	for slot := range v.table.Slots(group) {
		if len(r.ids) >= want {
			break
		}
		if r.collect(slot, settled) && v.table.Alone(slot) {
			r.slots = append(r.slots, slot)
		}
	}
	for _, slot := range r.slots {
		v.heads.At(slot).id = noKey
		if err := v.table.Delete(slot); err != nil {
			return 0, err
		}
	}
	if err := r.Expel(r.ids); err != nil {
		return 0, err
	}
	for _, id := range r.ids {
		*v.rows.Mark(id) |= dead // for those who know it by its time
	}
	return len(r.ids), nil
}

// collect adds the versions of a key to ids, if the store has all of them as they are.
func (r *versionRows) collect(slot uint32, settled bool) bool {
	before := len(r.ids)
	for id := r.v.heads.At(slot).id; id != keyed.NoRow; id = *r.v.rows.Link(id, olderLink) {
		if !r.Clean(id, settled) {
			r.ids = r.ids[:before]
			return false
		}
		r.ids = append(r.ids, id)
	}
	return len(r.ids) > before
}

// Depart has all versions leave memory, with the memory; see keyed.Departing.
func (r *versionRows) Depart(bool) error {
	if r.Len() == 0 {
		return nil
	}
	r.v.table.Free()
	r.v.heads.Free()
	r.v.stale.free()
	return r.Rows.Depart()
}

// Adopt has the versions that are there count as changed, those of a key from the oldest to the newest; see keyed.Late.
func (r *versionRows) Adopt() error {
	v := r.v
	return r.AdoptAs(func(yield func(uint32, uint64) bool) {
		for g := range keyed.Groups {
			for slot := range v.table.Slots(uint8(g)) { //nolint:gosec // below 256
				r.ids = r.ids[:0]
				for id := v.heads.At(slot).id; id != keyed.NoRow; id = *v.rows.Link(id, olderLink) {
					r.ids = append(r.ids, id)
				}
				slices.Reverse(r.ids)
				for _, id := range r.ids {
					if !yield(id, v.table.HashOf(slot)) {
						return
					}
				}
			}
		}
	})
}
