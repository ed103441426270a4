package window

import (
	"slices"

	"wire.example/wire/sdk/sqlstate"
)

// slice returns the slice of the rows whose windows end from first to last, nil if the first of those is over.
func (r *Revised) slice(first, last int64) *slice {
	if r.cfg.gone(first) { // what is late for those windows counts in the others
		first, _ = r.shape.after(*r.cfg.Gone, first, last)
	}
	if first > last || r.over(first) { // no row comes that late
		return nil
	}
	likely := r.open
	if r.cfg.Emission == OnUpdate {
		likely = r.past
	}
	for i := len(likely) - 1; i >= max(0, len(likely)-8); i-- { // the newest
		if o := likely[i]; o.first == first && o.last == last {
			return o
		}
	}
	if found := r.index[[2]int64{first, last}]; found != nil {
		return found
	}
	return r.newSlice(first, last)
}

// newSlice makes a slice.
func (r *Revised) newSlice(first, last int64) *slice {
	n := &slice{first: first, last: last, entries: none, odd: r.shape.isOdd(first, last)}
	if k := len(r.spare) - 1; k >= 0 {
		n.number, r.spare = r.spare[k], r.spare[:k]
		r.list[n.number] = n
	} else {
		n.number = uint32(len(r.list)) //nolint:gosec // slices are few
		r.list = append(r.list, n)
	}
	r.index[[2]int64{first, last}] = n
	r.file(n)
	return n
}

// file puts a slice among those that it belongs to.
func (r *Revised) file(n *slice) {
	switch {
	case r.cfg.Emission == OnUpdate || n.last <= r.fired:
		r.past = insertByLast(r.past, n)
	case n.first <= r.fired:
		r.inside = insertByLast(r.inside, n)
	default:
		i, _ := slices.BinarySearchFunc(r.open, n, (*slice).compare)
		r.open = slices.Insert(r.open, i, n)
	}
}

func insertByLast(list []*slice, n *slice) []*slice {
	i, _ := slices.BinarySearchFunc(list, n, (*slice).compareLast)
	return slices.Insert(list, i, n)
}

// cellOf returns the cell of a key and a slice.
func (r *Revised) cellOf(key uint32, at *slice) (uint32, error) {
	id, made, err := r.findCell(key, at)
	if err != nil || !made {
		return id, err
	}
	return id, r.kept.Enter(id)
}

// findCell returns the cell of a key and a slice, and whether it was made; then it is to be noted.
func (r *Revised) findCell(key uint32, at *slice) (id uint32, made bool, err error) {
	k := r.rings.At(key)
	newer := none
	for id = k.newest; id != none; {
		c := r.cells.At(id)
		if c.slice == at.number {
			return id, false, nil
		}
		if r.list[c.slice].compareLast(at) < 0 {
			break
		}
		newer, id = id, c.older
	}
	older := id
	if id, err = r.takeCell(); err != nil {
		return 0, false, err
	}
	*r.cells.At(id) = cell{older: older, newer: newer, peer: at.entries, prior: none, key: key, slice: at.number, sums: [levels]uint32{none, none, none}, front: none}
	if at.entries != none {
		r.cells.At(at.entries).prior = id
	}
	at.entries = id
	if newer == none {
		k.newest = id
	} else {
		r.cells.At(newer).older = id
	}
	if older == none {
		k.oldest = id
	} else {
		r.cells.At(older).newer = id
	}
	if r.running() && at.last > r.fired && k.live == newer {
		k.live = id
	}
	return id, true, nil
}

// running reports whether sums of the windows that close next are kept: something is told when windows close.
func (r *Revised) running() bool { return r.cfg.Emission != OnUpdate }

// takeCell returns the number of a cell that is not in use.
func (r *Revised) takeCell() (uint32, error) {
	if id := r.free; id != none {
		r.free = r.cells.At(id).peer
		r.idle--
		return id, nil
	}
	if r.used == none {
		return 0, sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "%s has more groups of slices than it can number", r.cfg.Name)
	}
	if err := r.cells.Grow(int(r.used) + 1); err != nil {
		return 0, err
	}
	r.used++
	return r.used - 1, nil
}

// giveCell takes a cell of a slice that is over out of its key's, of which it is the oldest. It must not count in the sums of windows that close next.
func (r *Revised) giveCell(id uint32) error {
	c := r.cells.At(id)
	key := c.key
	k := r.rings.At(key)
	if k.oldest = c.newer; c.newer == none {
		k.newest = none
	} else {
		r.cells.At(c.newer).older = none
	}
	if k.live == id {
		k.live = c.newer
	}
	for _, n := range c.sums {
		if n != none {
			r.sums.give(n)
		}
	}
	c.peer, r.free = r.free, id
	r.idle++
	return r.tidy(key)
}

// tidy forgets a key that has no cells.
func (r *Revised) tidy(key uint32) error {
	if r.table != nil && r.rings.At(key).newest == none {
		return r.table.Delete(key)
	}
	return nil
}

// enter has the known rows of a cell count in the windows that close next.
func (r *Revised) enter(id uint32) error {
	c := r.cells.At(id)
	k := r.rings.At(c.key)
	k.inside++
	if r.shape.Kind != Cumulate && c.newer != none && r.cells.At(c.newer).front != none {
		n, err := r.sums.take()
		if err != nil {
			return err
		}
		c.front = n
		k.fronts++
		r.sums.add(n, r.cells.At(c.newer).front)
	}
	return r.patch(id, c.sums[known])
}

// patch adds from to the sums that a cell counts in.
func (r *Revised) patch(id, from uint32) error {
	c := r.cells.At(id)
	k := r.rings.At(c.key)
	if c.front == none {
		if k.back == none {
			n, err := r.sums.take()
			if err != nil {
				return err
			}
			k.back = n
		}
		r.sums.add(k.back, from)
		return nil
	}
	for ; id != none; id = r.cells.At(id).older {
		if front := r.cells.At(id).front; front != none {
			r.sums.add(front, from)
		}
		if id == k.live {
			break
		}
	}
	return nil
}

// exit takes a cell out of the windows that close next, and out of their sums: its last window was answered, that which ends at end.
func (r *Revised) exit(id uint32, end int64) error {
	c := r.cells.At(id)
	k := r.rings.At(c.key)
	if k.live == id {
		k.live = c.newer
	}
	if c.sums[known] == none {
		return nil
	}
	k.inside--
	switch {
	case c.front != none:
		r.sums.give(c.front)
		c.front = none
		k.fronts--
	case k.back == none: // another that left at the same time has had the others turned
	case k.inside == 0:
		r.sums.give(k.back)
		k.back = none
	case r.shape.Kind != Cumulate: // else all leave at once
		return r.turn(k, end)
	}
	return nil
}

// turn gives all cells that count in windows behind the one that ends at end a front.
func (r *Revised) turn(k *ring, end int64) error {
	behind := none
	for id := k.newest; id != none; id = r.cells.At(id).older {
		c := r.cells.At(id)
		at := r.list[c.slice]
		if at.last <= end {
			break
		}
		if at.first > end || c.sums[known] == none {
			continue
		}
		if c.front != none {
			r.sums.give(c.front)
			k.fronts--
		}
		n, err := r.sums.take()
		if err != nil {
			return err
		}
		c.front = n
		r.sums.add(n, c.sums[known])
		if behind != none {
			r.sums.add(n, behind)
		}
		behind = n
		k.fronts++
	}
	if k.back != none {
		r.sums.give(k.back)
		k.back = none
	}
	return r.sums.carryOut()
}
