package setreturning

import (
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

func seriesFunctions() []Function {
	const name = "generate_series"
	stamps := func() Generator { return &stampSeries{} }
	return []Function{
		set(name, schema.Int32, func() Generator { return &intSeries[int32]{} }, schema.Int32, schema.Int32, schema.Int32).optional(),
		set(name, schema.Int64, func() Generator { return &intSeries[int64]{} }, schema.Int64, schema.Int64, schema.Int64).optional(),
		set(name, schema.Numeric, func() Generator { return &decimalSeries{} }, schema.Numeric, schema.Numeric, schema.Numeric).optional(),
		set(name, schema.Timestamp, stamps, schema.Timestamp, schema.Timestamp, schema.Interval),
		set(name, schema.TimestampTZ, stamps, schema.TimestampTZ, schema.TimestampTZ, schema.Interval),
	}
}

func errStep() *sqlstate.Error {
	return sqlstate.New(sqlstate.InvalidParameterValue, "step size cannot equal zero")
}

// streams is part of generators that keep nothing.
type streams struct{}

// Held returns 0.
func (streams) Held() int64 { return 0 }

// intSeries counts in steps. What would be beyond the type is beyond every bound.
type intSeries[T int32 | int64] struct {
	streams
	next, step T
	left       uint64 // rows to come
}

func (g *intSeries[T]) Start(args []*batch.Column, row int) *sqlstate.Error {
	from, to, step := batch.Values[T](args[0])[row], batch.Values[T](args[1])[row], T(1)
	if len(args) > 2 {
		step = batch.Values[T](args[2])[row]
	}
	g.next, g.step = from, step
	switch {
	case step == 0:
		return errStep()
	case step > 0 && from > to, step < 0 && from < to:
		g.left = 0
		return nil
	}
	distance, by := uint64(int64(to))-uint64(int64(from)), uint64(int64(step)) //nolint:gosec // differences modulo 2^64 are right
	if step < 0 {
		distance, by = -distance, -by
	}
	g.left = distance / by
	if g.left < math.MaxUint64 {
		g.left++ // the first; nobody lives to see the last of 2^64
	}
	return nil
}

func (g *intSeries[T]) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	n := int(min(uint64(room), g.left)) //nolint:gosec // at most room, which is not negative
	if n == 0 {
		return 0, nil
	}
	next, step := g.next, g.step
	values := batch.Values[T](out[0])[at : at+n]
	for i := range values {
		values[i] = next
		next += step // beyond the type only after the last
	}
	g.next, g.left = next, g.left-uint64(n)
	return n, nil
}

// decimalSeries counts in steps of NUMERIC; each row has the scale of the sum that it is.
type decimalSeries struct {
	streams
	next, stop, step numeric.Decimal
	over             bool
	bad              *sqlstate.Error // of the row after the last
}

func (g *decimalSeries) Start(args []*batch.Column, row int) *sqlstate.Error {
	*g = decimalSeries{next: args[0].Decimal(row), stop: args[1].Decimal(row), step: numeric.Decimal{Coef: numeric.Int128FromInt64(1)}}
	if len(args) > 2 {
		g.step = args[2].Decimal(row)
	}
	for _, arg := range []struct {
		name string
		d    numeric.Decimal
	}{{"start value", g.next}, {"stop value", g.stop}, {"step size", g.step}} {
		switch {
		case arg.d.IsNaN():
			return sqlstate.New(sqlstate.InvalidParameterValue, arg.name+" cannot be NaN")
		case arg.d.IsInf():
			return sqlstate.New(sqlstate.InvalidParameterValue, arg.name+" cannot be infinity")
		}
	}
	if g.step.IsZero() {
		return errStep()
	}
	g.over = g.beyond()
	return nil
}

// beyond reports whether the next row is behind the last.
func (g *decimalSeries) beyond() bool {
	return numeric.Cmp(g.next, g.stop)*numeric.Sign(g.step) > 0
}

func (g *decimalSeries) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	n := 0
	for ; n < room && !g.over; n++ {
		out[0].SetDecimal(at+n, g.next)
		g.advance()
	}
	if n < room {
		return n, g.bad
	}
	return n, nil
}

func (g *decimalSeries) advance() {
	next, err := numeric.Add(g.next, g.step)
	if err == nil {
		g.next = next
		g.over = g.beyond()
		return
	}
	g.over = true
	// A sum of too many digits is no mistake if it lies behind the end.
	if room, short := numeric.Sub(g.stop, g.next); short != nil || numeric.Cmp(numeric.Abs(room), numeric.Abs(g.step)) >= 0 {
		g.bad = codec.AsSQLState(err)
	}
}

// stampSeries counts in intervals, as PostgreSQL does: each row is the one before it plus the interval, so that a day that was cut to the end
// of a month stays cut. The zone is UTC.
type stampSeries struct {
	streams
	next, stop int64
	step       temporal.Interval
	sign       int
	over       bool
	bad        *sqlstate.Error // of the row after the last
}

func (g *stampSeries) Start(args []*batch.Column, row int) *sqlstate.Error {
	*g = stampSeries{next: args[0].Int64s()[row], stop: args[1].Int64s()[row], step: args[2].Intervals()[row]}
	g.sign = g.step.Compare(temporal.Interval{})
	if g.sign == 0 {
		return errStep()
	}
	g.over = g.beyond()
	if !g.over && !temporal.FiniteTimestamp(g.next) { // would stay where it is for ever
		return sqlstate.New(sqlstate.InvalidParameterValue, "start value cannot be infinity")
	}
	return nil
}

func (g *stampSeries) beyond() bool {
	if g.sign > 0 {
		return g.next > g.stop
	}
	return g.next < g.stop
}

func (g *stampSeries) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	values := out[0].Int64s()[at : at+room]
	n := 0
	for ; n < room && !g.over; n++ {
		values[n] = g.next
		next, err := temporal.AddInterval(g.next, g.step)
		if err != nil {
			g.over, g.bad = true, codec.AsSQLState(err)
			continue
		}
		g.next = next
		g.over = g.beyond()
	}
	if n < room {
		return n, g.bad
	}
	return n, nil
}
