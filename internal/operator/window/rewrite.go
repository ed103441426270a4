package window

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Rewriter makes of what an operator of windows has stored what another one of the same kind reads: one with other calls, or wider types. See aggregate.Rewriter.
type Rewriter struct {
	name     string
	old, now []schema.Type // of the keys; empty without keys
	calls    *aggregate.Rewriter
	// shown are the types of what is stored of rows of sessions that others know, before and now; from are the places of those before.
	shown [2][]schema.Type
	from  []int
	// turn says how marks of sessions become those of an operator that tells of them at other times.
	turn turning
	// Closed is up to which end windows had closed: where others are told of windows when they close now, and were before, those are over.
	Closed int64
	pool   *batch.Pool
	budget *limit.Budget
}

// turning is what becomes of what others know of sessions.
type turning uint8

const (
	// Without either they know what they knew.
	_ turning = iota
	// anew: they are to be told of all.
	anew
	// untold: they are told when a session closes, whatever they knew.
	untold
)

// NewRewriter returns a rewriter between operators with the configurations old and now. The calls go on from those that from says, as for aggregate.NewRewriter.
func NewRewriter(pool *batch.Pool, budget *limit.Budget, old, now *Config, from []int) (*Rewriter, error) {
	calls, err := aggregate.NewRewriter(pool, budget, old.part(), now.part(), from)
	if err != nil {
		return nil, err
	}
	r := &Rewriter{name: now.Name, old: old.keyTypes(), now: now.keyTypes(), calls: calls, from: []int{0, 1}, pool: pool, budget: budget, Closed: math.MinInt64}
	switch {
	case !old.changes() && now.Emission != OnClose:
		r.turn = anew
	case old.changes() && !now.changes():
		r.turn = untold
	}
	for i, c := range [2]*Config{old, now} {
		r.shown[i] = c.Output()[len(c.Keys):]
	}
	for _, k := range from {
		if k >= 0 {
			k += windowColumns
		}
		r.from = append(r.from, k)
	}
	return r, nil
}

// keyTypes are the types of Keys.
func (c *Config) keyTypes() []schema.Type {
	types := make([]schema.Type, len(c.Keys))
	for i, k := range c.Keys {
		types[i] = c.Types[k]
	}
	return types
}

// Free gives the memory back.
func (r *Rewriter) Free() { r.calls.Free() }

// Windows rewrites what Aggregate.Snapshot returned for a key group.
func (r *Rewriter) Windows(data []byte) ([]byte, error) {
	parts, err := keyed.Parts(r.name, data, version, 2)
	if err != nil {
		return nil, err
	}
	heads, states := parts[0], parts[1]
	var newHeads, newStates []byte
	for ; len(heads) >= headSize; heads = heads[headSize:] {
		size := binary.LittleEndian.Uint32(heads[headSize-4:])
		if int64(size) > int64(len(states)) {
			return nil, r.corrupt("the state of a window is not there")
		}
		state, err := r.calls.Group(states[:size])
		if err != nil {
			return nil, err
		}
		states = states[size:]
		if end := int64(binary.LittleEndian.Uint64(heads[8:])); r.turn == untold && end <= r.Closed { //nolint:gosec // as it was written
			continue
		}
		newHeads = binary.LittleEndian.AppendUint32(append(newHeads, heads[:headSize-4]...), uint32(len(state))) //nolint:gosec // a snapshot of a key group is smaller
		newStates = append(newStates, state...)
	}
	if len(heads)+len(states) > 0 {
		return nil, r.corrupt("windows do not end where they should")
	}
	return keyed.AppendParts(nil, version, newHeads, newStates), nil
}

func (r *Rewriter) corrupt(reason string) error {
	return &keyed.CorruptError{What: "windows of " + r.name, Reason: reason}
}

// Slices rewrites what Sliced.Snapshot returned for a key group.
func (r *Rewriter) Slices(data []byte) ([]byte, error) {
	parts, err := keyed.Parts(r.name, data, slicedVersion, 2)
	if err != nil {
		return nil, err
	}
	main, err := r.table(parts[1], func(dst []byte, in *walker) []byte {
		dst = in.uvarint(dst)
		for range 3 {
			n := in.peek()
			for dst = in.uvarint(dst); n > 0 && in.err == nil; n-- {
				dst = in.entry(in.varint(in.varint(dst)))
			}
		}
		if len(in.data) > 0 {
			dst = in.entry(in.varint(dst))
		}
		return dst
	})
	if err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, slicedVersion, parts[0], main), nil
}

// Revised rewrites what Revised.Snapshot returned for a key group.
func (r *Rewriter) Revised(data []byte) ([]byte, error) {
	parts, err := keyed.Parts(r.name, data, revisedVersion, 2)
	if err != nil {
		return nil, err
	}
	main, err := r.table(parts[1], func(dst []byte, in *walker) []byte {
		for n := in.peek(); in.err == nil && len(in.data) > 0; n-- {
			if dst = in.varint(in.varint(dst)); len(in.data) == 0 {
				break
			}
			marks := in.data[0]
			for dst = in.byte(dst); marks != 0; marks &= marks - 1 {
				dst = in.entry(dst)
			}
		}
		return dst
	})
	if err != nil {
		return nil, err
	}
	return keyed.AppendParts(nil, revisedVersion, parts[0], main), nil
}

// Sessions rewrites what Sessions.Snapshot returned for a key group.
func (r *Rewriter) Sessions(data []byte) ([]byte, error) {
	parts, err := keyed.Parts(r.name, data, sessionsVersion, 1)
	if err != nil {
		return nil, err
	}
	var keys, values [][]byte
	err = r.each(parts[0], func(key []byte, in *walker) error {
		n, left := in.peek(), uint64(0)
		var sessions []byte
		for in.uvarint(nil); n > 0 && in.err == nil; n-- {
			span := in.varint(in.varint(nil))
			end := &walker{rewriter: r, data: span}
			end.number()
			if one := in.entry(in.shown(span)); r.turn != untold || end.number() > r.Closed {
				sessions = append(sessions, one...)
				left++
			}
		}
		if left > 0 {
			keys, values = append(keys, slices.Clone(key)), append(values, append(binary.AppendUvarint(nil, left), sessions...))
		}
		return nil
	})
	switch {
	case err != nil || len(values) == 0:
		return nil, err
	case len(r.now) == 0:
		return keyed.AppendParts(nil, sessionsVersion, values[0]), nil
	default:
		return keyed.AppendParts(nil, sessionsVersion, keyed.BuildTable(r.now, keys, values)), nil
	}
}

// each gives what is stored of each key to f.
func (r *Rewriter) each(main []byte, f func(key []byte, in *walker) error) error {
	if len(main) == 0 {
		return nil
	}
	read := func(key, value []byte) error {
		in := &walker{rewriter: r, data: value}
		if err := f(key, in); err != nil || in.err != nil {
			return cmp.Or(err, in.err)
		}
		if len(in.data) > 0 {
			return r.corrupt("a key does not end where it should")
		}
		return nil
	}
	if len(r.now) == 0 {
		return read(nil, main)
	}
	_, err := keyed.ReadTable(r.name, main, r.old, r.now, read)
	return err
}

// number is the varint that comes next.
func (w *walker) number() int64 {
	v, n := binary.Varint(w.data)
	if w.take(nil, n); w.err != nil {
		return 0
	}
	return v
}

// table rewrites a table of keys, or the value of the one key that there is.
func (r *Rewriter) table(data []byte, rewrite func(dst []byte, in *walker) []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	value := func(dst, value []byte) ([]byte, error) {
		in := &walker{rewriter: r, data: value}
		dst = rewrite(dst, in)
		if in.err == nil && len(in.data) > 0 {
			in.err = r.corrupt("a key does not end where it should")
		}
		return dst, in.err
	}
	if len(r.now) == 0 {
		return value(nil, data)
	}
	return keyed.RewriteTable(r.name, data, r.old, r.now, value)
}

// walker goes through what is known of a key, and copies it.
type walker struct {
	rewriter *Rewriter
	data     []byte
	err      error
}

// peek is the uvarint that comes next.
func (w *walker) peek() uint64 {
	v, n := binary.Uvarint(w.data)
	if n <= 0 && w.err == nil {
		w.err = w.rewriter.corrupt("a number has no end")
	}
	return v
}

func (w *walker) uvarint(dst []byte) []byte {
	_, n := binary.Uvarint(w.data)
	return w.take(dst, n)
}

// varint has the same length as a uvarint of as many bits.
func (w *walker) varint(dst []byte) []byte { return w.uvarint(dst) }

func (w *walker) byte(dst []byte) []byte { return w.take(dst, min(1, len(w.data))) }

// shown rewrites the marks of a session, and the rows of it that others know.
func (w *walker) shown(dst []byte) []byte {
	owes := w.err == nil && len(w.data) > 0 && w.data[0]&owing != 0
	r := w.rewriter
	before := len(dst)
	dst = w.byte(dst)
	switch {
	case w.err != nil:
		return dst
	case r.turn == anew:
		dst[before] |= stirred
	case r.turn == untold:
		if dst[before] = 0; owes {
			w.shownRows(nil)
		}
		return dst
	}
	if !owes {
		return dst
	}
	return w.shownRows(dst)
}

// shownRows rewrites the rows of a session that others know.
func (w *walker) shownRows(dst []byte) []byte {
	n := w.peek()
	r := w.rewriter
	for dst = w.uvarint(dst); n > 0 && w.err == nil; n-- {
		dst, w.data, w.err = keyed.RewriteRow("sessions of "+r.name, dst, w.data, r.shown[0], r.shown[1], r.from)
	}
	return dst
}

func (w *walker) take(dst []byte, n int) []byte {
	if n <= 0 || w.err != nil {
		if w.err == nil {
			w.err = w.rewriter.corrupt("a number has no end")
		}
		return dst
	}
	dst = append(dst, w.data[:n]...)
	w.data = w.data[n:]
	return dst
}

// entry rewrites the states of calls.
func (w *walker) entry(dst []byte) []byte {
	if w.err != nil {
		return dst
	}
	dst, w.data, w.err = w.rewriter.calls.Calls(dst, w.data)
	return dst
}

// Announce has the next flush tell of all windows, of which nobody has been told.
func (a *Aggregate) Announce() error {
	if !a.inner.Changes || a.holds() {
		return nil
	}
	for _, w := range a.list {
		for g := range op.KeyGroups {
			if err := a.tell(w, op.KeyGroup(g)); err != nil { //nolint:gosec // below 256
				return err
			}
		}
	}
	return nil
}
