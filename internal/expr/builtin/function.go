package builtin

import (
	"slices"
	"sync"

	"wire.example/wire/sdk/schema"
)

// The kinds of parameters that no single type has.
const (
	// Any takes every type as it is.
	Any schema.Kind = 0xff
	// Elem takes what can become an element of the arrays among the arguments. A function with such a parameter, or with several of kind
	// schema.Array, gets arrays of one type and elements of that type.
	Elem schema.Kind = 0xfe
	// TextArray takes TEXT[] only.
	TextArray schema.Kind = 0xfd
	// NonArray takes every type but arrays.
	NonArray schema.Kind = 0xfc
	// DoubleArray takes DOUBLE PRECISION[], and arrays of what becomes one by itself.
	DoubleArray schema.Kind = 0xfb
)

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
	Name string
	// Family is the part of the library that the function belongs to; Doc says in a line what it does. Both are for readers.
	Family string
	Doc    string
	Params []schema.Kind
	// ParamNames are the names by which arguments may be given; nil if none may. Such functions take a 0 for what is left out.
	ParamNames []string
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
	// Clock makes the result the processing time of the program that calls, a TIMESTAMPTZ; there is no Eval then.
	Clock bool
}

// Accepts reports whether the function can take n arguments.
func (f *Function) Accepts(n int) bool {
	if f.Variadic {
		return n >= len(f.Params)-f.Optional
	}
	return n <= len(f.Params) && n >= len(f.Params)-f.Optional
}

// Param returns the kind of parameter i, repeating the last of a variadic one.
func (f *Function) Param(i int) schema.Kind { return f.Params[min(i, len(f.Params)-1)] }

// KindName is the name of a parameter's kind, as PostgreSQL writes it where it is short.
func KindName(k schema.Kind) string {
	switch k {
	case Any:
		return "any"
	case NonArray:
		return "any but array"
	case Elem:
		return "element"
	case TextArray:
		return "text[]"
	case DoubleArray:
		return "double precision[]"
	case schema.Array:
		return "array"
	default:
		return k.PgName()
	}
}

// ByName sorts the elements of lists by name; those of one name keep their order. The pointers lead into the lists.
func ByName[F any](name func(*F) string, lists ...[]F) map[string][]*F {
	byName := map[string][]*F{}
	for _, list := range lists {
		for i := range list {
			f := &list[i]
			byName[name(f)] = append(byName[name(f)], f)
		}
	}
	return byName
}

// Registry finds functions by name. It is immutable and may be shared.
type Registry struct {
	byName map[string][]*Function
}

// NewRegistry returns a registry of the functions in all lists.
func NewRegistry(lists ...[]Function) *Registry {
	return &Registry{byName: ByName(func(f *Function) string { return f.Name }, lists...)}
}

// Standard returns the registry of the whole library.
func Standard() *Registry { return standard() }

//nolint:gochecknoglobals // immutable, made once
var standard = sync.OnceValue(func() *Registry { return NewRegistry(All()) })

// family is a part of the library.
type family struct {
	name string
	list []Function
}

func families() []family {
	return []family{
		{"Text", append(textFunctions(), formatFunctions()...)},
		{"Regular expressions", patternFunctions()},
		{"Bytes, hashes and UUIDs", bytesFunctions()},
		{"Numbers", append(mathFunctions(), bitFunctions()...)},
		{"Dates and times", slices.Concat(timeOperators(), timeFunctions(), zoneFunctions(), overlapFunctions())},
		{"JSON", append(jsonOperators(), jsonFunctions()...)},
		{"Arrays", arrayFunctions()},
		{"Any type", anyFunctions()},
	}
}

// Lookup returns the overloads of name, nil if there is none.
func (r *Registry) Lookup(name string) []*Function { return r.byName[name] }

// All returns all functions, by family and then in the order of the library.
func All() []Function {
	var all []Function
	for _, f := range families() {
		for _, fn := range f.list {
			fn.Family, fn.Doc = f.name, docOf(f.name, fn.Name)
			all = append(all, fn)
		}
	}
	return all
}

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

func (f Function) volatile() Function {
	f.Volatility = Volatile
	return f
}

// called makes a function that sees NULL arguments.
func (f Function) called() Function {
	f.Strict = false
	return f
}

func (f Function) variadic() Function {
	f.Variadic = true
	return f
}

func (f Function) resultOf(rule func([]schema.Type) schema.Type) Function {
	f.ResultOf = rule
	return f
}

func (f Function) resultType(t schema.Type) Function {
	f.Result = t
	return f
}
