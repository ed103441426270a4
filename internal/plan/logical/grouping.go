package logical

import (
	"slices"
	"strings"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/sdk/schema"
)

// NoColumn stands where a parameter that is a column's number was not given.
const NoColumn = -1

// AggregateCall is one aggregate of an Aggregate. Args are columns, those of WITHIN GROUP last; Filter is a BOOLEAN column or NoColumn.
type AggregateCall struct {
	Name     string
	Function *aggregate.Function
	Args     []int
	Filter   int
	Distinct bool
	OrderBy  []SortKey
	Type     schema.Type
}

// Aggregate makes one row of each group of rows with equal Keys. Its columns are the keys, then, if there are Sets, a BIGINT whose bit i says that
// key i is not in the row's set, then the calls. Without keys there is one group, which has a row even if it is empty.
type Aggregate struct {
	Step
	Input Node
	Keys  []int
	// Sets are grouping sets, as indexes into Keys; nil means one set of all keys. A key that is not in a row's set is NULL.
	Sets  [][]int
	Calls []AggregateCall
	// Emit is what was asked of when groups are handed on.
	Emit Emission
	// Combine says that rows of one group are combined before they are dealt to tasks, too. Set by optimize.
	Combine bool
	// Split says that tasks of their own look up the values that calls with DISTINCT have seen. Set by optimize.
	Split bool
	// Window says which keys are a window, nil if none are. Changing says that groups are handed on as they change; Retracts that rows are taken
	// back; TTL how long, in µs of processing time, a group that is not touched is kept, 0 being for ever. Set by optimize.
	Window             *GroupWindow
	Changing, Retracts bool
	TTL                int64
	out                *schema.Schema
}

// NewAggregate returns an aggregation, with its schema.
func NewAggregate(step Step, input Node, keys []int, sets [][]int, calls []AggregateCall) *Aggregate {
	in := input.Schema().Fields
	var fields []schema.Field
	for i, k := range keys {
		f := in[k]
		f.NotNull = f.NotNull && !slices.ContainsFunc(sets, func(set []int) bool { return !slices.Contains(set, i) })
		fields = append(fields, f)
	}
	if sets != nil {
		fields = append(fields, schema.Field{Name: "grouping", Type: schema.Of(schema.Int64), NotNull: true})
	}
	for _, c := range calls {
		fields = append(fields, schema.Field{Name: c.Name, Type: c.Type, NotNull: c.Function.ZeroIfEmpty})
	}
	return &Aggregate{Step: step, Input: input, Keys: keys, Sets: sets, Calls: calls, out: schema.New(fields...)}
}

// SetWindow says which keys are a window. Those of slices come out as windows.
func (n *Aggregate) SetWindow(w *GroupWindow) {
	n.Window = w
	if w == nil || !w.Sliced {
		return
	}
	windows := *w.Table
	windows.Sliced = false
	columns := windows.columns()
	fields := slices.Clone(n.out.Fields)
	fields[w.Start], fields[w.End] = columns[0], columns[1]
	n.out = schema.New(fields...)
}

// FirstCall is the number of the column of the first call.
func (n *Aggregate) FirstCall() int { return n.out.Len() - len(n.Calls) }

// Schema is what NewAggregate made.
func (n *Aggregate) Schema() *schema.Schema { return n.out }

// Inputs are the one.
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }

// String shows keys, sets and calls.
func (n *Aggregate) String() string {
	in := n.Input.Schema()
	var parts []string
	if len(n.Keys) > 0 {
		parts = append(parts, "by "+columnNames(in, n.Keys))
	}
	if n.Sets != nil {
		sets := make([]string, len(n.Sets))
		for i, set := range n.Sets {
			columns := make([]int, len(set))
			for j, k := range set {
				columns[j] = n.Keys[k]
			}
			sets[i] = "(" + columnNames(in, columns) + ")"
		}
		parts = append(parts, "sets "+strings.Join(sets, ", "))
	}
	for _, c := range n.Calls {
		parts = append(parts, c.text(in))
	}
	if n.Window != nil && n.Window.Timed {
		parts = append(parts, "windows by "+columnNames(in, []int{n.Keys[n.Window.End]}))
	}
	if n.Emit.asked() {
		parts = append(parts, n.Emit.String())
	}
	if n.TTL != 0 {
		parts = append(parts, "ttl "+micros(n.TTL))
	}
	phases := map[bool]string{true: "split "}[n.Split] + map[bool]string{true: "two-phase "}[n.Combine] + map[bool]string{true: "changing "}[n.Changing]
	return phases + "aggregate " + n.Name + ": " + strings.Join(parts, ", ")
}

func (c *AggregateCall) text(in *schema.Schema) string {
	args := columnNames(in, c.Args)
	if c.Function.Star {
		args = "*"
	}
	if c.Distinct {
		args = "DISTINCT " + args
	}
	if len(c.OrderBy) > 0 {
		args += " ORDER BY " + sortKeys(in, c.OrderBy)
	}
	text := c.Function.Name + "(" + args + ")"
	if c.Filter != NoColumn {
		text += " FILTER " + columnNames(in, []int{c.Filter})
	}
	return text
}
