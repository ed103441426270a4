package logical

import (
	"fmt"
	"strings"
	"time"

	"wire.example/wire/sdk/schema"
)

// Changes says how the rows of an edge may change.
type Changes uint8

// The kinds of edges.
const (
	// AppendOnly: a row that was given stays.
	AppendOnly Changes = iota
	// Upsert: a row replaces the one before with the same key.
	Upsert
	// Changelog: rows are given and taken back.
	Changelog
)

// String returns the kind as plans show it.
func (c Changes) String() string { return [...]string{"append-only", "upsert", "changelog"}[c] }

// EmitMode says when answers are handed on.
type EmitMode uint8

// The modes of emission.
const (
	// EmitDefault is once where all inputs end, else with each change; for windows when they close.
	EmitDefault EmitMode = iota
	// EmitFinal is once, when the input ends.
	EmitFinal
	// EmitOnClose is once, when the window closes.
	EmitOnClose
	// EmitChanges is with each change.
	EmitChanges
)

// String returns the mode as plans show it.
func (m EmitMode) String() string {
	return [...]string{"by default", "at the end", "on window close", "changes"}[m]
}

// Emission is what EMIT and ALLOWED LATENESS of a grouping say.
type Emission struct {
	Mode EmitMode
	// Every is how often, in µs of processing time, windows that are not closed yet are handed on; 0 means never.
	Every int64
	// Lateness is how long, in µs of event time, a closed window takes rows and hands on corrections.
	Lateness int64
}

// asked reports whether there is anything but defaults.
func (e Emission) asked() bool { return e != Emission{} }

// String returns the emission as plans show it.
func (e Emission) String() string {
	var parts []string
	if e.Mode != EmitDefault {
		parts = append(parts, "emit "+e.Mode.String())
	}
	if e.Every != 0 {
		parts = append(parts, "every "+micros(e.Every))
	}
	if e.Lateness != 0 {
		parts = append(parts, "allowed lateness "+micros(e.Lateness))
	}
	return strings.Join(parts, ", ")
}

func micros(us int64) string { return (time.Duration(us) * time.Microsecond).String() }

// GroupWindow says which of a grouping's keys are a window: the groups of a window are complete when event time has passed its end. Set by optimize.
type GroupWindow struct {
	// Start and End are places in Aggregate.Keys.
	Start, End int
	// Table are the windows, where the rows come straight from them; nil where another operator has closed them before.
	Table *WindowTable
	// Lag is how far, in µs, the ends of windows may be behind the watermark. Timed says that there is a watermark; without one, windows close
	// when the input ends.
	Lag   int64
	Timed bool
	// Sliced says that Table hands on slices rather than windows: rows stand once, however many windows they are in. Processing says that windows close by
	// processing time.
	Sliced, Processing bool
}

// LateRows are the rows of Of that were late for a window, one for each such window, with its start and end.
type LateRows struct {
	Of  *WindowTable
	out *schema.Schema
}

// NewLateRows returns the late rows of windows.
func NewLateRows(of *WindowTable) *LateRows {
	windows := *of
	windows.Sliced = false
	return &LateRows{Of: of, out: NewWindowTable(windows).Schema()}
}

// Schema is that of the input of the windows, with window_start and window_end.
func (n *LateRows) Schema() *schema.Schema { return n.out }

// Inputs is the node with the windows.
func (n *LateRows) Inputs() []Node { return []Node{n.Of} }

// String is the node in one line.
func (n *LateRows) String() string { return "late rows of " + n.Of.Name }

// Sessions keeps rows until their session is over, and hands them on with its start and end: the rows that are less than a gap apart.
type Sessions struct {
	Step
	Input Node
	// Keys are the columns by which rows are of one session. Start and End are the columns of the window: in Input that of each row alone.
	Keys       []int
	Start, End int
	// Lag is how far, in µs, ends may be behind the watermark; Timed says that there is one, Processing that sessions end by processing time, Retracts that rows
	// are taken back.
	Lag                         int64
	Timed, Processing, Retracts bool
}

// Schema is that of the input.
func (n *Sessions) Schema() *schema.Schema { return n.Input.Schema() }

// Inputs is the input.
func (n *Sessions) Inputs() []Node { return []Node{n.Input} }

// String is the node in one line.
func (n *Sessions) String() string {
	text := "sessions " + n.Name + ": of all rows"
	if len(n.Keys) > 0 {
		text = "sessions " + n.Name + ": for each " + columnNames(n.Input.Schema(), n.Keys)
	}
	return text
}

// Late filters out rows whose time was passed by the watermark of their own split when they came.
type Late struct {
	Step
	Input Node
	// Time is the column with the time, Lateness how far in µs it may be behind.
	Time     int
	Lateness int64
	// Changing says that rows are taken back by their whole images: only those that come to be may be late, and what an update takes goes with what it gives.
	Changing bool
}

// Schema is that of the input.
func (n *Late) Schema() *schema.Schema { return n.Input.Schema() }

// Inputs is the input.
func (n *Late) Inputs() []Node { return []Node{n.Input} }

// String is the node in one line.
func (n *Late) String() string {
	text := "in time " + n.Name + ": by " + columnNames(n.Input.Schema(), []int{n.Time})
	if n.Changing {
		text += ", what comes to be"
	}
	return text
}

// Normalize makes full changes of rows that replace each other by key, or that may come twice.
type Normalize struct {
	Step
	Input Node
	Key   []int
	// Changelog says that rows are taken back before or after others replace them; Upserts that whoever reads the rows knows them by the key.
	Changelog, Upserts bool
	// TTL is how long, in µs of processing time, a key that is not touched is kept; 0 means for ever.
	TTL int64
}

// Schema is that of the input.
func (n *Normalize) Schema() *schema.Schema { return n.Input.Schema() }

// Inputs is the input.
func (n *Normalize) Inputs() []Node { return []Node{n.Input} }

// String is the node in one line.
func (n *Normalize) String() string {
	return "normalize " + n.Name + ": by " + columnNames(n.Input.Schema(), n.Key)
}

// Fold keeps what a changelog comes to, and hands it on when the input ends.
type Fold struct {
	Step
	Input Node
}

// Schema is that of the input.
func (n *Fold) Schema() *schema.Schema { return n.Input.Schema() }

// Inputs is the input.
func (n *Fold) Inputs() []Node { return []Node{n.Input} }

// String is the node in one line.
func (n *Fold) String() string { return "fold " + n.Name + ": all changes" }

// Rank is what a Sort adds as a column.
type Rank uint8

// The ranks.
const (
	NoRank Rank = iota
	RowNumber
	RankWithGaps
	DenseRank
)

// String returns the function's name.
func (r Rank) String() string { return [...]string{"", "row_number", "rank", "dense_rank"}[r] }

// TimeBounds are the bounds between the times of two sides: left − right is at least Lower and at most Upper, in µs.
type TimeBounds struct {
	Left, Right  int // columns of the sides
	Lower, Upper int64
	// HasLower and HasUpper say which bounds there are.
	HasLower, HasUpper bool
}

// String returns the bounds as plans show them.
func (b *TimeBounds) String() string {
	low, high := "any", "any"
	if b.HasLower {
		low = micros(b.Lower)
	}
	if b.HasUpper {
		high = micros(b.Upper)
	}
	return fmt.Sprintf("within %s and %s", low, high)
}
