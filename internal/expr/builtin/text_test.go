package builtin

import (
	"math"
	"testing"
)

// TestFits: a view names its bytes by 32 bits, so a batch's texts end there; going on would show other rows' bytes.
func TestFits(t *testing.T) {
	for _, test := range []struct {
		have, room int
		want       bool
	}{
		{0, 0, true},
		{math.MaxUint32, 0, true},
		{math.MaxUint32, 1, false},
		{math.MaxUint32 + 1, 0, false},
		{1, math.MaxUint32 - 1, true},
		{1, math.MaxUint32, false},
		{1, math.MaxInt, false},
	} {
		if got := fits(test.have, test.room); got != test.want {
			t.Errorf("fits(%d, %d) = %v", test.have, test.room, got)
		}
	}
}
