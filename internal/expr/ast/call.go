package ast

// FuncCall is a function, an aggregate or a window function. The special forms of SQL are calls here, as in PostgreSQL:
//
//	EXTRACT(f FROM x)               extract('f', x)
//	POSITION(a IN b)                position(b, a)
//	SUBSTRING(x FROM a FOR b)       substring(x, a, b), a being 1 when only FOR is written
//	SUBSTRING(x SIMILAR p ESCAPE e) substring(x, p, e)
//	OVERLAY(x PLACING y FROM a)     overlay(x, y, a)
//	TRIM(BOTH c FROM x)             btrim(x, c), and ltrim, rtrim
//	(a, b) OVERLAPS (c, d)          overlaps(a, b, c, d)
//	COALESCE, NULLIF, GREATEST, LEAST, GROUPING under their own names
type FuncCall struct {
	Span
	Name []Name
	Args []Arg
	// Star is f(*): Args is empty.
	Star bool
	// Variadic tells that the last argument is an array to be spread.
	Variadic bool
	Distinct bool
	OrderBy  []OrderItem
	// WithinGroup is the ORDER BY of WITHIN GROUP; nil without that clause.
	WithinGroup []OrderItem
	// Filter is the condition of FILTER (WHERE …), nil without it.
	Filter Node
	// Over makes it a window function, nil without OVER.
	Over *Window
}

// Plain tells whether the call is only a name and positional arguments.
func (c *FuncCall) Plain() bool {
	for i := range c.Args {
		if c.Args[i].Name != nil {
			return false
		}
	}
	return !c.Star && !c.Variadic && !c.Distinct && c.OrderBy == nil && c.WithinGroup == nil && c.Filter == nil && c.Over == nil
}

// Arg is an argument; Name is set for name => value.
type Arg struct {
	Name *Name
	X    Node
}

// NullsOrder is where an ORDER BY puts NULLs.
type NullsOrder uint8

// The orders. The default is last when ascending, first when descending.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// OrderItem is one key of an ORDER BY.
type OrderItem struct {
	X     Node
	Desc  bool
	Nulls NullsOrder
}

// Window is what follows OVER, or a definition of the WINDOW clause.
type Window struct {
	Span
	// Ref is the w of OVER w: nothing else is set then.
	Ref *Name
	// Base is the window that OVER (w …) extends.
	Base        *Name
	PartitionBy []Node
	OrderBy     []OrderItem
	Frame       *Frame
}

// FrameUnit is what a frame's offsets count.
type FrameUnit uint8

// The units.
const (
	FrameRange FrameUnit = iota
	FrameRows
	FrameGroups
)

// FrameExclude is the EXCLUDE clause.
type FrameExclude uint8

// The exclusions.
const (
	ExcludeNothing FrameExclude = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is the frame of a window. A frame written with its start only has CURRENT ROW as End.
type Frame struct {
	Span
	Unit       FrameUnit
	Start, End FrameBound
	Exclude    FrameExclude
}

// FrameBoundKind is the kind of an end of a frame, in the order from first to last row.
type FrameBoundKind uint8

// The kinds; Preceding and Following have an offset.
const (
	UnboundedPreceding FrameBoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// FrameBound is one end of a Frame.
type FrameBound struct {
	Kind   FrameBoundKind
	Offset Node
}
