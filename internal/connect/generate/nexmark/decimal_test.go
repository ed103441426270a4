package nexmark

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// The eight digits are two halves of four that go through the same steps, so all values of either half cover both.
func TestEightDigitsOfEveryHalf(t *testing.T) {
	for half := range uint64(10_000) {
		for _, v := range []uint64{half, half * 10_000, half*10_000 + 9_999 - half} {
			digits := eightDigits(v)
			var text [8]byte
			for i := range text {
				text[i] = byte(digits >> (8 * i))
			}
			if want := fmt.Sprintf("%08d", v); string(text[:]) != want {
				t.Fatalf("%d = %q, want %q", v, text, want)
			}
		}
	}
}

func TestAppendDecimalAtItsEdges(t *testing.T) {
	values := []uint64{0, digitLimit - 1, digitLimit, digitLimit + 1, digitLimit * digitLimit, math.MaxInt64, math.MaxUint64}
	for power := uint64(1); power < digitLimit*digitLimit; power *= 10 {
		values = append(values, power-1, power, power+1)
	}
	for _, v := range values {
		if got, want := string(appendDecimal([]byte("x"), v)), "x"+strconv.FormatUint(v, 10); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAppendDecimalAgreesWithStrconv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64().Draw(t, "v")
		if got, want := string(appendDecimal(nil, v)), strconv.FormatUint(v, 10); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}
