package join

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// kin finds rows by the columns that they are dealt by, where keys are compared by IN: rows that are equal in these may make an answer unknown, if one of
// them has a NULL.
type kin struct {
	table   *keyed.Table
	hashers [2]*keyed.Hasher
	lists   *keyed.Slab[[2]family] // by slot and input
	// may compares rows of an input with stored rows of the other.
	may [2]*maybe
	// slots and nulls are those of the rows that were placed last: keyed.NoSlot is that of a row without kin, a null that of one with a NULL compared by IN.
	slots []uint32
	nulls []bool
	some  subset
	found []uint32
}

// family is the rows of an input that are equal in the dealt columns: those without a NULL that is compared by IN, and those with one.
type family struct{ certain, nulls run }

func noFamily() family { return family{noRun(), noRun()} }

func newKin(c *Config, keys [2]*keyColumns) *kin {
	k := &kin{
		table: keyed.NewTable(c.Pool, pick(c.Left, keys[LeftInput].dealt), c.title(), c.Budget), lists: keyed.NewSlab[[2]family](c.Budget),
		slots: make([]uint32, batch.MaxRows), nulls: make([]bool, batch.MaxRows), found: make([]uint32, batch.MaxRows),
	}
	for input := range 2 {
		k.hashers[input] = keyed.NewHasher(keys[input].dealt)
		k.may[input] = newMaybe(c, 1-input)
	}
	return k
}

// place finds the families of b's rows, or makes them.
func (k *kin) place(keys *keyColumns, input int, b *batch.Batch, dealt []uint64, put bool) error {
	n := b.Rows()
	hashes := dealt
	if len(keys.dealt) == 0 {
		hashes = k.hashers[input].Hash(b)
		keyed.Place(hashes, dealt)
	}
	rows, slots := b.Sel, k.slots[:n]
	partial := nullable(b, keys.equal)
	if partial {
		k.some.without(b, keys.equal, hashes)
		rows, hashes, slots = k.some.rows, k.some.hashes, k.found[:len(k.some.rows)]
	}
	if err := k.lookUp(hashes, keys.of(b, keys.dealt), rows, slots, put); err != nil {
		return err
	}
	if partial {
		for i := range k.slots[:n] {
			k.slots[i] = keyed.NoSlot
		}
		for i, slot := range slots {
			k.slots[k.some.positions[i]] = slot
		}
	}
	for i := range n {
		k.nulls[i] = hasNull(b.Cols, keys.in, b.Row(i))
	}
	return nil
}

func (k *kin) lookUp(hashes []uint64, cols []*batch.Column, rows []uint16, slots []uint32, put bool) error {
	if !put {
		return k.table.Find(hashes, cols, rows, slots)
	}
	fresh, err := k.table.Upsert(hashes, cols, rows, slots)
	if err != nil {
		return err
	}
	if err := k.lists.Grow(k.table.Limit()); err != nil {
		return err
	}
	for _, i := range fresh {
		*k.lists.At(slots[i]) = [2]family{noFamily(), noFamily()}
	}
	return nil
}

// list is where a row of an input is that was placed at p.
func (k *kin) list(input, p int) *run {
	f := &k.lists.At(k.slots[p])[input]
	if k.nulls[p] {
		return &f.nulls
	}
	return &f.certain
}

// tidy drops families without rows among those that were placed last.
func (k *kin) tidy(n int) error {
	for _, slot := range k.slots[:n] {
		if slot == keyed.NoSlot {
			continue
		}
		f := k.lists.At(slot)
		if l, r := &f[LeftInput], &f[RightInput]; l.certain.gone || l.certain.count+l.nulls.count+r.certain.count+r.nulls.count > 0 {
			continue
		}
		f[LeftInput].certain.gone = true
		if err := k.table.Delete(slot); err != nil {
			return err
		}
	}
	return nil
}

// forgetInput empties the families of an input.
func (k *kin) forgetInput(input int) error {
	for g := range keyed.Groups {
		for slot := range k.table.Slots(uint8(g)) { //nolint:gosec // less than Groups
			f := k.lists.At(slot)
			f[input] = noFamily()
			if other := &f[1-input]; other.certain.count+other.nulls.count == 0 {
				if err := k.table.Delete(slot); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// place finds the keys of b's rows, keyed.NoSlot where there is none, or puts them in. It returns the hashes by which they are dealt.
func (j *Changing) place(input int, b *batch.Batch, slots []uint32, put bool) (dealt []uint64, err error) {
	w, k := &j.work, j.keys[input]
	hashes, dealt := j.hash(input, b)
	if j.kin != nil {
		if err := j.kin.place(k, input, b, dealt, put); err != nil {
			return nil, err
		}
	}
	rows, found := b.Sel, slots
	partial := nullable(b, k.strict)
	if partial {
		w.some.without(b, k.strict, hashes)
		rows, hashes, found = w.some.rows, w.some.hashes, w.found[:len(w.some.rows)]
	}
	if err := j.lookUp(hashes, k.of(b, k.columns), rows, found, put); err != nil {
		return nil, err
	}
	if partial {
		for i := range slots {
			slots[i] = keyed.NoSlot
		}
		for i, slot := range found {
			slots[w.some.positions[i]] = slot
		}
	}
	return dealt, nil
}

func (j *Changing) lookUp(hashes []uint64, cols []*batch.Column, rows []uint16, slots []uint32, put bool) error {
	if !put {
		return j.table.Find(hashes, cols, rows, slots)
	}
	fresh, err := j.table.Upsert(hashes, cols, rows, slots)
	if err != nil {
		return err
	}
	if err := j.runs.Grow(j.table.Limit()); err != nil {
		return err
	}
	for _, i := range fresh {
		*j.runs.At(slots[i]) = bucket{noRun(), noRun()}
	}
	return nil
}

// hash returns the hashes of the keys of b's rows, and those by which they are dealt. Lent until the next call.
func (j *Changing) hash(input int, b *batch.Batch) (hashes, dealt []uint64) {
	k := j.keys[input]
	hashes, dealt = k.hash(b)
	if len(k.columns) == 0 {
		hashes = k.hasher.Hash(b)
		keyed.Place(hashes, dealt)
	}
	return hashes, dealt
}

// findable reports whether rows of the other input may find a row that was placed at p.
func (j *Changing) findable(slots []uint32, p int) bool {
	return slots[p] != keyed.NoSlot || j.kin != nil && j.kin.slots[p] != keyed.NoSlot
}

// attach makes a stored row, placed at p, one that is found.
func (j *Changing) attach(input int, slots []uint32, p int, id uint32) error {
	s := j.stores[input]
	if j.kin != nil {
		s.groups.push(j.kin.list(input, p), id)
	}
	if slots[p] == keyed.NoSlot {
		if s.hashes != nil {
			*s.hashes.At(id) = s.imageAt(p)
		}
		return nil
	}
	return s.enter(&j.runs.At(slots[p])[input], id, s.imageAt(p), slots[p])
}

// detach takes a stored row, placed at p, out.
func (j *Changing) detach(input int, slots []uint32, p int, id uint32) error {
	s := j.stores[input]
	if j.kin != nil {
		s.groups.remove(j.kin.list(input, p), id)
	}
	if slots[p] == keyed.NoSlot {
		s.drop(id)
		return nil
	}
	return s.unlink(&j.runs.At(slots[p])[input], id, slots[p])
}

// find returns a stored row that is what the row at p takes back, or keyed.NoRow.
func (j *Changing) find(p int) uint32 {
	w, s := &j.work, j.stores[j.work.input]
	if w.slots[p] == keyed.NoSlot {
		return s.findIn(s.groups, j.kin.list(w.input, p), w.in, int(w.rows[p]), s.imageAt(p))
	}
	return s.find(&j.runs.At(w.slots[p])[w.input], w.in, int(w.rows[p]), s.imageAt(p), w.slots[p])
}

// there reports whether the row at p, which was stored, still is.
func (j *Changing) there(p int) bool {
	w, s := &j.work, j.stores[j.work.input]
	if w.slots[p] == keyed.NoSlot {
		return s.groups.has(j.kin.list(w.input, p), w.ids[p])
	}
	return s.runs.has(&j.runs.At(w.slots[p])[w.input], w.ids[p])
}

// tidyKeys drops keys without rows among those that were placed last.
func (j *Changing) tidyKeys(slots []uint32) error {
	for _, slot := range slots {
		if slot == keyed.NoSlot {
			continue
		}
		if b := j.runs.At(slot); !b[LeftInput].gone && b[LeftInput].count == 0 && b[RightInput].count == 0 {
			b[LeftInput].gone = true
			if err := j.table.Delete(slot); err != nil {
				return err
			}
		}
	}
	if j.kin != nil {
		return op.OutOfMemory(j.cfg.title(), j.kin.tidy(len(slots)))
	}
	return nil
}
