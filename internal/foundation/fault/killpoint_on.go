//go:build killpoints

package fault

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// KillPointsEnabled tells whether kill points exist in this build.
const KillPointsEnabled = true

// Point names a step between two effects of a protocol ("sink/file/before-rename"). It counts the pass and, if the environment aims at
// this one, stops the process, which others may kill then. It is safe for concurrent use. A malformed aim panics at the first point, so that a crash test cannot pass
// because its aim was misspelt.
func Point(name string) {
	k := process()
	if nth := k.pass(name); name == k.pauseAt.name && (k.pauseAt.nth == 0 || nth == k.pauseAt.nth) {
		time.Sleep(k.pause)
	}
}

// Weak tells whether the environment wants this process to do without a guarantee, so that a test can show that it notices.
func Weak(guarantee string) bool {
	return process().weak == guarantee
}

// Points lists the points that were passed, by name.
func Points() []Passes {
	return process().list()
}

// process is the state of this process, made at the first pass: the environment that aims is the process's too.
var process = sync.OnceValue(func() *killer { //nolint:gochecknoglobals // one per process by nature; test builds only
	target, err := parseAim(os.Getenv(KillPointVariable))
	if err != nil {
		panic(err)
	}
	k := &killer{aim: target, after: os.Getenv(KillAfterVariable), passed: map[string]uint64{}, stop: stopSelf, weak: os.Getenv(WeakVariable)}
	if k.pauseAt, k.pause, err = parsePause(os.Getenv(PauseVariable)); err != nil {
		panic(err)
	}
	return k
})

// parsePause reads the value of PauseVariable. Without a number the pause is at every pass: nth is 0.
func parsePause(text string) (at aim, pause time.Duration, err error) {
	point, length, _ := strings.Cut(text, "=")
	name, nth, numbered := strings.Cut(point, ":")
	if at.name = name; point != "" {
		pause, err = time.ParseDuration(length)
	}
	if err == nil && numbered {
		at.nth, err = strconv.ParseUint(nth, 10, 64)
	}
	if err != nil || pause < 0 || numbered && (at.nth == 0 || name == "") {
		return aim{}, 0, fmt.Errorf("%s=%q: want name=duration, or name:n=duration with n counted from 1", PauseVariable, text)
	}
	return at, pause, nil
}

// aim is the pass at which to stop. An empty name aims at nothing.
type aim struct {
	name string
	nth  uint64
}

// parseAim reads the value of KillPointVariable.
func parseAim(point string) (aim, error) {
	a := aim{nth: 1}
	name, nth, numbered := strings.Cut(point, ":")
	a.name = name
	if numbered {
		n, err := strconv.ParseUint(nth, 10, 64)
		if err != nil || n == 0 || name == "" {
			return aim{}, fmt.Errorf("%s=%q: want name or name:n with n counted from 1", KillPointVariable, point)
		}
		a.nth = n
	}
	return a, nil
}

// killer counts passes and stops at the aimed one.
type killer struct {
	aim aim
	// after is the point from whose first pass on those of aim count, "" for all of them; early is how many there were before.
	after string
	early uint64 // guarded by mu
	stop  func()
	// pauseAt is the point at which to sleep, for pause; its name is "" for none, its nth 0 for every pass.
	pauseAt aim
	pause   time.Duration
	weak    string
	mu      sync.Mutex
	passed  map[string]uint64 // guarded by mu
}

// pass returns the number of this pass. It holds the mutex while the process is stopped, so that no other goroutine gets past a point after the aimed one.
func (k *killer) pass(name string) (nth uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.passed[name]++
	if k.after != "" && k.passed[k.after] == 0 {
		k.early = k.passed[k.aim.name]
	}
	if name == k.aim.name && k.passed[name] == k.early+k.aim.nth {
		k.stop()
	}
	return k.passed[name]
}

func (k *killer) list() []Passes {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make([]Passes, 0, len(k.passed))
	for name, count := range k.passed {
		all = append(all, Passes{Name: name, Count: count})
	}
	slices.SortFunc(all, func(a, b Passes) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// stopSelf stops this process, by the thread that asks: what stops one thread stops all, and this one goes no step further before that. A signal to the process is taken by any of
// its threads, while this one goes on. It returns after SIGCONT.
func stopSelf() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := signalThread(syscall.SIGSTOP); err != nil {
		panic(err)
	}
}
