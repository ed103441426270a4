package temporal

import "strconv"

// AppendInterval appends an interval in the style "postgres": 1 year 2 mons -3 days +04:05:06.789.
func AppendInterval(dst []byte, v Interval) []byte {
	w := intervalWriter{dst: dst, empty: true}
	w.part(int64(v.Months/monthsPerYear), " year")
	w.part(int64(v.Months%monthsPerYear), " mon")
	w.part(int64(v.Days), " day")
	if w.empty || v.Micros != 0 {
		w.clock(v.Micros)
	}
	return w.dst
}

// intervalWriter remembers whether something was written and whether its sign was minus, after which a plus must be shown.
type intervalWriter struct {
	dst      []byte
	empty    bool
	negative bool
}

func (w *intervalWriter) part(n int64, name string) {
	if n == 0 {
		return
	}
	if !w.empty {
		w.dst = append(w.dst, ' ')
	}
	if w.negative && n > 0 {
		w.dst = append(w.dst, '+')
	}
	w.dst = strconv.AppendInt(w.dst, n, 10)
	w.dst = append(w.dst, name...)
	if n != 1 {
		w.dst = append(w.dst, 's')
	}
	w.empty, w.negative = false, n < 0
}

func (w *intervalWriter) clock(micros int64) {
	if !w.empty {
		w.dst = append(w.dst, ' ')
	}
	abs := uint64(micros) //nolint:gosec // negated below
	if micros < 0 {
		abs = -abs
		w.dst = append(w.dst, '-')
	} else if w.negative {
		w.dst = append(w.dst, '+')
	}
	const hour = uint64(Hour)
	hours := abs / hour
	if hours < 10 {
		w.dst = append(w.dst, '0')
	}
	w.dst = strconv.AppendUint(w.dst, hours, 10)
	rest := abs % hour
	n := len(w.dst)
	w.dst = append(w.dst, ":00:00"...)
	putPair(w.dst[n+1:], int(rest/uint64(Minute)))                //nolint:gosec // below 60
	putPair(w.dst[n+4:], int(rest%uint64(Minute)/uint64(Second))) //nolint:gosec // below 60
	if f := rest % uint64(Second); f != 0 {
		w.dst = appendFraction(w.dst, uint32(f)) //nolint:gosec // below a million
	}
}
