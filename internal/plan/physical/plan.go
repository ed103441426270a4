package physical

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// OnError is what becomes of a row that fails.
type OnError = logical.OnError

// The policies. Fail is the default.
const (
	Fail       = logical.Fail
	Drop       = logical.Drop
	DeadLetter = logical.DeadLetter
)

// Plan is a pipeline: sources that push into steps that push into stages and sinks.
type Plan struct {
	Name    string
	Sources []*Source
	// Stages are behind exchanges, each after all that lead to it.
	Stages []*Stage
	Sinks  []*Sink
	// DeadLetters takes rejected rows of steps that say so, or is nil. It is not among Sinks.
	DeadLetters *Sink
	// Parallelism is the number of lanes of each source, at least 1.
	Parallelism int
	// Description is the plan as checkpoints have it: evolve.Description; nil where nothing is kept.
	Description []byte
}

// Source is a source and the fused chain behind it.
type Source struct {
	Name string
	// Detail is what is read, for --explain.
	Detail string
	// Declared is the source as the user declared it.
	Declared       *logical.Source
	Type           *connector.SourceType
	Config         any
	Format         codec.Format
	Decode         codec.DecodeSpec
	MaxRecordBytes int64
	OnError        OnError
	// EventTime is the index of the event time column in the decoded batch, or -1; Delay is the watermark's distance from it, in µs. Decode.Times, if not nil,
	// says what the event time is instead of that column alone.
	EventTime int
	Delay     int64
	// Dated asks for Batch.Before in the rows that leave the source: some step decides by it which of them are late.
	Dated bool
	// IdleAfter is how long a split may have nothing to read, in µs, until the watermark no longer waits for it; 0 means for ever. Drift is how far, in
	// µs of event time, a split may be ahead of the slowest of all aligned sources before it is no longer read; 0 means any distance.
	IdleAfter, Drift int64
	Next             []Edge
	// After are the inputs of stages that must have ended in every task before the source is read; barriers pass all the same.
	// Nothing that leads to those inputs may wait for this source, and the source may not lead to them.
	After []Input
}

// Edge leads to a step, to a sink, or through an exchange to a stage; two of the three are nil.
type Edge struct {
	Step     *Step
	Sink     *Sink
	Exchange *Exchange
}

// Step is one operator of a chain. A step that several edges lead to exists once in every lane of every source that reaches it, or once in every
// task of its stage. No step is in two stages, or in a stage and behind a source.
type Step struct {
	// Name is the step's identity: its state is stored under it.
	Name string
	// Detail is what the step does, for --explain and the end-of-run table.
	Detail  string
	OnError OnError
	Schema  *schema.Schema
	// Fingerprint says of a step with state what its state means: another one cannot go on from it. Empty means that nothing is known.
	Fingerprint string
	// Tick is how often the step is to be told what processing time it is, in µs, if its operator takes it (op.TimeHandler, op.Timed); 0 means never: an
	// operator that could let rows expire is not asked to where none do.
	Tick int64
	// Node is what the step carries out, nil where it has no state.
	Node logical.Node
	// Split says that the step looks up values of DISTINCT for Node, whose own step is another one.
	Split bool
	// Former says that the step goes on from state that an operator of another kind has left; nil means from that of its own kind, if there is any.
	Former *Former
	// Since are, for the calls of windows, the latest starts of windows for which they are NULL, in µs: they were added while those were open. nil means
	// that there are none.
	Since []int64
	// Gone is up to which end, in µs, windows had been forgotten by a step that waited less long for late rows, nil if there was none.
	Gone *int64
	// Showed says, of slices of windows whose answers change, how the step told of windows whose state it goes on from.
	Showed window.Showing
	// New makes the operator of one lane or task. Only a step of a stage may keep state (see op.Stateful) or wait for the end of its input.
	New func(Build) (op.Operator, error)
	// Ports are the edges behind each output port.
	Ports [][]Edge
}

// Build is what an operator is made with. It is used from one goroutine.
type Build struct {
	Pool *batch.Pool
	// Budget is where the operator reserves the memory that grows with its data. All instances of a step share it.
	Budget *limit.Budget
	// Task is the number of the operator's task in its stage, from 0, and Tasks how many those are. In a lane they are 0 and 1.
	Task, Tasks int
}

// Sink is where rows leave.
type Sink struct {
	Name string
	// Input is where its rows come from; nil for dead letters.
	Input  logical.Node
	Type   *connector.SinkType
	Config any
	Format codec.Format
	// FormatType is Format with its options, nil for sinks without one.
	FormatType *logical.Format
	Encode     codec.EncodeSpec
	OnError    OnError
}
