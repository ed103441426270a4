package cli

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"wire.example/wire/internal/engine"
)

// What is spare is made once. Where GOMEMLIMIT says what the process may take nothing of that is spare.
func TestNothingIsSpareWithALimit(t *testing.T) {
	h := &heap{}
	taken := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		undo := h.limit(0)
		runtime.ReadMemStats(&after)
		undo()
		return after.TotalAlloc - before.TotalAlloc
	}
	old := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(old)
	if n := taken(); n < spareHeap {
		t.Errorf("%d bytes are spare without a limit", n)
	}
	if n := taken(); n >= spareHeap {
		t.Errorf("%d bytes were made anew", n)
	}
	*h = heap{}
	debug.SetMemoryLimit(64 << 20)
	if n := taken(); n >= spareHeap {
		t.Errorf("%d bytes are spare of 64 MiB", n)
	}
	if limit := debug.SetMemoryLimit(-1); limit != 64<<20 {
		t.Errorf("the limit is %d bytes", limit)
	}
}

// The heap keeps to 1.1 times the memory granted; but where that is little it has room beside what budgets count.
func TestHeapLimit(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct{ granted, limit int64 }{{30 * mb, 37 * mb}, {50 * mb, 57 * mb}, {70 * mb, 77 * mb}, {1000 * mb, 1100 * mb}} {
		if got := heapLimit(c.granted); got != c.limit {
			t.Errorf("of %d MB the heap takes %d bytes, want %d MB", c.granted/mb, got, c.limit/mb)
		}
		if c.granted >= 50*mb && c.limit < engine.Room(c.granted)+heapBeside {
			t.Errorf("of %d MB the heap takes %d MB, and budgets count %d bytes", c.granted/mb, c.limit/mb, engine.Room(c.granted))
		}
	}
}
