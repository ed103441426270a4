package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

// Class is the way an aggregate is called.
type Class uint8

// The classes.
const (
	// Plain aggregates are called as f(x, … [ORDER BY …]).
	Plain Class = iota
	// OrderedSet aggregates are called as f(direct, …) WITHIN GROUP (ORDER BY x).
	OrderedSet
	// HypotheticalSet aggregates are called as f(x, …) WITHIN GROUP (ORDER BY y, …), with as many x as y.
	HypotheticalSet
)

// Order says what the order of a group's rows does to the answer.
type Order uint8

// The uses of order.
const (
	// AnyOrder: the answer does not depend on it, and an ORDER BY may be dropped.
	AnyOrder Order = iota
	// ShownOrder: the answer shows it: that of ORDER BY, else that in which the rows came.
	ShownOrder
	// SortedOrder: the answer is made by a Scan over the rows of a group, sorted by the call's keys, instead of a State.
	SortedOrder
)

// Retraction says how rows that were added are taken back.
type Retraction uint8

// The ways to take rows back.
const (
	// ByRetract: State.Retract does it.
	ByRetract Retraction = iota
	// ByValues: whoever may have to take rows back keeps the values of the arguments in order, each with its number, and the answer is made anew from
	// what is left.
	ByValues
	// ByRows: as ByValues, but the rows are kept in the order of the call's keys, else in that in which they came.
	ByRows
)

// Function is one signature of an aggregate. Functions of one name with different parameters are overloads.
type Function struct {
	// Function is the signature, as that of any function: names, parameters, the result's type, documentation. It has no Eval. Strict says that rows in
	// which an argument is NULL change nothing.
	builtin.Function
	Class Class
	// Direct is how many parameters stand before WITHIN GROUP; of a HypotheticalSet it is half of the arguments.
	Direct int
	// Star says that the function is called with * for arguments.
	Star bool
	// Order says what the order of rows does.
	Order Order
	// IgnoresRepeats says that DISTINCT changes nothing.
	IgnoresRepeats bool
	// Retraction says how rows are taken back.
	Retraction Retraction
	// Mergeable says that the answer does not depend on how the rows were split and in which order the parts were merged.
	Mergeable bool
	// ZeroIfEmpty says that the answer over no rows is 0 instead of NULL, ValueIfEmpty that it is another value, which Result of an empty slot gives.
	ZeroIfEmpty, ValueIfEmpty bool

	state func(*Spec) State
	scan  func(*Spec) Scan
}

// ResultType returns the type of the answer for arguments of types args, which Resolve has cast.
func (f *Function) ResultType(args []schema.Type) schema.Type {
	if f.ResultOf != nil {
		return f.ResultOf(args)
	}
	return f.Result
}

// DirectArgs returns how many of n arguments stand before WITHIN GROUP.
func (f *Function) DirectArgs(n int) int {
	if f.Class == HypotheticalSet {
		return n / 2
	}
	return f.Direct
}

// plain makes a strict function whose rows can be taken back and whose parts can be merged: what most are.
func plain(name string, result schema.Kind, params ...schema.Kind) Function {
	return Function{
		Function:  builtin.Function{Name: name, Params: params, Result: schema.Of(result), Strict: true},
		Mergeable: true,
	}
}

// by sets what makes the state.
func (f Function) by(state func(*Spec) State) Function {
	f.state = state
	return f
}

// scanned sets what makes the scan.
func (f Function) scanned(scan func(*Spec) Scan) Function {
	f.scan = scan
	return f
}

// called makes a function that sees NULL arguments.
func (f Function) called() Function {
	f.Strict = false
	return f
}

func (f Function) resultOf(rule func([]schema.Type) schema.Type) Function {
	f.ResultOf = rule
	return f
}

func (f Function) zeroIfEmpty() Function {
	f.ZeroIfEmpty = true
	return f
}

func (f Function) ignoresRepeats() Function {
	f.IgnoresRepeats = true
	return f
}

func (f Function) byValues() Function {
	f.Retraction = ByValues
	return f
}

// inOrder makes a function that shows the order of its rows.
func (f Function) inOrder() Function {
	f.Order, f.Retraction, f.Mergeable = ShownOrder, ByRows, false
	return f
}

// sorted makes a function of a class that takes its rows sorted.
func (f Function) sorted(class Class, direct int) Function {
	f.Class, f.Direct, f.Order, f.Retraction, f.Mergeable = class, direct, SortedOrder, ByValues, false
	return f
}

// unmodified is t without the modifiers that no aggregate keeps.
func unmodified(t schema.Type) schema.Type {
	switch t.Kind {
	case schema.Array:
		return schema.ArrayOf(unmodified(*t.Elem))
	case schema.Row:
		return t
	default:
		return schema.Of(t.Kind)
	}
}

// argument is the rule of a result that has the type of argument i.
func argument(i int) func([]schema.Type) schema.Type {
	return func(args []schema.Type) schema.Type { return unmodified(args[i]) }
}

// arrayOfArgument is the rule of a result that is an array of argument i.
func arrayOfArgument(i int) func([]schema.Type) schema.Type {
	return func(args []schema.Type) schema.Type { return schema.ArrayOf(unmodified(args[i])) }
}
