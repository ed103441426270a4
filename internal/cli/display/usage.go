//go:build linux || darwin

package display

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"syscall"
	"time"
)

// Usage is what this process has used since it started.
type Usage struct {
	// CPU is processor time, user and system, of all threads.
	CPU time.Duration
	// PeakBytes is the most memory that was resident.
	PeakBytes int64
	// GC is the part of CPU that collecting garbage took, as Go's runtime estimates it: by the clock, which is more where others use the processors.
	GC time.Duration
	// Allocations counts objects on Go's heap.
	Allocations int64
}

// ReadUsage asks the operating system and Go's runtime.
func ReadUsage() (Usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return Usage{}, fmt.Errorf("getrusage: %w", err)
	}
	u := Usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), PeakBytes: peakBytes(&r)}
	u.readRuntime()
	return u, nil
}

// readRuntime asks Go's runtime. It sums up the time of collecting garbage, all others too, at the end of each collection, so that the whole of it is known here, but not what part
// that is of the time until now.
func (u *Usage) readRuntime() {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/pause:cpu-seconds"},
	}
	metrics.Read(samples)
	if v := samples[0].Value; v.Kind() == metrics.KindUint64 {
		u.Allocations = int64(v.Uint64()) //nolint:gosec // a count of objects
	}
	collecting, pauses := samples[1].Value, samples[2].Value
	if collecting.Kind() == metrics.KindFloat64 && pauses.Kind() == metrics.KindFloat64 {
		u.GC = min(collected(collecting.Float64(), pauses.Float64(), runtime.GOMAXPROCS(0)), u.CPU)
	}
}

// collected is the time of processors that were at work, of so many seconds of collecting. Pauses, in which all threads are stopped but one, count in them for each of the processors.
func collected(collecting, pauses float64, processors int) time.Duration {
	stopped := pauses * float64(processors-1) / float64(processors)
	return time.Duration(max(0, collecting-stopped) * float64(time.Second))
}
