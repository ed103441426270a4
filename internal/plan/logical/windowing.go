package logical

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/sdk/schema"
)

// WindowCall is one window function of an Over. Args are columns; Filter is a BOOLEAN column, for aggregates, or NoColumn.
type WindowCall struct {
	Name     string
	Function *window.Function
	Args     []int
	Filter   int
	Frame    Frame
	Type     schema.Type
}

// Frame is the part of a partition that a window function sees. StartOffset and EndOffset are columns, which hold one value in each partition,
// or NoColumn.
type Frame struct {
	Unit                   ast.FrameUnit
	Start, End             ast.FrameBoundKind
	StartOffset, EndOffset int
	Exclude                ast.FrameExclude
}

// Over adds window functions, all over the same partitions and order, to the columns of its input.
type Over struct {
	Step
	Input     Node
	Partition []int
	Order     []SortKey
	Calls     []WindowCall
	// Changing says that answers are handed on as they change; Retracts that rows are taken back; Timed that rows are handed on when event time has
	// passed their first key of Order, which may be Lag µs behind the watermark; TTL how long, in µs of processing time, a partition that is not touched is
	// kept. Set by optimize.
	Changing, Retracts, Timed bool
	Lag, TTL                  int64
	out                       *schema.Schema
}

// NewOver returns a step of window functions, with its schema.
func NewOver(step Step, input Node, partition []int, order []SortKey, calls []WindowCall) *Over {
	fields := slices.Clone(input.Schema().Fields)
	for _, c := range calls {
		fields = append(fields, schema.Field{Name: c.Name, Type: c.Type})
	}
	return &Over{Step: step, Input: input, Partition: partition, Order: order, Calls: calls, out: schema.New(fields...)}
}

// RowsFunction is a set-returning function of a RowsFrom. Args are columns; Fields are its own.
type RowsFunction struct {
	Function *setreturning.Function
	Args     []int
	Fields   []schema.Field
}

// RowsFrom makes for each row of its input the rows of its functions, side by side; shorter ones are filled up with NULLs. Its columns are the
// input's, then the functions', then, if Ordinality, a BIGINT that counts from 1. Outer keeps a row for which there are none, with NULLs.
type RowsFrom struct {
	Step
	Input             Node
	Functions         []RowsFunction
	Ordinality, Outer bool
	out               *schema.Schema
}

// NewRowsFrom returns a step of set-returning functions, with its schema.
func NewRowsFrom(step Step, input Node, functions []RowsFunction, ordinality, outer bool) *RowsFrom {
	fields := slices.Clone(input.Schema().Fields)
	for _, f := range functions {
		for _, field := range f.Fields {
			field.NotNull = false
			fields = append(fields, field)
		}
	}
	if ordinality {
		fields = append(fields, schema.Field{Name: "ordinality", Type: schema.Of(schema.Int64), NotNull: !outer})
	}
	return &RowsFrom{Step: step, Input: input, Functions: functions, Ordinality: ordinality, Outer: outer, out: schema.New(fields...)}
}

// Schema is what NewOver made.
func (n *Over) Schema() *schema.Schema { return n.out }

// Schema is what NewRowsFrom made.
func (n *RowsFrom) Schema() *schema.Schema { return n.out }

// Inputs are the one.
func (n *Over) Inputs() []Node { return []Node{n.Input} }

// Inputs are the one.
func (n *RowsFrom) Inputs() []Node { return []Node{n.Input} }

// String shows partition, order and calls.
func (n *Over) String() string {
	in := n.Input.Schema()
	var parts []string
	if len(n.Partition) > 0 {
		parts = append(parts, "by "+columnNames(in, n.Partition))
	}
	if len(n.Order) > 0 {
		parts = append(parts, "order "+sortKeys(in, n.Order))
	}
	for _, c := range n.Calls {
		parts = append(parts, c.Function.Name+"("+columnNames(in, c.Args)+")"+c.Frame.text(in))
	}
	return map[bool]string{true: "changing "}[n.Changing] + "over " + n.Name + ": " + strings.Join(parts, ", ")
}

// text shows a frame unless it is the usual one.
func (f *Frame) text(in *schema.Schema) string {
	usual := f.Unit == ast.FrameRange && f.Start == ast.UnboundedPreceding && f.End == ast.CurrentRow && f.Exclude == ast.ExcludeNothing
	if usual {
		return ""
	}
	bound := func(kind ast.FrameBoundKind, column int) string {
		words := [...]string{"unbounded preceding", "preceding", "current row", "following", "unbounded following"}[kind]
		if column != NoColumn {
			return columnNames(in, []int{column}) + " " + words
		}
		return words
	}
	text := fmt.Sprintf(" %s from %s to %s", [...]string{"range", "rows", "groups"}[f.Unit], bound(f.Start, f.StartOffset), bound(f.End, f.EndOffset))
	return text + [...]string{"", " exclude current row", " exclude group", " exclude ties"}[f.Exclude]
}

// String shows the calls.
func (n *RowsFrom) String() string {
	in := n.Input.Schema()
	parts := make([]string, len(n.Functions))
	for i, f := range n.Functions {
		parts[i] = f.Function.Name + "(" + columnNames(in, f.Args) + ")"
	}
	text := "rows from " + n.Name + ": " + strings.Join(parts, ", ")
	if n.Ordinality {
		text += " with ordinality"
	}
	if n.Outer {
		text += ", outer"
	}
	return text
}
