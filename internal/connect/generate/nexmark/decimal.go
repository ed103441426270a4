package nexmark

import (
	"encoding/binary"
	"math/bits"
)

// digitLimit is the first number that eightDigits cannot show.
const digitLimit = 100_000_000

// eightDigits returns the decimal digits of v, below digitLimit, as eight ASCII bytes, the first digit lowest. It halves the number three
// times, all halves of a step at once; multiplying and shifting stands for division by 100 and 10 (exact in these ranges).
func eightDigits(v uint64) uint64 {
	v = v/10_000 | v%10_000<<32
	hundreds := v * 10_486 >> 20 & 0x7f_0000_007f
	v = hundreds | (v-hundreds*100)<<16
	tens := v * 103 >> 10 & 0x0f_000f_000f_000f
	return tens | (v-tens*10)<<8 | '0'*everyByte
}

// appendDecimal appends v in decimal. Below digitLimit, where nearly all numbers of the benchmark are, it takes no branch on their
// length, which no processor could predict.
func appendDecimal(dst []byte, v uint64) []byte {
	if v >= digitLimit {
		dst = appendDecimal(dst, v/digitLimit)
		return binary.LittleEndian.AppendUint64(dst, eightDigits(v%digitLimit))
	}
	digits := eightDigits(v)
	zeros := min(bits.TrailingZeros64(digits&^('0'*everyByte))/8, 7) // 0 itself keeps one
	dst = binary.LittleEndian.AppendUint64(dst, digits>>(8*zeros))
	return dst[:len(dst)-zeros]
}
