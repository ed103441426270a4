package sdktest

import (
	"syscall"
	"testing"
	"time"
)

// Spent is the processor time that the process has taken so far, of all cores. For benchmarks: others on the machine change it less than the time of the clock.
func Spent(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
