package catalog

import (
	"slices"

	"wire.example/wire/internal/sql/ast"
)

// Catalog is a set of objects by name.
type Catalog struct {
	byName map[string]Object
	// order is the names in the order in which they were added.
	order []string
}

// New returns an empty catalog.
func New() *Catalog { return &Catalog{byName: map[string]Object{}} }

// Find returns the object called name, or nil.
func (c *Catalog) Find(name string) Object { return c.byName[name] }

// Put adds an object, in the place of one with its name if there is one.
func (c *Catalog) Put(o Object) {
	name := o.ObjectName()
	if c.byName[name] == nil {
		c.order = append(c.order, name)
	}
	c.byName[name] = o
}

// Remove takes an object out.
func (c *Catalog) Remove(name string) {
	delete(c.byName, name)
	c.order = slices.DeleteFunc(c.order, func(n string) bool { return n == name })
}

// All returns the objects of a kind, ast.AnyObject being all, in the order in which they were added.
func (c *Catalog) All(kind ast.ObjectKind) []Object {
	var all []Object
	for _, name := range c.order {
		if o := c.byName[name]; kind == ast.AnyObject || o.Kind() == kind {
			all = append(all, o)
		}
	}
	return all
}

// Names returns the names of the objects of any of kinds, in the order in which they were added.
func (c *Catalog) Names(kinds ...ast.ObjectKind) []string {
	var names []string
	for _, name := range c.order {
		if slices.Contains(kinds, c.byName[name].Kind()) {
			names = append(names, name)
		}
	}
	return names
}

// Dependents returns the objects that read the one called name, directly or through others, each after those that read it.
func (c *Catalog) Dependents(name string) []Object {
	var out []Object
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		for _, o := range c.All(ast.AnyObject) {
			if !seen[o.ObjectName()] && slices.Contains(o.DependsOn(), name) {
				seen[o.ObjectName()] = true
				visit(o.ObjectName())
				out = append(out, o)
			}
		}
	}
	visit(name)
	return out
}
