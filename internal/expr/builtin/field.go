package builtin

import (
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

func fieldFunctions() []Function {
	kinds := []struct {
		kind schema.Kind
		as   temporal.Kind
	}{
		{date, temporal.KindDate},
		{clock, temporal.KindTime},
		{timestamp, temporal.KindTimestamp},
		{timestamptz, temporal.KindTimestampTZ},
		{interval, temporal.KindInterval},
	}
	var list []Function
	for _, k := range kinds {
		part := k.as
		if part == temporal.KindDate {
			part = temporal.KindTimestamp // date_part takes a date as its midnight
		}
		list = append(list, fn("extract", decimal, extract(k.as), text, k.kind), fn("date_part", double, datePart(part), text, k.kind))
	}
	return append(list,
		fn("date_trunc", timestamp, truncTimestamp(temporal.KindTimestamp), text, timestamp),
		fn("date_trunc", timestamptz, truncTimestamp(temporal.KindTimestampTZ), text, timestamptz),
		fn("date_trunc", timestamptz, truncZone, text, timestamptz, text),
		fn("date_trunc", interval, truncInterval, text, interval))
}

// fieldState keeps what the last names of a field and a zone meant.
type fieldState struct {
	name  string
	field temporal.Field
	known bool
	zones zoneState
}

func (c *Call) fieldState() *fieldState {
	s, ok := c.State.(*fieldState)
	if !ok {
		s = &fieldState{}
		c.State = s
	}
	return s
}

// field returns the field that argument 0 names.
func (s *fieldState) lookup(c *Call, i int, kind temporal.Kind) (temporal.Field, error) {
	name := c.Bytes(0, i)
	if s.name != string(name) || !s.known {
		s.name = string(name)
		s.field, s.known = temporal.LookupField(s.name)
	}
	if !s.known {
		return 0, temporal.ErrUnknownField(s.name, kind)
	}
	return s.field, nil
}

// fieldOf returns field argument 0 of argument 1.
func (s *fieldState) fieldOf(c *Call, i int, kind temporal.Kind) (temporal.Number, error) {
	f, err := s.lookup(c, i, kind)
	if err != nil {
		return temporal.Number{}, err
	}
	switch c.Args[1].Col.Kind() {
	case interval:
		return temporal.ExtractInterval(f, c.Interval(1, i))
	case date:
		v := int64(c.Int32(1, i))
		if kind == temporal.KindTimestamp {
			if v, err = temporal.DateToTimestamp(c.Int32(1, i)); err != nil {
				return temporal.Number{}, err
			}
		}
		return temporal.Extract(f, kind, v)
	default:
		return temporal.Extract(f, kind, c.Int64(1, i))
	}
}

// number makes the result of an extraction a NUMERIC; ok is false for NULL.
func number(n temporal.Number) (d numeric.Decimal, ok bool) {
	switch n.Class {
	case temporal.NumberNull:
		return d, false
	case temporal.NumberPosInfinity:
		return numeric.Inf(1), true
	case temporal.NumberNegInfinity:
		return numeric.Inf(-1), true
	default:
		return numeric.Decimal{Coef: numeric.Int128{Lo: n.Lo, Hi: n.Hi}, Scale: int16(n.Scale)}, true
	}
}

func extract(kind temporal.Kind) func(*Call) {
	return func(c *Call) {
		s := c.fieldState()
		c.Each(func(i int) {
			n, err := s.fieldOf(c, i, kind)
			if !c.Check(i, err) {
				return
			}
			d, ok := number(n)
			if c.Out.SetDecimal(i, d); !ok {
				c.Out.SetNull(i)
			}
		})
	}
}

func datePart(kind temporal.Kind) func(*Call) {
	return func(c *Call) {
		s, out := c.fieldState(), c.Out.Float64s()
		c.Each(func(i int) {
			n, err := s.fieldOf(c, i, kind)
			if !c.Check(i, err) {
				return
			}
			d, ok := number(n)
			if out[i] = d.Float64(); !ok {
				c.Out.SetNull(i)
			}
		})
	}
}

func truncTimestamp(kind temporal.Kind) func(*Call) {
	return func(c *Call) {
		s, out := c.fieldState(), c.Out.Int64s()
		c.Each(func(i int) {
			f, err := s.lookup(c, i, kind)
			if err == nil {
				out[i], err = truncUTC(f, c.Int64(1, i), kind)
			}
			c.Check(i, err)
		})
	}
}

func truncUTC(f temporal.Field, t int64, kind temporal.Kind) (int64, error) {
	if kind == temporal.KindTimestampTZ {
		return temporal.TruncTZ(f, t, temporal.UTC())
	}
	return temporal.Trunc(f, t)
}

func truncZone(c *Call) {
	s, out := c.fieldState(), c.Out.Int64s()
	c.Each(func(i int) {
		f, err := s.lookup(c, i, temporal.KindTimestampTZ)
		if !c.Check(i, err) {
			return
		}
		zone, err := s.zones.find(c.Bytes(2, i))
		if err == nil {
			out[i], err = temporal.TruncTZ(f, c.Int64(1, i), zone)
		}
		c.Check(i, err)
	})
}

func truncInterval(c *Call) {
	s, out := c.fieldState(), c.Out.Intervals()
	c.Each(func(i int) {
		f, err := s.lookup(c, i, temporal.KindInterval)
		if err == nil {
			out[i], err = temporal.TruncInterval(f, c.Interval(1, i))
		}
		c.Check(i, err)
	})
}

func zoneFunctions() []Function {
	return []Function{
		fn("timezone", timestamptz, atZone(true), text, timestamp), fn("timezone", timestamp, atZone(false), text, timestamptz),
		fn("timezone", timestamptz, atOffset(-1), interval, timestamp), fn("timezone", timestamp, atOffset(1), interval, timestamptz),
	}
}

// zoneState keeps the zone that was looked up last.
type zoneState struct {
	name string
	zone *temporal.Zone
}

func (s *zoneState) find(name []byte) (*temporal.Zone, error) {
	if s.zone != nil && s.name == string(name) {
		return s.zone, nil
	}
	zone, err := temporal.LoadZone(string(name))
	if err == nil {
		s.name, s.zone = string(name), zone
	}
	return zone, err
}

// atZone is AT TIME ZONE: local time to universal time, or back.
func atZone(toUTC bool) func(*Call) {
	return func(c *Call) {
		s, out := c.fieldState(), c.Out.Int64s()
		c.Each(func(i int) {
			zone, err := s.zones.find(c.Bytes(0, i))
			if !c.Check(i, err) {
				return
			}
			t := c.Int64(1, i)
			if toUTC {
				out[i] = zone.ToUTC(t)
			} else {
				out[i] = zone.ToLocal(t)
			}
			if temporal.FiniteTimestamp(t) && (!temporal.FiniteTimestamp(out[i]) || out[i] < temporal.MinTimestamp) {
				c.Fail(i, errTimestampRange())
			}
		})
	}
}

func errTimestampRange() *sqlstate.Error {
	return sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp out of range")
}

func atOffset(sign int64) func(*Call) {
	return func(c *Call) {
		out := c.Out.Int64s()
		c.Each(func(i int) {
			v, t := c.Interval(0, i), c.Int64(1, i)
			if v.Months != 0 || v.Days != 0 {
				c.Fail(i, sqlstate.Errorf(sqlstate.InvalidParameterValue, "interval time zone \"%s\" must not include months or days", temporal.AppendInterval(nil, v)))
				return
			}
			var err error
			if temporal.FiniteTimestamp(t) {
				t, err = temporal.AddInterval(t, temporal.Interval{Micros: sign * (v.Micros / temporal.Second * temporal.Second)})
			}
			if c.Check(i, err) {
				out[i] = t
			}
		})
	}
}

func makeTimestampZone(c *Call) {
	s, out := c.fieldState(), c.Out.Int64s()
	c.Each(func(i int) {
		t, err := c.timestampArgs(i)
		if !c.Check(i, err) {
			return
		}
		name := c.Bytes(6, i)
		seconds, ok, err := temporal.ParseOffset(name)
		if !c.Check(i, err) {
			return
		}
		if ok {
			out[i] = t - int64(seconds)*temporal.Second
			return
		}
		zone, err := s.zones.find(name)
		if c.Check(i, err) {
			out[i] = zone.ToUTC(t)
		}
	})
}
