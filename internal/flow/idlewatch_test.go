package flow

import (
	"testing"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/connector"
)

// fixedSplits are splits as a test has them.
type fixedSplits []connector.Split

func (f fixedSplits) Splits(dst []connector.Split) []connector.Split { return append(dst, f...) }

// TestOnlyTimeSpentWaitingMakesIdle: time in which the source must not be read does not count, and time in which nobody looked counts for little.
func TestOnlyTimeSpentWaitingMakesIdle(t *testing.T) {
	manual := clock.NewManual(time.UnixMicro(0))
	splits := fixedSplits{{Number: 0, Name: "a"}, {Number: 1, Name: "b", Empty: true}}
	w := &splitWatch{clock: manual, after: 800 * time.Millisecond, splitter: splits, known: map[int]*watchedSplit{0: {name: "a"}, 1: {name: "b", empty: -1}}}
	pass := func(d time.Duration) { manual.Advance(d) }
	round := func(what string, away, inPoll time.Duration, split int, want int) {
		t.Helper()
		pass(away)
		w.ask()
		pass(inPoll)
		idle := 0
		for _, n := range w.answer(split) {
			if n.what == splitIdle {
				idle++
			}
		}
		if idle != want {
			t.Errorf("%s: %d splits became idle, want %d: %v", what, idle, want, w.known[1])
		}
	}
	for range 8 { // an hour each, of which 100 ms count once it was seen to be empty
		round("all lanes were busy", time.Hour, 0, 0, 0)
	}
	for range 5 {
		pass(time.Hour)
		w.skip()
		round("it was not to be read", 0, 0, 0, 0)
	}
	round("waited", 0, 100*time.Millisecond, 0, 1)
	round("is idle already", time.Hour, time.Hour, 0, 0)
	round("it has a block", 0, 0, 1, 0)
	splits[1].Empty = false
	round("it has more", 0, time.Second, 0, 0)
	splits[1].Empty = true
	round("it is empty again", 0, time.Second, 0, 0)
	round("for too short a time", 0, 700*time.Millisecond, 0, 0)
	splits[0].Empty = true
	round("both are, as of a long wait", 0, time.Second, noSplit, 2)
	if w.news[0].name == w.news[1].name {
		t.Errorf("%+v", w.news)
	}
}
