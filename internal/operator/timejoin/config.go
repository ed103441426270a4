package timejoin

import (
	"fmt"
	"slices"

	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// The numbers of a join's inputs.
const (
	LeftInput  = 0
	RightInput = 1
)

// Kind says which rows a join gives.
type Kind uint8

// The kinds. A left row comes beside a right one; Semi and Anti give left rows alone.
const (
	Inner Kind = iota
	Left       // and left rows without a match, beside NULLs
	Right      // and right rows without a match, beside NULLs
	Full       // and both
	Semi       // left rows with a match, once each
	Anti       // left rows without a match
)

// String is the kind's name in messages and plans.
func (k Kind) String() string {
	return [...]string{"inner", "left", "right", "full", "semi", "anti"}[k]
}

// Key is a pair of columns that are compared, by their ordinals in their inputs. Their types are equal.
type Key struct {
	Left, Right int
	// NotDistinct makes NULL equal to NULL; otherwise NULL is equal to nothing.
	NotDistinct bool
}

// column is the column of a key in an input.
func (k Key) column(input int) int {
	if input == LeftInput {
		return k.Left
	}
	return k.Right
}

// Config is what all joins of the package have in common. Whoever makes an operator of it owns it and does not change it afterwards.
//
// A pair of rows matches if all its keys are equal, the join's own condition on time holds, and Residual is TRUE. Rows with equal keys have to meet in
// one task: the exchange before a join hashes the columns that HashColumns names.
type Config struct {
	// Name is the operator's name in messages.
	Name string
	Kind Kind
	// Left and Right are the types of the inputs' columns.
	Left, Right []schema.Type
	// Keys may be empty where a join says so: then all rows come to one task.
	Keys []Key
	// Residual is a BOOLEAN over the columns of Left followed by those of Right, or nil. A pair for which it fails is a row that cannot be made
	// (op.NoRow): it does not match, and its rows go on. The program belongs to the operator's lane.
	Residual *eval.Program
	// Reads are the columns that Residual reads.
	Reads []int
	// Need says which columns of the output are read behind the join, the others are nil there; nil means all. Semi and Anti give the columns of
	// Left, the others those of Left and Right.
	Need []bool
	// Tasks is how many tasks share the budget; 0 is one.
	Tasks int
	// Pool is where columns take their memory; Budget bounds what is stored.
	Pool   *batch.Pool
	Budget *limit.Budget
}

// types are those of an input's columns.
func (c *Config) types(input int) []schema.Type {
	if input == LeftInput {
		return c.Left
	}
	return c.Right
}

// place is where column i of an input stands among the columns of both.
func (c *Config) place(input, i int) int {
	if input == LeftInput {
		return i
	}
	return len(c.Left) + i
}

// HashColumns are the columns of an input by which its rows are dealt to tasks and key groups, in the order of the keys. None means that all
// rows have to come to one task.
func (c *Config) HashColumns(input int) []int {
	columns := make([]int, len(c.Keys))
	for i, k := range c.Keys {
		columns[i] = k.column(input)
	}
	return columns
}

// outputs is how many columns the join gives.
func (c *Config) outputs() int {
	if c.Kind == Semi || c.Kind == Anti {
		return len(c.Left)
	}
	return len(c.Left) + len(c.Right)
}

// needs reports whether column i of the output is read.
func (c *Config) needs(i int) bool { return i < c.outputs() && (len(c.Need) == 0 || c.Need[i]) }

// pairs reports whether pairs of rows come out.
func (c *Config) pairs() bool { return c.Kind <= Full }

// preserves reports whether rows of an input come out that have no match.
func (c *Config) preserves(input int) bool {
	switch c.Kind {
	case Left, Anti:
		return input == LeftInput
	case Right:
		return input == RightInput
	case Full:
		return true
	default:
		return false
	}
}

// title is what messages call the join.
func (c *Config) title(sort string) string { return c.Kind.String() + " " + sort + " join " + c.Name }

// stored are the columns of an input that have to be kept of its rows: those that come out, those that are compared again, and more.
func (c *Config) stored(input int, more ...int) []bool {
	keep := make([]bool, len(c.types(input)))
	for i := range keep {
		place := c.place(input, i)
		keep[i] = c.needs(place) || slices.Contains(c.Reads, place)
	}
	for _, i := range c.HashColumns(input) {
		keep[i] = true
	}
	for _, i := range more {
		keep[i] = true
	}
	return keep
}

// validate refuses what no plan may contain.
func (c *Config) validate(sort string) error {
	if len(c.Need) > 0 && len(c.Need) != c.outputs() {
		return c.wrong(sort, "it is said of %d columns whether they are needed, but it gives %d", len(c.Need), c.outputs())
	}
	for i, k := range c.Keys {
		switch {
		case k.Left < 0 || k.Left >= len(c.Left) || k.Right < 0 || k.Right >= len(c.Right):
			return c.wrong(sort, "key %d compares columns %d and %d of inputs with %d and %d columns", i, k.Left, k.Right, len(c.Left), len(c.Right))
		case !alike(c.Left[k.Left], c.Right[k.Right]):
			return c.wrong(sort, "key %d compares %s with %s; cast one of them", i, c.Left[k.Left], c.Right[k.Right])
		}
	}
	for _, i := range c.Reads {
		if i < 0 || i >= len(c.Left)+len(c.Right) {
			return c.wrong(sort, "the residual reads column %d of %d", i, len(c.Left)+len(c.Right))
		}
	}
	return nil
}

// validateTime refuses a column of an input that is no event time.
func (c *Config) validateTime(sort string, input, column int) error {
	types := c.types(input)
	if column < 0 || column >= len(types) {
		return c.wrong(sort, "the %s time is column %d of %d", inputName(input), column, len(types))
	}
	if k := types[column].Kind; k != schema.Timestamp && k != schema.TimestampTZ {
		return c.wrong(sort, "the %s time is a %s; it must be a TIMESTAMP or TIMESTAMPTZ", inputName(input), types[column])
	}
	return nil
}

// alike reports whether two types have one representation; length, precision and the names of members do not matter.
func alike(a, b schema.Type) bool {
	if a.Kind != b.Kind || len(a.Fields) != len(b.Fields) || (a.Elem == nil) != (b.Elem == nil) {
		return false
	}
	for i := range a.Fields {
		if !alike(a.Fields[i].Type, b.Fields[i].Type) {
			return false
		}
	}
	return a.Elem == nil || alike(*a.Elem, *b.Elem)
}

func (c *Config) wrong(sort, format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{c.title(sort)}, args...)...)
}

func inputName(input int) string { return [2]string{"left", "right"}[input] }
