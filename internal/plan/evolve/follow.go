package evolve

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	expr "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Progress is how far the run had got whose state is gone on from.
type Progress struct {
	// Latest is the largest event time that was read of each source, in µs, by the names of the old plan; Clock the processing time.
	Latest map[string]int64
	Clock  int64
	// Watermarks are those of steps, in µs, by the names of the old plan.
	Watermarks map[string]int64
}

// Follow makes the plan that was compared with old ready to go on from old's state: its steps know how to read what is stored of them. What later plans have to know
// is noted in its description. The error is for state that this release cannot rewrite.
func (e *Evolution) Follow(plan *physical.Plan, old *Description, at Progress) error {
	for _, stage := range plan.Stages {
		c := e.stepChange(stage.Head.Name)
		if c == nil || c.wasStep == nil || c.Verdict == Reset {
			continue
		}
		e.since(stage.Head, c, old, at)
		gone(stage.Head, c, at)
		if c.wasStep.Form != c.step.Form {
			stage.Head.Showed = physical.FormerShowing(c.wasStep.Form)
		}
		if c.Verdict != Transformed || c.widened {
			continue
		}
		if c.replay {
			stage.Head.Former = &physical.Former{Replay: true}
			continue
		}
		f, err := former(stage.Head, c)
		if err == nil && c.reshape {
			stage.Head.Showed, _ = physical.Reshapes(c.wasStep.Form, c.step.Form, c.step.Keys-windowKeys)
			f.Form = c.wasStep.Form
		}
		if err == nil {
			f.Closed = ended(stage.Head, c.wasStep, at, 0)
		}
		if err != nil {
			return fmt.Errorf("step %q: %w", c.Name, err)
		}
		stage.Head.Former = f
	}
	return nil
}

// stepChange returns what becomes of a step of the new plan.
func (e *Evolution) stepChange(name string) *Change {
	for _, c := range e.Steps {
		if c.step != nil && c.Name == name {
			return c
		}
	}
	return nil
}

// since notes for which windows calls are NULL.
func (e *Evolution) since(step *physical.Step, c *Change, old *Description, at Progress) {
	if c.step.Window == "" || c.step.Kind != "aggregate" {
		return
	}
	latest := int64(math.MinInt64)
	if a, ok := step.Node.(*logical.Aggregate); ok && a.Window != nil && a.Window.Processing {
		latest = at.Clock
	} else {
		for _, name := range old.sourcesOf(c.wasStep, e.refs, map[string]bool{}) {
			if t, ok := at.Latest[name]; ok {
				latest = max(latest, t)
			}
		}
	}
	times := make([]int64, len(c.step.Calls))
	asked := false
	for i := range c.step.Calls {
		call := &c.step.Calls[i]
		switch k := c.calls[i]; {
		case k >= 0:
			call.Since = c.wasStep.Calls[k].Since
		case latest > math.MinInt64:
			call.Since = &latest
		}
		times[i] = math.MinInt64
		if call.Since != nil {
			times[i], asked = *call.Since, true
		}
	}
	if asked {
		step.Since = times
	}
}

// windowKeys is how many keys of groups of windows are those of the window.
const windowKeys = 2

// ended is up to which end the windows of a step, from which another one goes on, had closed so long ago, in µs.
func ended(now *physical.Step, s *Step, at Progress, ago int64) int64 {
	watermark, known := at.Watermarks[s.Name]
	if a, ok := now.Node.(*logical.Aggregate); !ok || a.Window == nil || !a.Window.Timed || a.Window.Processing { // a watermark says nothing of them
		return math.MinInt64
	}
	lag := micros(s.Settings, "lag")
	if !known || lag > math.MaxInt64-ago || watermark < math.MinInt64+lag+ago {
		return math.MinInt64
	}
	return watermark - lag - ago
}

// micros is a setting of so many µs, 0 if there is none.
func micros(settings []Part, name string) int64 {
	text, _, _ := strings.Cut(value(settings, name), " ")
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// gone notes up to which end windows were forgotten where rows that are late may come for windows that end before.
func gone(step *physical.Step, c *Change, at Progress) {
	if c.step.Window == "" || c.step.Kind != "aggregate" || !c.step.Changes {
		return
	}
	const lateness = "lateness"
	c.step.Gone = c.wasStep.Gone
	if waited := micros(c.wasStep.Settings, lateness); micros(c.step.Settings, lateness) > waited {
		if end := ended(step, c.wasStep, at, waited); c.step.Gone == nil || end > *c.step.Gone {
			c.step.Gone = &end
		}
	}
	step.Gone = c.step.Gone
}

// sourcesOf are the sources that lead to a step.
func (d *Description) sourcesOf(s *Step, refs *references, seen map[string]bool) []string {
	var names []string
	if s == nil || seen[s.Name] {
		return nil
	}
	seen[s.Name] = true
	for _, in := range s.Inputs {
		for _, b := range in.Branches {
			for _, text := range refs.pattern.FindAllString(b.Base, -1) {
				switch r := refs.parse(text); r.kind {
				case "source":
					names = append(names, r.name)
				case "step":
					names = append(names, d.sourcesOf(d.step(r.name), refs, seen)...)
				}
			}
		}
	}
	return names
}

// former makes what rewrites the state of a step that is transformed.
func former(step *physical.Step, c *Change) (*physical.Former, error) {
	a, ok := step.Node.(*logical.Aggregate)
	if !ok {
		return nil, fmt.Errorf("internal error: its state cannot be transformed")
	}
	f := &physical.Former{From: c.calls, Changes: c.wasStep.Changes, Expires: c.wasStep.Expires, Announce: c.announce}
	for i, t := range c.wasStep.Inputs[0].Types {
		s, err := t.Schema()
		if err != nil {
			return nil, err
		}
		if i < c.wasStep.Keys {
			f.Keys = append(f.Keys, s)
		} else {
			f.Args = append(f.Args, s)
		}
	}
	for k := range c.wasStep.Calls {
		was := &c.wasStep.Calls[k]
		var function *expr.Function
		if i := slices.Index(c.calls, k); i >= 0 {
			function = a.Calls[i].Function
		} else if function = lookup(was.Function); function == nil {
			return nil, fmt.Errorf("this release of Wire has no function %s, whose state is dropped", was.Function)
		}
		f.Calls = append(f.Calls, formerCall(c.wasStep, was, function, f))
	}
	return f, nil
}

func formerCall(step *Step, was *Call, function *expr.Function, f *physical.Former) aggregate.Call {
	call := aggregate.Call{Function: function, Filter: aggregate.NoColumn, Distinct: was.Distinct}
	// A column may be a key, too: Args has a copy of it then.
	place := func(column int) int {
		if column >= step.Keys {
			return column - step.Keys
		}
		f.Args = append(f.Args, f.Keys[column])
		return len(f.Args) - 1
	}
	for _, a := range was.Args {
		call.Args = append(call.Args, place(a))
	}
	for _, k := range was.Order {
		call.OrderBy = append(call.OrderBy, keyed.Key{Column: place(k.Column), Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	if was.Filter >= 0 {
		call.Filter = place(was.Filter)
	}
	if was.Direct > 0 && function.Class == expr.OrderedSet {
		for i := range was.Direct {
			var constant *batch.Column
			if at := call.Args[i]; at < len(f.Args) {
				constant = physical.Constant(f.Args[at])
			}
			call.Direct = append(call.Direct, constant)
		}
	}
	return call
}

// lookup finds an aggregate by its signature.
func lookup(signature string) *expr.Function {
	name := signature
	for i, r := range signature {
		if r == '(' {
			name = signature[:i]
			break
		}
	}
	for _, f := range expr.Standard().Lookup(name) {
		if f.Signature() == signature {
			return f
		}
	}
	return nil
}

// Statistics are those that decisions about a source were made by, as plans have them; nil if there were none.
func (s *Source) logical() *logical.Statistics {
	if s.Statistics == nil {
		return nil
	}
	out := &logical.Statistics{Rows: s.Statistics.Rows, Exact: s.Statistics.Exact}
	for _, c := range s.Statistics.Columns {
		out.Columns = append(out.Columns, logical.ColumnStatistics(c))
	}
	return out
}

// Recall gives the sources of a plan that is to follow d, and has not been optimized, the statistics by which the decisions of d were made: those are made again, whatever is
// known by now. It reports whether a source is one of d's.
func (d *Description) Recall(s *logical.Source) bool {
	now := describeDeclared(s)
	for _, suits := range []func(o *Source) bool{
		func(o *Source) bool { return o.Name == now.Name && sameSource(o, now) },
		func(o *Source) bool { return sameSource(o, now) },
	} {
		for _, o := range d.Sources {
			if suits(o) {
				s.Statistics = o.logical()
				if st := s.Statistics; st != nil && len(st.Columns) > 0 {
					st.Columns = byName(st.Columns, o.Columns, s.Schema)
				}
				return true
			}
		}
	}
	return false
}

// byName brings statistics into the order of the columns of a schema.
func byName(statistics []logical.ColumnStatistics, was []Column, now *schema.Schema) []logical.ColumnStatistics {
	out := make([]logical.ColumnStatistics, now.Len())
	for i, f := range now.Fields {
		if at := slices.IndexFunc(was, func(c Column) bool { return c.Name == f.Name }); at >= 0 && at < len(statistics) {
			out[i] = statistics[at]
		}
	}
	return out
}
