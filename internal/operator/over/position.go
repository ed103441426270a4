package over

import (
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// position computes what depends on the position in the partition alone.
type position struct {
	o    *Operator
	kind window.Kind
	arg  int
	out  *batch.Column
	tile tiles
}

func newPosition(o *Operator, c *Call) *position {
	p := &position{o: o, kind: c.Function.Kind, out: batch.NewColumn(o.pool, c.Result)}
	if p.kind == window.Ntile {
		p.arg = c.Args[0]
	}
	o.wantPeers = o.wantPeers || p.kind != window.RowNumber && p.kind != window.Ntile
	return p
}

func (p *position) begin() error {
	p.tile = tiles{}
	return nil
}

func (p *position) fill() error {
	at := &p.o.piece
	if at.at == 0 {
		p.out.Reset(batch.MaxRows)
	}
	rows := len(p.o.part.ids)
	switch p.kind {
	case window.PercentRank, window.CumeDist:
		out := p.out.Float64s()[at.at:]
		for i := range at.len() {
			switch {
			case p.kind == window.CumeDist:
				out[i] = float64(at.last[i]) / float64(rows)
			case rows == 1:
				out[i] = 0
			default:
				out[i] = float64(at.first[i]) / float64(rows-1)
			}
		}
	case window.Ntile:
		return p.ntile(int64(rows))
	default:
		out := p.out.Int64s()[at.at:]
		for i := range at.len() {
			switch p.kind {
			case window.Rank:
				out[i] = int64(at.first[i]) + 1
			case window.DenseRank:
				out[i] = int64(at.group[i]) + 1
			default:
				out[i] = int64(at.from+i) + 1
			}
		}
	}
	return nil
}

func (p *position) finish(n int) *batch.Column {
	lent := p.out
	lent.Resize(n)
	return lent
}

func (p *position) close() {}

// tiles deals rows to parts. As in PostgreSQL the number of parts is the argument in the first row where it is not NULL, and only rows from there on
// are dealt, though all rows of the partition are counted.
type tiles struct {
	parts, size, larger int64 // larger is how many parts have size+1 rows
	dealt               int64
}

// ntile deals the rows of the piece, of so many in the partition.
func (p *position) ntile(rows int64) error {
	at := &p.o.piece
	arg, out := p.o.columns[p.arg], p.out.Int32s()[at.at:]
	for i := range at.len() {
		if p.tile.parts == 0 {
			row := at.at + i
			if arg.IsNull(row) {
				p.out.SetNull(row)
				continue
			}
			parts := int64(arg.Int32s()[row])
			if parts <= 0 {
				return sqlstate.New(sqlstate.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
			}
			p.tile = tiles{parts: parts, size: rows / parts, larger: rows % parts}
		}
		out[i] = int32(p.tile.next()) //nolint:gosec // at most the number of parts
	}
	return nil
}

// next returns the part, counted from 1, of the next row.
func (t *tiles) next() int64 {
	k := t.dealt
	t.dealt++
	if inLarger := t.larger * (t.size + 1); k < inLarger {
		return k/(t.size+1) + 1
	} else if t.size > 0 {
		return t.larger + (k-inLarger)/t.size + 1
	}
	return k + 1
}
