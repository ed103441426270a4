package cli

import (
	"errors"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/connector"
)

// budget is the memory that the data of pipelines may take: bytes, if that is positive; else what GOMEMLIMIT says, or half of the machine's.
func budget(bytes int64) *limit.Budget {
	if bytes <= 0 {
		if bytes = debug.SetMemoryLimit(-1); bytes == math.MaxInt64 {
			bytes = machineMemory() / 2
		}
	}
	return limit.New("process", bytes)
}

// idleBytes is about what the process takes beside the data of its pipelines.
const idleBytes = 24 << 20

// limitHeap has the garbage collector keep to what --memory says, where that was given. The returned function undoes it.
func limitHeap(bytes int64) (undo func()) {
	if bytes <= 0 {
		return func() {}
	}
	before := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(before, bytes+idleBytes))
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

// parseMemory reads the value of --memory.
func parseMemory(text string) (int64, error) {
	n, err := connector.ParseBytes(text)
	if err == nil && n == 0 {
		err = errors.New("no memory at all is too little")
	}
	return int64(n), err
}
