//go:build linux || darwin

package display

import (
	"fmt"
	"syscall"
	"time"
)

// Usage is what this process has used since it started.
type Usage struct {
	// CPU is processor time, user and system, of all threads.
	CPU time.Duration
	// PeakBytes is the most memory that was resident.
	PeakBytes int64
}

// ReadUsage asks the operating system.
func ReadUsage() (Usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return Usage{}, fmt.Errorf("getrusage: %w", err)
	}
	return Usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), PeakBytes: peakBytes(&r)}, nil
}
