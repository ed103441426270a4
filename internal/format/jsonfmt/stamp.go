package jsonfmt

import (
	"unsafe"

	"wire.example/wire/sdk/temporal"
)

// The form of timestamp that most programs write, and the only one that readStamp reads: "YYYY-MM-DD hh:mm:ss.ffffff" with a blank or a T.
const (
	stampLen       = 26
	stampMinuteLen = 16 // of "YYYY-MM-DD hh:mm"

	// What the word ":ss.ffff" has besides digits.
	secondsMask  = 0xff0000ff
	secondsForm  = 0x2e00003a
	minuteMicros = 60_000_000
)

// minute is the last minute that readStamp met, text and value: few rows begin a new one.
type minute struct {
	first, second uint64
	start         int64 // µs
}

// readStamp stores the timestamp whose text begins at i and returns the byte after its closing quote. 0 means that it has another form, or
// is wrong.
func (m *member) readStamp(p unsafe.Pointer, i, row int) int {
	word := load(p, i+stampMinuteLen)
	if at(p, i+stampLen) != '"' || word&secondsMask != secondsForm {
		return 0
	}
	// Seconds and fraction, without the point, are eight digits that count microseconds.
	tail := uint64(*(*uint16)(unsafe.Add(p, i+stampLen-2)))
	x := (word>>8&0xffff | word>>32<<16 | tail<<48) ^ zeros
	if digitCount(x) < 8 {
		return 0
	}
	micros := int64(eightDigits(x)) //nolint:gosec // below 10^8
	if micros >= minuteMicros {
		return 0
	}
	if first, second := load(p, i), load(p, i+8); first != m.minute.first || second != m.minute.second {
		stamp, ok := temporal.FastTimestamp(unsafe.Slice((*byte)(unsafe.Add(p, i)), stampLen))
		if !ok {
			return 0
		}
		m.minute = minute{first: first, second: second, start: stamp - micros}
	}
	*slotOf[int64](m.base, row) = m.minute.start + micros
	return i + stampLen + 1
}
