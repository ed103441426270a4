package flow

import (
	"sync"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/connector"
)

// idleness knows which sources are idle, so that tasks which go on without one and the source when it wakes agree on how far event time has come. All
// methods are safe for concurrent use.
type idleness struct {
	mu      sync.Mutex
	idle    []bool  // by source index
	reached []int64 // by source index: the latest watermark that a task has got to without waiting for the source
}

func newIdleness(sources int) *idleness {
	i := &idleness{idle: make([]bool, sources), reached: make([]int64, sources)}
	for s := range i.reached {
		i.reached[s] = minTime
	}
	return i
}

// sleep notes that all splits of a source are idle.
func (i *idleness) sleep(source int) {
	i.mu.Lock()
	i.idle[source] = true
	i.mu.Unlock()
}

// wake notes that a source is read again, and returns the latest watermark that a task has got to without it. From here on none goes on without it.
func (i *idleness) wake(source int) (reached int64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.idle[source] = false
	return i.reached[source]
}

// pass asks whether a task may go on to watermark without waiting for sources: not if one of them has woken, of which the task will hear.
func (i *idleness) pass(sources []int, watermark int64) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, s := range sources {
		if !i.idle[s] {
			return false
		}
	}
	for _, s := range sources {
		i.reached[s] = max(i.reached[s], watermark)
	}
	return true
}

// resume notes that a stage behind sources had got to watermark when the checkpoint was made.
func (i *idleness) resume(sources []int, watermark int64) {
	for _, s := range sources {
		i.reached[s] = max(i.reached[s], watermark)
	}
}

// splitNews is what became of a split between two blocks of a source.
type splitNews struct {
	number int
	name   string
	what   newsKind
}

type newsKind uint8

const (
	splitFound newsKind = iota
	splitIdle           // the watermark does not wait for it any more
	splitEnded
)

// splitWatch finds out, under the read lock of a source, which splits it has and which of them have been empty for so long that they count as idle.
//
// Time counts while a split is found empty. While nobody looks, since all lanes are busy or wait for what is behind them, little of it counts (see unasked), and
// nothing while the source must not be read.
type splitWatch struct {
	clock    clock.Clock
	after    time.Duration      // 0: none is ever idle
	splitter connector.Splitter // nil: the source has the splits that it had in the beginning
	list     []connector.Split  // reused
	known    map[int]*watchedSplit
	seen     time.Duration // when time was last counted
	looked   time.Duration // when the splitter was last asked
	news     []splitNews
}

type watchedSplit struct {
	name  string
	empty time.Duration // for how long, -1: it was not when it was last looked at
	idle  bool
	found bool // in the last look
}

// lookEvery bounds how often all splits of a busy source are looked at.
const lookEvery = 50 * time.Millisecond

// unasked is the share of the time-out that counts of the time between two looks.
const unasked = 8

// newSplitWatch returns nil if there is nothing to find out.
func newSplitWatch(s *sourceTask, clk clock.Clock, splits []connector.Split) *splitWatch {
	w := &splitWatch{clock: clk, known: map[int]*watchedSplit{}}
	if !s.plan.Type.Bounded(s.plan.Config) {
		w.after = time.Duration(s.plan.IdleAfter) * time.Microsecond
	}
	w.splitter, _ = s.reader.(connector.Splitter)
	if w.after == 0 && w.splitter == nil {
		return nil
	}
	for _, split := range splits {
		w.known[split.Number] = &watchedSplit{name: split.Name, empty: -1, idle: s.times.splits[split.Number].idle}
	}
	if len(splits) == 0 {
		w.known[noSplit] = &watchedSplit{empty: -1, idle: s.times.splits[noSplit].idle}
	}
	w.seen = clk.Monotonic()
	return w
}

// skip passes over time in which the source was not to be read.
func (w *splitWatch) skip() {
	if w != nil {
		w.seen = w.clock.Monotonic()
	}
}

// ask counts the time until a Poll begins.
func (w *splitWatch) ask() {
	if w == nil || w.after == 0 {
		return
	}
	now := w.clock.Monotonic()
	w.count(min(now-w.seen, w.after/unasked))
	w.seen = now
}

// answer counts the time of a Poll that found a block of split, or none (noSplit). It returns what became of splits, lent until the next call.
func (w *splitWatch) answer(split int) []splitNews {
	if w == nil {
		return nil
	}
	now := w.clock.Monotonic()
	waited := time.Duration(0) // while all splits were empty
	if split == noSplit {
		waited = now - w.seen
	}
	w.count(now - w.seen)
	w.seen = now
	w.news = w.news[:0]
	known := split == noSplit || w.known[split] != nil
	if w.splitter != nil && (!known || split == noSplit || now-w.looked >= lookEvery) {
		w.looked = now
		w.look(waited)
	} else if w.splitter == nil && len(w.known) == 1 {
		for _, s := range w.known {
			s.see(split == noSplit, waited)
		}
	}
	if s := w.known[split]; split != noSplit && s != nil {
		s.empty, s.idle = -1, false
	}
	w.declare()
	return w.news
}

// count adds time to the splits that are empty.
func (w *splitWatch) count(d time.Duration) {
	for _, s := range w.known {
		if s.empty >= 0 {
			s.empty += d
		}
	}
}

// see notes whether a split was found empty, and that it has been for at least so long.
func (s *watchedSplit) see(empty bool, since time.Duration) {
	switch {
	case !empty:
		s.empty = -1
	case s.empty < 0:
		s.empty = since
	}
}

// look compares the splits with those that are known. While there is none, noSplit stands for those that may come.
func (w *splitWatch) look(waited time.Duration) {
	w.list = w.splitter.Splits(w.list[:0])
	for _, s := range w.known {
		s.found = false
	}
	for _, split := range w.list {
		if split.Ended {
			continue
		}
		s, ok := w.known[split.Number]
		if !ok {
			s = &watchedSplit{name: split.Name, empty: -1}
			w.known[split.Number] = s
			w.tell(split.Number, s, splitFound)
		}
		s.found = true
		s.see(split.Empty, waited)
	}
	if len(w.list) == 0 && w.known[noSplit] == nil {
		w.known[noSplit] = &watchedSplit{empty: -1}
		w.tell(noSplit, w.known[noSplit], splitFound)
	}
	if s := w.known[noSplit]; s != nil && len(w.list) == 0 {
		s.found = true
		s.see(true, waited)
	}
	for number, s := range w.known {
		if !s.found {
			w.tell(number, s, splitEnded)
			delete(w.known, number)
		}
	}
}

// declare declares splits idle that have been empty for long enough.
func (w *splitWatch) declare() {
	if w.after == 0 {
		return
	}
	for number, s := range w.known {
		if s.empty >= w.after && !s.idle {
			s.idle = true
			w.tell(number, s, splitIdle)
		}
	}
}

func (w *splitWatch) tell(number int, s *watchedSplit, what newsKind) {
	w.news = append(w.news, splitNews{number: number, name: s.name, what: what})
}
