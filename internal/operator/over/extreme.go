package over

import (
	"wire.example/wire/internal/state/keyed"
)

// extreme is min and max: the row that comes first in an order by the argument. Of equal values the last one counts, as in PostgreSQL.
type extreme struct {
	picker
	frame       *framing
	order       *keyed.Order
	filter      int
	left, right candidates
}

// candidates are the rows of a span that only moves forward which may become the best: each is better than those behind it.
type candidates struct {
	queue
	span
}

func newExtreme(o *Operator, c *Call) *extreme {
	e := &extreme{picker: newPicker(o, c, c.Args[0]), frame: o.framing(c.Frame), filter: c.Filter}
	e.order = keyed.NewOrder(o.config.Types, []keyed.Key{{Column: c.Args[0], Desc: c.Function.Name == "max"}})
	return e
}

func (e *extreme) begin() error {
	e.left.clear()
	e.right.clear()
	e.left.span, e.right.span = span{}, span{}
	return nil
}

func (e *extreme) fill() error {
	p := &e.o.piece
	for i := range p.len() {
		left, right, self := e.frame.parts(i)
		best, err := e.best(&e.left, left)
		if err != nil {
			return err
		}
		if self && e.counts(p.from+i) {
			best = e.better(best, p.from+i)
		}
		other, err := e.best(&e.right, right)
		if err != nil {
			return err
		}
		e.pick(i, e.better(best, other))
	}
	return nil
}

// better returns the better of two positions, negative ones being none; the second comes later.
func (e *extreme) better(a, b int) int {
	switch {
	case a < 0:
		return b
	case b < 0 || e.compare(a, b) < 0:
		return a
	}
	return b
}

func (e *extreme) compare(a, b int) int {
	return e.order.CompareIDs(e.o.rows, e.o.part.ids[a], e.o.part.ids[b])
}

// counts reports whether the row at a position has a value and is not filtered.
func (e *extreme) counts(position int) bool {
	cols, row := e.o.rows.Row(e.o.part.ids[position])
	return !cols[e.column].IsNull(row) && (e.filter == NoColumn || isTrue(cols[e.filter], row))
}

// best moves candidates to a span and returns the best of it, negative if there is none.
func (e *extreme) best(c *candidates, to span) (int, error) {
	for position := max(c.to, to.from); position < to.to; position++ {
		if !e.counts(position) {
			continue
		}
		for c.count() > 0 && e.compare(c.back(), position) >= 0 {
			c.popBack()
		}
		if err := c.push(position, &e.o.memory); err != nil {
			return 0, err
		}
	}
	for c.count() > 0 && c.front() < to.from {
		c.popFront()
	}
	c.span = to
	if c.count() == 0 {
		return -1, nil
	}
	return c.front(), nil
}
