package cli

import (
	"errors"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/connector"
)

// budget is the memory that the data of pipelines may take, in bytes; see available.
func budget(bytes int64) *limit.Budget { return limit.New("process", available(bytes)) }

// available is asked, if that is positive; else what GOMEMLIMIT says, or half of the machine's. 0 means that nobody knows.
func available(asked int64) int64 {
	if asked > 0 {
		return asked
	}
	if bytes := debug.SetMemoryLimit(-1); bytes != math.MaxInt64 {
		return bytes
	}
	return machineMemory() / 2
}

// A process is to have resident what it has when it is idle, and the memory that a pipeline was granted with one part in heapShare more, which is what all of the heap may take: the program, resident too, is less so when it works (leaveProgram).
// But a heap with less than heapBeside beside what budgets count would be collected without end: it may have that, as long as it is no more than idleHeap beyond that bound.
const (
	heapShare  = 10
	heapBeside = 16 << 20
	idleHeap   = 4 << 20
)

// heapLimit is what the garbage collector keeps to where a pipeline was granted so many bytes.
func heapLimit(granted int64) int64 {
	bound := granted + granted/heapShare
	return min(max(bound, engine.Room(granted)+heapBeside), bound+idleHeap)
}

// spareHeap is counted to the heap where a pipeline was granted no memory in particular: what collecting garbage costs hangs on how often the heap doubles, and a small one doubles soon. Nothing of it is ever touched, so that it takes no
// memory of the machine; were it made for each statement anew the memory would have to be cleared.
const spareHeap = 16 << 20

// heap is what the garbage collector keeps to.
type heap struct{ spare []byte }

// limit has the garbage collector keep to what a pipeline may take, where that was said, and come less often where it was not. The returned function undoes it.
func (h *heap) limit(bytes int64) (undo func()) {
	before := debug.SetMemoryLimit(-1)
	switch {
	case bytes > 0:
	case before != math.MaxInt64: // GOMEMLIMIT, which what is spare would count for
		return func() {}
	default:
		if h.spare == nil {
			h.spare = make([]byte, spareHeap)
		}
		return func() { runtime.KeepAlive(h.spare) }
	}
	debug.SetMemoryLimit(min(before, heapLimit(bytes)))
	return func() { debug.SetMemoryLimit(before) }
}

// machineMemory is the machine's memory in bytes, 0 if it cannot be found out.
func machineMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err == nil {
				return kb << 10
			}
		}
	}
	return 0
}

// bounded gives a plan the memory that --memory grants and the compression that --state-compression says, whatever it asks for itself; 0 and nil if they were not given.
func bounded(p *logical.Plan, memory int64, packs *store.Compression) {
	if memory > 0 {
		p.Memory = memory
	}
	if packs != nil {
		p.Compression = *packs
	}
}

// parseMemory reads the value of --memory.
func parseMemory(text string) (int64, error) {
	n, err := connector.ParseBytes(text)
	if err == nil && n == 0 {
		err = errors.New("no memory at all is too little")
	}
	return int64(n), err
}
