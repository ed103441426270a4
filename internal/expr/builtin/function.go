package builtin

import (
	"slices"

	"wire.example/wire/sdk/schema"
)

// Any is the kind of a parameter that takes every type as it is.
const Any schema.Kind = 0xff

// Volatility says how far a result depends on the arguments alone.
type Volatility uint8

// Immutable results may be computed once; Stable ones hold for one statement; Volatile ones change from row to row.
const (
	Immutable Volatility = iota
	Stable
	Volatile
)

// Function is one signature of a function. Functions of one name with different parameters are overloads.
type Function struct {
	Name   string
	Params []schema.Kind
	// Optional is how many of the last parameters may be left out.
	Optional int
	// Variadic repeats the last parameter.
	Variadic   bool
	Result     schema.Type
	Volatility Volatility
	// Strict makes a NULL argument a NULL result; Call.Each then never sees it.
	Strict bool
	// ResultOf overrides Result where it depends on the arguments' types; nil otherwise.
	ResultOf func(args []schema.Type) schema.Type
	Eval     func(*Call)
}

// Accepts reports whether the function can take n arguments.
func (f *Function) Accepts(n int) bool {
	if f.Variadic {
		return n >= len(f.Params)
	}
	return n <= len(f.Params) && n >= len(f.Params)-f.Optional
}

// Param returns the kind of parameter i, repeating the last of a variadic one.
func (f *Function) Param(i int) schema.Kind { return f.Params[min(i, len(f.Params)-1)] }

// Registry finds functions by name. It is immutable and may be shared.
type Registry struct {
	byName map[string][]*Function
}

// NewRegistry returns a registry of the functions in all lists.
func NewRegistry(lists ...[]Function) *Registry {
	r := &Registry{byName: map[string][]*Function{}}
	for _, list := range lists {
		for i := range list {
			f := &list[i]
			r.byName[f.Name] = append(r.byName[f.Name], f)
		}
	}
	return r
}

// Standard returns a registry of the whole library.
func Standard() *Registry {
	return NewRegistry(textFunctions())
}

// Lookup returns the overloads of name, nil if there is none.
func (r *Registry) Lookup(name string) []*Function { return r.byName[name] }

// Names returns all names, sorted. Names that are operators, not identifiers, are left out.
func (r *Registry) Names() []string {
	var names []string
	for name := range r.byName {
		if c := name[0]; c >= 'a' && c <= 'z' {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// fn makes a strict immutable function: what most are.
func fn(name string, result schema.Kind, eval func(*Call), params ...schema.Kind) Function {
	return Function{Name: name, Params: params, Result: schema.Of(result), Strict: true, Eval: eval}
}

func (f Function) optional(n int) Function {
	f.Optional = n
	return f
}
