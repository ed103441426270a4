package window

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// version is that of the state's layout: docs/format/window.md.
const version = 1

// headSize is what the list of windows has for each: start, end, closed, and the length of its state.
const headSize = 8 + 8 + 1 + 4

// Snapshot returns what the windows that are open know of a key group.
func (a *Aggregate) Snapshot(group op.KeyGroup) ([]byte, error) {
	if err := a.few.settleAll(); err != nil {
		return nil, op.OutOfMemory(a.cfg.Name, err)
	}
	var heads, states []byte
	for _, w := range a.list {
		state, err := w.of.Snapshot(group)
		if err != nil {
			return nil, err
		}
		if len(state) == 0 {
			continue
		}
		heads = binary.LittleEndian.AppendUint64(heads, uint64(w.start))
		heads = binary.LittleEndian.AppendUint64(heads, uint64(w.end))
		closed := byte(0)
		if a.holds() && w.of.closed && w.of.untold[group>>6]>>(group&63)&1 == 0 {
			closed = 1
		}
		heads = binary.LittleEndian.AppendUint32(append(heads, closed), uint32(len(state))) //nolint:gosec // a snapshot of a key group is smaller
		states = append(states, state...)
	}
	return keyed.AppendParts(nil, version, heads, states), nil
}

// Restore puts the windows of a snapshot in.
func (a *Aggregate) Restore(group op.KeyGroup, data []byte) error {
	a.whole = true
	parts, err := keyed.Parts(a.cfg.Name, data, version, 2)
	if err != nil {
		return err
	}
	heads, states := parts[0], parts[1]
	for ; len(heads) >= headSize; heads = heads[headSize:] {
		b := bounds{int64(binary.LittleEndian.Uint64(heads)), int64(binary.LittleEndian.Uint64(heads[8:]))} //nolint:gosec // as it was written
		size := binary.LittleEndian.Uint32(heads[headSize-4:])
		if int64(size) > int64(len(states)) {
			return a.corrupt("the state of a window is not there")
		}
		w := a.reopened(b)
		if err := a.restoreWindow(w, group, heads[16] == 1, states[:size]); err != nil {
			return err
		}
		states = states[size:]
	}
	if len(heads)+len(states) > 0 {
		return a.corrupt("windows do not end where they should")
	}
	return nil
}

// restoreWindow puts what a window knows of a key group in. Where it had rows of the group only after it had closed elsewhere, it may not have closed here.
// A window of which others were told before it closed, since its answers were emitted otherwise then, is as good as closed: what changes is told of.
func (a *Aggregate) restoreWindow(w *dealt[*window], group op.KeyGroup, closed bool, state []byte) error {
	if closed {
		if err := a.restoreClosed(w); err != nil {
			return err
		}
	}
	if err := w.of.Restore(group, state); err != nil {
		return err
	}
	from := uint64(group) << 56
	if err := a.goOn(w, from, from|(1<<56-1)); err != nil {
		return err
	}
	if !closed && a.holds() && w.of.Told(group) {
		closed = true
		if err := a.restoreClosed(w); err != nil {
			return err
		}
	}
	if closed || !w.of.closed {
		return nil
	}
	return a.tell(w, group)
}

// tell has the next flush tell of a key group.
func (a *Aggregate) tell(w *dealt[*window], group op.KeyGroup) error {
	n, err := w.of.AnnounceGroup(group)
	if n > 0 {
		w.of.untold[group>>6] |= 1 << (group & 63)
		a.changed(w)
	}
	return err
}

func (a *Aggregate) corrupt(reason string) error {
	return &keyed.CorruptError{What: "windows of " + a.cfg.Name, Reason: reason}
}
