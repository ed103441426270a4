package physical

import (
	"cmp"
	"fmt"
	"strings"

	"wire.example/wire/internal/operator/op"
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

// Plan is a pipeline: sources that push into steps that push into sinks.
type Plan struct {
	Name    string
	Sources []*Source
	Sinks   []*Sink
	// DeadLetters takes rejected rows of steps that say so, or is nil. It is not among Sinks.
	DeadLetters *Sink
	// Parallelism is the number of lanes of each source, at least 1.
	Parallelism int
}

// Source is a source and the fused chain behind it.
type Source struct {
	Name string
	// Detail is what is read, for --explain.
	Detail         string
	Type           *connector.SourceType
	Config         any
	Format         codec.Format
	Decode         codec.DecodeSpec
	MaxRecordBytes int64
	OnError        OnError
	// EventTime is the index of the event time column in the decoded batch, or -1; Delay is the watermark's distance from it, in µs.
	EventTime int
	Delay     int64
	Next      []Edge
}

// Edge leads to a step or to a sink; one of the two is nil.
type Edge struct {
	Step *Step
	Sink *Sink
}

// Step is one operator of a chain. A step that several edges lead to exists once in every lane of every source that reaches it.
type Step struct {
	Name string
	// Detail is what the step does, for --explain and the end-of-run table.
	Detail  string
	OnError OnError
	Schema  *schema.Schema
	// New makes the operator of one lane.
	New func(pool *batch.Pool) (op.Operator, error)
	// Ports are the edges behind each output port.
	Ports [][]Edge
}

// Sink is where rows leave.
type Sink struct {
	Name    string
	Type    *connector.SinkType
	Config  any
	Format  codec.Format
	Encode  codec.EncodeSpec
	OnError OnError
}

// String prints the plan as an indented tree, one source after the other.
func (p *Plan) String() string {
	var b strings.Builder
	for _, s := range p.Sources {
		fmt.Fprintf(&b, "source %s (%s), %d %s\n", s.Name, cmp.Or(s.Detail, s.Type.Name), p.Parallelism, lanes(p.Parallelism))
		writeEdges(&b, s.Next, 1)
	}
	return b.String()
}

func writeEdges(b *strings.Builder, edges []Edge, depth int) {
	pad := strings.Repeat("  ", depth)
	for _, e := range edges {
		if e.Sink != nil {
			fmt.Fprintf(b, "%ssink %s: %s\n", pad, e.Sink.Name, e.Sink.Type.Name)
			continue
		}
		b.WriteString(pad + e.Step.Name + ": " + e.Step.Detail + "\n")
		for _, port := range e.Step.Ports {
			writeEdges(b, port, depth+1)
		}
	}
}

func lanes(n int) string {
	if n == 1 {
		return "lane"
	}
	return "lanes"
}
