package limit

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// None is the limit that keeps everything.
const None int64 = -1

// Operator is the operator.
type Operator struct {
	name string
	// skip is how many rows are still to be passed over, and left how many are to follow; None means all.
	skip, left int64
	seen       bool // a row, so that there is something to store
	out        batch.Batch
	sel        []uint16
}

// New returns the operator that passes over offset rows and then keeps limit rows, None meaning all. name is the step's, for errors.
func New(name string, limit, offset int64) *Operator {
	return &Operator{name: name, skip: max(offset, 0), left: limit}
}

// Done reports whether the limit is reached.
func (o *Operator) Done() bool { return o.left == 0 }

// Apply passes on what is within the limit.
func (o *Operator) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	n := int64(in.Rows())
	o.seen = o.seen || n > 0
	from := min(n, o.skip)
	to := n
	if o.left >= 0 {
		to = from + min(n-from, o.left) // from+left might be too large a number
		o.left -= to - from
	}
	o.skip -= from
	out.Counts.In += n
	out.Counts.Forwarded += to - from
	out.Counts.Filtered += n - (to - from)
	switch {
	case from == to:
	case to-from == n:
		o.out.View(in, in.Sel)
		out.Emit(0, &o.out)
	default:
		o.sel = o.sel[:0]
		for i := from; i < to; i++ {
			o.sel = append(o.sel, uint16(in.Row(int(i)))) //nolint:gosec // a row number of a batch
		}
		o.out.View(in, o.sel)
		out.Emit(0, &o.out)
	}
	return false, nil
}

// version is that of the state's layout: docs/format/state.md.
const version = 1

// Snapshot returns what is left to pass over and to keep.
func (o *Operator) Snapshot(group op.KeyGroup) ([]byte, error) {
	if group != 0 || !o.seen {
		return nil, nil
	}
	counters := binary.AppendVarint(binary.AppendVarint(nil, o.skip), o.left)
	return keyed.AppendParts(nil, version, counters), nil
}

// Restore goes on from what Snapshot returned.
func (o *Operator) Restore(_ op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(o.name, data, version, 1)
	if err != nil {
		return err
	}
	skip, n := binary.Varint(parts[0])
	left, m := binary.Varint(parts[0][max(n, 0):])
	if n <= 0 || m <= 0 || n+m != len(parts[0]) {
		return &keyed.CorruptError{What: o.name, Reason: "two numbers are expected"}
	}
	o.skip, o.left, o.seen = skip, left, true
	return nil
}
