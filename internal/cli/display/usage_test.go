package display

import (
	"testing"
	"time"
)

func TestUsageGrows(t *testing.T) {
	before, err := ReadUsage()
	if err != nil {
		t.Fatal(err)
	}
	if before.PeakBytes < 1<<20 || before.PeakBytes > 1<<40 {
		t.Errorf("%d bytes were resident", before.PeakBytes)
	}
	block := make([]byte, 64<<20)
	for i := range block {
		block[i] = byte(i)
	}
	after, err := ReadUsage()
	if err != nil {
		t.Fatal(err)
	}
	if after.PeakBytes < before.PeakBytes || after.PeakBytes < int64(len(block)) || after.CPU < before.CPU ||
		after.GC < 0 || after.GC > after.CPU || after.Allocations <= before.Allocations {
		t.Errorf("%+v after %d bytes more, %+v before", after, len(block), before)
	}
}

// TestCollected: threads that are stopped while one collects do nothing.
func TestCollected(t *testing.T) {
	tests := []struct {
		collecting, pauses float64
		processors         int
		want               time.Duration
	}{
		{0, 0, 2, 0},
		{1, 0, 4, time.Second},
		{3, 2, 2, 2 * time.Second}, // one second of pauses, in which one of two processors worked
		{8, 8, 8, time.Second},     // and one of eight
		{1, 1, 1, time.Second},
		{0, 1, 4, 0},
	}
	for _, test := range tests {
		if got := collected(test.collecting, test.pauses, test.processors); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
