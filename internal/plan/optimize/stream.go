package optimize

import (
	"slices"
	"strings"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// PlanStreams decides for each step whether it answers once, when its input ends, as windows close, or with each change, and by what it frees its
// state. The error, a *logical.RefusedError, names a step that can do none of these over its input, and how to mend the query.
func PlanStreams(p *logical.Plan) error {
	s := &streams{plan: p, edges: NewEdges(), decided: map[logical.Node]logical.Node{}, sliced: map[logical.Node]logical.Node{}, below: map[logical.Node]logical.Node{}, late: map[lateKey]*logical.Late{}}
	done := map[logical.Node]logical.Node{}
	for _, sink := range p.Sinks {
		sink.Input = rewrite(sink.Input, done, func(n logical.Node) logical.Node {
			if s.err != nil {
				return n
			}
			return s.node(n)
		})
		if s.err == nil {
			s.sink(sink)
		}
		if s.err != nil {
			return &logical.RefusedError{Err: s.err, Sink: sink.Name}
		}
	}
	s.lateOfSlices()
	date(p)
	p.Warnings = append(p.Warnings, s.warnings()...)
	return nil
}

// lateOfSlices takes late rows from where windows are assigned in slices, if they are.
func (s *streams) lateOfSlices() {
	done := map[logical.Node]logical.Node{}
	for _, sink := range s.plan.Sinks {
		sink.Input = rewrite(sink.Input, done, func(n logical.Node) logical.Node {
			if late, ok := n.(*logical.LateRows); ok && s.sliced[late.Of] != nil {
				return logical.NewLateRows(s.sliced[late.Of].(*logical.WindowTable))
			}
			return n
		})
	}
}

// streams is the state of PlanStreams.
type streams struct {
	plan  *logical.Plan
	edges *Edges
	// decided are the nodes below groupings by windows, from the windows upwards, with late rows taken out.
	decided map[logical.Node]logical.Node
	// below are nodes below groupings by windows that do not come straight from where they are assigned, with late rows taken out there.
	below map[logical.Node]logical.Node
	// sliced are such nodes with slices, nil for those that have none.
	sliced map[logical.Node]logical.Node
	late   map[lateKey]*logical.Late
	err    error
}

func (s *streams) refuse(hint, format string, args ...any) {
	if s.err == nil {
		s.err = sqlstate.Errorf(sqlstate.FeatureNotSupported, format, args...).WithHint(hint)
	}
}

// once reports whether a step over in answers when its input ends, unless it was asked for something else.
func (s *streams) once(in ...logical.Node) bool {
	switch s.plan.Emit {
	case logical.EmitFinal:
		return true
	case logical.EmitChanges:
		return false
	}
	for _, n := range in {
		if !s.edges.Of(n).Bounded {
			return false
		}
	}
	return true
}

// node decides for n, whose inputs are decided.
func (s *streams) node(n logical.Node) logical.Node {
	for _, e := range expressions(n) {
		if volatile(e) && s.changes(n.Inputs()...) {
			s.refuse("Its value would not be the same when the row is taken back: compute it where rows only come to be, or leave it out.",
				"a volatile function in %s is not supported over rows that change", n)
		}
	}
	switch n := n.(type) {
	case *logical.Scan:
		return s.scan(n)
	case *logical.WindowTable:
		return s.windows(n)
	case *logical.Aggregate:
		return s.aggregate(n)
	case *logical.Join:
		return s.join(n)
	case *logical.Sort:
		return s.sort(n)
	case *logical.Limit:
		return s.limit(n)
	case *logical.SetOp:
		return s.setOp(n)
	case *logical.Over:
		return s.over(n)
	}
	return n
}

// changes reports whether rows of any of in are taken back.
func (s *streams) changes(in ...logical.Node) bool {
	return slices.ContainsFunc(in, func(n logical.Node) bool { return s.edges.Of(n).Changes != logical.AppendOnly })
}

// ttl is how long state of what is made of in is kept.
func (s *streams) ttl(in ...logical.Node) int64 {
	ttl := s.plan.TTL
	for _, n := range in {
		ttl = shorter(ttl, s.edges.Of(n).TTL)
	}
	return ttl
}

// scan makes full changes of rows that replace each other.
func (s *streams) scan(n *logical.Scan) logical.Node {
	if n.Source.Changes != logical.Upsert {
		return n
	}
	return &logical.Normalize{Step: logical.Step{Name: n.Source.Name + ".normalize", OnError: n.Source.OnError}, Input: n, Key: n.Source.Key, TTL: s.ttl(n)}
}

// fold makes rows that stay of those of n.
func (s *streams) fold(step logical.Step, n logical.Node) logical.Node {
	if !s.changes(n) {
		return n
	}
	return &logical.Fold{Step: logical.Step{Name: step.Name + ".fold", OnError: step.OnError}, Input: n}
}

func (s *streams) windows(n *logical.WindowTable) logical.Node {
	c := *n
	c.Lag, c.Timed = s.edges.Of(n.Input).Times[n.Time]
	if n.Processing {
		c.Timed = false
	}
	if !c.Timed { // of a time that no watermark is of nothing is late
		c.Decides, c.Lateness = false, 0
	}
	if n.Shape != logical.Session {
		return logical.NewWindowTable(c)
	}
	c.Decides = c.Decides || c.Timed
	table := logical.NewWindowTable(c)
	at := n.Input.Schema().Len()
	return &logical.Sessions{
		Step: logical.Step{Name: n.Name + ".sessions", OnError: n.OnError}, Input: table, Keys: n.Partition, Start: at, End: at + 1, Lag: c.Lag + c.Lateness,
		Timed: c.Timed, Processing: c.Processing, Retracts: s.changes(n.Input),
	}
}

func (s *streams) limit(n *logical.Limit) logical.Node {
	if !s.changes(n.Input) {
		return n
	}
	if s.once(n.Input) {
		return withInputs(n, []logical.Node{s.fold(n.Step, n.Input)})
	}
	return logical.NewSort(logical.Sort{
		Step: n.Step, Input: n.Input, Limit: n.Limit, Offset: n.Offset, Changing: true, Retracts: true, TTL: s.ttl(n.Input),
	})
}

func (s *streams) setOp(n *logical.SetOp) logical.Node {
	if s.once(n.Left, n.Right) && !s.changes(n.Left, n.Right) {
		return s.ends(n, n)
	}
	c := *n
	c.Changing, c.TTL = true, s.ttl(n.Left, n.Right)
	return &c
}

// ends is out, unless n answers at the end of an input that never ends.
func (s *streams) ends(n, out logical.Node) logical.Node {
	for _, in := range n.Inputs() {
		if !s.edges.Of(in).Bounded {
			s.refuse("Leave out --final, EMIT FINAL or SET emit = 'final': then it answers as rows come.", "%s over an input that never ends has no final answer", n)
		}
	}
	return out
}

func (s *streams) sort(n *logical.Sort) logical.Node {
	below := s.edges.Of(n.Input)
	c := *n
	switch {
	case s.once(n.Input):
		c.Input = s.fold(n.Step, n.Input)
		if n.Rank != logical.NoRank {
			return s.ends(n, ranked(&c))
		}
		return s.ends(n, logical.NewSort(c))
	case n.Limit != logical.NoLimit || n.Offset > 0 || n.Partition != nil:
		c.Changing, c.Retracts, c.TTL = true, s.changes(n.Input), s.ttl(n.Input)
		c.First = len(n.Keys) == 0
		if len(n.Keys) > 0 && isProcessingTime(n.Input, n.Keys[0].Column) {
			c.First, c.Last = !n.Keys[0].Desc, n.Keys[0].Desc
		}
		return logical.NewSort(c)
	}
	first := n.Keys[0]
	if lag, ok := below.Times[first.Column]; ok && inOrder(first) && !s.changes(n.Input) {
		c.Timed, c.Lag = true, lag
		c.Input = s.inTime(n.Step, n.Input, first.Column)
		return logical.NewSort(c)
	}
	if below.Bounded {
		c.Input = s.fold(n.Step, n.Input)
		return logical.NewSort(c)
	}
	if one, ok := n.Input.(*logical.Sort); ok && one.Partition != nil && slices.Equal(one.Keys, n.Keys) {
		return one // the order is that of DISTINCT ON, which has had its use
	}
	s.refuse("Add a LIMIT, or order by a column with a watermark first, ascending; or leave the order out. In place of DISTINCT ON keep the rows with ROW_NUMBER() = 1 of a subquery.", "%s over an input that never ends has no last row", n)
	return n
}

// inOrder reports whether rows that come in the order of a time come in that of key: rows without a time may come at any moment, and go last.
func inOrder(key logical.SortKey) bool { return !key.Desc && !key.NullsFirst }

// inTime takes rows out that are late by a column.
func (s *streams) inTime(step logical.Step, n logical.Node, column int) *logical.Late {
	key := lateKey{n, column}
	if out, ok := s.late[key]; ok {
		return out
	}
	out := &logical.Late{Step: logical.Step{Name: step.Name + ".late", OnError: step.OnError}, Input: n, Time: column}
	s.late[key] = out
	return out
}

func (s *streams) over(n *logical.Over) logical.Node {
	below := s.edges.Of(n.Input)
	c := logical.NewOver(n.Step, n.Input, n.Partition, n.Order, n.Calls)
	if s.once(n.Input) {
		return s.ends(n, withInputs(c, []logical.Node{s.fold(n.Step, n.Input)}))
	}
	needs := func(c logical.WindowCall) bool { return ahead(n.Input, c) }
	if len(n.Order) > 0 && inOrder(n.Order[0]) && !s.changes(n.Input) && !slices.ContainsFunc(n.Calls, needs) {
		if lag, ok := below.Times[n.Order[0].Column]; ok {
			c = logical.NewOver(n.Step, s.inTime(n.Step, n.Input, n.Order[0].Column), n.Partition, n.Order, n.Calls)
			c.Timed, c.Lag = true, lag
			return c
		}
	}
	c.Changing, c.Retracts, c.TTL = true, s.changes(n.Input), s.ttl(n.Input)
	return c
}

// sink decides what reaches a sink.
func (s *streams) sink(sink *logical.Sink) {
	p := s.edges.Of(sink.Input)
	final := s.plan.Emit == logical.EmitFinal || s.plan.Emit == logical.EmitDefault && p.Bounded
	if p.Changes != logical.AppendOnly && (s.plan.Final || final && !asksForChanges(sink.Input)) {
		if !p.Bounded {
			s.refuse("Leave out --final and SET emit = 'final'.", "the rows for %s never end, and so there are no final ones", sink)
		}
		sink.Input = s.fold(logical.Step{Name: sink.Name, OnError: sink.OnError}, sink.Input)
		p = s.edges.Of(sink.Input)
	}
	sink.Changes = p.Changes
	if p.Changes != logical.AppendOnly {
		s.changed(sink)
	}
	s.opens(sink, p)
}

// changed decides what a sink gets whose rows change.
func (s *streams) changed(sink *logical.Sink) {
	takes := declare.Takes(sink.Type, sink.Config, sink.Format, sink.Key != nil)
	switch {
	case takes == connector.Inserts, takes == connector.Upserts && sink.Key == nil:
		if s.err == nil {
			s.err = declare.ErrChanges(sink.Name, sink.Type, sink.Format, takes, s.cause(sink.Input))
		}
	case takes == connector.Upserts:
		s.upsert(sink)
	}
}

// opens refuses what a sink would refuse when it is opened: an input that never ends, and columns that its format cannot write.
func (s *streams) opens(sink *logical.Sink, p *Properties) {
	if !p.Bounded && sink.Type.Endless != nil {
		if err := sink.Type.Endless(sink.Config); err != nil && s.err == nil {
			s.err = sqlstate.Errorf(sqlstate.InvalidParameterValue, "sink %q: %v", sink.Name, err)
		}
	}
	if sink.Format == nil || s.err != nil {
		return
	}
	spec := codec.EncodeSpec{Schema: sink.Input.Schema(), Changelog: p.Changes != logical.AppendOnly}
	if _, err := sink.Format.NewEncoder(spec); err != nil {
		s.err = sqlstate.Errorf(sqlstate.InvalidParameterValue, "sink %q: %v", sink.Name, err)
	}
}

// upsert gives a sink the last row of each key: rows of one key may come from several tasks, and are brought together before.
func (s *streams) upsert(sink *logical.Sink) {
	sink.Changes = logical.Upsert
	sink.Input = &logical.Normalize{
		Step: logical.Step{Name: sink.Name + ".normalize", OnError: sink.OnError}, Input: sink.Input, Key: sink.Key, Changelog: true, Upserts: true,
		TTL: s.ttl(sink.Input),
	}
}

// cause names the step from which on rows change.
func (s *streams) cause(n logical.Node) string {
	for {
		next := slices.IndexFunc(n.Inputs(), func(in logical.Node) bool { return s.changes(in) })
		if next < 0 {
			text, _, _ := strings.Cut(n.String(), ":")
			return text
		}
		n = n.Inputs()[next]
	}
}

// asksForChanges reports whether a query below n says that it wants its changes.
func asksForChanges(n logical.Node) bool {
	found := false
	visit(n, map[logical.Node]bool{}, func(n logical.Node) {
		if a, ok := n.(*logical.Aggregate); ok {
			found = found || a.Emit.Mode == logical.EmitChanges || a.Emit.Every != 0
		}
	})
	return found
}

// passes returns the column of n's input that column i of n is, if n is a projection, a filter or the like; ok is false if it is none.
func passes(n logical.Node, i int) (column int, ok bool) {
	switch n := n.(type) {
	case *logical.Filter:
		return i, true
	case *logical.Project:
		e := n.Items[i].Expr
		if e.Op == bind.Column && len(e.Path) == 1 {
			return e.Path[0], true
		}
	}
	return 0, false
}
