package cli

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
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
