package timer

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
)

// Timers are the timers of one operator. A key may have many, at different times; one that is set twice is one.
//
// They fall due in the order of their times; those of one time by key group, and in a group by the bytes of their keys. Not safe for
// concurrent use.
type Timers struct {
	timers  *keyed.Ordered // 8 bytes of the time, then the key; no value
	next    [keyed.Groups]due
	winners winners
	scratch []byte
}

// Timer is a timer that is due.
type Timer struct {
	Group  uint8
	Micros int64
	Key    []byte
}

// New returns no timers. name is the operator's, for errors; memory is reserved in budget.
func New(name string, budget *limit.Budget) *Timers {
	t := &Timers{timers: keyed.NewOrdered(name, budget)}
	t.forget()
	return t
}

func (t *Timers) forget() {
	clear(t.next[:])
	t.winners.build(&t.next)
}

// Set sets a timer of key, which is copied. The error is SQLSTATE 53200.
func (t *Timers) Set(group uint8, key []byte, micros int64) error {
	t.scratch = append(keyed.AppendOrdered(t.scratch[:0], micros), key...)
	if _, err := t.timers.Put(group, t.scratch, nil); err != nil {
		return err
	}
	if next := t.next[group]; !next.any || micros < next.micros {
		t.note(group, due{micros, true})
	}
	return nil
}

// Delete takes a timer back, and reports whether it was set.
func (t *Timers) Delete(group uint8, key []byte, micros int64) bool {
	t.scratch = append(keyed.AppendOrdered(t.scratch[:0], micros), key...)
	deleted := t.timers.Delete(group, t.scratch)
	if deleted && micros == t.next[group].micros {
		t.refresh(group)
	}
	return deleted
}

// Next returns the time of the earliest timer.
func (t *Timers) Next() (micros int64, ok bool) {
	next := t.next[t.winners.first()]
	return next.micros, next.any
}

// Pop takes out the earliest timer, if it is at until or before; ok is false if there is none. Its key is good until the next call on t. An operator
// that fires timers calls Pop until it has emitted enough, and goes on with that in its next call.
func (t *Timers) Pop(until int64) (timer Timer, ok bool) {
	group := uint8(t.winners.first())
	if next := t.next[group]; !next.any || next.micros > until {
		return Timer{}, false
	}
	entry, _, ok := t.timers.First(group)
	if !ok {
		return Timer{}, false
	}
	t.scratch = append(t.scratch[:0], entry...)
	t.timers.Delete(group, t.scratch)
	t.refresh(group)
	return Timer{Group: group, Micros: keyed.OrderedValue(t.scratch), Key: t.scratch[timeSize:]}, true
}

// timeSize is how many bytes of an entry are its time.
const timeSize = 8

// refresh looks up the earliest timer of a group.
func (t *Timers) refresh(group uint8) {
	next := due{}
	if entry, _, ok := t.timers.First(group); ok {
		next = due{keyed.OrderedValue(entry), true}
	}
	t.note(group, next)
}

func (t *Timers) note(group uint8, next due) {
	t.next[group] = next
	t.winners.update(&t.next, int(group))
}

// Len returns the number of timers.
func (t *Timers) Len() int { return t.timers.Len() }

// Bytes returns the memory in use, as reserved.
func (t *Timers) Bytes() int64 { return t.timers.Bytes() }

// Free drops all timers and gives the memory back.
func (t *Timers) Free() {
	t.timers.Free()
	t.forget()
}

// Snapshot returns the timers of a key group, nil if it has none: an ordered map, in the layout of docs/format/state.md.
func (t *Timers) Snapshot(group uint8) ([]byte, error) { return t.timers.Snapshot(group) }

// Restore puts the timers of a snapshot in. The group must have none. The error is a *keyed.CorruptError or SQLSTATE 53200.
func (t *Timers) Restore(group uint8, data []byte) error {
	if err := t.timers.Restore(group, data); err != nil {
		return err
	}
	for entry := range t.timers.Range(group, nil, nil) {
		if len(entry) < timeSize {
			return &keyed.CorruptError{What: "timers", Reason: "a timer without a time"}
		}
	}
	t.refresh(group)
	return nil
}

// SetGuard makes a test's guard watch over the timers, by key group.
func (t *Timers) SetGuard(g *keyed.Guard) { t.timers.SetGuard(g) }

// Resident reports whether all timers are in memory for good, so that nothing needs to be declared.
func (t *Timers) Resident() bool { return t.timers.Resident() }

// Load makes the timers of the key groups of hashes, and of groups, resident until the next Load.
func (t *Timers) Load(hashes []uint64, groups [keyed.Groups / 64]uint64) error {
	return t.timers.Load(hashes, groups)
}
