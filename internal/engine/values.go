package engine

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Values reads from the entries of a part what its calls have so far. One goroutine uses it.
type Values struct {
	// Columns are those of the calls, but for calls that keep rows, which are in other parts.
	Columns []PartColumn
	// Sessions says that an entry has several of them.
	Sessions bool

	layout evolve.Layout
	alone  bool
	reader window.Reader
	calls  []int    // of Columns
	since  []*int64 // the latest start of a window for which a call is NULL
	starts []int64  // of windows, by slot
	slots  []uint32
}

// Values returns what reads the values of a part's entries, for at most batch.MaxRows groups at once; nil if the checkpoint does not say how. The caller closes it.
func (p *Part) Values(pool *batch.Pool) (*Values, error) {
	if p.aggregation == nil {
		return nil, nil //nolint:nilnil // most parts have none
	}
	a := p.aggregation
	v := &Values{Sessions: a.Layout == evolve.InSessions, layout: a.Layout, alone: a.Alone, starts: make([]int64, batch.MaxRows)}
	reader, err := aggregate.NewReader(pool, limit.New(p.Step, limit.Unlimited), a.Config, batch.MaxRows+1)
	if err != nil {
		return nil, err
	}
	v.reader = window.Reader{Reader: reader, Name: p.Step, Times: a.Times, Spare: batch.MaxRows}
	for i, c := range p.step.Calls {
		if !reader.Known(i) {
			continue
		}
		t := reader.Type(i)
		v.Columns = append(v.Columns, PartColumn{Name: c.Name, SQL: t.String(), Type: t})
		v.calls, v.since = append(v.calls, i), append(v.since, c.Since)
	}
	for i := range batch.MaxRows {
		v.slots = append(v.slots, uint32(i)) //nolint:gosec // small
	}
	return v, nil
}

// Read reads the value of an entry, of a window that begins at start if the part has windows. It asks for a slot, below batch.MaxRows, for each group that it finds, with the start and the end of its session
// where those are sessions; slots are empty until Free. The error says what is damaged.
func (v *Values) Read(value []byte, start int64, slot func(start, end int64) (uint32, error)) error {
	if v.alone {
		if len(value) == 0 || value[0] != 1 {
			return &keyed.CorruptError{What: "the rest of a key group of " + v.reader.Name, Reason: "it has another version"}
		}
		value = value[1:]
	}
	at := func(start, end int64) (uint32, error) {
		id, err := slot(start, end)
		if err == nil {
			v.starts[id] = start
		}
		return id, err
	}
	if v.layout == evolve.InSessions {
		return v.reader.Sessions(value, at)
	}
	id, err := at(start, 0)
	if err != nil {
		return err
	}
	switch v.layout {
	case evolve.InSlices:
		return v.reader.Slice(id, value)
	case evolve.InRevised:
		return v.reader.Cell(id, value)
	default:
		return v.reader.Group(id, value)
	}
}

// Answer makes out what the call of a column has in the slots 0 to n-1: NULL where that is no value of its type.
func (v *Values) Answer(column, n int, out *batch.Column) {
	v.reader.Answer(v.calls[column], v.slots[:n], out)
	if since := v.since[column]; since != nil && (v.layout == evolve.InWindows || v.layout == evolve.InSessions) {
		for row := range n {
			if v.starts[row] <= *since {
				out.SetNull(row)
			}
		}
	}
}

// Free makes the slots 0 to n-1 empty.
func (v *Values) Free(n int) {
	for _, slot := range v.slots[:n] {
		v.reader.Free(slot)
	}
}

// Close gives all memory back.
func (v *Values) Close() { v.reader.Close() }
