package evolve

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// Describe makes a description of a plan. plannedFor is the parallelism that its decisions were made for; hidden are values that do not stand in it, as those that references stood for.
func Describe(p *physical.Plan, plannedFor int, hidden []string) *Description {
	d := &describer{
		out: &Description{PlannedFor: plannedFor},
		meanings: &meanings{
			refs: newReferences(), sources: map[*logical.Source]string{}, steps: map[logical.Node]string{}, done: map[logical.Node][]Branch{}, hidden: hiding(hidden),
		},
	}
	for _, s := range p.Sources {
		d.meanings.sources[s.Declared] = s.Name
		d.out.Sources = append(d.out.Sources, describeSource(s))
	}
	for _, s := range p.Stages {
		if s.Head.Node != nil && !s.Head.Split {
			d.meanings.steps[s.Head.Node] = s.Head.Name
		}
	}
	for _, s := range p.Stages {
		if s.Head.Node != nil {
			d.out.Steps = append(d.out.Steps, d.step(s.Head))
		}
	}
	d.sinks(p)
	return d.out
}

// describer makes a description.
type describer struct {
	out      *Description
	meanings *meanings
}

func describeSource(s *physical.Source) *Source {
	out := describeDeclared(s.Declared)
	out.Name = s.Name
	if st := s.Declared.Statistics; st != nil {
		out.Statistics = &Statistics{Rows: st.Rows, Exact: st.Exact}
		for _, c := range st.Columns {
			out.Statistics.Columns = append(out.Statistics.Columns, ColumnStatistics(c))
		}
	}
	return out
}

// describeDeclared describes a source but for its statistics.
func describeDeclared(from *logical.Source) *Source {
	out := &Source{
		Name: from.Name, Connector: from.Type.Name, Delay: from.Delay, Idle: from.IdleAfter, Drift: from.Drift, Changes: from.Changes.String(), Key: from.Key,
		Columns: columnsOf(from.Schema),
	}
	out.Meaning, out.Tuning = options(from.Config, "")
	if f := from.Format; f != nil {
		out.Format = f.Type.Name
		meaning, tuning := options(f.Config, f.Type.Name+".")
		addAll(out.Meaning, meaning)
		addAll(out.Tuning, tuning)
	}
	switch {
	case from.Times != nil:
		out.Time = fmt.Sprint(from.Times)
	case from.EventTime >= 0:
		out.Time = from.Schema.Fields[from.EventTime].Name
	}
	return out
}

func addAll(to, from map[string]string) {
	for k, v := range from {
		to[k] = v
	}
}

func columnsOf(s *schema.Schema) []Column {
	if s == nil {
		return nil
	}
	out := make([]Column, 0, s.Len())
	for _, f := range s.Fields {
		out = append(out, Column{f.Name, TypeOf(f.Type)})
	}
	return out
}

// options are checksums of what the options of a connector or a format say.
func options(config any, prefix string) (meaning, tuning map[string]string) {
	meaning, tuning = map[string]string{}, map[string]string{}
	if config == nil {
		return meaning, tuning
	}
	for _, o := range connector.Describe(config) {
		if o.Secret {
			continue
		}
		to := meaning
		if o.Tuning {
			to = tuning
		}
		to[prefix+o.Name] = sum(fmt.Append(nil, connector.Value(config, o)))
	}
	return meaning, tuning
}

// pathOption is the option that says where a sink writes, if it writes files.
const pathOption = "path"

// placesOf are checksums of the path of a sink in the ways in which it may be written: cleaned, first, and from the root of the file system, and from the working directory.
func placesOf(config any) (places []string) {
	if config == nil {
		return nil
	}
	for _, o := range connector.Describe(config) {
		if o.Name != pathOption || o.Secret {
			continue
		}
		path := fmt.Sprint(connector.Value(config, o))
		if path == "" {
			continue
		}
		ways := []string{filepath.Clean(path)}
		if absolute, err := filepath.Abs(path); err == nil {
			ways = append(ways, absolute)
			if here, err := filepath.Abs("."); err == nil {
				if relative, err := filepath.Rel(here, absolute); err == nil {
					ways = append(ways, relative)
				}
			}
		}
		for _, way := range ways {
			places = append(places, sum([]byte(way)))
		}
	}
	return places
}

func (d *describer) sinks(p *physical.Plan) {
	add := func(s *physical.Sink, dead bool) {
		out := &Sink{Name: s.Name, Connector: s.Type.Name, Columns: columnsOf(s.Encode.Schema), DeadLetters: dead, Changes: "append-only"}
		out.Meaning, out.Tuning = options(s.Config, "")
		out.places = placesOf(s.Config)
		if len(out.places) > 0 {
			out.Place = out.places[0]
		}
		switch {
		case s.Encode.Upserts:
			out.Changes = "upsert"
		case s.Encode.Changelog:
			out.Changes = "changelog"
		}
		if s.FormatType != nil {
			out.Format = s.FormatType.Type.Name
			_, tuning := options(s.FormatType.Config, out.Format+".")
			addAll(out.Tuning, tuning)
		}
		d.out.Sinks = append(d.out.Sinks, out)
	}
	for _, s := range p.Sinks {
		add(s, false)
		d.out.Sinks[len(d.out.Sinks)-1].Computed = d.computed(s.Input)
		d.reach(s.Input, s.Name, map[logical.Node]bool{})
	}
	if p.DeadLetters != nil {
		add(p.DeadLetters, true)
	}
}

// computed is the checksum of how the rows of n come about, from the sources and the steps with state on. Names in it are those of the plan.
func (d *describer) computed(n logical.Node) string {
	text, err := json.Marshal(d.meanings.of(n))
	if err != nil {
		panic(err) // texts and lists of them
	}
	return sum(text)
}

// reach notes that the rows of n and of what leads to it go to a sink.
func (d *describer) reach(n logical.Node, sink string, seen map[logical.Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	if name, ok := d.meanings.steps[n]; ok {
		for _, s := range d.out.Steps {
			if s.Name == name || s.Name == name+distinctStep {
				s.Sinks = append(s.Sinks, sink)
			}
		}
	}
	for _, in := range n.Inputs() {
		d.reach(in, sink, seen)
	}
}

// distinctStep is behind the name of a step in that of the one that looks up its values of DISTINCT.
const distinctStep = ".distinct"

// before are the steps with state that lead to n.
func (d *describer) before(n logical.Node) []string {
	var names []string
	seen := map[logical.Node]bool{}
	var visit func(logical.Node)
	visit = func(n logical.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if name, ok := d.meanings.steps[n]; ok {
			names = append(names, name)
			return
		}
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	for _, in := range n.Inputs() {
		visit(in)
	}
	slices.Sort(names)
	return names
}

// stepMaker collects what a step's state follows from.
type stepMaker struct {
	*Step
	refs *references
}

func (s *stepMaker) set(name, value string) {
	if value != "" {
		s.Parts = append(s.Parts, Part{name, s.refs.shorten(value)})
	}
}

// may notes what may change without a word.
func (s *stepMaker) may(name, value string) {
	if value != "" {
		s.Settings = append(s.Settings, Part{name, value})
	}
}

func (s *stepMaker) mayMicros(name string, v int64) {
	if v != 0 {
		s.may(name, fmt.Sprintf("%d µs", v))
	}
}

func (s *stepMaker) flag(name string, v bool) {
	if v {
		s.set(name, "yes")
	}
}

func (d *describer) step(p *physical.Step) *Step {
	s := &stepMaker{Step: &Step{Name: p.Name, After: d.before(p.Node)}, refs: d.meanings.refs}
	if a, ok := p.Node.(*logical.Aggregate); ok {
		d.aggregate(s, a, p)
		return s.Step
	}
	for _, in := range p.Node.Inputs() {
		s.Inputs = append(s.Inputs, d.whole(in))
	}
	switch n := p.Node.(type) {
	case *logical.Join:
		d.join(s, n)
	case *logical.Sort:
		d.sort(s, n)
	case *logical.Limit:
		s.Kind, s.Form = limitForm, limitForm
		s.set("limit", fmt.Sprintf("%d after %d", n.Limit, n.Offset))
	case *logical.SetOp:
		s.Kind, s.Form = n.Kind.String(), "set operation"
		s.set("kind", fmt.Sprint(n.Kind, map[bool]string{true: " ALL"}[n.All]))
		s.Changes, s.Expires = n.Changing, n.TTL != 0
		s.mayMicros("time to live", n.TTL)
	case *logical.Over:
		d.over(s, n)
	case *logical.Normalize:
		s.Kind, s.Form = "normalize", "last rows"
		s.set("key", d.columns(n.Input, n.Key))
		s.flag("changelog", n.Changelog)
		s.flag("upserts", n.Upserts)
		s.Expires = n.TTL != 0
		s.mayMicros("time to live", n.TTL)
	case *logical.Fold:
		s.Kind, s.Form = "fold", "fold"
	case *logical.Sessions:
		s.Kind, s.Form = "sessions", "held rows"
		s.set("key", d.columns(n.Input, n.Keys))
		s.set("window", d.columns(n.Input, []int{n.Start, n.End}))
		s.Retracts = n.Retracts
		s.mayMicros("lag", n.Lag)
	default:
		panic(fmt.Sprintf("evolve: no description of %T", n))
	}
	return s.Step
}

// whole is an input of which all columns count.
func (d *describer) whole(n logical.Node) Input {
	in := Input{}
	for _, b := range d.meanings.of(n) {
		in.Branches = append(in.Branches, b.clone())
	}
	for _, f := range n.Schema().Fields {
		in.Types = append(in.Types, TypeOf(f.Type))
	}
	return in
}

// names are the meanings of columns of n, in its first branch.
func (d *describer) columns(n logical.Node, columns []int) string {
	all := d.meanings.of(n)[0].Columns
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = all[c]
	}
	return strings.Join(out, ", ")
}

func (d *describer) order(n logical.Node, keys []logical.SortKey) string {
	all := d.meanings.of(n)[0].Columns
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = all[k.Column] + map[bool]string{true: " DESC"}[k.Desc] + map[bool]string{true: " NULLS FIRST"}[k.NullsFirst]
	}
	return strings.Join(out, ", ")
}

// What Step.Held says.
const (
	heldDated = "dated"
	heldPlain = "plain"
)

func (d *describer) join(s *stepMaker, n *logical.Join) {
	s.Kind, s.Form = "join", n.Strategy.String()
	if n.Strategy == logical.HashJoin || n.Strategy == logical.BroadcastJoin || n.Strategy == logical.NestedLoop {
		s.Form += map[bool]string{true: ", build left", false: ", build right"}[n.BuildLeft]
	}
	left, right := d.meanings.of(n.Left)[0].Columns, d.meanings.of(n.Right)[0].Columns
	both := slices.Concat(left, right)
	var on []string
	for _, k := range n.Keys {
		on = append(on, left[k.Left]+map[bool]string{true: " IS NOT DISTINCT FROM ", false: " = "}[k.NullSafe]+right[k.Right]+map[bool]string{true: " or unknown"}[k.Unknown])
	}
	fields := schema.New(slices.Concat(n.Left.Schema().Fields, n.Right.Schema().Fields)...)
	if n.Condition != nil {
		for _, c := range bind.Conjuncts(n.Condition) {
			on = append(on, d.meanings.text(c, fields, both))
		}
	}
	s.set("condition", strings.Join(on, " AND "))
	s.set("kind of join", n.Kind.String())
	if n.AsOf != nil {
		s.set("as of", d.meanings.text(n.AsOf, n.Left.Schema(), left))
	}
	if n.Bounds != nil {
		s.set("bounds", n.Bounds.String()+" of "+left[n.Bounds.Left]+" and "+right[n.Bounds.Right])
	}
	if t := n.Temporal; t != nil {
		s.set("versions", fmt.Sprint(t.Processing, t.Upsert, " by ", d.columns(n.Right, t.Key)))
	}
	s.flag("guarded", n.Guarded)
	if n.Strategy == logical.ChangingJoin {
		s.set("sides", fmt.Sprint(n.Appends, n.Unique))
	}
	s.set("order", d.order(n.Left, n.Order))
	if n.Strategy == logical.HashJoin {
		s.Held = map[bool]string{true: heldDated, false: heldPlain}[n.Dated]
	}
	s.Expires = n.TTLs != [2]int64{}
	for i, side := range []string{"left", "right"} {
		s.mayMicros("time to live, "+side, n.TTLs[i])
		s.mayMicros("lag, "+side, n.Lags[i])
	}
	d.used(s, n)
}

// used notes which columns of the sides are kept.
func (d *describer) used(s *stepMaker, n *logical.Join) {
	width := n.Left.Schema().Len()
	used := make([]bool, width+n.Right.Schema().Len())
	for i := range used {
		switch {
		case i >= width && (n.Kind.KeepsLeftOnly() || n.Kind == logical.Mark):
		default:
			used[i] = len(n.Need) == 0 || n.Need[i]
		}
	}
	for _, k := range n.Keys {
		used[k.Left], used[width+k.Right] = true, true
	}
	if n.Condition != nil {
		for _, path := range bind.Paths(n.Condition) {
			used[path[0]] = true
		}
	}
	if n.Bounds != nil {
		used[n.Bounds.Left], used[width+n.Bounds.Right] = true, true
	}
	if t := n.Temporal; t != nil && !t.Processing {
		used[t.Left], used[width+t.Right] = true, true
	}
	s.Inputs[0].Used, s.Inputs[1].Used = used[:width], used[width:]
}

func (d *describer) sort(s *stepMaker, n *logical.Sort) {
	s.Kind = "sort"
	if n.Limit != logical.NoLimit || n.Rank != logical.NoRank {
		s.Kind = "first rows"
	}
	s.Form = physical.SortForm(n)
	s.set("partition", d.columns(n.Input, n.Partition))
	s.set("order", d.order(n.Input, n.Keys))
	s.set("limit", fmt.Sprintf("%d after %d", n.Limit, n.Offset))
	s.flag("ties", n.WithTies)
	s.flag("first", n.First)
	s.flag("last", n.Last)
	s.set("rank", n.Rank.String())
	s.Changes, s.Retracts, s.Expires = n.Changing, n.Retracts, n.TTL != 0
	s.mayMicros("lag", n.Lag)
	s.mayMicros("time to live", n.TTL)
}

func (d *describer) over(s *stepMaker, n *logical.Over) {
	s.Kind, s.Form = "window functions", "window functions"
	switch {
	case n.Changing:
		s.Form = "window functions that change"
	case n.Timed:
		s.Form = overTimeForm
	}
	s.set("partition", d.columns(n.Input, n.Partition))
	s.set("order", d.order(n.Input, n.Order))
	var calls []string
	for _, c := range n.Calls {
		columns := slices.Clone(c.Args)
		for _, o := range []int{c.Filter, c.Frame.StartOffset, c.Frame.EndOffset} {
			if o >= 0 {
				columns = append(columns, o)
			}
		}
		call := Call{Name: d.meanings.hide(c.Name), Args: c.Args, Filter: c.Filter}
		if c.Function.Aggregate != nil {
			call.Function = c.Function.Aggregate.Signature()
		}
		s.Calls = append(s.Calls, call)
		calls = append(calls, fmt.Sprintf("%s(%s) %d %d %d %d", c.Function.Name, d.columns(n.Input, columns), c.Frame.Unit, c.Frame.Start, c.Frame.End, c.Frame.Exclude))
	}
	s.set("calls", strings.Join(calls, "; "))
	s.Changes, s.Retracts, s.Expires = n.Changing, n.Retracts, n.TTL != 0
	s.mayMicros("lag", n.Lag)
	s.mayMicros("time to live", n.TTL)
}

func (d *describer) aggregate(s *stepMaker, n *logical.Aggregate, p *physical.Step) {
	s.Kind, s.Form, s.Keys = "aggregate", physical.AggregateForm(n), len(n.Keys)
	var columns []int // of the input, in the order in which the description has them
	place := func(c int) int {
		if at := slices.Index(columns[s.Keys:], c); at >= 0 {
			return s.Keys + at
		}
		columns = append(columns, c)
		return len(columns) - 1
	}
	columns = append(columns, n.Keys...)
	for i := range n.Calls {
		s.Calls = append(s.Calls, d.meanings.call(&n.Calls[i], n.Combine && !p.Split, place))
		s.Calls[i].Direct = n.Calls[i].Function.DirectArgs(len(n.Calls[i].Args))
	}
	in := Input{}
	for _, b := range d.meanings.of(n.Input) {
		picked := Branch{Base: b.Base, Where: slices.Clone(b.Where)}
		for _, c := range columns {
			picked.Columns = append(picked.Columns, b.Columns[c])
		}
		in.Branches = append(in.Branches, picked)
	}
	for _, c := range columns {
		in.Types = append(in.Types, TypeOf(n.Input.Schema().Fields[c].Type))
	}
	s.Inputs = []Input{in}
	if n.Sets != nil {
		s.set("grouping sets", fmt.Sprint(n.Sets))
	}
	s.flag("DISTINCT apart", n.Split)
	s.Retracts, s.Expires = n.Retracts, n.TTL != 0
	s.mayMicros("time to live", n.TTL)
	if p.Split {
		s.Kind, s.Form = "distinct", "values of DISTINCT"
		return
	}
	if w := n.Window; w != nil {
		s.Window = "windows"
		if w.Table != nil {
			s.Window = shape(w.Table)
		}
		s.Changes = n.Changing
		s.may("emission", n.Emit.Mode.String())
		s.mayMicros("every", n.Emit.Every)
		s.mayMicros("lateness", n.Emit.Lateness)
		s.mayMicros("lag", w.Lag)
		return
	}
	s.Changes = n.Changing
}

func (m *meanings) call(c *logical.AggregateCall, merged bool, place func(int) int) Call {
	out := Call{Name: m.hide(c.Name), Function: c.Function.Signature(), Filter: -1}
	for _, a := range c.Args {
		out.Args = append(out.Args, place(a))
	}
	if c.Filter != logical.NoColumn {
		out.Filter = place(c.Filter)
	}
	out.Distinct = c.Distinct && !merged && !c.Function.IgnoresRepeats
	for _, k := range c.OrderBy {
		out.Order = append(out.Order, Sort{place(k.Column), k.Desc, k.NullsFirst})
	}
	return out
}
