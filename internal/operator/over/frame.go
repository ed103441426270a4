package over

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// framing computes the frames of the rows of a piece: positions from heads[i] up to, not including, tails[i]. Both only move forward; a frame whose
// tail is not behind its head is empty.
type framing struct {
	Frame
	o *Operator
	// used is false where no function looks at the frames: their offsets are read all the same, as PostgreSQL does.
	used         bool
	heads, tails [batch.MaxRows]int
	// start and end are the offsets of ROWS and GROUPS, at most one more than there are rows.
	start, end int
	// first and last are the ends of a RANGE with an offset.
	first, last reach
}

func hasOffset(b ast.FrameBoundKind) bool { return b == ast.Preceding || b == ast.Following }

// begin reads the offsets in the first row of the partition.
func (f *framing) begin() error {
	if hasOffset(f.Start) {
		if err := f.offset(f.StartOffset, "starting", f.Start, &f.start, &f.first); err != nil {
			return err
		}
	}
	if hasOffset(f.End) {
		return f.offset(f.EndOffset, "ending", f.End, &f.end, &f.last)
	}
	return nil
}

func (f *framing) offset(column int, which string, bound ast.FrameBoundKind, count *int, r *reach) error {
	cols, row := f.o.rows.Row(f.o.part.ids[0])
	c := cols[column]
	if c.IsNull(row) {
		return sqlstate.New(sqlstate.NullValueNotAllowed, "frame "+which+" offset must not be null")
	}
	if f.Unit == ast.FrameRange {
		key := f.o.config.Order[0]
		sub := (bound == ast.Preceding) != key.Desc
		less := (which == "ending") != key.Desc
		*r = reach{o: f.o, key: key, tail: which == "ending", test: newRangeTest(f.o.config.Types[key.Column].Kind, c, row, sub, less)}
		if bound == ast.Following && f.o.counts != nil { // no frame has less
			r.at = f.o.part.fresh
		}
		return nil
	}
	v := c.Int64s()[row]
	if v < 0 {
		return sqlstate.New(sqlstate.InvalidPrecedingOrFollowing, "frame "+which+" offset must not be negative")
	}
	*count = int(min(v, int64(len(f.o.part.ids))+1))
	return nil
}

// fill computes the frames of the operator's piece.
func (f *framing) fill() error {
	p := &f.o.piece
	n := len(f.o.part.ids)
	for i := range p.len() {
		var err error
		if f.heads[i], err = f.head(p, i, n); err != nil {
			return err
		}
		if f.tails[i], err = f.tail(p, i, n); err != nil {
			return err
		}
	}
	return nil
}

func (f *framing) head(p *piece, i, n int) (int, error) {
	switch at := p.from + i; {
	case f.Start == ast.UnboundedPreceding:
		return 0, nil
	case f.Start == ast.CurrentRow && f.Unit == ast.FrameRows:
		return at, nil
	case f.Start == ast.CurrentRow:
		return p.first[i], nil
	case f.Unit == ast.FrameRange:
		return f.first.move(at)
	case f.Unit == ast.FrameRows:
		return min(max(at+signed(f.Start, f.start), 0), n), nil
	default:
		g := p.group[i] + signed(f.Start, f.start)
		switch {
		case g < 0:
			return 0, nil
		case g >= len(f.o.part.groups):
			return n, nil
		}
		return int(f.o.part.groups[g]), nil
	}
}

func (f *framing) tail(p *piece, i, n int) (int, error) {
	switch at := p.from + i; {
	case f.End == ast.UnboundedFollowing:
		return n, nil
	case f.End == ast.CurrentRow && f.Unit == ast.FrameRows:
		return at + 1, nil
	case f.End == ast.CurrentRow:
		return p.last[i], nil
	case f.Unit == ast.FrameRange:
		return f.last.move(at)
	case f.Unit == ast.FrameRows:
		return min(max(at+1+signed(f.End, f.end), 0), n), nil
	default:
		g := p.group[i] + signed(f.End, f.end)
		switch {
		case g < 0:
			return 0, nil
		case g >= len(f.o.part.groups):
			return n, nil
		}
		return f.o.part.groupEnd(g), nil
	}
}

// signed is an offset in the direction of its bound.
func signed(bound ast.FrameBoundKind, offset int) int {
	if bound == ast.Preceding {
		return -offset
	}
	return offset
}

// span are positions from from up to, not including, to; to is not less.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

// parts returns the rows of the frame of row i of the piece: before and behind what is excluded, and whether the row itself is between.
func (f *framing) parts(i int) (left, right span, self bool) {
	p := &f.o.piece
	head, tail, at := f.heads[i], f.tails[i], p.from+i
	tail = max(head, tail)
	from, to := at, at+1 // excluded
	switch f.Exclude {
	case ast.ExcludeGroup:
		from, to = p.first[i], p.last[i]
	case ast.ExcludeTies:
		from, to, self = p.first[i], p.last[i], head <= at && at < tail
	case ast.ExcludeCurrentRow:
	default:
		return span{head, tail}, span{tail, tail}, false
	}
	left = span{head, max(head, min(tail, from))}
	right.from = max(head, to)
	right.to = max(right.from, tail)
	return left, right, self
}

// has reports whether a position is in the frame of row i of the piece.
func (f *framing) has(i, position int) bool {
	left, right, self := f.parts(i)
	return left.from <= position && position < left.to || right.from <= position && position < right.to || self && position == f.o.piece.from+i
}
