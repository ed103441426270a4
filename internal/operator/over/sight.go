package over

import (
	"math"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// sight is what the functions of a Timed see of the rows around one: known with the first row, and then the same for all.
type sight struct {
	t     *Timed
	known bool
	// rows and groups are how many rows, or groups of peers, before it.
	rows, groups int
	// timed says that they see times before it; back and ahead are by how many µs at most, before and behind.
	timed       bool
	back, ahead int64
	// lags is the greatest offset of each lag.
	lags []int
}

func (s *sight) init(t *Timed) { s.t, s.lags = t, make([]int, len(t.config.Calls)) }

// see looks at rows that come.
func (s *sight) see(cols []*batch.Column, b *batch.Batch) error {
	calls := s.t.config.Calls
	for k := range calls {
		if calls[k].Function.Kind == window.Lag && isOffset(&calls[k]) {
			if err := s.lag(k, cols[calls[k].Args[1]], b); err != nil {
				return err
			}
		}
	}
	if s.known {
		return nil
	}
	s.known = true
	for k := range calls {
		c := &calls[k]
		if c.Function.Kind == window.Lag && len(c.Args) == 1 {
			s.rows = max(s.rows, 1)
		}
		if c.Function.Framed() {
			s.frame(c.Frame, cols, b.Row(0))
		}
	}
	return nil
}

// lag looks at the offsets of a lag, which must not grow when rows have been dropped by those before.
func (s *sight) lag(k int, c *batch.Column, b *batch.Batch) error {
	most := s.lags[k]
	for i := range b.Rows() {
		row := b.Row(i)
		if c.IsNull(row) {
			continue
		}
		by := int(c.Int32s()[row])
		if by < 0 {
			return sqlstate.Errorf(sqlstate.FeatureNotSupported, "lag with a negative offset over rows that come in the order of time: it depends on rows that are still to come")
		}
		most = max(most, by)
	}
	if s.known && most > s.lags[k] {
		return sqlstate.Errorf(sqlstate.FeatureNotSupported, "the offset of lag over rows that come in the order of time must not grow from %d to %d: rows so far back are not kept", s.lags[k], most)
	}
	s.lags[k], s.rows = most, max(s.rows, most)
	return nil
}

// frame looks at the offsets of a frame.
func (s *sight) frame(f Frame, cols []*batch.Column, row int) {
	offset := func(b ast.FrameBoundKind, column int, is ast.FrameBoundKind) *batch.Column {
		if b != is || cols[column].IsNull(row) {
			return nil
		}
		return cols[column]
	}
	before := offset(f.Start, f.StartOffset, ast.Preceding)
	if f.Unit != ast.FrameRange {
		if before != nil {
			const most = math.MaxInt32
			n := int(min(max(before.Int64s()[row], 0), most))
			if f.Unit == ast.FrameRows {
				s.rows = max(s.rows, n)
			} else {
				s.groups = max(s.groups, n)
			}
		}
		return
	}
	if before != nil {
		s.timed = true
		s.back = max(s.back, longest(before.Intervals()[row]))
	}
	for _, ahead := range []*batch.Column{offset(f.Start, f.StartOffset, ast.Following), offset(f.End, f.EndOffset, ast.Following)} {
		if ahead != nil {
			s.ahead = max(s.ahead, longest(ahead.Intervals()[row]))
		}
	}
}

// longest returns how many µs an interval may be at most, wherever it is added.
func longest(v temporal.Interval) int64 {
	const (
		day    = 24 * 3600 * 1_000_000
		month  = 31 * day
		change = 3 * 3600 * 1_000_000 // of a clock
		most   = math.MaxInt64 / 8
	)
	total := float64(v.Months)*month + float64(v.Days)*day + float64(v.Micros)
	if v.Months != 0 || v.Days != 0 {
		total += change
	}
	return int64(min(max(total, 0), most))
}

// keepFrom returns the position of the first of ids that a later row may see, where the first to are answered and later ones have a time not below limit.
func (s *sight) keepFrom(ids []uint32, to int, limit int64) int {
	keep := max(0, to-s.rows)
	if s.timed {
		bound := less(limit, s.back)
		k := 0
		for k < keep {
			if at, ok := s.t.timeOf(ids[k]); !ok || at >= bound {
				break
			}
			k++
		}
		keep = k
	}
	if s.groups > 0 {
		k := to
		for groups := 0; k > 0; k-- {
			if k == to || s.t.e.peers.CompareIDs(s.t.e.rows, ids[k-1], ids[k]) != 0 {
				if groups == s.groups {
					break
				}
				groups++
			}
		}
		keep = min(keep, k)
	}
	return keep
}

// newTimedFunctions returns the operator that has the rows and the functions of a Timed.
func newTimedFunctions(pool *batch.Pool, budget *limit.Budget, config Config, whole *whole) *Operator {
	return newOperator(pool, budget, config, keyed.NewSlab[count](budget), whole)
}
