package late

import (
	"fmt"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// LatePort is the port of the late rows.
const LatePort = 1

// Config describes a filter.
type Config struct {
	// Name is the operator's name in messages.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	// Time is the event time: a TIMESTAMP or TIMESTAMPTZ that has a watermark, by its ordinal.
	Time int
	// Lateness is how far a row may be behind its split's watermark, in µs, from 0 on.
	Lateness int64
	// DropNull filters rows without a time; otherwise they pass.
	DropNull bool
	// Changes says that rows are taken back by their whole images, whose time is that of what they take: only rows that come to be are judged, and what an update takes goes
	// with what it gives.
	Changes bool
	// Late asks for the late rows, at LatePort, with the input's columns.
	Late bool
}

// Lag is how far the time column may be behind the watermark where it leaves the filter, if it was behind by at most lag where it entered, both in µs.
func (c *Config) Lag(lag int64) int64 {
	if lag > math.MaxInt64-c.Lateness {
		return math.MaxInt64
	}
	return lag + c.Lateness
}

// Filter is the operator.
type Filter struct {
	cfg        Config
	out, late  batch.Batch
	kept, gone []uint16
	kinds      [2][]batch.Change
}

// New returns a filter. It does not keep c.
func New(c *Config) (*Filter, error) {
	switch {
	case c.Time < 0 || c.Time >= len(c.Types):
		return nil, fmt.Errorf("late filter %s: the time is column %d of %d", c.Name, c.Time, len(c.Types))
	case c.Types[c.Time].Kind != schema.Timestamp && c.Types[c.Time].Kind != schema.TimestampTZ:
		return nil, fmt.Errorf("late filter %s: the time is a %s; it must be a TIMESTAMP or TIMESTAMPTZ", c.Name, c.Types[c.Time])
	case c.Lateness < 0:
		return nil, fmt.Errorf("late filter %s: a lateness of %d µs", c.Name, c.Lateness)
	}
	return &Filter{cfg: *c, kept: make([]uint16, 0, batch.MaxRows), gone: make([]uint16, 0, batch.MaxRows)}, nil // never nil: that would select every row
}

// Apply emits the rows of in that are not late.
func (f *Filter) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	rows := int64(in.Rows())
	out.Counts.In += rows
	times := in.Cols[f.cfg.Time]
	f.kept, f.gone = f.kept[:0], f.gone[:0]
	filtered := int64(0)
	if f.cfg.DropNull && times.HasNulls() || len(in.Before) > 0 {
		filtered = f.judge(in, times)
	}
	late := int64(len(f.gone))
	out.Counts.Late += late
	out.Counts.Filtered += filtered
	out.Counts.Forwarded += rows - late - filtered
	switch {
	case late+filtered == 0:
		f.emit(in, in.Sel, 0, &f.out, out)
	default:
		f.emit(in, f.kept, 0, &f.out, out)
		if f.cfg.Late {
			f.emit(in, f.gone, LatePort, &f.late, out)
		}
	}
	return false, nil
}

// judge divides the rows of in into those that are kept and those that are late, and returns how many have no time.
func (f *Filter) judge(in *batch.Batch, times *batch.Column) (filtered int64) {
	micros, nulls, lateness := times.Int64s(), times.HasNulls(), f.cfg.Lateness
	for i := range in.Rows() {
		row := in.Row(i)
		at := row
		if f.cfg.Changes && len(in.Kinds) > 0 && !op.Adds(in.Kinds[row]) {
			if at = successor(in, i); at < 0 {
				f.kept = append(f.kept, uint16(row)) //nolint:gosec // a row number of a batch
				continue
			}
		}
		if nulls && times.IsNull(at) {
			if f.cfg.DropNull {
				filtered++
				continue
			}
		} else if len(in.Before) > 0 && behind(micros[at], lateness, in.Before[at]) {
			f.gone = append(f.gone, uint16(row)) //nolint:gosec // a row number of a batch
			continue
		}
		f.kept = append(f.kept, uint16(row)) //nolint:gosec // a row number of a batch
	}
	return filtered
}

// successor is the row that the i-th row updates, which comes next; negative if it is deleted.
func successor(in *batch.Batch, i int) int {
	if in.Kinds[in.Row(i)] != batch.UpdateBefore || i+1 == in.Rows() || in.Kinds[in.Row(i+1)] != batch.UpdateAfter {
		return -1
	}
	return in.Row(i + 1)
}

// behind reports whether micros + lateness < watermark. A sum beyond all times is not before any of them.
func behind(micros, lateness, watermark int64) bool {
	return micros < watermark && micros <= math.MaxInt64-lateness && micros+lateness < watermark
}

// emit emits rows of in at a port. That they are late is not asked again.
func (f *Filter) emit(in *batch.Batch, sel []uint16, port int, b *batch.Batch, out *op.Output) {
	b.View(in, sel)
	b.Before = nil
	if b.Rows() == 0 {
		return
	}
	f.kinds[port] = keep(f.kinds[port], b)
	out.Emit(port, b)
}

// keep mends the kinds of b in memory, which it returns.
func keep(memory []batch.Change, b *batch.Batch) []batch.Change {
	mended := op.Pair(b, memory)
	if len(mended) > 0 && (len(b.Kinds) == 0 || &mended[0] != &b.Kinds[0]) {
		memory = mended
	}
	b.Kinds = mended
	return memory
}
