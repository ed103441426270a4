//go:build linux || darwin

package display

import (
	"fmt"
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
	// GC is the part of CPU that collecting garbage took, as Go's runtime estimates it.
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

// readRuntime asks Go's runtime. It counts time by the clock, which is more than CPU time where others use the processors, and so only the share is taken from it.
func (u *Usage) readRuntime() {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"}, {Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"},
	}
	metrics.Read(samples)
	if v := samples[0].Value; v.Kind() == metrics.KindUint64 {
		u.Allocations = int64(v.Uint64()) //nolint:gosec // a count of objects
	}
	var seconds [3]float64
	for i := range seconds {
		if v := samples[i+1].Value; v.Kind() == metrics.KindFloat64 {
			seconds[i] = v.Float64()
		}
	}
	if busy := seconds[1] - seconds[2]; busy > 0 {
		u.GC = time.Duration(float64(u.CPU) * min(seconds[0]/busy, 1))
	}
}
