package builtin

import (
	"math"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

const (
	date        = schema.Date
	clock       = schema.Time
	timestamp   = schema.Timestamp
	timestamptz = schema.TimestampTZ
	interval    = schema.Interval
)

func timeOperators() []Function {
	list := []Function{
		fn("+", date, addDays(0, 1, 1), date, integer), fn("+", date, addDays(1, 0, 1), integer, date), fn("-", date, addDays(0, 1, -1), date, integer),
		fn("-", integer, subDates, date, date),
		fn("+", timestamp, dateTime(0, 1), date, clock), fn("+", timestamp, dateTime(1, 0), clock, date),
		fn("-", interval, subTimes, clock, clock),
		fn("+", clock, moveTime(0, 1, 1), clock, interval), fn("+", clock, moveTime(1, 0, 1), interval, clock), fn("-", clock, moveTime(0, 1, -1), clock, interval),
		fn("+", interval, intervals2(temporal.Interval.Add), interval, interval), fn("-", interval, intervals2(temporal.Interval.Sub), interval, interval),
		fn("-", interval, intervals(temporal.Interval.Neg), interval),
		fn("*", interval, scaleInterval(0, 1, temporal.Interval.Mul), interval, double), fn("*", interval, scaleInterval(1, 0, temporal.Interval.Mul), double, interval),
		fn("/", interval, scaleInterval(0, 1, temporal.Interval.Div), interval, double),
		fn("+", timestamp, moveDate(0, 1, temporal.AddInterval), date, interval), fn("+", timestamp, moveDate(1, 0, temporal.AddInterval), interval, date),
		fn("-", timestamp, moveDate(0, 1, temporal.SubInterval), date, interval),
	}
	for _, kind := range []schema.Kind{timestamp, timestamptz} {
		list = append(list,
			fn("+", kind, moveTimestamp(0, 1, temporal.AddInterval), kind, interval), fn("+", kind, moveTimestamp(1, 0, temporal.AddInterval), interval, kind),
			fn("-", kind, moveTimestamp(0, 1, temporal.SubInterval), kind, interval),
			fn("-", interval, toInterval(temporal.SubTimestamps), kind, kind), fn("age", interval, toInterval(temporal.Age), kind, kind),
			fn("date_bin", kind, dateBin, interval, kind, kind))
	}
	return list
}

// Interval returns argument k at row: INTERVAL.
func (c *Call) Interval(k, row int) temporal.Interval {
	return c.Args[k].Col.Intervals()[c.Args[k].At(row)]
}

func addDays(day, count, sign int) func(*Call) {
	return func(c *Call) {
		out := c.Out.Int32s()
		c.Each(func(i int) {
			n := int64(sign) * int64(c.Int32(count, i))
			if n > math.MaxInt32 { // -(-2^31)
				c.Fail(i, sqlstate.New(sqlstate.DatetimeFieldOverflow, "date out of range"))
				return
			}
			v, err := temporal.AddDays(c.Int32(day, i), int32(n)) //nolint:gosec // checked above
			if out[i] = v; err != nil {
				c.Check(i, err)
			}
		})
	}
}

func subDates(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		v, err := temporal.SubDates(c.Int32(0, i), c.Int32(1, i))
		if out[i] = v; err != nil {
			c.Check(i, err)
		}
	})
}

func dateTime(day, time int) func(*Call) {
	return func(c *Call) {
		out := c.Out.Int64s()
		c.Each(func(i int) {
			t, err := temporal.DateToTimestamp(c.Int32(day, i))
			if !c.Check(i, err) {
				return
			}
			if temporal.FiniteTimestamp(t) {
				t, err = temporal.AddInterval(t, temporal.Interval{Micros: c.Int64(time, i)})
			}
			if c.Check(i, err) {
				out[i] = t
			}
		})
	}
}

func subTimes(c *Call) {
	out := c.Out.Intervals()
	c.Each(func(i int) { out[i] = temporal.Interval{Micros: c.Int64(0, i) - c.Int64(1, i)} })
}

func moveTime(time, span int, sign int64) func(*Call) {
	return func(c *Call) {
		out := c.Out.Int64s()
		c.Each(func(i int) {
			out[i] = temporal.AddTime(c.Int64(time, i), temporal.Interval{Micros: sign * (c.Interval(span, i).Micros % temporal.Day)})
		})
	}
}

func intervals(f func(temporal.Interval) (temporal.Interval, error)) func(*Call) {
	return func(c *Call) {
		out := c.Out.Intervals()
		c.Each(func(i int) {
			if v, err := f(c.Interval(0, i)); c.Check(i, err) {
				out[i] = v
			}
		})
	}
}

func intervals2(f func(a, b temporal.Interval) (temporal.Interval, error)) func(*Call) {
	return func(c *Call) {
		out := c.Out.Intervals()
		c.Each(func(i int) {
			if v, err := f(c.Interval(0, i), c.Interval(1, i)); c.Check(i, err) {
				out[i] = v
			}
		})
	}
}

func scaleInterval(span, factor int, f func(temporal.Interval, float64) (temporal.Interval, error)) func(*Call) {
	return func(c *Call) {
		out := c.Out.Intervals()
		c.Each(func(i int) {
			if v, err := f(c.Interval(span, i), c.Float(factor, i)); c.Check(i, err) {
				out[i] = v
			}
		})
	}
}

func moveDate(day, span int, f func(int64, temporal.Interval) (int64, error)) func(*Call) {
	return func(c *Call) {
		out := c.Out.Int64s()
		c.Each(func(i int) {
			t, err := temporal.DateToTimestamp(c.Int32(day, i))
			if err == nil {
				t, err = f(t, c.Interval(span, i))
			}
			if c.Check(i, err) {
				out[i] = t
			}
		})
	}
}

// The session's zone is UTC, so that timestamps with and without time zone move alike.
func moveTimestamp(time, span int, f func(int64, temporal.Interval) (int64, error)) func(*Call) {
	return func(c *Call) {
		out := c.Out.Int64s()
		c.Each(func(i int) {
			if t, err := f(c.Int64(time, i), c.Interval(span, i)); c.Check(i, err) {
				out[i] = t
			}
		})
	}
}

func toInterval(f func(a, b int64) (temporal.Interval, error)) func(*Call) {
	return func(c *Call) {
		out := c.Out.Intervals()
		c.Each(func(i int) {
			if v, err := f(c.Int64(0, i), c.Int64(1, i)); c.Check(i, err) {
				out[i] = v
			}
		})
	}
}

func dateBin(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) {
		if t, err := temporal.DateBin(c.Interval(0, i), c.Int64(1, i), c.Int64(2, i)); c.Check(i, err) {
			out[i] = t
		}
	})
}

func timeFunctions() []Function {
	list := []Function{
		fn("make_date", date, makeDate, integer, integer, integer), fn("make_time", clock, makeTime, integer, integer, double),
		fn("make_timestamp", timestamp, makeTimestamp, integer, integer, integer, integer, integer, double),
		fn("make_timestamptz", timestamptz, makeTimestamp, integer, integer, integer, integer, integer, double),
		fn("make_timestamptz", timestamptz, makeTimestampZone, integer, integer, integer, integer, integer, double, text),
		fn("make_interval", interval, makeInterval, integer, integer, integer, integer, integer, integer, double).optional(7).
			named("years", "months", "weeks", "days", "hours", "mins", "secs"),
		fn("to_timestamp", timestamptz, epochTimestamp, double), fn("to_timestamp", timestamptz, parseTimestamp, text, text),
		fn("to_date", date, parseDate, text, text),
		fn("to_char", text, formatTimestamp, timestamp, text), fn("to_char", text, formatTimestamp, timestamptz, text),
		fn("to_char", text, formatInterval, interval, text), fn("to_char", text, formatInteger, integer, text), fn("to_char", text, formatInteger, bigint, text),
		fn("to_char", text, formatDecimal, decimal, text), fn("to_char", text, formatReal, schema.Float32, text), fn("to_char", text, formatReal, double, text),
		fn("to_number", decimal, parseNumber, text, text),
		fn("isfinite", schema.Bool, finiteDate, date), fn("isfinite", schema.Bool, finiteTimestamp, timestamp),
		fn("isfinite", schema.Bool, finiteTimestamp, timestamptz), fn("isfinite", schema.Bool, finiteInterval, interval),
		fn("justify_days", interval, intervals(temporal.Interval.JustifyDays), interval),
		fn("justify_hours", interval, intervals(temporal.Interval.JustifyHours), interval),
		fn("justify_interval", interval, intervals(temporal.Interval.JustifyInterval), interval),
	}
	return append(list, fieldFunctions()...)
}

// named lets arguments be given by name; what is left out is 0.
func (f Function) named(names ...string) Function {
	f.ParamNames = names
	return f
}

func makeDate(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		if d, err := temporal.MakeDate(int(c.Int32(0, i)), int(c.Int32(1, i)), int(c.Int32(2, i))); c.Check(i, err) {
			out[i] = d
		}
	})
}

func makeTime(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) {
		if t, err := temporal.MakeTime(int(c.Int32(0, i)), int(c.Int32(1, i)), c.Float(2, i)); c.Check(i, err) {
			out[i] = t
		}
	})
}

func (c *Call) timestampArgs(i int) (int64, error) {
	return temporal.MakeTimestamp(int(c.Int32(0, i)), int(c.Int32(1, i)), int(c.Int32(2, i)), int(c.Int32(3, i)), int(c.Int32(4, i)), c.Float(5, i))
}

func makeTimestamp(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) {
		if t, err := c.timestampArgs(i); c.Check(i, err) {
			out[i] = t
		}
	})
}

func makeInterval(c *Call) {
	out := c.Out.Intervals()
	c.Each(func(i int) {
		var parts [6]int32
		for k := range min(len(c.Args), len(parts)) {
			parts[k] = c.Int32(k, i)
		}
		seconds := 0.0
		if len(c.Args) > 6 {
			seconds = c.Float(6, i)
		}
		v, err := temporal.MakeInterval(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], seconds)
		if c.Check(i, err) {
			out[i] = v
		}
	})
}

func epochTimestamp(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) {
		seconds := c.Float(0, i)
		switch {
		case math.IsNaN(seconds):
			c.Fail(i, sqlstate.New(sqlstate.DatetimeFieldOverflow, "timestamp cannot be NaN"))
			return
		case math.IsInf(seconds, 1):
			out[i] = temporal.TimestampInfinity
			return
		case math.IsInf(seconds, -1):
			out[i] = temporal.TimestampNegInfinity
			return
		}
		micros := math.RoundToEven(seconds * 1e6)
		if micros < float64(temporal.MinTimestamp) || micros >= float64(temporal.MaxTimestamp) {
			shown := codec.AppendFloat(nil, seconds, 64)
			c.Fail(i, sqlstate.Errorf(sqlstate.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", shown))
			return
		}
		out[i] = int64(micros)
	})
}

// template keeps the last compiled template of to_char and its kin.
type template struct {
	text   string
	format *temporal.Format
}

// template returns the template of argument 1, compiled once where it stays the same.
func (c *Call) template(i int) (*temporal.Format, error) {
	b := c.Bytes(1, i)
	t, ok := c.State.(*template)
	if ok && t.text == string(b) {
		return t.format, nil
	}
	format, err := temporal.CompileFormat(b)
	if err == nil {
		c.State = &template{string(b), format}
	}
	return format, err
}

func parseTimestamp(c *Call) {
	out := c.Out.Int64s()
	c.Each(func(i int) {
		f, err := c.template(i)
		if err == nil {
			out[i], err = f.ParseTimestampTZ(c.Bytes(0, i), nil)
		}
		c.Check(i, err)
	})
}

func parseDate(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		f, err := c.template(i)
		if err == nil {
			out[i], err = f.ParseDate(c.Bytes(0, i))
		}
		c.Check(i, err)
	})
}

func formatTimestamp(c *Call) {
	zoned := c.Args[0].Col.Kind() == timestamptz
	c.Each(func(i int) {
		t := c.Int64(0, i)
		if !temporal.FiniteTimestamp(t) || len(c.Bytes(1, i)) == 0 {
			c.Out.SetNull(i)
			return
		}
		f, err := c.template(i)
		if !c.Check(i, err) {
			return
		}
		c.appendRow(i, 64, func(dst []byte) []byte {
			if zoned {
				return f.AppendTZ(dst, t, temporal.UTC())
			}
			return f.Append(dst, t)
		})
	})
}

func formatInterval(c *Call) {
	c.Each(func(i int) {
		if len(c.Bytes(1, i)) == 0 {
			c.Out.SetNull(i)
			return
		}
		f, err := c.template(i)
		if !c.Check(i, err) {
			return
		}
		own := c.Out.OwnBuffer(64)
		start := len(own.Data)
		data, err := f.AppendInterval(own.Data, c.Interval(0, i))
		if c.Check(i, err) {
			own.Data = data
			c.Out.SetOwn(i, start)
		}
	})
}

func finiteDate(c *Call) {
	out := c.Out.Bits()
	c.Each(func(i int) { out.Put(i, temporal.FiniteDate(c.Int32(0, i))) })
}

func finiteTimestamp(c *Call) {
	out := c.Out.Bits()
	c.Each(func(i int) { out.Put(i, temporal.FiniteTimestamp(c.Int64(0, i))) })
}

// finiteInterval is always true: PostgreSQL 15 has no infinite intervals.
func finiteInterval(c *Call) {
	out := c.Out.Bits()
	c.Each(func(i int) { out.Put(i, true) })
}
