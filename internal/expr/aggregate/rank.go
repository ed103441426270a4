package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// compareKeys orders row i of a and row j of b by keys sorted as sort says: -1, 0 or +1.
func compareKeys(sort []Sort, a []*batch.Column, i int, b []*batch.Column, j int) int {
	for k := range a {
		var how Sort
		if k < len(sort) {
			how = sort[k]
		}
		if order := compareKey(how, a[k], i, b[k], j); order != 0 {
			return order
		}
	}
	return 0
}

func compareKey(how Sort, a *batch.Column, i int, b *batch.Column, j int) int {
	switch x, y := a.IsNull(i), b.IsNull(j); {
	case x && y:
		return 0
	case x && how.NullsFirst, y && !how.NullsFirst:
		return -1
	case x, y:
		return 1
	}
	order := eval.CompareValues(a, i, b, j)
	if how.Desc {
		return -order
	}
	return order
}

// rankCell counts rows: all, those before the hypothetical row, and those before it or equal to it.
type rankCell struct {
	n, before, upto int64
}

// rankKind is which rank is asked for.
type rankKind uint8

const (
	plainRank rankKind = iota
	percentRank
	cumeDist
)

// ranks is rank, percent_rank and cume_dist of a hypothetical row, the first half of the arguments.
type ranks struct {
	cells[rankCell]
	sort []Sort
	kind rankKind
}

// newRank returns the constructor of a rank.
func newRank(kind rankKind) func(*Spec) State {
	return func(spec *Spec) State {
		return &ranks{kind: kind, sort: spec.Sort, cells: newCells(spec, layout[rankCell]{
			encode: func(dst []byte, c *rankCell) []byte {
				return appendInt(appendInt(appendInt(dst, c.n), c.before), c.upto)
			},
			decode: func(src []byte, c *rankCell) (_ []byte, err error) {
				for _, n := range []*int64{&c.n, &c.before, &c.upto} {
					if src, err = readInt(src, n); err != nil {
						return nil, err
					}
				}
				return src, nil
			},
			merge: func(into, from *rankCell) error {
				into.n += from.n
				into.before += from.before
				into.upto += from.upto
				return nil
			},
		})}
	}
}

// Add compares rows with the hypothetical one.
func (s *ranks) Add(in *Rows) error {
	s.apply(in, 1)
	return nil
}

// Retract takes rows back.
func (s *ranks) Retract(in *Rows) error {
	s.apply(in, -1)
	return nil
}

func (s *ranks) apply(in *Rows, n int64) {
	half := len(in.Args) / 2
	for i := range in.N {
		c, row := s.at(in.slot(i)), in.Row(i)
		order := compareKeys(s.sort, in.Args[half:], row, in.Args[:half], row)
		c.n += n
		if order < 0 {
			c.before += n
		}
		if order <= 0 {
			c.upto += n
		}
	}
}

// Result stores the ranks. Those over no rows are those of a row that is alone.
func (s *ranks) Result(slots []uint32, out *batch.Column, _ *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		switch c := s.at(slot); {
		case s.kind == plainRank:
			out.Int64s()[i] = c.before + 1
		case s.kind == cumeDist:
			out.Float64s()[i] = float64(c.upto+1) / float64(c.n+1)
		case c.n == 0:
			out.Float64s()[i] = 0
		default:
			out.Float64s()[i] = float64(c.before) / float64(c.n)
		}
	}
}

// denseRank counts the different rows before the hypothetical one.
type denseRank struct {
	sort []Sort
	// last is the row that was counted last.
	last  []*batch.Column
	count int64
	over  bool // the hypothetical row would have come
}

func newDenseRank(spec *Spec) Scan {
	s := &denseRank{sort: spec.Sort}
	for _, t := range spec.Args[len(spec.Args)/2:] {
		s.last = append(s.last, batch.NewColumn(spec.Pool, t))
	}
	return s
}

// Begin begins a group.
func (s *denseRank) Begin(int64) { s.count, s.over = 0, false }

// Add takes the next rows.
func (s *denseRank) Add(in *Rows) {
	half := len(in.Args) / 2
	keys := in.Args[half:]
	for i := 0; i < in.N && !s.over; i++ {
		row := in.Row(i)
		if s.over = compareKeys(s.sort, keys, row, in.Args[:half], row) >= 0; s.over {
			return
		}
		if s.count > 0 && compareKeys(s.sort, keys, row, s.last, 0) == 0 {
			continue
		}
		s.count++
		for k, col := range s.last {
			col.Reset(1)
			col.CopyRow(0, keys[k], row)
		}
	}
}

// Result stores the rank.
func (s *denseRank) Result(out *batch.Column, row int) *sqlstate.Error {
	out.Int64s()[row] = s.count + 1
	return nil
}

// Close releases the columns.
func (s *denseRank) Close() {
	for _, col := range s.last {
		col.Release()
	}
}
