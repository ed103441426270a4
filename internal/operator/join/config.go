package join

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

// The kinds. Left and right are the inputs 0 and 1, whichever of them is stored.
const (
	Inner  Kind = iota
	Left        // and left rows without a match, beside NULLs
	Right       // and right rows without a match, beside NULLs
	Full        // and both
	Semi        // left rows with a match, once each
	Anti        // left rows without a match; see Config.NullAware
	Mark        // left rows, each beside whether it has a match: TRUE, FALSE or, where that is unknown, NULL
	Single      // as Left, but a second match is an error: a scalar subquery
)

// String is the kind's name in messages and plans.
func (k Kind) String() string {
	return [...]string{"inner", "left", "right", "full", "semi", "anti", "mark", "single"}[k]
}

// Match is how a pair of key columns is compared.
type Match uint8

// The ways to compare.
const (
	// Equal is SQL's =: NULL matches nothing.
	Equal Match = iota
	// NotDistinct is IS NOT DISTINCT FROM: NULL matches NULL.
	NotDistinct
	// In is = of a left IN (right): a comparison with NULL is UNKNOWN, and may make the answer so. For Semi, Anti and Mark.
	In
)

// Key is a pair of columns that are compared, by their ordinals in their inputs. Their types are equal.
type Key struct {
	Left, Right int
	Match       Match
}

// Direction is the order of a key. NULLs are neither ascending nor descending: NullsFirst alone says where they are.
type Direction struct {
	Desc, NullsFirst bool
}

// Input is what a Changing join must know of an input. The zero Input may be changed in any way and is kept for ever.
type Input struct {
	// AppendOnly says that nothing of the input is taken back. Its rows then take less memory, and none once they are of no use.
	AppendOnly bool
	// Unique says that the keys of the join are a key of the input, or have one: but for moments, no two of its rows are equal in them. Its rows then take less
	// memory, as do those of the other input if both are appended to; and a Single join does not fail for such a moment: it looks for a second match only where
	// this is not said of the right input.
	Unique bool
	// TTL is for how long a row is kept, in µs of processing time; 0 is for ever. A row that has expired joins nothing any more. What it gave stays, and that it
	// is taken back is ignored.
	TTL int64
}

// Config describes a join. Whoever makes an operator of it owns it and does not change it afterwards.
//
// A pair of rows matches if all its keys do and Residual is TRUE: AND of three-valued logic. Rows with equal keys (but those that are
// compared by In) have to meet in one task: the exchange before a join hashes the columns that HashColumns names.
type Config struct {
	// Name is the operator's name in messages.
	Name string
	Kind Kind
	// Build is the input that is stored; the other one, the probe side, is looked up in it and streams through. Merge stores only the rows of
	// one key at a time.
	Build int
	// Left and Right are the types of the inputs' columns.
	Left, Right []schema.Type
	// Keys may be empty: then every pair of rows is tried.
	Keys []Key
	// Order is the order of the inputs of a merge join, one direction a key in their order; nil is ascending, NULLs last.
	Order []Direction
	// NullAware makes Anti keep only rows for which a match is known to be absent, as NOT IN does. Without it UNKNOWN is no match.
	NullAware bool
	// Residual is a BOOLEAN over the columns of Left followed by those of Right, or nil. A pair for which it fails is the error of the probe row,
	// which is rejected; what came out of the row's earlier pairs stays. The program belongs to the operator's lane.
	Residual *eval.Program
	// Reads are the columns that Residual reads.
	Reads []int
	// Need says which columns of the output are read behind the join, the others are nil there; nil means all. Semi and Anti give the columns of
	// Left, Mark those and a BOOLEAN, the others those of Left and Right.
	Need []bool
	// Broadcast says that the build side arrives whole at each task. Deal are the columns of the probe side by which its rows are dealt to them;
	// none means that there is one task.
	Broadcast bool
	Deal      []int
	// Endless says that the probe side of a hash join has no end, so that its rows must not wait: then build rows leave memory key by key, but not without keys.
	Endless bool
	// Tasks is how many tasks share the budget; 0 is 1.
	Tasks int
	// Dated says that rows of the probe side of a hash join carry batch.Before, and that somebody behind asks for it: rows that wait for the build side keep it.
	Dated bool
	// Inputs says more of the inputs of a Changing join, LeftInput and RightInput. The other joins take inputs that are only appended to.
	Inputs [2]Input
	// Pool is where columns take their memory; Budget bounds what is stored.
	Pool   *batch.Pool
	Budget *limit.Budget
}

// probe is the input that is not stored.
func (c *Config) probe() int { return 1 - c.Build }

// types are those of an input's columns.
func (c *Config) types(input int) []schema.Type {
	if input == LeftInput {
		return c.Left
	}
	return c.Right
}

// column is the column of a key in an input.
func (k Key) column(input int) int {
	if input == LeftInput {
		return k.Left
	}
	return k.Right
}

// HashColumns are the columns of an input by which its rows are dealt to tasks and key groups, in the order of the keys: equal values of
// both sides meet. None means that all rows have to come to one task, or that the build side is broadcast.
func (c *Config) HashColumns(input int) []int {
	var columns []int
	for _, k := range c.Keys {
		if k.Match != In {
			columns = append(columns, k.column(input))
		}
	}
	return columns
}

// threeValued reports whether it matters that a match is unknown.
func (c *Config) threeValued() bool { return c.Kind == Mark || c.Kind == Anti && c.NullAware }

// outputs is how many columns the join gives.
func (c *Config) outputs() int {
	switch c.Kind {
	case Semi, Anti:
		return len(c.Left)
	case Mark:
		return len(c.Left) + 1
	default:
		return len(c.Left) + len(c.Right)
	}
}

// needs reports whether column i of the output is read.
func (c *Config) needs(i int) bool { return i < c.outputs() && (len(c.Need) == 0 || c.Need[i]) }

// preserves reports whether rows of an input come out although they have no match, or according to whether they have one: their fate is
// known only when everything was seen that might match them.
func (c *Config) preserves(input int) bool {
	switch c.Kind {
	case Inner:
		return false
	case Full:
		return true
	case Right:
		return input == RightInput
	default:
		return input == LeftInput
	}
}

// title is what messages call the join.
func (c *Config) title() string { return c.Kind.String() + " join " + c.Name }

// stored are the columns of an input that have to be kept of its rows: those that come out, and those that are compared again.
func (c *Config) stored(input int) []bool {
	keep := make([]bool, len(c.types(input)))
	offset := 0
	if input == RightInput {
		offset = len(c.Left)
	}
	for i := range keep {
		keep[i] = c.needsColumn(input, i) || slices.Contains(c.Reads, offset+i)
	}
	for _, k := range c.Keys {
		if k.Match == In && c.threeValued() {
			keep[k.column(input)] = true
		}
	}
	return keep
}

// needsColumn reports whether column i of an input is read behind the join.
func (c *Config) needsColumn(input, i int) bool {
	if input == LeftInput {
		return c.needs(i)
	}
	return c.Kind != Mark && c.needs(len(c.Left)+i)
}

// bare reports whether it matters of rows of the build side only that their keys are there.
func (c *Config) bare(build int) bool {
	if roleOf(c, build) != verdictRole || c.Residual != nil || c.Kind == Single {
		return false
	}
	in := 0
	for _, k := range c.Keys {
		if k.Match == In {
			in++
		}
	}
	return !c.threeValued() || in <= 1
}

// validate refuses what no plan may contain.
func (c *Config) validate() error {
	switch {
	case c.Build != LeftInput && c.Build != RightInput:
		return c.wrong("build side %d: the inputs are 0 and 1", c.Build)
	case len(c.Need) > 0 && len(c.Need) != c.outputs():
		return c.wrong("it is said of %d columns whether they are needed, but it gives %d", len(c.Need), c.outputs())
	case c.NullAware && c.Kind != Anti && c.Kind != Mark:
		return c.wrong("only anti and mark joins can be null-aware")
	case c.Broadcast && c.preserves(c.Build):
		return c.wrong("rows of the %s input come out according to their matches in all tasks, so that it cannot be broadcast; build on the other input",
			inputName(c.Build))
	}
	for i, in := range c.Inputs {
		if in.TTL < 0 {
			return c.wrong("rows of the %s input are kept for %d µs; 0 is for ever", inputName(i), in.TTL)
		}
	}
	for i, k := range c.Keys {
		if err := c.validateKey(i, k); err != nil {
			return err
		}
	}
	for _, i := range c.Deal {
		if i < 0 || i >= len(c.types(c.probe())) {
			return c.wrong("probe rows are dealt by column %d of %d", i, len(c.types(c.probe())))
		}
	}
	for _, i := range c.Reads {
		if i < 0 || i >= len(c.Left)+len(c.Right) {
			return c.wrong("the residual reads column %d of %d", i, len(c.Left)+len(c.Right))
		}
	}
	return nil
}

func (c *Config) validateKey(i int, k Key) error {
	switch {
	case k.Left < 0 || k.Left >= len(c.Left) || k.Right < 0 || k.Right >= len(c.Right):
		return c.wrong("key %d compares columns %d and %d of inputs with %d and %d columns", i, k.Left, k.Right, len(c.Left), len(c.Right))
	case !alike(c.Left[k.Left], c.Right[k.Right]):
		return c.wrong("key %d compares %s with %s; cast one of them", i, c.Left[k.Left], c.Right[k.Right])
	case k.Match == In && c.Kind != Semi && !c.threeValued():
		return c.wrong("key %d is compared by IN, which only semi, mark and null-aware anti joins know", i)
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

func (c *Config) wrong(format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{c.title()}, args...)...)
}

func inputName(input int) string { return [2]string{"left", "right"}[input] }
