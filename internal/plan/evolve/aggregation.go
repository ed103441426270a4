package evolve

import (
	expr "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

// Layout is how the aggregation that a step is lays out what it stores of groups.
type Layout uint8

// The layouts.
const (
	InGroups Layout = iota
	InWindows
	InSessions
	InSlices  // Windows over slices
	InRevised // Windows over slices whose answers change
)

// Aggregation is the aggregation that has left the state of a step.
type Aggregation struct {
	// Config is what its entries follow from. Columns are those of the input, as the description has them.
	Config aggregate.Config
	Layout Layout
	// Alone says that there is one group, which has no key and is in no table.
	Alone bool
	// Times are the types of the start and the end of a window, if groups are of windows.
	Times [2]schema.Type
}

// Aggregation returns the aggregation that a step is; nil if it is none, or has a function that this release does not have.
func (s *Step) Aggregation() *Aggregation {
	layouts := map[string]Layout{
		"groups": InGroups, "windows": InWindows, "sessions": InSessions,
		physical.SlicesForm: InSlices, physical.RevisedForm: InRevised, physical.CorrectedForm: InRevised,
	}
	layout, known := layouts[s.Form]
	if s.Kind != "aggregate" || !known || len(s.Inputs) != 1 || layout != InGroups && s.Keys < windowKeys {
		return nil
	}
	a := &Aggregation{Layout: layout, Config: aggregate.Config{Name: s.Name, Changes: s.Changes, Retracts: s.Retracts}}
	c := &a.Config
	for i, t := range s.Inputs[0].Types {
		typ, err := t.Schema()
		if err != nil {
			return nil
		}
		if c.Types = append(c.Types, typ); i < s.Keys {
			c.Keys = append(c.Keys, i)
		}
	}
	if s.part("grouping sets") != "" { // which, entries do not say
		c.Sets = [][]int{{}}
	}
	if layout == InGroups && s.Expires {
		c.TTL = 1
	}
	own := s.Keys
	if layout != InGroups {
		own -= windowKeys
		a.Times = [2]schema.Type{c.Types[own], c.Types[own+1]}
	}
	a.Alone = own == 0 && c.Sets == nil && (layout == InGroups || layout == InSessions)
	for i := range s.Calls {
		call, ok := s.Calls[i].stored(c.Types)
		if !ok {
			return nil
		}
		c.Calls = append(c.Calls, call)
	}
	return a
}

// stored is a call over columns of some types, as an operator has it.
func (c *Call) stored(types []schema.Type) (call aggregate.Call, ok bool) {
	call = aggregate.Call{Function: lookup(c.Function), Args: c.Args, Filter: aggregate.NoColumn, Distinct: c.Distinct}
	if call.Function == nil || !call.Function.Accepts(len(c.Args)) {
		return call, false
	}
	if c.Filter >= 0 {
		call.Filter = c.Filter
	}
	for _, a := range c.Args {
		call.ArgTypes = append(call.ArgTypes, types[a])
	}
	for _, k := range c.Order {
		call.OrderBy = append(call.OrderBy, keyed.Key{Column: k.Column, Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	if call.Function.Class == expr.OrderedSet {
		for i := range c.Direct {
			call.Direct = append(call.Direct, physical.Constant(call.ArgTypes[i]))
		}
	}
	return call, true
}
