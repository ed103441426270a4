package window

import (
	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

// Kind says what a window function computes.
type Kind uint8

// The kinds. Those from FirstValue on see the frame of a row; the others see its partition.
const (
	// RowNumber counts the rows of the partition.
	RowNumber Kind = iota
	// Rank is the RowNumber of the first peer; DenseRank counts the groups of peers.
	Rank
	DenseRank
	// PercentRank is (rank-1)/(rows-1), 0 in a partition of one row; CumeDist the share of rows up to the last peer.
	PercentRank
	CumeDist
	// Ntile deals the partition to as many parts as the argument says.
	Ntile
	// Lag and Lead are a value so many rows before or behind.
	Lag
	Lead
	// FirstValue, LastValue and NthValue are values of rows of the frame.
	FirstValue
	LastValue
	NthValue
	// Aggregate is an aggregate over the frame.
	Aggregate
)

// Function is one signature of a window function. Functions of one name with different parameters are overloads.
type Function struct {
	// Function is the signature, as that of any function. It has no Eval.
	builtin.Function
	Kind Kind
	// Aggregate is the aggregate of kind Aggregate, else nil.
	Aggregate *aggregate.Function
}

// Framed reports whether the answer depends on the frame.
func (f *Function) Framed() bool { return f.Kind >= FirstValue }

// ResultType returns the type of the answer for arguments of types args, which Resolve has cast.
func (f *Function) ResultType(args []schema.Type) schema.Type {
	switch {
	case f.Aggregate != nil:
		return f.Aggregate.ResultType(args)
	case f.ResultOf != nil:
		return f.ResultOf(args)
	default:
		return f.Result
	}
}

// functions are those that are no aggregates.
func functions() []Function {
	position := func(name string, kind Kind, result schema.Kind, params ...schema.Kind) Function {
		return Function{Kind: kind, Function: builtin.Function{Name: name, Params: params, Result: schema.Of(result)}}
	}
	value := func(name string, kind Kind, params ...schema.Kind) Function {
		f := position(name, kind, schema.Null, params...)
		f.ResultOf = func(args []schema.Type) schema.Type { return args[0] }
		return f
	}
	const anything, integer = builtin.Any, schema.Int32
	return []Function{
		position("row_number", RowNumber, schema.Int64), position("rank", Rank, schema.Int64), position("dense_rank", DenseRank, schema.Int64),
		position("percent_rank", PercentRank, schema.Float64), position("cume_dist", CumeDist, schema.Float64),
		position("ntile", Ntile, schema.Int32, integer),
		value("lag", Lag, anything), value("lag", Lag, anything, integer), value("lag", Lag, anything, integer, anything),
		value("lead", Lead, anything), value("lead", Lead, anything, integer), value("lead", Lead, anything, integer, anything),
		value("first_value", FirstValue, anything), value("last_value", LastValue, anything), value("nth_value", NthValue, anything, integer),
	}
}

// docs says in a line what each function answers.
//
//nolint:gochecknoglobals // immutable table
var docs = map[string]string{
	"row_number":   "Number of the row in its partition.",
	"rank":         "Number of the first row that is equal in the order, with gaps behind equal rows.",
	"dense_rank":   "Number of the group of rows that are equal in the order, without gaps.",
	"percent_rank": "(rank - 1) / (rows - 1): 0 for the first rows, 1 for the last.",
	"cume_dist":    "Share of the rows that come before or are equal.",
	"ntile":        "Number of the part, of n parts as equal as can be, that the row is in.",
	"lag":          "The value a number of rows before, 1 unless given; NULL or the third argument where there is no such row.",
	"lead":         "The value a number of rows behind, 1 unless given; NULL or the third argument where there is no such row.",
	"first_value":  "The value in the first row of the frame.",
	"last_value":   "The value in the last row of the frame.",
	"nth_value":    "The value in row n of the frame, counted from 1.",
}
