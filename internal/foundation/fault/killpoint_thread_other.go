//go:build killpoints && !linux

package fault

import (
	"os"
	"syscall"
)

// signalThread sends s to the process: there is no way to name a thread here.
func signalThread(s syscall.Signal) error { return syscall.Kill(os.Getpid(), s) }
