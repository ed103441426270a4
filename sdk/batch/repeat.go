package batch

import "wire.example/wire/sdk/schema"

// Repeater makes batches whose rows repeat rows of another batch: what unnesting does. It belongs to one goroutine.
type Repeater struct {
	own    []*Column
	kinds  []Change
	before []int64
	origin []uint16
}

// Column returns the repeater's own column number slot, made of typ the first time.
func (r *Repeater) Column(pool *Pool, slot int, typ schema.Type) *Column {
	for len(r.own) <= slot {
		r.own = append(r.own, nil)
	}
	if r.own[slot] == nil {
		r.own[slot] = NewColumn(pool, typ)
	}
	return r.own[slot]
}

// Carry makes dst as long as rows, the rows of src that its rows repeat, with their kinds of change, their splits' watermarks and where they came from. The halves of
// an update, which may be repeated differently, become deletes and inserts. dst borrows from the repeater until the next call, and from src for as long as that is lent.
func (r *Repeater) Carry(dst, src *Batch, rows []uint16) {
	dst.Len, dst.Sel, dst.Kinds, dst.Before, dst.Origin, dst.OriginRows = len(rows), nil, nil, nil, src.Origin, nil
	if src.Kinds != nil {
		r.kinds = r.kinds[:0]
		for _, row := range rows {
			kind := src.Kinds[row]
			switch kind {
			case UpdateBefore:
				kind = Delete
			case UpdateAfter:
				kind = Insert
			}
			r.kinds = append(r.kinds, kind)
		}
		dst.Kinds = r.kinds
	}
	if src.Before != nil {
		r.before = r.before[:0]
		for _, row := range rows {
			r.before = append(r.before, src.Before[row])
		}
		dst.Before = r.before
	}
	if src.Origin != nil {
		r.origin = r.origin[:0]
		for _, row := range rows {
			r.origin = append(r.origin, uint16(src.OriginRow(int(row)))) //nolint:gosec // a row number of a batch
		}
		dst.OriginRows = r.origin
	}
}

// Nested returns how many values lie below arrays in rows from and up to to: what repeating them costs beyond the rows themselves.
func (c *Column) Nested(from, to int) int {
	switch c.typ.Kind {
	case schema.Array:
		offsets := c.Offsets()
		lo, hi := int(offsets[from]), int(offsets[to])
		return hi - lo + c.kids[0].Nested(lo, hi)
	case schema.Row:
		n := 0
		for _, k := range c.kids {
			if k != nil {
				n += k.Nested(from, to)
			}
		}
		return n
	default:
		return 0
	}
}
