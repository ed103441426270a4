package flow

import (
	"maps"
	"slices"
	"sync"
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
	delay int64 // µs

	mu   sync.Mutex
	cond *sync.Cond
	err  error
	next int64 // the ticket that may enter

	splits map[int]*splitTime
	last   int64 // the watermark that was told
}

// splitTime is one split's: the largest time of its blocks so far, minTime if there was none.
type splitTime struct {
	name string // as positions have it; "" of one that was not known when the source was opened
	most int64
}

func newTimeline(delay int64) *timeline {
	t := &timeline{delay: delay, splits: map[int]*splitTime{}, last: minTime}
	t.cond = sync.NewCond(&t.mu)
	return t
}

// know notes a split. Before it has reached a time the source has no watermark. What a checkpoint had of it is in stored.
func (t *timeline) know(number int, name string, stored map[string]SplitTime) {
	split := &splitTime{name: name, most: minTime}
	if then, ok := stored[name]; ok && then.Time != nil {
		split.most = *then.Time
	}
	t.splits[number] = split
}

// enter waits until every ticket before has left, and returns the largest event time of the split until then, minTime if there is none. Of a mark,
// whose split is noSplit, it returns nothing.
func (t *timeline) enter(ticket int64, split int) (since int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next != ticket && t.err == nil {
		t.cond.Wait()
	}
	if t.err != nil || split == noSplit {
		return minTime, t.err
	}
	return t.split(split).most, nil
}

// split returns what is known of a split. One that turns up late is taken to have reached what the others have: its rows cannot take back what was said.
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
	t.next++
	t.cond.Broadcast()
	return t.tell()
}

// tell returns the source's watermark, the least of its splits', if that has moved.
func (t *timeline) tell() told {
	least, first := int64(minTime), true
	for _, s := range t.splits {
		if first || s.most < least {
			least, first = s.most, false
		}
	}
	watermark := before(least, t.delay)
	if watermark <= t.last {
		return told{}
	}
	t.last = watermark
	return told{watermark: watermark, moved: true}
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
		if s := t.splits[number]; s.name != "" && s.most > minTime {
			most := s.most
			times[s.name] = SplitTime{Time: &most}
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
