package setreturning

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func arrayFunctions() []Function {
	unnest := set("unnest", schema.Null, func() Generator { return &elements{} }, schema.Array)
	unnest.ResultOf = func(args []schema.Type) schema.Type { return *args[0].Elem }
	return []Function{
		unnest,
		set("generate_subscripts", schema.Int32, func() Generator { return &subscripts{} }, schema.Array, schema.Int32, schema.Bool).optional(),
	}
}

// Scalar returns a function called name that returns one row: its argument, of type typ. So a function that returns no set stands among those that
// do in ROWS FROM.
func Scalar(name string, typ schema.Type) *Function {
	f := set(name, schema.Null, func() Generator { return &once{} }, builtin.Any).resultType(typ).called()
	return &f
}

// elements are those of an array, the outer ones of nested arrays.
type elements struct {
	streams
	from     *batch.Column
	next, to int
}

func (g *elements) Start(args []*batch.Column, row int) *sqlstate.Error {
	offsets := args[0].Offsets()
	g.from, g.next, g.to = args[0].Child(0), int(offsets[row]), int(offsets[row+1])
	return nil
}

func (g *elements) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	n := min(room, g.to-g.next)
	copyRows(out[0], at, g.from, g.next, n)
	g.next += n
	return n, nil
}

// subscripts are the numbers of an array's elements.
type subscripts struct {
	intSeries[int32]
}

func (g *subscripts) Start(args []*batch.Column, row int) *sqlstate.Error {
	offsets := args[0].Offsets()
	length := offsets[row+1] - offsets[row]
	g.next, g.step, g.left = 1, 1, uint64(length) //nolint:gosec // not negative
	if args[1].Int32s()[row] != 1 {
		g.left = 0 // arrays have one dimension
	}
	if len(args) > 2 && args[2].Bits().Get(row) {
		g.next, g.step = length, -1
	}
	return nil
}

// once is one row: the argument.
type once struct {
	streams
	from *batch.Column
	row  int
	left int
}

func (g *once) Start(args []*batch.Column, row int) *sqlstate.Error {
	g.from, g.row, g.left = args[0], row, 1
	return nil
}

func (g *once) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	n := min(room, g.left)
	if n > 0 {
		copyRow(out[0], at, g.from, g.row)
	}
	g.left -= n
	return n, nil
}
