package window

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"wire.example/wire/internal/state/keyed"
)

// Form is how an operator stores groups of windows.
type Form uint8

// The forms: those of a Sliced, an Aggregate and a Revised. Only windows that do not overlap are stored in the form of an Aggregate where they are reshaped.
const (
	InSlices Form = iota
	InWindows
	InRevised
)

// Reshaper makes of what an operator of one form has stored of a key group what one of another form reads. Its calls are Sliceable.
type Reshaper struct {
	*Rewriter
	From, To Form
	Shape    Shape
	sums     *partials
	fired    int64
	keys     [][]byte
	places   map[string]int
	cells    [][]shaped
	index    map[cellAt]int // places in the cells of a key
}

// cellAt says which cell of which key.
type cellAt struct {
	key         int
	first, last int64
}

// shaped are the rows of a key that are in the windows which end from first to last, by the number of what they add up to.
type shaped struct {
	first, last int64
	sum         uint32
}

// NewReshaper returns a reshaper for the calls that now, the configuration of the operator of now, has; it goes on from those that r says.
func (r *Rewriter) NewReshaper(now *Config, from, to Form, shape Shape, closed int64) *Reshaper {
	r.Closed = closed
	return &Reshaper{Rewriter: r, From: from, To: to, Shape: shape.normal(), sums: newPartials(now, r.pool, r.budget)}
}

// Free gives the memory back.
func (r *Reshaper) Free() {
	r.sums.release()
	r.Rewriter.Free()
}

// Group reshapes what was stored of a key group, nil if nothing is left.
func (r *Reshaper) Group(data []byte) ([]byte, error) {
	r.fired, r.keys, r.places, r.cells, r.index = math.MinInt64, nil, map[string]int{}, nil, map[cellAt]int{}
	read := map[Form]func([]byte) error{InSlices: r.readSlices, InWindows: r.readWindows, InRevised: r.readRevised}[r.From]
	if err := read(data); err != nil {
		return nil, err
	}
	for i := range r.cells {
		slices.SortFunc(r.cells[i], func(a, b shaped) int { return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.first, b.first)) })
	}
	write := map[Form]func() []byte{InSlices: r.writeSlices, InWindows: r.writeWindows, InRevised: r.writeRevised}[r.To]
	out := write()
	for _, cells := range r.cells {
		for _, c := range cells {
			r.sums.give(c.sum)
		}
	}
	return out, nil
}

// add adds rows of a key in windows that end from first to last, as calls know them at the beginning of data, and returns what follows.
func (r *Reshaper) add(key []byte, first, last int64, data []byte) (rest []byte, err error) {
	bare, rest, err := r.calls.Calls(nil, data)
	if err != nil {
		return nil, err
	}
	return rest, r.addBare(key, first, last, bare)
}

func (r *Reshaper) addBare(key []byte, first, last int64, bare []byte) error {
	n, _, err := r.sums.restore(bare)
	if err != nil {
		return err
	}
	if last <= max(r.fired, r.Closed) {
		r.sums.give(n)
		return nil
	}
	at, known := r.places[string(key)]
	if !known {
		at = len(r.keys)
		r.places[string(key)] = at
		r.keys, r.cells = append(r.keys, slices.Clone(key)), append(r.cells, nil)
	}
	if i, known := r.index[cellAt{at, first, last}]; known {
		r.sums.add(r.cells[at][i].sum, n)
		r.sums.giveLater(n)
		return r.sums.carryOut()
	}
	r.index[cellAt{at, first, last}] = len(r.cells[at])
	r.cells[at] = append(r.cells[at], shaped{first, last, n})
	return nil
}

// tableOf makes a table of what is kept for each key.
func (r *Reshaper) tableOf(values [][]byte) []byte {
	switch {
	case len(values) == 0:
		return nil
	case len(r.now) == 0:
		return values[0]
	}
	return keyed.BuildTable(r.now, r.keys, values)
}

func (r *Reshaper) readSlices(data []byte) error {
	parts, err := keyed.Parts(r.name, data, slicedVersion, 2)
	if err != nil {
		return err
	}
	if len(parts[0]) == 8 {
		r.fired = int64(binary.LittleEndian.Uint64(parts[0])) //nolint:gosec // as it was
	}
	return r.each(parts[1], func(key []byte, in *walker) (err error) {
		front := in.peek()
		in.uvarint(nil)
		if front > 0 && in.err == nil {
			return r.corrupt("sums of several slices cannot be taken apart; bring the pipeline back as it was, or begin anew with --fresh")
		}
		for range 3 {
			n := in.peek()
			for in.uvarint(nil); n > 0 && in.err == nil; n-- {
				first, last := in.number(), in.number()
				if in.data, err = r.add(key, first, last, in.data); err != nil {
					return err
				}
			}
		}
		if in.err == nil && len(in.data) > 0 { // what has cumulated
			last := in.number()
			in.data, err = r.add(key, r.fired, last, in.data)
		}
		return err
	})
}

func (r *Reshaper) readRevised(data []byte) error {
	parts, err := keyed.Parts(r.name, data, revisedVersion, 2)
	if err != nil {
		return err
	}
	if len(parts[0]) == 8 {
		r.fired = int64(binary.LittleEndian.Uint64(parts[0])) //nolint:gosec // as it was
	}
	return r.each(parts[1], func(key []byte, in *walker) (err error) {
		for in.err == nil && len(in.data) > 0 {
			first, last := in.number(), in.number()
			if len(in.data) == 0 {
				return r.corrupt("a key does not end where it should")
			}
			marks := in.data[0]
			for in.byte(nil); marks != 0; marks &= marks - 1 {
				if in.data, err = r.add(key, first, last, in.data); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (r *Reshaper) readWindows(data []byte) error {
	parts, err := keyed.Parts(r.name, data, version, 2)
	if err != nil {
		return err
	}
	for heads, states := parts[0], parts[1]; len(heads) >= headSize; heads = heads[headSize:] {
		end := int64(binary.LittleEndian.Uint64(heads[8:])) //nolint:gosec // as it was written
		size := binary.LittleEndian.Uint32(heads[headSize-4:])
		if int64(size) > int64(len(states)) {
			return r.corrupt("the state of a window is not there")
		}
		if err := r.calls.Groups(states[:size], func(key, bare []byte) error { return r.addBare(key, end, end, bare) }); err != nil {
			return err
		}
		states = states[size:]
	}
	return nil
}

// writeSlices writes all cells as ones of open slices, but for what has cumulated and slices of which some windows were answered.
func (r *Reshaper) writeSlices() []byte {
	fired := max(r.fired, r.Closed)
	values := make([][]byte, len(r.keys))
	answered := false
	for i, cells := range r.cells {
		var chains [3][]shaped
		for _, c := range cells {
			switch {
			case c.first > fired:
				chains[2] = append(chains[2], c)
			case r.Shape.isOdd(c.first, c.last):
				chains[1] = append(chains[1], c)
			default:
				chains[0] = append(chains[0], c)
			}
		}
		answered = answered || len(chains[0])+len(chains[1]) > 0
		back := chains[0]
		if r.Shape.Kind == Cumulate {
			chains[0] = nil
		}
		values[i] = append(values[i], 0) // no fronts
		for _, chain := range chains {
			values[i] = binary.AppendUvarint(values[i], uint64(len(chain)))
			for _, c := range chain {
				values[i] = r.sums.append(binary.AppendVarint(binary.AppendVarint(values[i], c.first), c.last), c.sum)
			}
		}
		if r.Shape.Kind == Cumulate && len(back) > 0 {
			values[i] = r.appendBack(values[i], back)
		}
	}
	if len(values) == 0 {
		return nil
	}
	var at []byte
	if answered {
		at = binary.LittleEndian.AppendUint64(nil, uint64(fired)) //nolint:gosec // as it is
	}
	return keyed.AppendParts(nil, slicedVersion, at, r.tableOf(values))
}

// appendBack appends what has cumulated.
func (r *Reshaper) appendBack(dst []byte, cells []shaped) []byte {
	for _, c := range cells[1:] {
		r.sums.add(cells[0].sum, c.sum)
	}
	if r.sums.carryOut() != nil {
		return dst
	}
	return r.sums.append(binary.AppendVarint(dst, cells[0].last), cells[0].sum)
}

// writeRevised writes all cells as known: nobody has been told of windows that have not closed.
func (r *Reshaper) writeRevised() []byte {
	values := make([][]byte, len(r.keys))
	for i, cells := range r.cells {
		for _, c := range cells {
			values[i] = binary.AppendVarint(binary.AppendVarint(values[i], c.first), c.last)
			values[i] = r.sums.append(append(values[i], 1<<known), c.sum)
		}
	}
	if len(values) == 0 {
		return nil
	}
	var closed []byte
	if r.fired != math.MinInt64 {
		closed = binary.LittleEndian.AppendUint64(nil, uint64(r.fired)) //nolint:gosec // as it is
	}
	return keyed.AppendParts(nil, revisedVersion, closed, r.tableOf(values))
}

// writeWindows writes the groups of each window, which nobody has been told of.
func (r *Reshaper) writeWindows() []byte {
	type group struct{ keys, bare [][]byte }
	windows := map[int64]*group{}
	for i, cells := range r.cells {
		for _, c := range cells {
			w := windows[c.last]
			if w == nil {
				w = &group{}
				windows[c.last] = w
			}
			w.keys, w.bare = append(w.keys, r.keys[i]), append(w.bare, r.sums.append(nil, c.sum))
		}
	}
	if len(windows) == 0 {
		return nil
	}
	var heads, states []byte
	for end, w := range windows {
		state := r.calls.Whole(w.keys, w.bare)
		heads = binary.LittleEndian.AppendUint64(heads, uint64(end-r.Shape.Size))      //nolint:gosec // the bits of it
		heads = binary.LittleEndian.AppendUint64(heads, uint64(end))                   //nolint:gosec // the bits of it
		heads = binary.LittleEndian.AppendUint32(append(heads, 0), uint32(len(state))) //nolint:gosec // a snapshot of a key group is smaller
		states = append(states, state...)
	}
	return keyed.AppendParts(nil, version, heads, states)
}
