package cli

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"wire.example/wire/internal/foundation/limit"
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

// parseBytes reads a size such as 512MiB or 2GB.
func parseBytes(text string) (int64, error) {
	units := []struct {
		suffix string
		factor float64
	}{
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1},
	}
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n <= 0 || n*u.factor > math.MaxInt64 {
			break
		}
		return int64(n * u.factor), nil
	}
	return 0, fmt.Errorf("a size such as 512MiB or 2GB is expected, not %q", text)
}
