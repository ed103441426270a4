package nexmark

import "slices"

const (
	microsPerSecond = 1_000_000
	microsPerMilli  = 1_000
	millisPerSecond = 1_000
	secondsPerDay   = 86_400
	microsPerDay    = secondsPerDay * microsPerSecond
)

// timestampLength is that of "2015-07-15 00:00:00.000100".
const timestampLength = 26

// digitPairs holds "00" to "99".
const digitPairs = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849" +
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// AppendTimestamp appends a time in microseconds since the epoch as UTC text, always with six digits of fraction:
// 2015-07-15 00:00:00.000100. The time must be in the years 1 to 9999, as every time of an Event is.
func AppendTimestamp(dst []byte, micros int64) []byte {
	sinceMin := uint64(micros - minTime)
	days, micro := sinceMin/microsPerDay, sinceMin%microsPerDay
	year, month, day := civil(days)
	second := micro / microsPerSecond
	micro %= microsPerSecond

	start := len(dst)
	dst = slices.Grow(dst, timestampLength)[:start+timestampLength]
	text := (*[timestampLength]byte)(dst[start:])
	put := func(at int, v uint64) { text[at], text[at+1] = digitPairs[2*v], digitPairs[2*v+1] }
	put(0, year/100)
	put(2, year%100)
	put(5, month)
	put(8, day)
	put(11, second/3600)
	put(14, second/60%60)
	put(17, second%60)
	put(20, micro/10_000)
	put(22, micro/100%100)
	put(24, micro%100)
	text[4], text[7], text[10], text[13], text[16], text[19] = '-', '-', ' ', ':', ':', '.'
	return dst
}

// civil turns days since 0001-01-01 into a date of the Gregorian calendar. It counts years from 1 March, so that the leap day is a year's
// last, and gets each quotient and remainder from one multiplication (Neri and Schneider, "Euclidean Affine Functions and their
// Application to Calendar Algorithms", 2022).
func civil(days uint64) (year, month, day uint64) {
	const (
		march       = 306       // from 0000-03-01 to 0001-01-01
		perCentury4 = 146_097   // days in four centuries
		perYear4    = 2_939_745 // 2³²/1461, rounded up: 1461 days are four years
		perMonth    = 2_141     // 2¹⁶ / the mean month from March on
	)
	quarters := 4*(days+march) + 3
	century, rest := quarters/perCentury4, quarters%perCentury4|3
	product := rest * perYear4
	yearOfCentury, dayOfYear := product>>32, product&(1<<32-1)/perYear4/4
	scaled := perMonth*dayOfYear + 197_913
	year, month, day = century*100+yearOfCentury, scaled>>16, scaled&(1<<16-1)/perMonth+1
	if dayOfYear >= march { // January or February, of the next civil year
		return year + 1, month - 12, day
	}
	return year, month, day
}
