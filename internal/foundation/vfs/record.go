package vfs

import (
	"slices"
	"sync"
)

// Watch returns an FS that makes its calls on inner and then tells watch of each, in the calling goroutine. A test may take a crash image
// in there, to try a power failure after every step of a protocol. Calls of watch are not serialized.
func Watch(inner FS, watch func(Op)) FS {
	return &intercepted{inner: inner, hook: watcher(watch)}
}

type watcher func(Op)

func (watcher) before(Op) (int, error) { return 0, nil }
func (w watcher) after(op Op)          { w(op) }

// Recorder is an FS that notes every call.
type Recorder struct {
	FS
	mu  sync.Mutex
	ops []Op
}

// Record returns an FS that makes its calls on inner and notes them in the order in which they returned.
func Record(inner FS) *Recorder {
	r := &Recorder{}
	r.FS = Watch(inner, r.note)
	return r
}

func (r *Recorder) note(op Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, op)
}

// Ops returns a copy of what was noted.
func (r *Recorder) Ops() []Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ops)
}

// Changes returns the noted calls that altered something or made it durable, as lines: what a test of a protocol compares.
func (r *Recorder) Changes() []string {
	var lines []string
	for _, op := range r.Ops() {
		if op.Changes() {
			lines = append(lines, op.String())
		}
	}
	return lines
}

// Forget drops what was noted so far.
func (r *Recorder) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = nil
}
