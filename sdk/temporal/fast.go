package temporal

import "encoding/binary"

// Byte patterns of the fast form, little endian, xor-ed with the input: a digit becomes its value, a right separator zero.
const (
	patternYearMonth = 0x2d30302d30303030 // "0000-00-"
	patternDayMinute = 0x30303a3030203030 // "00 00:00"
	separatorByte    = 0xff << 16         // of the second word: ' ' or 'T'
	ascii0           = 0x3030303030303030
	highBits         = 0x8080808080808080

	// Added to a xor-ed word these carry into the high bit of a byte that is no digit (0x76) or not the separator (0x7f).
	limitYearMonth = 0x7f76767f76767676
	limitDayMinute = 0x76767f76767f7676
	limitDigits    = 0x7676767676767676
)

// monthStart is the day of a March-based year on which month m begins, and what to take off the calendar year.
//
//nolint:gochecknoglobals // immutable table
var monthStart = [13]struct{ days, back int32 }{
	{}, {306, 1}, {337, 1}, {0, 0}, {31, 0}, {61, 0}, {92, 0}, {122, 0}, {153, 0}, {184, 0}, {214, 0}, {245, 0}, {275, 0},
}

// FastTimestamp reads exactly YYYY-MM-DD, one ' ' or 'T', hh:mm:ss, optionally '.' and one to six digits, optionally 'Z'. Every digit
// and range is checked; anything else, years 0000 and hour 24 included, is ok = false and must go to ParseTimestamp.
func FastTimestamp(b []byte) (micros int64, ok bool) {
	if len(b) < 19 {
		return 0, false
	}
	minute, ok := fastMinute(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]))
	if !ok {
		return 0, false
	}
	rest, ok := fastSeconds(b)
	return minute + rest, ok
}

// fastMinute reads the two words "YYYY-MM-" and "DD hh:mm" as microseconds.
func fastMinute(first, second uint64) (micros int64, ok bool) {
	sep := byte(second >> 16)
	x := first ^ patternYearMonth
	y := (second ^ patternDayMinute) &^ separatorByte
	bad := (x + limitYearMonth | x | (y + limitDayMinute) | y) & highBits
	if bad != 0 || (sep != ' ' && sep != 'T') {
		return 0, false
	}
	// Pairs of digits: each tens byte becomes 10*tens + ones; no byte exceeds 99.
	x = x*10 + x>>8
	y = y*10 + y>>8
	year := int32(x&0xff)*100 + int32(x>>16&0xff)
	month := x >> 40 & 0xff
	day := int32(y & 0xff)
	hour := int64(y >> 24 & 0xff)
	minute := int64(y >> 48 & 0xff)
	if month-1 > 11 || year == 0 || hour > 23 || minute > 59 || day == 0 {
		return 0, false
	}
	if day > 28 && int(day) > MonthDays(int(year), int(month)) { //nolint:gosec // month is 1..12
		return 0, false
	}
	start := monthStart[month]
	year -= start.back
	century := uint32(year) / 100                                                                       //nolint:gosec // 0..99
	days := 365*year + year>>2 - int32(century) + int32(century>>2) + start.days + day - 1 - marchEpoch //nolint:gosec // small
	return int64(days)*Day + hour*Hour + minute*Minute, true
}

// fastSeconds reads b[16:], which is ":ss", an optional fraction and an optional Z. len(b) >= 19.
func fastSeconds(b []byte) (micros int64, ok bool) {
	tens, ones := uint64(b[17]-'0'), uint64(b[18]-'0')
	if b[16] != ':' || tens > 5 || ones > 9 {
		return 0, false
	}
	seconds := int64(tens*10+ones) * Second //nolint:gosec // at most 59
	n := len(b)
	if n == 19 {
		return seconds, true
	}
	if b[n-1] == 'Z' {
		n--
		if n == 19 {
			return seconds, true
		}
	}
	digits := n - 20
	if b[19] != '.' || digits < 1 || digits > 6 {
		return 0, false
	}
	// The last digits of the 8 bytes that end the fraction move down to byte 0 (zeros fill the end), then up by two places.
	x := binary.LittleEndian.Uint64(b[n-8:]) ^ ascii0
	x = x >> (64 - 8*uint(digits)) << 16 //nolint:gosec // 1..6
	if (x+limitDigits|x)&highBits != 0 {
		return 0, false
	}
	return seconds + int64(eightDigits(x)), true //nolint:gosec // below a million
}

// eightDigits is the number whose digits, most significant first, are the bytes of x.
func eightDigits(x uint64) uint64 {
	x = x*10 + x>>8
	return ((x&0x000000ff000000ff)*(100+1000000<<32) + (x>>16&0x000000ff000000ff)*(1+10000<<32)) >> 32
}

// TimestampParser reads timestamps whose minute seldom changes from one to the next: it keeps the last 16 bytes "YYYY-MM-DD hh:mm" and
// their value, so that a repetition costs only the seconds. The zero value is ready. Not safe for concurrent use.
type TimestampParser struct {
	first, second uint64
	minute        int64
}

// Fast is FastTimestamp with the memory of the last minute.
func (p *TimestampParser) Fast(b []byte) (micros int64, ok bool) {
	if len(b) < 19 {
		return 0, false
	}
	first, second := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	if first != p.first || second != p.second || first == 0 {
		minute, ok := fastMinute(first, second)
		if !ok {
			return 0, false
		}
		p.first, p.second, p.minute = first, second, minute
	}
	rest, ok := fastSeconds(b)
	return p.minute + rest, ok
}
