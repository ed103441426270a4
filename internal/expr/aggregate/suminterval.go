package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// intervalCell is a sum of intervals by field, each wide enough for 2^32 of them, and how many there are.
type intervalCell struct {
	micros       intCell // counts the intervals too
	months, days int64
}

// intervalSum is sum and avg of INTERVAL.
type intervalSum struct {
	cells[intervalCell]
	avg bool
}

// newIntervalSum returns the constructor of sum, or of avg.
func newIntervalSum(avg bool) func(*Spec) State {
	micros := intLayout()
	return func(spec *Spec) State {
		return &intervalSum{avg: avg, cells: newCells(spec, layout[intervalCell]{
			encode: func(dst []byte, c *intervalCell) []byte {
				return appendInt(appendInt(micros.encode(dst, &c.micros), c.months), c.days)
			},
			decode: func(src []byte, c *intervalCell) ([]byte, error) {
				src, err := micros.decode(src, &c.micros)
				if err != nil {
					return nil, err
				}
				if src, err = readInt(src, &c.months); err != nil {
					return nil, err
				}
				return readInt(src, &c.days)
			},
			merge: func(into, from *intervalCell) error {
				into.micros.merge(&from.micros)
				into.months += from.months
				into.days += from.days
				return nil
			},
		})}
	}
}

// Add adds the values.
func (s *intervalSum) Add(in *Rows) error {
	in = s.live.present(in)
	v := in.Args[0].Intervals()
	for i := range in.N {
		c, x := s.at(in.slot(i)), v[in.Row(i)]
		c.micros.add(x.Micros)
		c.months += int64(x.Months)
		c.days += int64(x.Days)
	}
	return nil
}

// Retract takes values back.
func (s *intervalSum) Retract(in *Rows) error {
	in = s.live.present(in)
	v := in.Args[0].Intervals()
	for i := range in.N {
		c, x := s.at(in.slot(i)), v[in.Row(i)]
		c.micros.sub(x.Micros)
		c.months -= int64(x.Months)
		c.days -= int64(x.Days)
	}
	return nil
}

// Result stores sums or means.
func (s *intervalSum) Result(slots []uint32, out *batch.Column, errs *builtin.Errors) {
	out.Reset(len(slots))
	for i, slot := range slots {
		c := s.at(slot)
		switch {
		case c.micros.n == 0:
			out.SetNull(i)
			continue
		case !c.micros.total().FitsInt64(), c.months != int64(int32(c.months)), c.days != int64(int32(c.days)): //nolint:gosec // compared
			fail(out, i, errs, sqlstate.New(sqlstate.DatetimeFieldOverflow, "interval out of range"))
			continue
		}
		v := temporal.Interval{Months: int32(c.months), Days: int32(c.days), Micros: c.micros.total().Int64()} //nolint:gosec // checked
		if s.avg {
			mean, err := v.Div(float64(c.micros.n))
			if err != nil {
				fail(out, i, errs, codec.AsSQLState(err))
				continue
			}
			v = mean
		}
		out.Intervals()[i] = v
	}
}
