package setreturning

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Generator writes the rows of calls of one function, one call after the other. It belongs to one goroutine.
type Generator interface {
	// Start begins the call whose arguments are row of args, which are lent until the last Fill. An error is that of the row, which has no rows then.
	Start(args []*batch.Column, row int) *sqlstate.Error
	// Fill writes the next rows of the call into out, whose columns have the types of Function.Fields, from row at on: at most room rows, which
	// exist and are valid. It returns how many it wrote; fewer than room means that there are no more. An error comes behind the rows that were
	// written before it, and ends the call. The rows of a column are written in ascending order, each once.
	Fill(out []*batch.Column, at, room int) (n int, bad *sqlstate.Error)
	// Held returns the bytes that the generator keeps for the call at hand, beyond the arguments.
	Held() int64
}

// Function is one signature of a function that returns a set. Functions of one name with different parameters are overloads.
type Function struct {
	// Function is the signature, as that of any function. It has no Eval. Result and ResultOf are the type of the set's elements. Strict says that a
	// NULL argument means no rows.
	builtin.Function
	// Column is the name of the only column where it is not the function's.
	Column string
	// Members says that the elements are rows, and that their members are the columns.
	Members bool
	// Declared says that the columns are those of a definition list, as in jsonb_to_recordset(x) AS t(a integer, b text).
	Declared bool
	// New returns a generator for arguments of types args that Resolve has cast, and the columns of a definition list if Declared.
	New func(args []schema.Type, declared []schema.Field) Generator
}

// Fields returns the columns of the set for arguments of types args that Resolve has cast, and the columns of a definition list if Declared.
func (f *Function) Fields(args []schema.Type, declared []schema.Field) []schema.Field {
	if f.Declared {
		return declared
	}
	typ := f.Result
	if f.ResultOf != nil {
		typ = f.ResultOf(args)
	}
	switch {
	case f.Members:
		return typ.Fields
	case f.Column != "":
		return []schema.Field{{Name: f.Column, Type: typ}}
	default:
		return []schema.Field{{Name: f.Name, Type: typ}}
	}
}

// set makes a strict function with one column.
func set(name string, result schema.Kind, generator func() Generator, params ...schema.Kind) Function {
	return Function{
		Function: builtin.Function{Name: name, Params: params, Result: schema.Of(result), Strict: true},
		New:      func([]schema.Type, []schema.Field) Generator { return generator() },
	}
}

// optional makes a function whose last argument may be left out.
func (f Function) optional() Function {
	f.Optional = 1
	return f
}

// called makes a function that sees NULL arguments.
func (f Function) called() Function {
	f.Strict = false
	return f
}

func (f Function) column(name string) Function {
	f.Column = name
	return f
}

// members makes a function whose columns are fields.
func (f Function) members(fields ...schema.Field) Function {
	f.Result, f.Members = schema.RowOf(fields...), true
	return f
}

func (f Function) resultType(t schema.Type) Function {
	f.Result = t
	return f
}
