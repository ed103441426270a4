package normalize

import (
	"encoding/binary"
	"iter"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// rounds is how often, within the time that keys are kept, the state is gone through for those whose time is over.
const rounds = 8

// forgetful is an operator that forgets keys that nothing touches. A key whose time is over is as good as forgotten, whether it was swept up or not, and wherever it is.
type forgetful struct {
	*Operator
	started bool
	swept   int64 // processing time until which the sweep has gone
	group   int   // the key group that comes next
	gone    []uint32
	found   []uint32
	// patrol finds keys that are away and whose time is over: they are forgotten in the call after the one in which they are found. away is how many groups were swept since it
	// was sent.
	patrol keyed.Patrol
	away   int
}

// awayRounds: what is away is gone through once while the rest is so many times.
const awayRounds = 4

// SetTime sets the processing time of the rows that follow.
func (f *forgetful) SetTime(micros int64) { f.now = micros }

// Needs declares the keys of in, or those that the next call for a time forgets.
func (f *forgetful) Needs(input int, in *batch.Batch, needs *op.Needs) {
	f.Operator.Needs(input, in, needs)
	if in == nil {
		needs.Keys(tableKeys, f.patrol.Hashes())
		needs.Keys(tableRows, f.patrol.Hashes())
	}
}

// OnTime sweeps as many key groups as the time since the last call is worth, so that all are swept several times before a key's time is over twice; those that are away not as often.
func (f *forgetful) OnTime(micros int64, _ *op.Output) (more bool, err error) {
	f.now = micros
	if f.patrol.Out() {
		return f.wake()
	}
	if !f.started {
		f.started, f.swept = true, micros
		return false, nil
	}
	each := max(f.cfg.TTL/(rounds*op.KeyGroups), 1) // µs a group
	groups := min((micros-f.swept)/each, op.KeyGroups)
	if groups <= 0 {
		return false, nil
	}
	f.swept = micros
	for range groups {
		if err := f.sweep(f.table.Slots(uint8(f.group))); err != nil { //nolint:gosec // below KeyGroups
			return false, err
		}
		f.group = (f.group + 1) % op.KeyGroups
	}
	if !f.rows.HasAway() {
		return false, nil
	}
	f.away += int(groups)
	f.patrol.Send(f.away / awayRounds)
	f.away %= awayRounds
	return f.wake()
}

// wake forgets the keys that have come back and are over, and finds the next ones.
func (f *forgetful) wake() (more bool, err error) {
	for _, hash := range f.patrol.Take() {
		f.found = f.table.AppendHash(f.found[:0], hash)
		if err := f.sweep(slices.Values(f.found)); err != nil {
			return false, err
		}
	}
	return f.patrol.Next(keyed.Together{Table: f.table, Rows: []*keyed.Rows{f.Operator.rows}}, func(_, value []byte) bool {
		seen, n := binary.Varint(value)
		return n <= 0 || f.now-seen >= f.cfg.TTL
	})
}

// Pauses reports that keys leave memory between two calls for a sweep, too.
func (f *forgetful) Pauses() bool { return f.patrol.Out() }

// sweep deletes those of some keys whose time is over.
func (f *forgetful) sweep(slots iter.Seq[uint32]) error {
	f.dead, f.gone = f.dead[:0], f.gone[:0]
	for slot := range slots {
		if e := f.entries.At(slot); !e.touched && f.expired(e) && !fault.Weak("ttl/sweep") {
			f.drop(e)
			f.gone = append(f.gone, slot)
		}
	}
	for _, slot := range f.gone {
		if err := f.table.Delete(slot); err != nil {
			return err
		}
	}
	return f.rows.Delete(f.dead)
}

// expired reports whether the time of a key is over.
func (o *Operator) expired(e *entry) bool {
	return o.cfg.TTL > 0 && e.head != keyed.NoRow && o.now-e.seen >= o.cfg.TTL
}
