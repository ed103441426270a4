package memory

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
)

// TestList: items stay in their order, every byte is reserved, and a refusal leaves the list as it was.
func TestList(t *testing.T) {
	budget := limit.New("test", 64<<10)
	l := NewList[uint64](budget)
	n := uint64(0)
	for ; l.Append(n) == nil; n++ {
		if budget.Used() != l.Bytes() || l.Bytes() < int64(len(l.Items()))*8 {
			t.Fatalf("%d items: %d bytes are reserved, %d in use", n, budget.Used(), l.Bytes())
		}
	}
	if n < 2048 || budget.Used() != l.Bytes() {
		t.Fatalf("refused at %d items of 8 bytes, with %d bytes reserved of %d", n, budget.Used(), budget.Limit())
	}
	for i, item := range l.Items() {
		if item != uint64(i) { //nolint:gosec // an index
			t.Fatalf("item %d is %d", i, item)
		}
	}
	if l.Free(); len(l.Items()) != 0 || budget.Used() != 0 {
		t.Errorf("%d items and %d bytes are left", len(l.Items()), budget.Used())
	}
}
