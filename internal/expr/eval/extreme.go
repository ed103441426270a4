package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// extreme is GREATEST or LEAST: NULLs do not take part.
type extreme struct {
	merge
	sign int
	// best is the operand that leads in each row, -1 for none; rows are those of each operand.
	best [batch.MaxRows]int16
	rows [][]uint16
}

func (c *compiler) extreme(n *node, e *bind.Expr) operation {
	sign := 1
	if e.Op == bind.Least {
		sign = -1
	}
	for i, a := range n.args {
		n.args[i] = c.spread(a)
	}
	switch e.Type.Kind {
	case schema.Int16:
		return &extremeInts[int16]{sign > 0}
	case schema.Int32, schema.Date:
		return &extremeInts[int32]{sign > 0}
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		return &extremeInts[int64]{sign > 0}
	default:
		return &extreme{merge: newMerge(e.Type), sign: sign, rows: make([][]uint16, len(n.args))}
	}
}

func (o *extreme) run(p *Program, n *node) {
	lead := o.best[:p.rows]
	for i := range lead {
		lead[i] = -1
	}
	for i := range o.rows {
		o.rows[i] = o.rows[i][:0]
	}
	for k, a := range n.args {
		col := a.get(p).Col
		each(n.scope.sel, p.rows, func(row int) {
			if col.IsNull(row) {
				return
			}
			if at := lead[row]; at < 0 || CompareValues(col, row, n.args[at].value.Col, row)*o.sign > 0 {
				lead[row] = int16(k) //nolint:gosec // the parser bounds the number of operands
			}
		})
	}
	out := n.begin(p)
	each(n.scope.sel, p.rows, func(row int) {
		if at := lead[row]; at >= 0 {
			o.rows[at] = append(o.rows[at], uint16(row)) //nolint:gosec // a row of a batch
		} else {
			out.SetNull(row)
		}
	})
	for k, rows := range o.rows {
		if len(rows) > 0 {
			o.add(out, n.args[k].value, rows)
		}
	}
	o.finish(out)
}

// each calls f for the rows of sel (nil: all of rows).
func each(sel []uint16, rows int, f func(row int)) {
	if sel == nil {
		for row := range rows {
			f(row)
		}
		return
	}
	for _, row := range sel {
		f(int(row))
	}
}

// extremeInts computes all rows, wanted or not.
type extremeInts[T integer] struct{ greatest bool }

func (o *extremeInts[T]) run(p *Program, n *node) {
	for _, a := range n.args {
		a.get(p)
	}
	out := n.begin(p)
	dst := batch.Values[T](out)
	first := n.args[0].value.Col
	out.AndValid(first)
	copy(dst, batch.Values[T](first))
	for _, a := range n.args[1:] {
		col := a.value.Col
		src := batch.Values[T](col)
		if !col.HasNulls() && !out.HasNulls() {
			o.plain(dst, src)
			continue
		}
		valid := out.MutableValid()
		for i, v := range src {
			switch {
			case col.IsNull(i):
			case !valid.Get(i):
				dst[i] = v
				valid.Set(i)
			case v > dst[i] == o.greatest && v != dst[i]:
				dst[i] = v
			}
		}
	}
}

func (o *extremeInts[T]) plain(dst, src []T) {
	if o.greatest {
		for i, v := range src {
			dst[i] = max(dst[i], v)
		}
		return
	}
	for i, v := range src {
		dst[i] = min(dst[i], v)
	}
}
