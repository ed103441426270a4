package temporal

import "strconv"

// digitPairs holds "00" to "99".
const digitPairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// dateLength and clockLength are the lengths of YYYY-MM-DD and hh:mm:ss.
const (
	dateLength  = 10
	clockLength = 8
)

// putPair writes two digits at b[i]; v is 0..99.
func putPair(b []byte, v int) {
	_ = b[1]
	b[0], b[1] = digitPairs[2*v], digitPairs[2*v+1]
}

// appendDay appends year-month-day; the caller appends the era when year < 1.
func appendDay(dst []byte, year, month, day int) []byte {
	if year < 1 {
		year = 1 - year
	}
	if year > 9999 {
		dst = strconv.AppendInt(dst, int64(year), 10)
	} else {
		dst = append(dst, digitPairs[year/100*2], digitPairs[year/100*2+1], digitPairs[year%100*2], digitPairs[year%100*2+1])
	}
	return append(dst, '-', digitPairs[2*month], digitPairs[2*month+1], '-', digitPairs[2*day], digitPairs[2*day+1])
}

// appendClock appends hh:mm:ss and the fraction without its trailing zeros. micros is 0..MaxTime.
func appendClock(dst []byte, micros int64) []byte {
	seconds := uint32(micros / Second) //nolint:gosec // at most 86400
	n := len(dst)
	dst = append(dst, "00:00:00"...)
	b := dst[n : n+clockLength]
	putPair(b, int(seconds/3600))
	putPair(b[3:], int(seconds/60%60))
	putPair(b[6:], int(seconds%60))
	if f := uint32(micros - int64(seconds)*Second); f != 0 { //nolint:gosec // below a million
		dst = appendFraction(dst, f)
	}
	return dst
}

// appendFraction appends '.' and up to six digits; f is 1..999999.
func appendFraction(dst []byte, f uint32) []byte {
	n := len(dst)
	dst = append(dst, ".000000"...)
	b := dst[n : n+7]
	putPair(b[1:], int(f/10000))
	putPair(b[3:], int(f/100%100))
	putPair(b[5:], int(f%100))
	for end := len(dst); ; end-- {
		if dst[end-1] != '0' {
			return dst[:end]
		}
	}
}

func appendInfinity(dst []byte, negative bool) []byte {
	if negative {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

// appendStamp appends the date, sep and the time of a finite timestamp; suffix comes before the era.
func appendStamp(dst []byte, t int64, sep byte, offset int, zoned, colon bool) []byte {
	days, micros := splitDay(t)
	year, month, day := Civil(days)
	dst = append(appendDay(dst, year, month, day), sep)
	dst = appendClock(dst, micros)
	if zoned {
		dst = appendOffset(dst, offset)
		if colon && offset%3600 == 0 {
			dst = append(dst, ":00"...)
		}
	}
	if year < 1 {
		dst = append(dst, " BC"...)
	}
	return dst
}

// AppendTimestamp appends a timestamp in PostgreSQL's ISO style: 2015-07-15 00:00:00.0001.
func AppendTimestamp(dst []byte, t int64) []byte {
	if !FiniteTimestamp(t) {
		return appendInfinity(dst, t < 0)
	}
	return appendStamp(dst, t, ' ', 0, false, false)
}

// AppendTimestampISO appends a timestamp as row_to_json writes it: 2015-07-15T00:00:00.0001.
func AppendTimestampISO(dst []byte, t int64) []byte {
	if !FiniteTimestamp(t) {
		return appendInfinity(dst, t < 0)
	}
	return appendStamp(dst, t, 'T', 0, false, false)
}

// AppendTimestampTZ appends a timestamptz as local time of zone with its offset: 2015-07-15 00:00:00.0001+00. A nil zone is UTC.
func AppendTimestampTZ(dst []byte, t int64, zone *Zone) []byte {
	return appendZoned(dst, t, zone, ' ', false)
}

// AppendTimestampTZISO appends a timestamptz as row_to_json writes it: 2015-07-15T00:00:00.0001+00:00.
func AppendTimestampTZISO(dst []byte, t int64, zone *Zone) []byte {
	return appendZoned(dst, t, zone, 'T', true)
}

func appendZoned(dst []byte, t int64, zone *Zone, sep byte, colon bool) []byte {
	if !FiniteTimestamp(t) {
		return appendInfinity(dst, t < 0)
	}
	if zone == nil {
		return appendStamp(dst, t, sep, 0, true, colon)
	}
	offset, _ := zone.offsetAt(t)
	return appendStamp(dst, shift(t, int64(offset)*Second), sep, int(offset), true, colon)
}

// appendOffset appends +hh, +hh:mm or +hh:mm:ss.
func appendOffset(dst []byte, east int) []byte {
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	dst = append(dst, sign)
	dst = appendPadded(dst, east/3600, 2)
	if east%3600 == 0 {
		return dst
	}
	dst = append(dst, ':')
	dst = appendPadded(dst, east/60%60, 2)
	if east%60 != 0 {
		dst = append(dst, ':')
		dst = appendPadded(dst, east%60, 2)
	}
	return dst
}

// appendPadded appends v with at least width digits, a minus sign not counted.
func appendPadded(dst []byte, v, width int) []byte {
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	if width == 2 && v < 100 {
		return append(dst, digitPairs[2*v], digitPairs[2*v+1])
	}
	digits := 1
	for x := v; x >= 10; x /= 10 {
		digits++
	}
	for ; digits < width; digits++ {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

// AppendDate appends a date: 2015-07-15.
func AppendDate(dst []byte, d int32) []byte {
	if !FiniteDate(d) {
		return appendInfinity(dst, d < 0)
	}
	year, month, day := Civil(d)
	dst = appendDay(dst, year, month, day)
	if year < 1 {
		dst = append(dst, " BC"...)
	}
	return dst
}

// AppendTime appends a time of day: 04:05:06.789.
func AppendTime(dst []byte, micros int64) []byte { return appendClock(dst, micros) }
