package builtin

import (
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// overlapFunctions are the forms of (a, b) OVERLAPS (c, d), in which b and d may be the length of a period instead of its end.
func overlapFunctions() []Function {
	var list []Function
	for _, k := range []schema.Kind{timestamp, timestamptz, clock} {
		for _, first := range []schema.Kind{k, interval} {
			for _, second := range []schema.Kind{k, interval} {
				list = append(list, fn("overlaps", boolean, overlaps, k, first, k, second).called())
			}
		}
	}
	return list
}

func overlaps(c *Call) {
	out := c.Out.Bits()
	c.Each(func(i int) {
		start1, end1, err := c.period(0, i)
		if !c.Check(i, err) {
			return
		}
		start2, end2, err := c.period(2, i)
		if !c.Check(i, err) {
			return
		}
		result, known := overlapping(start1, end1, start2, end2)
		if out.Put(i, result); !known {
			c.Out.SetNull(i)
		}
	})
}

// moment is a time that may be unknown.
type moment struct {
	t     int64
	known bool
}

// period returns the bounds that arguments k and k+1 give, the known one first, the lesser one first.
func (c *Call) period(k, i int) (start, end moment, err error) {
	if !c.Args[k].IsNull(i) {
		start = moment{c.Int64(k, i), true}
	}
	switch {
	case c.Args[k+1].IsNull(i):
	case c.Args[k+1].Col.Kind() != interval:
		end = moment{c.Int64(k+1, i), true}
	case start.known && c.Args[k].Col.Kind() == clock:
		end = moment{temporal.AddTime(start.t, c.Interval(k+1, i)), true}
	case start.known:
		end.known = true
		end.t, err = temporal.AddInterval(start.t, c.Interval(k+1, i))
	}
	if !start.known || end.known && start.t > end.t {
		start, end = end, start
	}
	return start, end, err
}

// overlapping compares two periods by the rule of the SQL standard, PostgreSQL's: a period includes its start and, unless they are one,
// not its end.
func overlapping(start1, end1, start2, end2 moment) (result, known bool) {
	if !start1.known || !start2.known {
		return false, false
	}
	if start1.t == start2.t {
		return true, end1.known && end2.known
	}
	if start1.t < start2.t {
		start1, end1, end2 = start2, end2, end1
	}
	// Now end2 is the end of the period that begins first, start1 the start of the other.
	switch {
	case !end2.known:
		return false, false
	case start1.t < end2.t:
		return true, true
	}
	return false, end1.known
}
