package aggregate

import (
	"maps"
	"slices"
	"sync"

	"wire.example/wire/internal/expr/builtin"
)

// Registry finds aggregates by name. It is immutable and may be shared.
type Registry struct {
	byName map[string][]*Function
}

// NewRegistry returns a registry of the functions in all lists.
func NewRegistry(lists ...[]Function) *Registry {
	return &Registry{byName: builtin.ByName(func(f *Function) string { return f.Name }, lists...)}
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
		{"Aggregates", slices.Concat(countFunctions(), sumFunctions(), extremeFunctions(), boolFunctions(), bitFunctions(), collectFunctions())},
		{"Aggregates for statistics", slices.Concat(varianceFunctions(), regressionFunctions())},
		{"Ordered-set aggregates", slices.Concat(percentileFunctions(), modeFunctions())},
		{"Hypothetical-set aggregates", rankFunctions()},
		{"Approximate aggregates", approximateFunctions()},
	}
}

// All returns all functions, by family and then in the order of the library.
func All() []Function {
	var all []Function
	for _, f := range families() {
		for _, fn := range f.list {
			fn.Family, fn.Doc = f.name, docs[fn.Name]
			all = append(all, fn)
		}
	}
	return all
}

// Lookup returns the overloads of name, nil if no aggregate is called so.
func (r *Registry) Lookup(name string) []*Function { return r.byName[name] }

// Names returns all names, sorted.
func (r *Registry) Names() []string {
	return slices.Sorted(maps.Keys(r.byName))
}
