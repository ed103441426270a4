package flow

import (
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/sdk/connector"
)

// epochs says which epochs are under way and what may become of them. It is data: coordinator acts on what it answers.
//
// One epoch at a time is collected: sources, tasks and sinks report what belongs to it. When all have, it is stored, which ends with its publication, and the next one may begin while the
// sinks commit: published epochs are committed one after the other, and no more than connector.MaxUnconfirmed are prepared and not confirmed. An epoch that is given up is never
// published; what was reported for it belongs to the next one.
type epochs struct {
	last  int64 // number of the last that began
	phase phase
	// final says that the epoch under way, or the last one, is the last of the run.
	final bool
	// unconfirmed are the published ones that not all sinks are known to have committed, ascending.
	unconfirmed []int64
	// failures is how many attempts in a row have failed; most of them end the run.
	failures, most int
	// pausing: the last one was given up, and the next one is not due yet.
	pausing bool
}

// phase is how far the epoch under way is.
type phase uint8

const (
	phaseNone phase = iota
	phaseCollecting
	phaseStoring
)

// mayBegin reports whether an epoch may begin; urgent says that it does so in spite of a pause.
func (e *epochs) mayBegin(urgent bool) bool {
	return e.phase == phaseNone && !e.final && (urgent || !e.pausing) && (len(e.unconfirmed) < connector.MaxUnconfirmed || fault.Weak("epoch/three"))
}

// begin begins an epoch and returns its number; final says that nothing may follow once it is published.
func (e *epochs) begin(final bool) int64 {
	e.last++
	e.phase, e.final, e.pausing = phaseCollecting, final, false
	return e.last
}

// store notes that all have reported.
func (e *epochs) store() { e.phase = phaseStoring }

// publish notes that the epoch under way is published, and returns whether that is the end of failures.
func (e *epochs) publish() (mended bool) {
	e.unconfirmed = append(e.unconfirmed, e.last)
	mended = e.failures > 0
	e.phase, e.failures = phaseNone, 0
	return mended
}

// withIt are the epochs that are unconfirmed once the one under way is published.
func (e *epochs) withIt() []int64 { return append(slices.Clone(e.unconfirmed), e.last) }

// confirm notes that the oldest of the unconfirmed epochs is committed.
func (e *epochs) confirm() { e.unconfirmed = e.unconfirmed[1:] }

// fail notes an attempt that failed, and reports whether it was one too many.
func (e *epochs) fail() (over bool) {
	e.failures++
	return e.failures >= e.most
}

// giveUp gives the epoch that is collected up, unless its barrier ends sources: those pass no other. A pause follows.
func (e *epochs) giveUp(endsSources bool) bool {
	if endsSources {
		return false
	}
	e.phase, e.final, e.pausing = phaseNone, false, true
	return true
}

// resume ends the pause.
func (e *epochs) resume() { e.pausing = false }

// givenUp is what somebody has heard of epochs that were given up: the last of them, 0 for none. It is data: the worker has one for sinks and tasks, and each inbox has one, since they hear of it one after the other.
type givenUp int64

// hear notes that an epoch was given up.
func (g *givenUp) hear(epoch int64) { *g = givenUp(epoch) }

// covers reports whether an epoch, or a later one, was given up: nobody waits for its barrier.
func (g givenUp) covers(epoch int64) bool { return epoch <= int64(g) }
