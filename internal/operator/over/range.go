package over

import (
	"cmp"
	"math"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// reach is an end of a RANGE frame with an offset: the first row that is in (a head), or behind (a tail), what the offset reaches from the current
// row. It moves as PostgreSQL's update_frameheadpos and update_frametailpos do.
type reach struct {
	o    *Operator
	key  keyed.Key
	tail bool
	test rangeTest
	at   int
}

// rangeTest reports whether row i of value comes not before what row j of base is with the offset, or not behind it.
type rangeTest func(value *batch.Column, i int, base *batch.Column, j int) (bool, error)

// move goes on to the end of the frame of the row at a position.
func (r *reach) move(position int) (int, error) {
	rows, ids := r.o.rows, r.o.part.ids
	baseCols, j := rows.Row(ids[position])
	base := baseCols[r.key.Column]
	baseNull := base.IsNull(j)
	for ; r.at < len(ids); r.at++ {
		cols, i := rows.Row(ids[r.at])
		value := cols[r.key.Column]
		var stop bool
		if null := value.IsNull(i); null || baseNull {
			stop = r.stopsAtNull(null, baseNull)
		} else {
			in, err := r.test(value, i, base, j)
			if err != nil {
				return 0, err
			}
			stop = in != r.tail
		}
		if stop {
			break
		}
	}
	return r.at, nil
}

// stopsAtNull decides where the row that is looked at, or the current one, is NULL: only the order of NULLs counts.
func (r *reach) stopsAtNull(null, baseNull bool) bool {
	switch {
	case !r.tail && r.key.NullsFirst:
		return !null || baseNull
	case !r.tail:
		return null || !baseNull
	case r.key.NullsFirst:
		return !null && baseNull
	default:
		return null && !baseNull
	}
}

// newRangeTest returns the test for an ordering column of kind and the offset in a row of a column. sub subtracts the offset; less asks whether the
// value is not behind. It says what PostgreSQL's in_range functions say; an offset that is negative is an error when it is used.
func newRangeTest(kind schema.Kind, offset *batch.Column, row int, sub, less bool) rangeTest {
	switch kind {
	case schema.Int16:
		return intRange((*batch.Column).Int16s, offset.Int64s()[row], sub, less)
	case schema.Int32:
		return intRange((*batch.Column).Int32s, offset.Int64s()[row], sub, less)
	case schema.Int64:
		return intRange((*batch.Column).Int64s, offset.Int64s()[row], sub, less)
	case schema.Float32:
		return floatRange((*batch.Column).Float32s, offset.Float64s()[row], sub, less)
	case schema.Float64:
		return floatRange((*batch.Column).Float64s, offset.Float64s()[row], sub, less)
	case schema.Numeric:
		return decimalRange(offset.Decimal(row), sub, less)
	case schema.Time:
		return timeRange(offset.Intervals()[row], sub, less)
	case schema.Interval:
		return intervalRange(offset.Intervals()[row], sub, less)
	case schema.Date:
		return stampRange(func(c *batch.Column, i int) (int64, error) { return temporal.DateToTimestamp(c.Int32s()[i]) }, offset.Intervals()[row], sub, less)
	default:
		return stampRange(func(c *batch.Column, i int) (int64, error) { return c.Int64s()[i], nil }, offset.Intervals()[row], sub, less)
	}
}

func errSize() error {
	return sqlstate.New(sqlstate.InvalidPrecedingOrFollowing, "invalid preceding or following size in window function")
}

// refuse is the test of an offset that is none.
func refuse(*batch.Column, int, *batch.Column, int) (bool, error) { return false, errSize() }

// holds reports whether an order of value and bound is what is asked for.
func holds(order int, less bool) bool {
	if less {
		return order <= 0
	}
	return order >= 0
}

func intRange[T int16 | int32 | int64](values func(*batch.Column) []T, offset int64, sub, less bool) rangeTest {
	if offset < 0 {
		return refuse
	}
	return func(value *batch.Column, i int, base *batch.Column, j int) (bool, error) {
		v, b := int64(values(value)[i]), int64(values(base)[j])
		bound := b + offset
		if sub {
			bound = b - offset
		}
		if sub && bound > b || !sub && bound < b { // beyond the type
			return sub != less, nil
		}
		return holds(cmp.Compare(v, bound), less), nil
	}
}

// floatRange has NaN behind everything, and takes any value as reached from an infinity by an infinite offset.
func floatRange[T float32 | float64](values func(*batch.Column) []T, offset float64, sub, less bool) rangeTest {
	if math.IsNaN(offset) || offset < 0 {
		return refuse
	}
	away := 1
	if !sub {
		away = -1
	}
	return func(value *batch.Column, i int, base *batch.Column, j int) (bool, error) {
		v, b := float64(values(value)[i]), float64(values(base)[j])
		switch {
		case math.IsNaN(v):
			return math.IsNaN(b) || !less, nil
		case math.IsNaN(b):
			return less, nil
		case math.IsInf(offset, 0) && math.IsInf(b, away):
			return true, nil
		case sub:
			return holds(cmp.Compare(v, b-offset), less), nil
		default:
			return holds(cmp.Compare(v, b+offset), less), nil
		}
	}
}

// decimalRange compares the distance with the offset, for which fewer digits suffice than for the bound.
func decimalRange(offset numeric.Decimal, sub, less bool) rangeTest {
	if offset.IsNaN() || numeric.Sign(offset) < 0 {
		return refuse
	}
	away := -1
	if sub {
		away = 1
	}
	return func(value *batch.Column, i int, base *batch.Column, j int) (bool, error) {
		v, b := value.Decimal(i), base.Decimal(j)
		switch {
		case v.IsNaN():
			return b.IsNaN() || !less, nil
		case b.IsNaN():
			return less, nil
		case offset.IsInf() && b.IsInf() && numeric.Sign(b) == away:
			return true, nil
		case offset.IsInf() && sub:
			return !less || v.IsInf() && numeric.Sign(v) < 0, nil
		case offset.IsInf():
			return less || v.IsInf() && numeric.Sign(v) > 0, nil
		case v.IsInf() || b.IsInf():
			return holds(numeric.Cmp(v, b), less), nil
		}
		if sub { // v <= b - offset is b - v >= offset
			return holds(-compareDistance(b, v, offset), less), nil
		}
		return holds(compareDistance(v, b, offset), less), nil
	}
}

// compareDistance compares a - b with offset, which is not negative.
func compareDistance(a, b, offset numeric.Decimal) int {
	distance, err := numeric.Sub(a, b)
	if err != nil { // too many digits: farther than any offset
		return numeric.Cmp(a, b)
	}
	return numeric.Cmp(distance, offset)
}

// timeRange counts the time of the offset only.
func timeRange(offset temporal.Interval, sub, less bool) rangeTest {
	if offset.Micros < 0 {
		return refuse
	}
	return intRange((*batch.Column).Int64s, offset.Micros, sub, less)
}

func intervalRange(offset temporal.Interval, sub, less bool) rangeTest {
	if offset.Compare(temporal.Interval{}) < 0 {
		return refuse
	}
	move := temporal.Interval.Add
	if sub {
		move = temporal.Interval.Sub
	}
	return func(value *batch.Column, i int, base *batch.Column, j int) (bool, error) {
		bound, err := move(base.Intervals()[j], offset)
		return err == nil && holds(value.Intervals()[i].Compare(bound), less), err
	}
}

func stampRange(stamp func(*batch.Column, int) (int64, error), offset temporal.Interval, sub, less bool) rangeTest {
	if offset.Compare(temporal.Interval{}) < 0 {
		return refuse
	}
	move := temporal.AddInterval
	if sub {
		move = temporal.SubInterval
	}
	return func(value *batch.Column, i int, base *batch.Column, j int) (bool, error) {
		v, err := stamp(value, i)
		if err != nil {
			return false, err
		}
		b, err := stamp(base, j)
		if err != nil {
			return false, err
		}
		bound, err := move(b, offset)
		return err == nil && holds(cmp.Compare(v, bound), less), err
	}
}
