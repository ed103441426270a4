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
