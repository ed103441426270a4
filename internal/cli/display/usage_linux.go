package display

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// peakBytes returns the peak of resident memory: VmHWM of /proc, since getrusage's number (in KiB here) also counts what the process that
// started this one had resident. Without /proc it has to do.
func peakBytes(r *syscall.Rusage) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if peak, ok := highWater(status); ok {
			return peak
		}
	}
	return r.Maxrss << 10
}

// highWater finds the line "VmHWM:    12345 kB".
func highWater(status []byte) (int64, bool) {
	_, rest, found := bytes.Cut(status, []byte("\nVmHWM:"))
	if !found {
		return 0, false
	}
	fields := bytes.Fields(rest)
	if len(fields) < 2 || string(fields[1]) != "kB" {
		return 0, false
	}
	kilobytes, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kilobytes << 10, err == nil
}
