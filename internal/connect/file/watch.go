package file

import (
	"errors"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// maxPaths is how many changed files are remembered; beyond, everything is looked at.
const maxPaths = 256

// watcher says when to look at followed files. Nothing depends on its events but the time until a change is seen: where the system has
// none (network file systems, too many watches), the follower looks by the clock. A nil watcher has no events. Its goroutine ends in close.
type watcher struct {
	events *fsnotify.Watcher
	log    *slog.Logger
	wake   chan struct{} // one token: there is something to take
	done   chan struct{}
	dirs   map[string]bool // watched; the follower's goroutine only
	warned bool

	mu    sync.Mutex
	paths map[string]bool // of files that were written
	all   bool            // names changed, or events were lost
}

// newWatcher returns nil where the system gives no events.
func newWatcher(log *slog.Logger) *watcher {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("the system reports no changes of files; looking by the clock", "error", err)
		return nil
	}
	w := &watcher{
		events: events, log: log, wake: make(chan struct{}, 1), done: make(chan struct{}), dirs: map[string]bool{}, paths: map[string]bool{},
	}
	go w.run()
	return w
}

func (w *watcher) run() {
	defer close(w.done)
	for {
		select {
		case e, ok := <-w.events.Events:
			if !ok {
				return
			}
			w.note(e)
		case _, ok := <-w.events.Errors: // an overflow: some events are lost
			if !ok {
				return
			}
			w.note(fsnotify.Event{Op: fsnotify.Create})
		}
	}
}

func (w *watcher) note(e fsnotify.Event) {
	if e.Op == fsnotify.Chmod {
		return
	}
	w.mu.Lock()
	if e.Op == fsnotify.Write && len(w.paths) < maxPaths {
		w.paths[filepath.Clean(e.Name)] = true
	} else {
		w.all = true
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// take returns the files written since it was last called, to keep, and whether everything has to be looked at.
func (w *watcher) take() (paths map[string]bool, all bool) {
	if w == nil {
		return nil, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	all = w.all
	w.all = false
	if len(w.paths) > 0 {
		paths, w.paths = w.paths, map[string]bool{}
	}
	return paths, all
}

// changed can be received from once after something was noted.
func (w *watcher) changed() <-chan struct{} {
	if w == nil {
		return nil
	}
	return w.wake
}

// add watches a directory, once.
func (w *watcher) add(dir string) {
	if w == nil || w.dirs[dir] {
		return
	}
	w.dirs[dir] = true
	if err := w.events.Add(dir); err != nil && !w.warned {
		w.warned = true
		w.log.Warn("the system reports no changes in a directory; looking by the clock", "directory", dir, "error", err)
	}
}

// forget drops all watches: the directories are gone, and will be others when they are back.
func (w *watcher) forget() {
	if w == nil {
		return
	}
	for dir := range w.dirs {
		if err := w.events.Remove(dir); err != nil && !errors.Is(err, fsnotify.ErrNonExistentWatch) {
			w.log.Debug("removing a watch", "directory", dir, "error", err)
		}
	}
	clear(w.dirs)
}

// close ends the goroutine.
func (w *watcher) close() error {
	if w == nil {
		return nil
	}
	err := w.events.Close()
	<-w.done
	return err
}
