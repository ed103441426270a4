package display

import "testing"

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

// TestGCShare: threads that are stopped while one collects do nothing.
func TestGCShare(t *testing.T) {
	tests := []struct{ collecting, pauses, busy, processors, want float64 }{
		{0, 0, 0, 2, 0},
		{1, 0, 4, 2, 0.25},
		{3, 2, 5, 2, 0.5},     // one second of pauses, in which one of two processors worked
		{8, 8, 10, 8, 1. / 3}, // and one of eight
		{1, 1, 1, 1, 1},
		{3, 0, 2, 2, 1},
		{0, 1, 4, 2, 0},
	}
	for _, test := range tests {
		if got := gcShare(test.collecting, test.pauses, test.busy, test.processors); got != test.want {
			t.Errorf("%+v: %g", test, got)
		}
	}
}
