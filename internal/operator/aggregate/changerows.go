package aggregate

import (
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// verdict is what has become of a group since the last flush.
type verdict uint8

const (
	nothing verdict = iota
	appeared
	changed
	vanished
)

// changeRows makes the batch of changes of a piece.
type changeRows struct {
	groups *groups
	upsert bool
	out    batch.Batch
	keys   []*batch.Column
	values []*batch.Column
	// distinct are the keys of the groups that have changed, each once.
	distinct []*batch.Column

	piece    *piece
	after    []*batch.Column
	verdicts []verdict
	// updates are the positions of groups that had an answer and have one; differs says of each position whether it is another.
	updates []uint16
	differs []bool
	// gone are the slots of groups that are no more.
	gone []uint32
	// slots are the groups that have changed. places and picks are, for each row of out, the place of its group among them, and its values' row among before-images and,
	// behind those, answers.
	slots  []uint32
	places []uint16
	picks  []uint16
	kinds  []batch.Change
	voids  []int // rows of which only the keys are known to be wanted
}

func (r *changeRows) init(g *groups, values []*batch.Column) {
	r.groups, r.values = g, values
	for _, t := range g.config.prefix() {
		r.keys = append(r.keys, batch.NewColumn(g.pool, t))
		r.distinct = append(r.distinct, batch.NewColumn(g.pool, t))
	}
	r.out.Cols = append(append(r.out.Cols, r.keys...), values...)
	r.kinds = []batch.Change{} // not nil, which would mean inserts
}

// begin begins a piece whose groups have the answers after.
func (r *changeRows) begin(p *piece, after []*batch.Column, upsert bool) {
	r.piece, r.after, r.upsert = p, after, upsert
	r.verdicts = append(r.verdicts[:0], make([]verdict, len(p.slots))...)
	r.updates, r.gone = r.updates[:0], r.gone[:0]
}

func (r *changeRows) insert(i int) { r.verdicts[i] = appeared }
func (r *changeRows) remove(i int) { r.verdicts[i] = vanished }

func (r *changeRows) update(i int) {
	r.verdicts[i] = changed
	r.updates = append(r.updates, uint16(i)) //nolint:gosec // below pieceGroups
}

// build makes the batch.
func (r *changeRows) build() {
	r.compare()
	r.slots, r.places, r.picks, r.kinds, r.voids = r.slots[:0], r.places[:0], r.picks[:0], r.kinds[:0], r.voids[:0]
	base := r.piece.images
	for i, v := range r.verdicts {
		image := r.piece.before[i]
		switch v {
		case nothing:
		case appeared:
			r.name(i)
			r.put(base+i, batch.Insert)
		case vanished:
			if r.upsert {
				r.voids = append(r.voids, len(r.picks))
				image = int16(base + i) //nolint:gosec // below batch.MaxRows
			}
			r.name(i)
			r.put(int(image), batch.Delete)
		case changed:
			if !r.differs[i] {
				continue
			}
			r.name(i)
			if !r.upsert {
				r.put(int(image), batch.UpdateBefore)
			}
			r.put(base+i, batch.UpdateAfter)
		}
	}
	r.out.Len, r.out.Kinds = len(r.picks), r.kinds
	if len(r.slots) == 0 {
		return
	}
	r.fill(base)
}

// name makes the rows that follow those of group i of the piece.
func (r *changeRows) name(i int) { r.slots = append(r.slots, r.piece.slots[i]) }

func (r *changeRows) put(pick int, kind batch.Change) {
	r.places = append(r.places, uint16(len(r.slots)-1)) //nolint:gosec // below pieceGroups
	r.picks = append(r.picks, uint16(pick))             //nolint:gosec // below batch.MaxRows
	r.kinds = append(r.kinds, kind)
}

// compare finds out which updates are ones.
func (r *changeRows) compare() {
	r.differs = append(r.differs[:0], make([]bool, len(r.verdicts))...)
	if r.upsert {
		for _, i := range r.updates {
			r.differs[i] = true
		}
		return
	}
	if len(r.updates) == 0 {
		return
	}
	for c, after := range r.after {
		markDiffering(r.piece.cols[c], after, r.piece.before, r.updates, r.differs)
	}
}

// fill makes the columns.
func (r *changeRows) fill(base int) {
	g := r.groups
	switch {
	case g.table == nil:
	case len(r.slots) == len(r.places):
		g.table.GatherKeys(r.slots, r.keys)
	default:
		g.table.GatherKeys(r.slots, r.distinct)
		for i, key := range r.keys {
			key.Gather(r.distinct[i], r.places)
		}
	}
	if g.config.Sets != nil {
		g.setBits(r.keys[len(r.keys)-1])
	}
	for c, out := range r.values {
		if base == 0 {
			out.Gather(r.after[c], r.picks)
		} else {
			gatherTwo(out, r.piece.cols[c], r.after[c], r.picks)
		}
		for _, row := range r.voids {
			out.SetNull(row)
		}
	}
}

// markDiffering sets differs of the positions whose image in before is not the row that they have in after.
func markDiffering(before, after *batch.Column, images []int16, positions []uint16, differs []bool) {
	kind := after.Kind()
	if before.HasNulls() || after.HasNulls() || kind.IsNested() || kind.IsVariable() || kind.IsFloat() || kind == schema.Bool || kind == schema.Numeric {
		for _, i := range positions {
			if !differs[i] && !sameValue(before, int(images[i]), after, int(i)) {
				differs[i] = true
			}
		}
		return
	}
	switch kind.Width() {
	case 2:
		markValues[int16](before, after, images, positions, differs)
	case 4:
		markValues[int32](before, after, images, positions, differs)
	case 8:
		markValues[int64](before, after, images, positions, differs)
	case 16:
		markValues[batch.UUID](before, after, images, positions, differs)
	}
}

func markValues[T int16 | int32 | int64 | batch.UUID](before, after *batch.Column, images []int16, positions []uint16, differs []bool) {
	from, to := batch.Values[T](before), batch.Values[T](after)
	for _, i := range positions {
		if from[images[i]] != to[i] {
			differs[i] = true
		}
	}
}

// sameValue reports whether two values of one type look the same: 1.0 is not 1.00, but NaN is NaN.
func sameValue(a *batch.Column, i int, b *batch.Column, j int) bool {
	if x, y := a.IsNull(i), b.IsNull(j); x || y {
		return x && y
	}
	switch kind := a.Kind(); {
	case kind == schema.Null:
		return true
	case kind == schema.Bool:
		return a.Bits().Get(i) == b.Bits().Get(j)
	case kind == schema.Numeric:
		return a.Decimal(i) == b.Decimal(j)
	case kind.IsVariable():
		return string(a.Bytes(i)) == string(b.Bytes(j))
	case kind == schema.Array:
		return sameElements(a, i, b, j)
	case kind == schema.Row:
		for k := range a.Type().Fields {
			if !sameValue(a.Child(k), i, b.Child(k), j) {
				return false
			}
		}
		return true
	case kind == schema.Float32:
		x, y := a.Float32s()[i], b.Float32s()[j]
		return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
	case kind == schema.Float64:
		x, y := a.Float64s()[i], b.Float64s()[j]
		return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
	case kind.Width() == 2:
		return a.Int16s()[i] == b.Int16s()[j]
	case kind.Width() == 4:
		return batch.Values[int32](a)[i] == batch.Values[int32](b)[j]
	case kind.Width() == 8:
		return batch.Values[int64](a)[i] == batch.Values[int64](b)[j]
	default:
		return batch.Values[batch.UUID](a)[i] == batch.Values[batch.UUID](b)[j]
	}
}

func sameElements(a *batch.Column, i int, b *batch.Column, j int) bool {
	x, endX := int(a.Offsets()[i]), int(a.Offsets()[i+1])
	y, endY := int(b.Offsets()[j]), int(b.Offsets()[j+1])
	if endX-x != endY-y {
		return false
	}
	for ; x < endX; x, y = x+1, y+1 {
		if !sameValue(a.Child(0), x, b.Child(0), y) {
			return false
		}
	}
	return true
}

// gatherTwo makes out the rows of first and, numbered behind those, of second that picks names. Text of second may be put behind that of first.
func gatherTwo(out, first, second *batch.Column, picks []uint16) {
	kind := out.Kind()
	if kind.IsNested() || kind.IsVariable() || kind == schema.Bool || kind == schema.Null {
		first.Append(second, nil)
		out.Gather(first, picks)
		return
	}
	out.Reset(len(picks))
	base := first.Len()
	if first.HasNulls() || second.HasNulls() {
		valid := out.MutableValid()
		for i, at := range picks {
			if k := int(at); k < base {
				valid.Put(i, !first.IsNull(k))
			} else {
				valid.Put(i, !second.IsNull(k-base))
			}
		}
	}
	switch kind.Width() {
	case 2:
		pickValues[int16](out, first, second, picks)
	case 4:
		pickValues[int32](out, first, second, picks)
	case 8:
		pickValues[int64](out, first, second, picks)
	case 16:
		pickValues[batch.UUID](out, first, second, picks)
	}
	if kind == schema.Numeric {
		pickScales(out, first, second, picks)
	}
}

func pickValues[T int16 | int32 | int64 | batch.UUID](out, first, second *batch.Column, picks []uint16) {
	a, b, to := batch.Values[T](first), batch.Values[T](second), batch.Values[T](out)
	to = to[:len(picks)]
	for i, at := range picks {
		if int(at) < len(a) {
			to[i] = a[at]
		} else {
			to[i] = b[int(at)-len(a)]
		}
	}
}

func pickScales(out, first, second *batch.Column, picks []uint16) {
	if len(first.Scales())+len(second.Scales()) == 0 && first.Scale() == second.Scale() {
		out.SetScale(first.Scale())
		return
	}
	base := first.Len()
	scales := out.MutableScales()
	for i, at := range picks {
		if k := int(at); k < base {
			scales[i] = first.ScaleAt(k)
		} else {
			scales[i] = second.ScaleAt(k - base)
		}
	}
}
