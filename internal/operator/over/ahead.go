package over

import (
	"math"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// lookahead is how many rows, and groups of peers, behind a row the functions see in a partition that is larger than memory: it is answered for when those are read.
type lookahead struct{ rows, groups int }

// looksAhead reports whether a function sees rows behind the current one, but not all of them, nor all of those before.
func looksAhead(c *Call) bool {
	if !c.Function.Framed() {
		return c.Function.Kind == window.Lead
	}
	f := c.Frame
	return f.Unit != ast.FrameRange && f.Start != ast.UnboundedPreceding && f.End == ast.Following
}

// see looks at rows that come, the first n of cols; first says that none came before.
func (l *lookahead) see(calls []Call, cols []*batch.Column, n int, first bool) error {
	for k := range calls {
		c := &calls[k]
		switch {
		case c.Function.Kind == window.Lead && len(c.Args) == 1:
			l.rows = max(l.rows, 1)
		case c.Function.Kind == window.Lead:
			if err := l.lead(cols[c.Args[1]], n); err != nil {
				return err
			}
		case first && looksAhead(c):
			l.frame(c.Frame, cols)
		}
	}
	return nil
}

// lead looks at the offsets of a lead.
func (l *lookahead) lead(c *batch.Column, n int) error {
	for row := range n {
		if c.IsNull(row) {
			continue
		}
		by := int(c.Int32s()[row])
		if by < 0 {
			return sqlstate.New(sqlstate.FeatureNotSupported, "the offset of lead is negative")
		}
		l.rows = max(l.rows, by)
	}
	return nil
}

// frame looks at the offsets of a frame, in the first row of the partition.
func (l *lookahead) frame(f Frame, cols []*batch.Column) {
	column := cols[f.EndOffset]
	if column.IsNull(0) {
		return // an error when the first row is answered for
	}
	n := int(min(max(column.Int64s()[0], 0), math.MaxInt32))
	if f.Unit == ast.FrameRows {
		l.rows = max(l.rows, n)
	} else {
		l.groups = max(l.groups, n)
	}
}

// until returns the position behind the last of ids that can be answered for, of which those before from were: not for those that rows to come may be equal to in the order, if that matters, nor for those that see rows to come.
func (c *carried) until(ids []uint32, from int) int {
	to := max(from, len(ids)-c.ahead.rows)
	if !c.t.e.wantPeers {
		return to
	}
	last := c.groupOf(ids, from, len(ids)-1)
	for range c.ahead.groups {
		last = c.groupOf(ids, from, last-1)
	}
	return min(last, c.groupOf(ids, from, to))
}

// groupOf returns the position of the first row, from from on, of the group of peers that the row at a position belongs to.
func (c *carried) groupOf(ids []uint32, from, at int) int {
	for ; at > from && at < len(ids); at-- {
		if c.t.e.peers.CompareIDs(c.t.e.rows, ids[at-1], ids[at]) != 0 {
			break
		}
	}
	return max(from, at)
}
