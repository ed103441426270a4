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
// Of the time in which all threads are stopped it counts as much for each of the processors, of which one at most is at work.
func (u *Usage) readRuntime() {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"}, {Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/pause:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"},
	}
	metrics.Read(samples)
	if v := samples[0].Value; v.Kind() == metrics.KindUint64 {
		u.Allocations = int64(v.Uint64()) //nolint:gosec // a count of objects
	}
	var seconds [4]float64
	for i := range seconds {
		if v := samples[i+1].Value; v.Kind() == metrics.KindFloat64 {
			seconds[i] = v.Float64()
		}
	}
	processors := runtime.GOMAXPROCS(0)
	u.GC = time.Duration(float64(u.CPU) * gcShare(seconds[0], seconds[1], seconds[2]-seconds[3], float64(processors)))
}

// gcShare is the part of all work that collecting garbage is, 0 to 1, of what Go's runtime counts: seconds of collecting, pauses for each processor among them, and
// seconds in which processors were not idle.
func gcShare(collecting, pauses, busy, processors float64) float64 {
	stopped := pauses * (processors - 1) / processors
	if busy -= stopped; busy <= 0 {
		return 0
	}
	return max(0, min(1, (collecting-stopped)/busy))
}
