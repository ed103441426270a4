package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"wire.example/wire/internal/foundation/clock"
)

// moment is how long somebody who finds a lock that is held looks again before he gives up: a process that was killed holds its locks until the system has taken its memory back, and whoever starts, or
// removes checkpoints, holds one while he looks.
const (
	moment     = 2 * time.Second
	momentStep = 10 * time.Millisecond
)

// outlast calls do until the error is no *HeldError, at most for a moment. It does not wait for an owner who runs for certain.
func (o *Options) outlast(ctx context.Context, do func() error) error {
	for waited := time.Duration(0); ; waited += momentStep {
		err := do()
		var held *HeldError
		if !errors.As(err, &held) || held.Generation != 0 && o.runs(held.Holder) || waited >= moment || clock.System().Sleep(ctx, momentStep) != nil {
			return err
		}
	}
}

// runs reports whether a process is known to be one of this machine that lives, and will not end before it has done something else.
func runs(h Holder) bool {
	host, err := os.Hostname()
	// The second look is for who was just between taking note of the signal and beginning to end.
	return err == nil && h.Host == host && h.PID > 0 && stays(h.PID) && stays(h.PID)
}

// Of proc(5), as the kernel has them.
const (
	flagExiting  = 0x4    // PF_EXITING
	signalKill   = 1 << 8 // SIGKILL in a set of signals
	fieldState   = 0      // of those behind the name
	fieldFlags   = 6
	fieldSignals = 28
	statesOfDead = "ZXx" // states of processes that have ended
)

// stays reports whether a process is there, does not end, and was not told to by a signal that it cannot refuse. Where there is no /proc nobody knows.
func stays(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // the name may hold blanks and brackets
	if len(fields) <= fieldSignals {
		return false
	}
	flags, errFlags := strconv.ParseUint(string(fields[fieldFlags]), 10, 64)
	signals, errSignals := strconv.ParseUint(string(fields[fieldSignals]), 10, 64)
	return errFlags == nil && errSignals == nil && !bytes.ContainsAny(fields[fieldState], statesOfDead) && flags&flagExiting == 0 && signals&signalKill == 0
}
