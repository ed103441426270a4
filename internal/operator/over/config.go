package over

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

// NoColumn stands for a column that is not there.
const NoColumn = -1

// Frame is the part of a partition that a function sees from a row.
type Frame struct {
	Unit       ast.FrameUnit
	Start, End ast.FrameBoundKind
	// StartOffset and EndOffset are the columns of the offsets of Preceding and Following, else NoColumn: BIGINT, or for RANGE what window.Offset casts to.
	// The value in the first row of a partition counts for all.
	StartOffset, EndOffset int
	Exclude                ast.FrameExclude
}

// DefaultFrame returns the frame of a window that names none: from the first row of the partition to the last peer of the row.
func DefaultFrame() Frame {
	return Frame{Unit: ast.FrameRange, Start: ast.UnboundedPreceding, End: ast.CurrentRow, StartOffset: NoColumn, EndOffset: NoColumn}
}

// Call is a function over the window. Each call adds a column of type Result.
type Call struct {
	Function *window.Function
	Args     []int
	// Filter is a BOOLEAN column, for aggregates, or NoColumn: rows in which it is not true do not count.
	Filter int
	// Frame is what the function sees if it is Framed; of others only the offsets are checked.
	Frame  Frame
	Result schema.Type
}

// Config says what the operator does. Its output has the columns of its input and then those of Calls.
type Config struct {
	// Name is the step's, for errors.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	// Partition are the columns that rows of a partition are equal in, NULLs being equal to each other; the input is exchanged by them.
	Partition []int
	Order     []keyed.Key
	Calls     []Call
	// Changes says, for an Updating, that the input may take rows back.
	Changes bool
	// TTL has an Updating or a Timed forget a partition that no row has come for, in µs of processing time; 0: never. Of no use without Partition.
	TTL int64
	// Lag says, for a Timed, how far the first column of Order may be behind the watermark, in µs: no row that comes after watermark w has less than w - Lag there.
	Lag int64
}
