package display

import "syscall"

// peakBytes returns the peak of resident memory, which getrusage has in bytes here.
func peakBytes(r *syscall.Rusage) int64 { return r.Maxrss }
