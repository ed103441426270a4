package process

import (
	"context"
	"errors"
	"sync"

	"wire.example/wire/internal/foundation/vfs"
)

// errDead is why calls to a disk of a dead run fail.
var errDead = errors.New("the run is dead")

// Disk is a file system for one run, which ends at a call: from it on nothing reaches the disk, as after kill -9. What was written stays, synced or not.
type Disk struct {
	vfs.FS
	// Context is done when the run is dead.
	Context context.Context //nolint:containedctx // it is what this type makes

	failing *vfs.Failing
	kill    context.CancelFunc
	mu      sync.Mutex
	changes int
	after   int
}

// NewDisk returns the disk inner for a run that ends when it has made after calls that change something; never if after is negative. The caller calls Close.
func NewDisk(ctx context.Context, inner vfs.FS, after int) *Disk {
	d := &Disk{failing: vfs.Fail(inner), after: after}
	d.Context, d.kill = context.WithCancel(ctx)
	d.FS = vfs.Watch(d.failing, d.note)
	return d
}

func (d *Disk) note(op vfs.Op) {
	if !op.Changes() || op.Err != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.changes++; d.changes == d.after {
		d.failing.Add(vfs.Rule{Times: vfs.Forever, Err: errDead})
		d.kill()
	}
}

// Killed reports whether the run was ended.
func (d *Disk) Killed() bool { return d.failing.Failed() > 0 || d.Context.Err() != nil }

// Changes is how many calls changed something.
func (d *Disk) Changes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changes
}

// Close releases what belongs to the disk.
func (d *Disk) Close() { d.kill() }
