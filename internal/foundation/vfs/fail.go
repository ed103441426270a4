package vfs

import (
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"
)

// Forever as Rule.Times makes every call fail from the chosen one on.
const Forever = -1

// Rule chooses calls that fail. "The 3rd Sync of *.part returns EIO" is Rule{Call: CallSync, Path: "*.part", Nth: 3}; "the disk is full
// after 4,096 bytes" is Rule{Call: CallWrite, AfterBytes: 4096, Times: Forever, Err: syscall.ENOSPC}.
type Rule struct {
	// Call must be this one. Empty: any.
	Call Call
	// Path is a pattern of filepath.Match for the whole path or its last element; of a rename or link either path will do. Empty: any.
	Path string
	// Nth is the matching call, counted from 1, that is the first to fail. 0: 1.
	Nth int
	// Times is how many calls in a row fail. 0: 1. Forever: all from then on.
	Times int
	// AfterBytes, if positive, replaces Nth for writes: those pass until this many bytes were written by matching ones in all; the write
	// that would go beyond passes up to there and fails.
	AfterBytes int64
	// Keep is how many bytes of a failing write, chosen by Nth, reach the file all the same: a short write.
	Keep int
	// Err is what a failing call returns, inside a *fs.PathError. Nil: syscall.EIO.
	Err error
}

// Failing is an FS that fails by rules.
type Failing struct {
	FS
	mu     sync.Mutex
	rules  []*ruleState
	failed int
}

// ruleState counts for one rule.
type ruleState struct {
	Rule
	calls int   // that matched
	bytes int64 // that matching writes asked for and were given
	hits  int
}

// Fail returns an FS that makes its calls on inner, except those that a rule makes fail; they do not reach inner, but for the bytes that a
// failing write keeps and for Close, which always closes. Each rule counts every call that matches it; the first that strikes decides.
func Fail(inner FS, rules ...Rule) *Failing {
	f := &Failing{}
	f.FS = &intercepted{inner: inner, hook: f}
	f.Add(rules...)
	return f
}

// Add adds rules, which count from now on. It panics when a Path is no pattern.
func (f *Failing) Add(rules ...Rule) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range rules {
		if _, err := filepath.Match(r.Path, ""); err != nil {
			panic("vfs: rule with the pattern " + r.Path + ": " + err.Error())
		}
		f.rules = append(f.rules, &ruleState{Rule: r})
	}
}

// Heal removes all rules.
func (f *Failing) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// Failed is the number of calls that a rule made fail, so that a test can tell that its fault struck.
func (f *Failing) Failed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

func (f *Failing) before(op Op) (allowed int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if !r.matches(op) {
			continue
		}
		keep, strikes := r.count(op)
		if strikes && err == nil {
			f.failed++
			allowed, err = keep, &fs.PathError{Op: string(op.Call), Path: op.Path, Err: r.err()}
		}
	}
	return allowed, err
}

func (*Failing) after(Op) {}

// matches reports whether the rule speaks of the call.
func (r *ruleState) matches(op Op) bool {
	if r.Call != "" && r.Call != op.Call || r.AfterBytes > 0 && op.Call != CallWrite {
		return false
	}
	return r.Path == "" || r.matchesPath(op.Path) || op.NewPath != "" && r.matchesPath(op.NewPath)
}

func (r *ruleState) matchesPath(path string) bool {
	whole, _ := filepath.Match(r.Path, path) // Add has checked the pattern
	last, _ := filepath.Match(r.Path, filepath.Base(path))
	return whole || last
}

// count notes a matching call and says whether it fails, and how much of a write passes all the same.
func (r *ruleState) count(op Op) (keep int, strikes bool) {
	r.calls++
	if r.AfterBytes > 0 {
		room := max(r.AfterBytes-r.bytes, 0)
		r.bytes += min(int64(op.Length), room)
		strikes, keep = int64(op.Length) > room, int(room)
	} else {
		strikes, keep = r.calls >= max(r.Nth, 1), r.Keep
	}
	if strikes = strikes && (r.Times == Forever || r.hits < max(r.Times, 1)); strikes {
		r.hits++
	}
	return keep, strikes
}

func (r *ruleState) err() error {
	if r.Err == nil {
		return syscall.EIO
	}
	return r.Err
}
