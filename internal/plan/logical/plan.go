package logical

import (
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// OnError is what becomes of a row that fails.
type OnError uint8

// The policies. Fail is the default.
const (
	Fail OnError = iota
	Drop
	DeadLetter
)

// String returns the policy as users write it.
func (o OnError) String() string { return [...]string{"fail", "drop", "dead_letter"}[o] }

// RefusedError is why a plan is not carried out: its queries are ones that nothing can answer. Nothing was begun.
type RefusedError struct {
	Err error
	// Sink is the name of the sink whose rows nothing can give, "" if that is not known.
	Sink string
}

// Error returns the reason.
func (r *RefusedError) Error() string { return r.Err.Error() }

// Unwrap returns the reason.
func (r *RefusedError) Unwrap() error { return r.Err }

// Plan is a pipeline.
type Plan struct {
	Name string
	// Sinks are in the order of the text. Everything else is reached through their inputs.
	Sinks []*Sink
	// DeadLetters takes rejected rows of what says so, or is nil. Its Input is nil.
	DeadLetters *Sink
	// Parallelism is the number of lanes of each source; 0 means as many as the machine has cores.
	Parallelism int
	// PlannedFor is the parallelism that decisions are made for, where that is not Parallelism: a plan that goes on from the state of another one decides as that did.
	PlannedFor int
	// Memory is how many bytes rows and state may take; 0 leaves it to whoever runs the plan.
	Memory int64
	// Compression is how what the run writes of its state is compressed.
	Compression store.Compression
	// Emit is when answers are handed on where the query does not say: EmitDefault, EmitFinal or EmitChanges.
	Emit EmitMode
	// Final says that sinks get final rows alone, whatever the query says.
	Final bool
	// TTL is how long, in µs of processing time, state that nothing touches is kept; 0 means for ever.
	TTL int64
	// References are the values that references in the text stood for, which may be secrets: nothing that is stored has them.
	References []string
	// Warnings are what a user should know of the plan. Set by optimize.
	Warnings []string
}

// Format is a format with its options.
type Format struct {
	Type   *codec.FormatType
	Config any
	codec.Format
}

// Source is where rows come from, as the user declared it.
type Source struct {
	Name   string
	Type   *connector.SourceType
	Config any
	// Format is nil for sources that make rows themselves.
	Format *Format
	Schema *schema.Schema
	// EventTime is the number of the event time column, or -1. Delay is the watermark's distance behind it, in µs.
	EventTime int
	Delay     int64
	// Times are the paths of the columns that the event time is the first of that is not NULL, where it is computed; nil means EventTime itself. EventTime
	// is the first of them then.
	Times [][]int
	// IdleAfter and Drift are the idle time-out and the bound of alignment, in µs; 0 means none.
	IdleAfter, Drift int64
	OnError          OnError
	// MaxRecordBytes bounds one record.
	MaxRecordBytes int64
	// Key are the columns of its primary key, ascending; nil if it has none.
	Key []int
	// Changes says how its rows change.
	Changes Changes
	// TTL is how long, in µs of processing time, what is made of its rows is kept where nothing else bounds it; 0 means for ever.
	TTL int64
	// Statistics are what is known of the rows, or nil.
	Statistics *Statistics
}

// Statistics describe the rows of a source, for estimates.
type Statistics struct {
	// Rows is how many there are; Exact says that it is no estimate.
	Rows  float64
	Exact bool
	// Columns are in the order of the schema; nil if nothing is known of them.
	Columns []ColumnStatistics
}

// ColumnStatistics describe the values of a column.
type ColumnStatistics struct {
	// Distinct is the number of different values, 0 if unknown. Nulls is the share of rows that are NULL. Width is the mean size in bytes.
	Distinct, Nulls, Width float64
	// Fresh is the share of the rows of a batch whose value no row before them in it has, 0 if unknown.
	Fresh float64
}

// Scan reads a source. There is one for each Source of a plan.
type Scan struct {
	Source *Source
	// Need says which columns are read above; nil means all. Set by optimize.
	Need []codec.Need
	// Conditions are those that every row must meet to be of use to anybody. Set by optimize.
	Conditions []codec.Condition
	// Dated asks for the watermark of each row's split, by which it may be late. Set by optimize.
	Dated bool
	// Hidden says that values in Conditions came from references and are not to be shown.
	Hidden bool
}

// Sink is where rows leave.
type Sink struct {
	Name   string
	Type   *connector.SinkType
	Config any
	// Format is nil for sinks without one.
	Format  *Format
	OnError OnError
	Input   Node
	// Schema is the columns of the dead-letter sink; nil for others, which have their input's.
	Schema *schema.Schema
	// Key are the columns of the primary key; nil if there is none. Changes says which changes reach it: set by optimize.
	Key     []int
	Changes Changes
	// Raw says that rows leave as the bytes of their records. Set by optimize.
	Raw bool
}
