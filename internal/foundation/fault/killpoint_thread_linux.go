//go:build killpoints

package fault

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalThread sends s to the calling thread.
func signalThread(s syscall.Signal) error { return unix.Tgkill(os.Getpid(), unix.Gettid(), s) }
