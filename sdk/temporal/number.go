package temporal

import (
	"math"
	"strconv"
)

// readInt reads an optional sign and digits at the start of b: the value and the rest. over is true beyond int32 (the value is then
// meaningless). Without digits nothing is read.
func readInt(b []byte) (value int, rest []byte, over bool) {
	v, rest, over := readInt64(b)
	if v > math.MaxInt32 || v < math.MinInt32 {
		over = true
	}
	return int(v), rest, over
}

// readInt64 is readInt for 64 bits.
func readInt64(b []byte) (value int64, rest []byte, over bool) {
	i := 0
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		i = 1
	}
	if i == len(b) || !isDigit(b[i]) {
		return 0, b, false
	}
	for ; i < len(b) && isDigit(b[i]); i++ {
		d := int64(b[i] - '0')
		switch {
		case over:
		case value < (math.MinInt64+d)/10:
			over = true
		default:
			value = value*10 - d // negative, since the smallest number has no positive twin
		}
	}
	if !negative {
		over = over || value == math.MinInt64
		value = -value
	}
	return value, b[i:], over
}

// fraction reads a whole "." and digits as a number in [0, 1).
func fraction(b []byte) (value float64, ok bool) {
	if len(b) == 0 || b[0] != '.' {
		return 0, false
	}
	for _, c := range b[1:] {
		if !isDigit(c) {
			return 0, false
		}
	}
	if len(b) == 1 {
		return 0, true
	}
	value, err := strconv.ParseFloat(string(b), 64)
	return value, err == nil
}

// fractionMicros reads a whole "." and digits of a second, rounded to microseconds (half to even of the nearest double, as PostgreSQL).
func fractionMicros(b []byte) (micros int, ok bool) {
	if len(b) > 1 && len(b) <= 7 && b[0] == '.' {
		scale := 1000000
		for _, c := range b[1:] {
			if !isDigit(c) {
				return 0, false
			}
			scale /= 10
			micros += int(c-'0') * scale
		}
		return micros, true
	}
	v, ok := fraction(b)
	return int(math.RoundToEven(v * 1e6)), ok
}
