package normalize

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// rounds is how often, within the time that keys are kept, the state is gone through for those whose time is over.
const rounds = 8

// forgetful is an operator that forgets keys that nothing touches. A key whose time is over is as good as forgotten, whether it was swept up or not.
type forgetful struct {
	*Operator
	started bool
	swept   int64 // processing time until which the sweep has gone
	group   int   // the key group that comes next
	gone    []uint32
}

// SetTime sets the processing time of the rows that follow.
func (f *forgetful) SetTime(micros int64) { f.now = micros }

// OnTime sweeps as many key groups as the time since the last call is worth, so that all are swept several times before a key's time is over twice.
func (f *forgetful) OnTime(micros int64, _ *op.Output) (more bool, err error) {
	f.now = micros
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
		if err := f.sweepGroup(uint8(f.group)); err != nil { //nolint:gosec // below KeyGroups
			return false, err
		}
		f.group = (f.group + 1) % op.KeyGroups
	}
	return false, nil
}

// sweepGroup deletes the keys of a group whose time is over.
func (f *forgetful) sweepGroup(group uint8) error {
	f.dead, f.gone = f.dead[:0], f.gone[:0]
	for slot := range f.table.Slots(group) {
		if e := f.entries.At(slot); !e.touched && f.expired(e) {
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
