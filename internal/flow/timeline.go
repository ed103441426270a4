package flow

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"wire.example/wire/internal/foundation/fault"
)

// SplitTime is what is known of the event time of one split.
type SplitTime struct {
	// Time is the largest event time read, in µs, or nil if there was none.
	Time *int64 `json:"time,omitempty"`
	// Idle says that the watermark does not wait for the split.
	Idle bool `json:"idle,omitempty"`
}

// timeline is the event time of a source, which goes on ticket by ticket: whoever has a ticket enters when all tickets before it have left, learns what
// time its split has reached by then, and leaves with what its own block adds to it. So the answer is that of reading block after block, however many lanes
// decode at the same time.
//
// It locks nobody up. Between take and leave the holder of a ticket waits for nothing but tickets before its own (in enter, or for its turn to
// write), and for what is behind the source, which never waits for a block that this source has yet to write: so of all tickets that have not left, the
// first one can always go on. Whoever fails ends the run, and with it all waiting.
type timeline struct {
	source   int
	delay    int64 // µs
	idleness *idleness
	pace     *pace // nil if the source is not aligned

	mu   sync.Mutex
	cond *sync.Cond
	err  error
	next atomic.Int64 // the ticket that may enter

	splits map[int]*splitTime // noSplit stands for those that may come, while there is none
	last   int64              // the watermark that was told
	asleep bool               // all splits are idle, and that was told
	woke   bool               // the ticket that has entered has ended that
}

// splitTime is one split's: the largest time of its blocks so far, minTime if there was none.
type splitTime struct {
	name string // as positions have it; "" if that is not known
	most int64
	idle bool // the watermark does not wait for it
}

func newTimeline(source int, delay int64, i *idleness) *timeline {
	t := &timeline{source: source, delay: delay, idleness: i, splits: map[int]*splitTime{}, last: minTime}
	t.cond = sync.NewCond(&t.mu)
	return t
}

// know notes a split. Before it has reached a time the source has no watermark. What a checkpoint had of it is in stored.
func (t *timeline) know(number int, name string, stored map[string]SplitTime) {
	then := stored[name]
	if fault.Weak("source/times") {
		then = SplitTime{}
	}
	split := &splitTime{name: name, most: minTime, idle: then.Idle && !fault.Weak("source/idle")}
	if then.Time != nil {
		split.most = *then.Time
	}
	t.splits[number] = split
}

// enter waits until every ticket before has left, and returns the largest event time of the split until then, minTime if there is none. Of a mark,
// whose split is noSplit, it returns nothing. news are what became of splits since the ticket before.
//
// A split that turns up late, or that was idle, is taken to have reached what was told without it: its rows cannot take that back.
func (t *timeline) enter(ticket int64, split int, news []splitNews) (since int64, err error) {
	for i := 0; i < enterPatience && t.next.Load() != ticket; i++ { // the lane before is about to leave
		runtime.Gosched()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next.Load() != ticket && t.err == nil {
		t.cond.Wait()
	}
	if t.err != nil {
		return minTime, t.err
	}
	if split != noSplit {
		t.rouse()
	}
	for _, n := range news {
		t.hear(n)
	}
	if split == noSplit {
		return minTime, nil
	}
	s := t.split(split)
	if s.idle {
		s.idle, s.most = false, max(s.most, t.reached())
	}
	return s.most, nil
}

// enterPatience is how often a lane looks whether it may enter before it goes to sleep over it.
const enterPatience = 50

// rouse ends the sleep of the source, if it sleeps: it has reached what others have got to without it.
func (t *timeline) rouse() {
	if t.asleep {
		t.asleep, t.woke = false, true
		t.last = max(t.last, t.idleness.wake(t.source))
	}
}

// hear notes what became of a split.
func (t *timeline) hear(n splitNews) {
	switch n.what {
	case splitFound:
		t.rouse()
		t.split(n.number).name = n.name
	case splitIdle:
		t.split(n.number).idle = true
	default:
		delete(t.splits, n.number)
	}
}

func (t *timeline) split(number int) *splitTime {
	s, ok := t.splits[number]
	if !ok {
		s = &splitTime{most: t.reached()}
		t.splits[number] = s
	}
	return s
}

// reached is the event time of which the last watermark told.
func (t *timeline) reached() int64 {
	if t.last == minTime {
		return minTime
	}
	return t.last + t.delay
}

// leave lets the next ticket in; micros is the largest event time of this one's block, minTime if there is none.
func (t *timeline) leave(split int, micros int64) told {
	t.mu.Lock()
	defer t.mu.Unlock()
	if split != noSplit {
		s := t.split(split)
		s.most = max(s.most, micros)
	}
	said := t.tell()
	t.pace.note(said, t.last)
	t.next.Add(1)
	t.cond.Broadcast()
	return said
}

// tell returns what has changed: the source's watermark, the least of its splits' but for those that are idle; or that all are.
func (t *timeline) tell() told {
	said := told{woke: t.woke}
	t.woke = false
	least, awake := int64(minTime), false
	for _, s := range t.splits {
		if !s.idle && (!awake || s.most < least) {
			least, awake = s.most, true
		}
	}
	if !awake {
		said.slept = !t.asleep
		if said.slept {
			t.asleep = true
			t.idleness.sleep(t.source)
		}
		return said
	}
	if watermark := before(least, t.delay); watermark > t.last {
		t.last = watermark
		said.watermark, said.moved = watermark, true
	}
	return said
}

// before returns the watermark of a split that has reached the event time micros, minTime if it has reached none.
func before(micros, delay int64) int64 {
	if micros < minTime+delay {
		return minTime
	}
	return micros - delay
}

// snapshot returns what the timeline knows, by the names of splits: in the turn of a mark that has left, and whose successors may have entered since, it must
// have been taken before. Between enter and leave.
func (t *timeline) snapshot() map[string]SplitTime {
	t.mu.Lock()
	defer t.mu.Unlock()
	times := map[string]SplitTime{}
	for _, number := range slices.Sorted(maps.Keys(t.splits)) {
		s := t.splits[number]
		if s.most > minTime {
			most := s.most
			times[s.name] = SplitTime{Time: &most, Idle: s.idle}
		} else if s.idle {
			times[s.name] = SplitTime{Idle: true}
		}
	}
	return times
}

// abort makes every enter, now and later, return err.
func (t *timeline) abort(err error) {
	t.mu.Lock()
	if t.err == nil {
		t.err = err
	}
	t.mu.Unlock()
	t.cond.Broadcast()
}
