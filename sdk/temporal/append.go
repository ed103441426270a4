package temporal

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// digitPairs holds "00" to "99".
const digitPairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// Texts as little-endian words, to be or-ed with digits, and the places of the tens among them.
const (
	dateWord      = 0x2d30302d30303030 // "0000-00-"
	dateTens      = 0x00000f00000f000f
	clockWord     = 0x30303a30303a3030 // "00:00:00"
	clockTens     = 0x000f00000f00000f
	fractionWord  = 0x0000303030303030 // "000000"
	fractionTens  = 0x0000000f000f000f
	stampTemplate = "0000-00-00 00:00:00.000000  " // two bytes more, for whole words
)

// digitsOf splits the numbers 0..99 that lie in x, at least 16 bits apart, into tens (in place, where mask has 0xf) and ones (in the next
// byte). 103/1024 is 1/10 exactly enough.
func digitsOf(x, mask uint64) uint64 {
	tens := x * 103 >> 10 & mask
	return tens | (x-10*tens)<<8
}

// putPair writes two digits at b[0]; v is 0..99.
func putPair(b []byte, v int) {
	_ = b[1]
	b[0], b[1] = digitPairs[2*v], digitPairs[2*v+1]
}

// putClock writes hh:mm:ss.ffffff at b[0:17], of which the first n bytes belong to the text. b has 18 bytes or more.
func putClock(b []byte, micros int64) (n int) {
	_ = b[16]
	seconds := uint32(micros / Second) //nolint:gosec // at most 86400
	minutes := seconds / 60
	hours := minutes / 60
	x := uint64(hours) | uint64(minutes-60*hours)<<24 | uint64(seconds-60*minutes)<<48
	binary.LittleEndian.PutUint64(b, digitsOf(x, clockTens)|clockWord)
	f := uint32(micros - int64(seconds)*Second) //nolint:gosec // below a million
	if f == 0 {
		return 8
	}
	b[8] = '.'
	return 9 + putFraction(b[9:], f)
}

// putFraction writes six digits, then two bytes of no meaning, and returns how many digits are left without the trailing zeros.
// f is 1..999999.
func putFraction(b []byte, f uint32) (n int) {
	hundreds := f / 100
	tenThousands := f / 10000
	x := uint64(tenThousands) | uint64(hundreds-100*tenThousands)<<16 | uint64(f-100*hundreds)<<32
	digits := digitsOf(x, fractionTens)
	binary.LittleEndian.PutUint64(b, digits|fractionWord)
	return (bits.Len64(digits) + 7) >> 3
}

// appendClock appends hh:mm:ss and the fraction without its trailing zeros. micros is 0..MaxTime.
func appendClock(dst []byte, micros int64) []byte {
	n := len(dst)
	dst = append(dst, stampTemplate[11:]...)
	return dst[:n+putClock(dst[n:], micros)]
}

// appendFraction appends '.' and up to six digits; f is 1..999999.
func appendFraction(dst []byte, f uint32) []byte {
	n := len(dst)
	dst = append(dst, ".00000000"...)
	return dst[:n+1+putFraction(dst[n+1:], f)]
}

// appendDay appends year-month-day; the caller appends the era when year < 1.
func appendDay(dst []byte, year, month, day int) []byte {
	if year < 1 {
		year = 1 - year
	}
	return appendPadded(append(appendPadded(append(appendPadded(dst, year, 4), '-'), month, 2), '-'), day, 2)
}

func appendInfinity(dst []byte, negative bool) []byte {
	if negative {
		dst = append(dst, '-')
	}
	return append(dst, "infinity"...)
}

// appendStamp appends the date, sep and the time of a finite timestamp.
func appendStamp(dst []byte, t int64, sep byte) []byte {
	days, micros := splitDay(t)
	year, month, day := Civil(days)
	if uint(year-1) > 9998 { //nolint:gosec // years before 1 become large
		return appendClock(append(appendDay(dst, year, month, day), sep), micros)
	}
	n := len(dst)
	dst = append(dst, stampTemplate...)
	b := dst[n : n+len(stampTemplate)]
	century := uint64(year) / 100                                     //nolint:gosec // 1..9999
	x := century | (uint64(year)-100*century)<<16 | uint64(month)<<40 //nolint:gosec // small
	binary.LittleEndian.PutUint64(b, digitsOf(x, dateTens)|dateWord)
	putPair(b[8:], day)
	b[10] = sep
	return dst[:n+11+putClock(b[11:], micros)]
}

// appendEra appends the BC of a timestamp before the year 1.
func appendEra(dst []byte, t int64) []byte {
	const yearOne = -719162 * Day // 0001-01-01
	if t < yearOne {
		return append(dst, " BC"...)
	}
	return dst
}

// AppendTimestamp appends a timestamp in PostgreSQL's ISO style: 2015-07-15 00:00:00.0001.
func AppendTimestamp(dst []byte, t int64) []byte {
	if !FiniteTimestamp(t) {
		return appendInfinity(dst, t < 0)
	}
	return appendEra(appendStamp(dst, t, ' '), t)
}

// AppendTimestampISO appends a timestamp as row_to_json writes it: 2015-07-15T00:00:00.0001.
func AppendTimestampISO(dst []byte, t int64) []byte {
	if !FiniteTimestamp(t) {
		return appendInfinity(dst, t < 0)
	}
	return appendEra(appendStamp(dst, t, 'T'), t)
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
	offset := int32(0)
	if zone != nil {
		offset, _ = zone.offsetAt(t)
	}
	local := shift(t, int64(offset)*Second)
	dst = appendOffset(appendStamp(dst, local, sep), int(offset))
	if colon && offset%3600 == 0 {
		dst = append(dst, ":00"...)
	}
	return appendEra(dst, local)
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
