package logical

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wire.example/wire/sdk/schema"
)

// WindowShape is the shape of the windows of a WindowTable.
type WindowShape uint8

// The shapes.
const (
	// Tumble has windows of one size, one after the other.
	Tumble WindowShape = iota
	// Hop has windows of one size that begin every step.
	Hop
	// Cumulate has windows that grow by a step up to their size, and then begin anew.
	Cumulate
	// Session has windows that end after a gap without rows of their partition.
	Session
)

// String returns the shape as SQL writes it.
func (s WindowShape) String() string { return [...]string{"TUMBLE", "HOP", "CUMULATE", "SESSION"}[s] }

// WindowTable adds to each row the windows that it falls into: a row for each of them, with the columns window_start and window_end, which have the
// type of the time. Times are counted from 1970-01-01 00:00 UTC plus Offset.
type WindowTable struct {
	Step
	Input Node
	Shape WindowShape
	// Time is the column by which rows fall into windows, a timestamp. Processing says that it is the time at which a row is processed; the column's
	// own values mean nothing then.
	Time       int
	Processing bool
	// Size, Every (the step of Hop and Cumulate), Gap and Offset are in µs; those that the shape does not have are 0.
	Size, Every, Gap, Offset int64
	// Partition are the columns that part the rows of Session.
	Partition []int
	// Decides says that rows that are late for a window are left out of it; Lateness is how long, in µs, a window that has ended takes them.
	Decides  bool
	Lateness int64
	// Sliced says that rows stand once, however many windows they are in: instead of start and end there are, as BIGINTs in µs, the ends of the first and the
	// last window that a row is in. Lag is how far, in µs, Time may be behind
	// the watermark; Timed says that there is one. Set by optimize.
	Sliced bool
	Lag    int64
	Timed  bool
	out    *schema.Schema
}

// NewWindowTable returns w with its schema.
func NewWindowTable(w WindowTable) *WindowTable {
	fields := slices.Clone(w.Input.Schema().Fields)
	w.out = schema.New(append(fields, w.columns()...)...)
	return &w
}

// Schema is what NewWindowTable made.
// columns are those of the windows, or of the slices.
func (n *WindowTable) columns() []schema.Field {
	if n.Sliced {
		bigint := schema.Of(schema.Int64)
		return []schema.Field{{Name: "first_end", Type: bigint, NotNull: true}, {Name: "last_end", Type: bigint, NotNull: true}}
	}
	t := n.Input.Schema().Fields[n.Time].Type
	return []schema.Field{{Name: "window_start", Type: t, NotNull: true}, {Name: "window_end", Type: t, NotNull: true}}
}

// Schema is that of the input, with the columns of the windows.
func (n *WindowTable) Schema() *schema.Schema { return n.out }

// Overlaps reports whether a row may be in several windows.
func (n *WindowTable) Overlaps() bool {
	return (n.Shape == Hop || n.Shape == Cumulate) && n.Every < n.Size
}

// Inputs are the one.
func (n *WindowTable) Inputs() []Node { return []Node{n.Input} }

// String shows the windows.
func (n *WindowTable) String() string {
	in := n.Input.Schema()
	parts := []string{n.Shape.String() + " of " + columnNames(in, []int{n.Time})}
	if n.Processing {
		parts[0] = n.Shape.String() + " of processing time"
	}
	for _, p := range []struct {
		what   string
		micros int64
	}{{"size", n.Size}, {"every", n.Every}, {"gap", n.Gap}, {"offset", n.Offset}} {
		if p.micros != 0 {
			parts = append(parts, fmt.Sprintf("%s %s", p.what, time.Duration(p.micros)*time.Microsecond))
		}
	}
	if len(n.Partition) > 0 {
		parts = append(parts, "for each "+columnNames(in, n.Partition))
	}
	if n.Decides {
		parts = append(parts, "late rows apart")
	}
	if n.Lateness != 0 {
		parts = append(parts, "allowed lateness "+micros(n.Lateness))
	}
	if n.Sliced {
		parts = append(parts, "in slices")
	}
	return "windows " + n.Name + ": " + strings.Join(parts, ", ")
}
