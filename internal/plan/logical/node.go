package logical

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/schema"
)

// Node is a part of a plan that yields rows.
type Node interface {
	// Schema is the columns of the rows.
	Schema() *schema.Schema
	// Inputs are the nodes that the rows come from.
	Inputs() []Node
	// String is the node in one line, without its inputs.
	String() string
}

// Step is what all nodes between source and sink have.
type Step struct {
	// Name is unique in a plan: the user's name and, where one of his steps becomes several nodes, the part.
	Name    string
	OnError OnError
	// Written says that a user wrote the step and knows it by its name: it is neither moved nor merged with others.
	Written bool
}

// Filter keeps the rows for which Predicate is true.
type Filter struct {
	Step
	Input     Node
	Predicate *bind.Expr
	// Text is the predicate as it was written.
	Text string
	// Hidden says that values in Predicate came from references and are not to be shown.
	Hidden bool
}

// Item is a column that a Project makes.
type Item struct {
	Name string
	Expr *bind.Expr
	// Text is the expression as it was written.
	Text string
}

// Project computes new columns.
type Project struct {
	Step
	Input Node
	Items []Item
	out   *schema.Schema
}

// NewProject returns a projection, with its schema.
func NewProject(step Step, input Node, items []Item) *Project {
	fields := make([]schema.Field, len(items))
	for i, item := range items {
		fields[i] = schema.Field{Name: item.Name, Type: item.Expr.Type, NotNull: notNull(item.Expr, input.Schema())}
	}
	return &Project{Step: step, Input: input, Items: items, out: schema.New(fields...)}
}

// notNull carries the promise of a column that is passed on.
func notNull(e *bind.Expr, in *schema.Schema) bool {
	return e.Op == bind.Column && len(e.Path) == 1 && in.Fields[e.Path[0]].NotNull
}

// Unnest makes a row of each element of the array in Column.
type Unnest struct {
	Step
	Input  Node
	Column int
	// As is the name of a column for the elements behind all others; "" puts them in the array's place.
	As string
	// Keep says which columns of Input are read above; nil means all. Set by optimize.
	Keep []bool
	out  *schema.Schema
}

// NewUnnest returns an unnest, with its schema.
func NewUnnest(step Step, input Node, column int, as string) *Unnest {
	in := input.Schema().Fields
	fields := append([]schema.Field(nil), in...)
	element := *in[column].Type.Elem
	if as == "" {
		fields[column] = schema.Field{Name: in[column].Name, Type: element}
	} else {
		fields = append(fields, schema.Field{Name: as, Type: element})
	}
	return &Unnest{Step: step, Input: input, Column: column, As: as, out: schema.New(fields...)}
}

// Branch is one way out of a Split.
type Branch struct {
	Name string
	// Cond is nil for the branch that takes what is left.
	Cond *bind.Expr
	Text string
}

// Split sends each row to the first branch whose condition is true.
type Split struct {
	Step
	Input    Node
	Branches []Branch
}

// Port is the rows of one branch of a Split.
type Port struct {
	Split  *Split
	Branch int
}

// Union is the rows of all its inputs, whose columns have the same types in the same order.
type Union struct {
	In []Node
}

// Schema is the source's.
func (n *Scan) Schema() *schema.Schema { return n.Source.Schema }

// Schema is the input's.
func (n *Filter) Schema() *schema.Schema { return n.Input.Schema() }

// Schema is the items'.
func (n *Project) Schema() *schema.Schema { return n.out }

// Schema is the input's with the elements instead of, or beside, the array.
func (n *Unnest) Schema() *schema.Schema { return n.out }

// Schema is the input's.
func (n *Split) Schema() *schema.Schema { return n.Input.Schema() }

// Schema is the split's.
func (n *Port) Schema() *schema.Schema { return n.Split.Schema() }

// Schema is that of the first input; a column may be NULL if it may be in any of them.
func (n *Union) Schema() *schema.Schema {
	first := n.In[0].Schema()
	var fields []schema.Field // a copy, once one differs
	for i := range first.Fields {
		if !first.Fields[i].NotNull || !slices.ContainsFunc(n.In[1:], func(in Node) bool { return !in.Schema().Fields[i].NotNull }) {
			continue
		}
		if fields == nil {
			fields = slices.Clone(first.Fields)
		}
		fields[i].NotNull = false
	}
	if fields == nil {
		return first
	}
	return schema.New(fields...)
}

// Inputs are none.
func (n *Scan) Inputs() []Node { return nil }

// Inputs are the one.
func (n *Filter) Inputs() []Node { return []Node{n.Input} }

// Inputs are the one.
func (n *Project) Inputs() []Node { return []Node{n.Input} }

// Inputs are the one.
func (n *Unnest) Inputs() []Node { return []Node{n.Input} }

// Inputs are the one.
func (n *Split) Inputs() []Node { return []Node{n.Input} }

// Inputs are the split.
func (n *Port) Inputs() []Node { return []Node{n.Split} }

// Inputs are all that are united.
func (n *Union) Inputs() []Node { return n.In }
