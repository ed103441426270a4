package timejoin

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// olderLink is the link of a version to the one before.
const olderLink = 0

// The marks of versions.
const (
	deleted uint8 = 1 << 0 // from its time on there is no row
	dead    uint8 = 1 << 1 // it is no version any more, and its number may be another's
)

// newest is the newest version of a key.
type newest struct {
	micros int64
	id     uint32
	_      uint32
}

// noKey is the number of the newest version of a key that was taken out.
const noKey = keyed.NoRow - 1

// versions are the versions of the rows of a table, those of a key from the newest to the oldest.
type versions struct {
	cfg    *TemporalConfig
	name   string
	time   int // -1: there is one version, the last that came
	keys   *keys
	keep   []bool
	rows   *keyed.Rows
	table  *keyed.Table
	heads  *keyed.Slab[newest]
	order  *keyed.Order // of whole rows
	anyEnd bool         // a version is a deletion
	// stale are versions before which others may be done with, or which may be done with themselves, by their times.
	stale due[uint32]
	dying []uint32
	empty []uint32 // slots of keys that may have no version

	cols  []*batch.Column
	own   []*batch.Column // keys and time
	ids   []uint32
	slots []uint32
	steps []step
	adds  subset
	takes subset
}

// subset is some rows of a batch.
type subset struct {
	rows   []uint16
	hashes []uint64
	slots  []uint32
}

func (s *subset) reset() { s.rows, s.hashes = s.rows[:0], s.hashes[:0] }

func (s *subset) add(row uint16, hash uint64) {
	s.rows, s.hashes = append(s.rows, row), append(s.hashes, hash)
}

// step is what a row of a batch does: the n-th of those that are added, or of those that are taken back.
type step struct {
	n      uint16
	takes  bool
	ends   bool // a version that is added is a deletion
	micros int64
	always bool // it takes whatever version there is
}

func newVersions(c *TemporalConfig) *versions {
	v := &versions{
		cfg: c, name: c.title(sortTemporal), time: c.time(RightInput), keys: newKeys(&c.Config, RightInput), stale: newDue[uint32](c.Budget),
		keep: c.stored(RightInput, c.times(RightInput)...), cols: make([]*batch.Column, len(c.Right)), own: make([]*batch.Column, len(c.Right)),
		ids: make([]uint32, batch.MaxRows), slots: make([]uint32, batch.MaxRows),
	}
	v.adds.slots, v.takes.slots = make([]uint32, batch.MaxRows), make([]uint32, batch.MaxRows)
	v.rows = keyed.NewRows(c.Pool, c.Right, olderLink+1, v.name, c.Budget)
	v.table = keyed.NewTable(c.Pool, v.keys.types(c.Right), v.name, c.Budget)
	v.heads = keyed.NewSlab[newest](c.Budget)
	var all []keyed.Key
	for i, keep := range v.keep {
		if keep {
			all = append(all, keyed.Key{Column: i})
		}
	}
	v.order = keyed.NewOrder(c.Right, all)
	for _, i := range append(c.times(RightInput), v.keys.columns...) {
		if v.own[i] == nil {
			v.own[i] = batch.NewColumn(c.Pool, c.Right[i])
		}
	}
	return v
}

// apply carries out the changes of b, and returns how many had no effect.
func (v *versions) apply(b *batch.Batch) (idle int64, err error) {
	able, unable := v.keys.divide(b)
	idle = int64(len(unable)) + v.plan(able)
	if err := v.addRows(b); err != nil {
		return 0, err
	}
	if len(v.takes.rows) > 0 {
		if err := v.table.Find(v.takes.hashes, v.keys.of(b), v.takes.rows, v.takes.slots[:len(v.takes.rows)]); err != nil {
			return 0, err
		}
	}
	for _, s := range v.steps {
		switch {
		case s.takes:
			took, err := v.take(b, s)
			if err != nil {
				return 0, err
			}
			if !took {
				idle++
			}
		default:
			id := v.ids[s.n]
			if s.ends {
				*v.rows.Mark(id) = deleted
				v.anyEnd = true
			}
			if err := v.insert(v.adds.slots[s.n], id, s.micros); err != nil {
				return 0, err
			}
		}
	}
	return idle, v.bury()
}

// plan says what the rows of b do, and returns how many do nothing.
func (v *versions) plan(b *batch.Batch) (idle int64) {
	v.steps = v.steps[:0]
	v.adds.reset()
	v.takes.reset()
	hashes := v.keys.hash(b)
	for i := range b.Rows() {
		row := b.Row(i)
		kind := batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[row]
		}
		s := step{}
		timeless := false
		if v.time >= 0 {
			if timeless = b.Cols[v.time].IsNull(row); !timeless {
				s.micros = b.Cols[v.time].Int64s()[row]
			}
		}
		switch {
		case kind == batch.UpdateBefore && replaced(b, hashes, i):
			continue
		case !op.Adds(kind) && v.cfg.Upsert && v.time >= 0 && !timeless:
			s.ends = true
		case !op.Adds(kind):
			s.takes, s.always = true, v.cfg.Upsert
		case timeless:
			idle++
			continue
		}
		list := &v.adds
		if s.takes {
			list = &v.takes
		}
		s.n = uint16(len(list.rows))     //nolint:gosec // at most batch.MaxRows
		list.add(uint16(row), hashes[i]) //nolint:gosec // a row number of a batch
		v.steps = append(v.steps, s)
	}
	return idle
}

// replaced reports whether what follows row i of those of b that count, the first half of an update, is a version that replaces it: one of the same key.
func replaced(b *batch.Batch, hashes []uint64, i int) bool {
	return i+1 < b.Rows() && b.Row(i+1) == b.Row(i)+1 && b.Kinds[b.Row(i+1)] == batch.UpdateAfter && hashes[i+1] == hashes[i]
}

// addRows stores the rows that are added, and finds their keys.
func (v *versions) addRows(b *batch.Batch) error {
	n := len(v.adds.rows)
	if n == 0 {
		return nil
	}
	for i := range v.cols {
		if v.cols[i] = nil; v.keep[i] {
			v.cols[i] = b.Cols[i]
		}
	}
	if err := v.rows.Append(v.cols, v.adds.hashes, v.adds.rows, v.ids[:n]); err != nil {
		return err
	}
	return v.findKeys(b, v.adds.hashes, v.adds.rows, v.adds.slots[:n])
}

// findKeys finds the slots of the keys of rows, which are made if they are not there.
func (v *versions) findKeys(b *batch.Batch, hashes []uint64, rows []uint16, slots []uint32) error {
	fresh, err := v.table.Upsert(hashes, v.keys.of(b), rows, slots)
	if err != nil {
		return err
	}
	if err := v.heads.Grow(v.table.Limit()); err != nil {
		return op.OutOfMemory(v.name, err)
	}
	for _, i := range fresh {
		*v.heads.At(slots[i]) = newest{id: keyed.NoRow}
	}
	return nil
}

// micros is the time of a version.
func (v *versions) micros(id uint32) int64 {
	if v.time < 0 {
		return 0
	}
	cols, row := v.rows.Row(id)
	return cols[v.time].Int64s()[row]
}

// insert puts a version among those of its key. One of the same time is replaced.
func (v *versions) insert(slot, id uint32, micros int64) error {
	head, link := v.heads.At(slot), v.rows.Link(id, olderLink)
	older, newer := head.id, keyed.NoRow
	if older == keyed.NoRow || micros >= head.micros {
		head.id, head.micros = id, micros
	} else {
		for older != keyed.NoRow && v.micros(older) > micros {
			newer, older = older, *v.rows.Link(older, olderLink)
		}
		*v.rows.Link(newer, olderLink) = id
	}
	if older != keyed.NoRow && v.micros(older) == micros {
		next := *v.rows.Link(older, olderLink)
		if err := v.kill(older); err != nil {
			return err
		}
		older = next
	}
	*link = older
	if newer != keyed.NoRow {
		if err := v.watch(newer, v.micros(newer)); err != nil {
			return err
		}
	}
	if older != keyed.NoRow || *v.rows.Mark(id) == deleted {
		return v.watch(id, micros)
	}
	return nil
}

// watch notes a version before which others may be done with when its time is past.
func (v *versions) watch(id uint32, micros int64) error {
	if v.time < 0 {
		return nil
	}
	return op.OutOfMemory(v.name, v.stale.push(micros, id))
}

// take takes a version back: the one that is equal to the row of a step, or the newest. It reports whether there was one.
func (v *versions) take(b *batch.Batch, s step) (took bool, err error) {
	slot := v.takes.slots[s.n]
	if slot == keyed.NoSlot {
		return false, nil
	}
	id := v.heads.At(slot).id
	row := int(v.takes.rows[s.n])
	for ; id != keyed.NoRow && !s.always; id = *v.rows.Link(id, olderLink) {
		cols, at := v.rows.Row(id)
		if v.order.Compare(b.Cols, row, cols, at) == 0 {
			break
		}
	}
	if id == keyed.NoRow || *v.rows.Mark(id)&deleted != 0 {
		return false, nil
	}
	if v.time < 0 {
		v.heads.At(slot).id = keyed.NoRow
		v.empty = append(v.empty, slot)
		return true, v.kill(id)
	}
	if err := v.rows.TouchOne(id); err != nil {
		return false, err
	}
	*v.rows.Mark(id) |= deleted
	v.anyEnd = true
	return true, v.watch(id, v.micros(id))
}

// kill makes a version none.
func (v *versions) kill(id uint32) error {
	if err := v.rows.TouchOne(id); err != nil {
		return err
	}
	*v.rows.Mark(id) |= dead
	v.dying = append(v.dying, id)
	return nil
}

// bury gives the memory of what is dead, and of keys without versions, to others.
func (v *versions) bury() error {
	err := v.rows.Delete(v.dying)
	v.dying = v.dying[:0]
	for _, slot := range v.empty {
		if head := v.heads.At(slot); head.id == keyed.NoRow && err == nil {
			head.id = noKey
			err = v.table.Delete(slot)
		}
	}
	v.empty = v.empty[:0]
	return err
}

// trim drops the versions that no row from a time on can meet: all but the last at that time.
func (v *versions) trim(micros int64) error {
	if micros == past {
		return nil
	}
	if err := v.stale.advance(add(micros, 1)); err != nil {
		return op.OutOfMemory(v.name, err)
	}
	for v.stale.any() {
		if err := v.trimBehind(v.stale.take(batch.MaxRows), micros); err != nil {
			return err
		}
	}
	return v.bury()
}

// trimBehind drops the versions before some at a time, and those of them that are deletions and alone.
func (v *versions) trimBehind(ids []uint32, micros int64) error {
	ends := v.ids[:0]
	for _, id := range ids {
		mark := *v.rows.Mark(id)
		if mark&dead != 0 || v.micros(id) > micros { // or another version now, which is watched itself
			continue
		}
		link := v.rows.Link(id, olderLink)
		for older := *link; older != keyed.NoRow; older = *v.rows.Link(older, olderLink) {
			if err := v.kill(older); err != nil {
				return err
			}
		}
		*link = keyed.NoRow
		if mark&deleted != 0 {
			ends = append(ends, id)
		}
	}
	return v.forget(ends)
}

// forget drops deletions that are the only version of their key.
func (v *versions) forget(ids []uint32) error {
	if len(ids) == 0 {
		return nil
	}
	v.rows.Gather(ids, v.own)
	b := batch.Batch{Cols: v.own, Len: len(ids)}
	slots := v.slots[:len(ids)]
	if err := v.table.Find(v.keys.hash(&b), v.keys.of(&b), nil, slots); err != nil {
		return err
	}
	for i, slot := range slots {
		if head := v.heads.At(slot); head.id == ids[i] && *v.rows.Mark(ids[i])&dead == 0 {
			head.id = keyed.NoRow
			if err := v.kill(ids[i]); err != nil {
				return err
			}
			v.empty = append(v.empty, slot)
		}
	}
	return nil
}

// lookUp sets ids to the versions that rows of b, left rows with keys k and these hashes, meet. times are the left rows', nil for the newest versions.
func (v *versions) lookUp(b *batch.Batch, k *keys, hashes []uint64, times []int64, ids []uint32) error {
	ids = ids[:len(hashes)]
	if err := v.table.Find(hashes, k.of(b), b.Sel, ids); err != nil {
		return err
	}
	for i, slot := range ids {
		if slot == keyed.NoSlot {
			ids[i] = keyed.NoRow
			continue
		}
		head := v.heads.At(slot)
		id := head.id
		if len(times) > 0 && head.micros > times[b.Row(i)] {
			at := times[b.Row(i)]
			for id = *v.rows.Link(id, olderLink); id != keyed.NoRow && v.micros(id) > at; id = *v.rows.Link(id, olderLink) {
			}
		}
		if v.anyEnd && id != keyed.NoRow && *v.rows.Mark(id)&deleted != 0 {
			id = keyed.NoRow
		}
		ids[i] = id
	}
	return nil
}

// load makes rows that are stored versions.
func (v *versions) load(ids []uint32) error {
	for len(ids) > 0 {
		n := min(len(ids), batch.MaxRows)
		v.rows.Gather(ids[:n], v.own)
		b := batch.Batch{Cols: v.own, Len: n}
		slots := v.slots[:n]
		if err := v.findKeys(&b, v.keys.hash(&b), nil, slots); err != nil {
			return err
		}
		for i, slot := range slots {
			*v.rows.Link(ids[i], olderLink) = keyed.NoRow
			v.anyEnd = v.anyEnd || *v.rows.Mark(ids[i])&deleted != 0
			micros := int64(0)
			if v.time >= 0 {
				micros = v.own[v.time].Int64s()[i]
			}
			if err := v.insert(slot, ids[i], micros); err != nil {
				return err
			}
		}
		ids = ids[n:]
	}
	return nil
}

// free drops everything.
func (v *versions) free() {
	v.rows.Free()
	v.table.Free()
	v.heads.Free()
	v.stale.free()
}
