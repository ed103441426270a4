package optimize

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// Explained says what Explain shows beside the nodes.
type Explained struct {
	// Verbose adds columns and the properties of edges.
	Verbose bool
	// NoCosts leaves out what is expected.
	NoCosts bool
	// Actual, if not nil, returns what a step or source did in a run: the rows that came in and went out.
	Actual func(name string) (in, out int64, ok bool)
}

// explainer prints a plan with what is expected of it.
type explainer struct {
	Explained
	estimates *Estimates
	edges     *Edges
	numbers   map[logical.Node]int // of nodes that several others read
	shown     map[logical.Node]bool
}

func newExplainer(p *logical.Plan, how Explained) *explainer {
	x := &explainer{Explained: how, estimates: NewEstimates(), edges: NewEdges(), numbers: map[logical.Node]int{}, shown: map[logical.Node]bool{}}
	count := readers(p)
	nodes := order(p)
	for i := len(nodes) - 1; i >= 0; i-- {
		if count[nodes[i]] > 1 {
			x.numbers[nodes[i]] = len(x.numbers) + 1
		}
	}
	return x
}

// Explain prints an optimized plan: each sink and, indented below it, what it reads, with the rows and the CPU time that are expected. A node that
// several others read has a number, and is shown once.
func Explain(p *logical.Plan, how Explained) string {
	x := newExplainer(p, how)
	var b strings.Builder
	for _, s := range p.Sinks {
		fmt.Fprintln(&b, s.String())
		x.text(&b, s.Input, 1)
	}
	return b.String()
}

func (x *explainer) text(b *strings.Builder, n logical.Node, depth int) {
	pad := strings.Repeat("  ", depth)
	label := ""
	if number := x.numbers[n]; number > 0 {
		label = fmt.Sprintf("[%d] ", number)
	}
	if x.shown[n] {
		name, _, _ := strings.Cut(n.String(), ":")
		fmt.Fprintf(b, "%s%s(%s, shown above)\n", pad, label, name)
		return
	}
	x.shown[n] = true
	fmt.Fprintf(b, "%s%s%s%s\n", pad, label, n, x.expected(n))
	if x.Verbose {
		fmt.Fprintf(b, "%s    columns: %s\n%s    edge: %s\n", pad, n.Schema(), pad, edgeText(n.Schema(), x.edges.Of(n)))
	}
	for _, in := range n.Inputs() {
		x.text(b, in, depth+1)
	}
}

// expected is the estimate of n in words, and what happened.
func (x *explainer) expected(n logical.Node) string {
	var parts []string
	if e := x.estimates.Of(n); !x.NoCosts {
		parts = append(parts, fmt.Sprintf("rows=%s cost=%s", count(e.Rows), cost(e.Cost)))
	}
	if in, out, ok := x.happened(n); ok {
		parts = append(parts, fmt.Sprintf("actual in=%d out=%d", in, out))
	}
	if parts == nil {
		return ""
	}
	return "  (" + strings.Join(parts, ", ") + ")"
}

func (x *explainer) happened(n logical.Node) (in, out int64, ok bool) {
	if x.Actual == nil {
		return 0, 0, false
	}
	if scan, is := n.(*logical.Scan); is {
		return x.Actual(scan.Source.Name)
	}
	if s := stepOf(n); s != nil {
		return x.Actual(s.Name)
	}
	return 0, 0, false
}

func count(rows float64) string { return fmt.Sprintf("%.0f", rows) }

func cost(ns float64) string {
	d := time.Duration(ns)
	switch {
	case d < time.Microsecond:
		return d.String()
	case d < time.Millisecond:
		return d.Round(100 * time.Nanosecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func edgeText(s *schema.Schema, p *Properties) string {
	parts := []string{p.Changes.String()}
	switch {
	case p.Key == nil:
	case len(p.Key) == 0:
		parts = append(parts, "one row at most")
	default:
		parts = append(parts, "key ("+strings.Join(columnNames(s, p.Key), ", ")+")")
	}
	if p.Watermark() >= 0 {
		parts = append(parts, "watermark "+s.Fields[p.Watermark()].Name)
	}
	parts = append(parts, map[bool]string{true: "bounded", false: "unbounded"}[p.Bounded])
	return strings.Join(parts, ", ")
}

// explainedNode is a node as ExplainJSON writes it.
type explainedNode struct {
	// ID is set for a node that several others read; behind its first mention only that is written.
	ID      int               `json:"id,omitempty"`
	Shown   bool              `json:"shown_above,omitempty"`
	Node    string            `json:"node"`
	Rows    float64           `json:"rows,omitempty"`
	CostNS  float64           `json:"cost_ns,omitempty"`
	Actual  *explainedActual  `json:"actual,omitempty"`
	Columns []explainedColumn `json:"columns,omitempty"`
	Edge    *explainedEdge    `json:"edge,omitempty"`
	Inputs  []*explainedNode  `json:"inputs,omitempty"`
}

type explainedActual struct {
	In  int64 `json:"in"`
	Out int64 `json:"out"`
}

type explainedColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type explainedEdge struct {
	Changes   string   `json:"changes"`
	Key       []string `json:"key"`
	Watermark string   `json:"watermark,omitempty"`
	Bounded   bool     `json:"bounded"`
}

type explainedSink struct {
	Sink  string         `json:"sink"`
	Input *explainedNode `json:"input"`
}

// ExplainJSON is Explain as an array of sinks, indented by two spaces.
func ExplainJSON(p *logical.Plan, how Explained) ([]byte, error) {
	x := newExplainer(p, how)
	sinks := make([]explainedSink, len(p.Sinks))
	for i, s := range p.Sinks {
		sinks[i] = explainedSink{Sink: s.String(), Input: x.node(s.Input)}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is read by people, and has comparisons
	e.SetIndent("", "  ")
	err := e.Encode(sinks)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

func (x *explainer) node(n logical.Node) *explainedNode {
	out := &explainedNode{ID: x.numbers[n], Node: n.String()}
	if x.shown[n] {
		out.Node, _, _ = strings.Cut(out.Node, ":")
		out.Shown = true
		return out
	}
	x.shown[n] = true
	e := x.estimates.Of(n)
	if !x.NoCosts {
		out.Rows, out.CostNS = e.Rows, e.Cost
	}
	if in, made, ok := x.happened(n); ok {
		out.Actual = &explainedActual{In: in, Out: made}
	}
	if x.Verbose {
		for _, f := range n.Schema().Fields {
			out.Columns = append(out.Columns, explainedColumn{f.Name, f.Type.String()})
		}
		p := x.edges.Of(n)
		out.Edge = &explainedEdge{Changes: p.Changes.String(), Bounded: p.Bounded}
		if p.Key != nil {
			out.Edge.Key = columnNames(n.Schema(), p.Key)
		}
		if p.Watermark() >= 0 {
			out.Edge.Watermark = n.Schema().Fields[p.Watermark()].Name
		}
	}
	for _, in := range n.Inputs() {
		out.Inputs = append(out.Inputs, x.node(in))
	}
	return out
}
