package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// aggregate decides for a grouping.
func (s *streams) aggregate(n *logical.Aggregate) logical.Node {
	c := regrouped(n, n.Input, n.Keys, n.Calls)
	c.Retracts = s.changes(n.Input)
	if w := s.groupWindow(n); w != nil {
		return windowLast(c, w, s.windowGroups)
	}
	const window = "Group by window_start and window_end of TUMBLE, HOP, CUMULATE or SESSION, in every grouping set."
	switch {
	case n.Emit.Mode == logical.EmitOnClose:
		s.refuse(window, "EMIT ON WINDOW CLOSE needs groups of windows, and %s has none", n)
	case n.Emit.Every != 0:
		s.refuse(window, "EMIT EVERY needs groups of windows, and %s has none", n)
	case n.Emit.Lateness != 0:
		s.refuse(window, "ALLOWED LATENESS needs groups of windows, and %s has none", n)
	case n.Emit.Mode == logical.EmitFinal, n.Emit.Mode == logical.EmitDefault && s.once(n.Input):
		return s.ends(n, c)
	}
	c.Changing, c.TTL = true, s.ttl(n.Input)
	return c
}

// groupWindow finds the keys that are a window; nil if there are none.
func (s *streams) groupWindow(n *logical.Aggregate) *logical.GroupWindow {
	below := s.edges.Of(n.Input)
	for _, at := range below.windows() {
		w := &logical.GroupWindow{Start: slices.Index(n.Keys, at.Start), End: slices.Index(n.Keys, at.End)}
		if w.Start < 0 || w.End < 0 || slices.ContainsFunc(n.Sets, func(set []int) bool { return !slices.Contains(set, w.Start) || !slices.Contains(set, w.End) }) {
			continue
		}
		w.Lag, w.Timed = below.Times[at.End]
		w.Table = tableOf(n.Input, at)
		return w
	}
	return nil
}

// windowLast makes the window the last two keys of c, what group makes of it, and of that the columns of c.
func windowLast(c *logical.Aggregate, w *logical.GroupWindow, group func(*logical.Aggregate, *logical.GroupWindow) *logical.Aggregate) logical.Node {
	var places []int // of the keys, in their new order
	for i := range c.Keys {
		if i != w.Start && i != w.End {
			places = append(places, i)
		}
	}
	places = append(places, w.Start, w.End)
	keys, now := []int{}, map[int]int{}
	for i, p := range places {
		keys = append(keys, c.Keys[p])
		now[p] = i
	}
	sorted := *c
	sorted.Sets = nil
	for _, set := range c.Sets {
		var moved []int
		for _, p := range set {
			moved = append(moved, now[p])
		}
		sorted.Sets = append(sorted.Sets, moved)
	}
	w.Start, w.End = len(keys)-2, len(keys)-1
	out := group(regrouped(&sorted, c.Input, keys, c.Calls), w)
	columns := span(0, c.Schema().Len())
	for before, place := range now {
		columns[before] = place
	}
	return choose(logical.Step{OnError: c.OnError}, out, columns)
}

// tableOf finds the node that assigns a window's columns, where n only filters and projects its rows; nil if there is none.
func tableOf(n logical.Node, w *WindowColumns) *logical.WindowTable {
	start, end := w.Start, w.End
	for {
		if t, ok := n.(*logical.WindowTable); ok {
			at := t.Input.Schema().Len()
			if start == at && end == at+1 {
				return t
			}
			return nil
		}
		var ok bool
		if start, ok = passes(n, start); !ok {
			return nil
		}
		if end, ok = passes(n, end); !ok {
			return nil
		}
		n = n.Inputs()[0]
	}
}

// windowGroups decides for groups of windows.
func (s *streams) windowGroups(c *logical.Aggregate, w *logical.GroupWindow) *logical.Aggregate {
	below := s.edges.Of(c.Input)
	c.Window = w
	w.Processing = below.Window.Processing
	processing := w.Processing
	c.Changing = c.Emit.Mode == logical.EmitChanges || c.Emit.Every != 0 || c.Emit.Lateness != 0
	if c.Emit.Mode == logical.EmitDefault && s.plan.Emit == logical.EmitChanges && !w.Timed && !processing {
		c.Changing = true // windows that would not close before the end
	}
	if !w.Timed && !processing && !below.Bounded {
		s.refuse("Declare WATERMARK FOR the time column of the source; after joins without bounds in time, Top-N and groups that change there is none: group by date_bin there.",
			"the windows of %s never close: their time has no watermark", c)
	}
	if in, table := s.sessionsOf(c); table != nil {
		w.Table, w.Timed, w.Lag = table, table.Timed, table.Lag
		return regrouped(c, in, c.Keys, c.Calls)
	}
	if w.Table == nil {
		return regrouped(c, s.decideBelow(c.Input), c.Keys, c.Calls)
	}
	if !w.Table.Timed {
		return c
	}
	in := s.decide(c.Input, w.Table, c.Emit.Lateness)
	w.Table = tableOf(in, s.edges.Of(in).Window)
	w.Lag = w.Table.Lag
	if sliceable(c) {
		at := s.edges.Of(in).Window
		if sliced, ok := s.slice(in, at.Start, at.End); ok {
			in, w.Sliced = sliced, true
			w.Table = tableOf(in, s.edges.Of(in).Window)
		}
	}
	return regrouped(c, in, c.Keys, c.Calls)
}

// sessionsOf returns the input of c with each row in a window of its own, where c groups sessions by what makes them, so that they can be merged as rows come; and
// the windows. They are nil where the rows of a session must be held until it is over.
func (s *streams) sessionsOf(c *logical.Aggregate) (logical.Node, *logical.WindowTable) {
	if c.Retracts || c.Sets != nil || !partible(c) {
		return nil, nil
	}
	in, held, keys := unheld(c.Input, c.Keys[:len(c.Keys)-2])
	if held == nil || !sameColumns(keys, held.Keys) {
		return nil, nil
	}
	return in, held.Input.(*logical.WindowTable)
}

// unheld returns n, which projects the rows of sessions or filters them by their keys alone, with each row in a window of its own; the node that holds the rows, nil
// if there is none; and what columns of n are columns of that.
func unheld(n logical.Node, columns []int) (logical.Node, *logical.Sessions, []int) {
	if held, ok := n.(*logical.Sessions); ok {
		return held.Input, held, columns
	}
	switch n.(type) {
	case *logical.Filter, *logical.Project:
	default:
		return nil, nil, nil
	}
	below := make([]int, len(columns))
	for i, c := range columns {
		var ok bool
		if below[i], ok = passes(n, c); !ok {
			return nil, nil, nil
		}
	}
	in, held, keys := unheld(n.Inputs()[0], below)
	if held == nil {
		return nil, nil, nil
	}
	if f, ok := n.(*logical.Filter); ok && slices.ContainsFunc(bind.Paths(f.Predicate), func(path []int) bool { return !slices.Contains(below, path[0]) }) {
		return nil, nil, nil
	}
	return withInputs(n, []logical.Node{in}), held, keys
}

// partible reports whether parts of a group of c can be merged.
func partible(c *logical.Aggregate) bool {
	return !slices.ContainsFunc(c.Calls, func(call logical.AggregateCall) bool { return whole(call) || call.Function.Class != aggregate.Plain })
}

// sliceable reports whether the groups of c should be put together from slices: what is asked of windows can be merged. Where windows do not overlap, those whose answers change
// with each row, or when they are corrected, need none.
func sliceable(c *logical.Aggregate) bool {
	if c.Changing && !c.Window.Table.Overlaps() { // a window is one slice, and every emission keeps the same state
		return false
	}
	return !c.Retracts && c.Sets == nil && partible(c)
}

// slice is n, which filters and projects the rows of windows, with those of slices in the place of the columns start and end; ok is false if n does more with
// them than hand them on.
func (s *streams) slice(n logical.Node, start, end int) (sliced logical.Node, ok bool) {
	if out, done := s.sliced[n]; done {
		return out, out != nil
	}
	switch n := n.(type) {
	case *logical.WindowTable:
		c := *n
		c.Sliced = true
		sliced, ok = logical.NewWindowTable(c), true
	case *logical.Filter:
		if reads(n.Predicate, start, end) {
			break
		}
		var in logical.Node
		if in, ok = s.slice(n.Input, start, end); ok {
			sliced = withInputs(n, []logical.Node{in})
		}
	case *logical.Project:
		sliced, ok = s.sliceProject(n, start, end)
	}
	s.sliced[n] = sliced
	return sliced, ok
}

func (s *streams) sliceProject(n *logical.Project, start, end int) (logical.Node, bool) {
	first, _ := passes(n, start)
	last, _ := passes(n, end)
	in, ok := s.slice(n.Input, first, last)
	if !ok {
		return nil, false
	}
	items := slices.Clone(n.Items)
	for i := range items {
		if c, bare := bareColumn(items[i].Expr); bare && (c == first || c == last) {
			if i != start && i != end {
				return nil, false
			}
			items[i] = pass(in, c)
			continue
		}
		if reads(items[i].Expr, first, last) {
			return nil, false
		}
	}
	return logical.NewProject(n.Step, in, items), true
}

// reads reports whether e reads any of columns.
func reads(e *bind.Expr, columns ...int) bool {
	return slices.ContainsFunc(bind.Paths(e), func(path []int) bool { return slices.Contains(columns, path[0]) })
}

// decide is n with late rows taken out at the windows below it.
func (s *streams) decide(n logical.Node, table *logical.WindowTable, lateness int64) logical.Node {
	if table.Decides || table.Lateness != 0 {
		return n
	}
	if out, ok := s.decided[n]; ok && tableLateness(out) == lateness {
		return out
	}
	var out logical.Node
	if n == logical.Node(table) {
		c := *table
		c.Decides, c.Lateness = true, lateness
		out = logical.NewWindowTable(c)
	} else {
		out = withInputs(n, []logical.Node{s.decide(n.Inputs()[0], table, lateness)})
	}
	s.decided[n] = out
	return out
}

// decideBelow is n with late rows taken out at windows whose rows come to n through joins with what was read to its end, and through other steps that hand
// rows on at once.
func (s *streams) decideBelow(n logical.Node) logical.Node {
	if out, ok := s.below[n]; ok {
		return out
	}
	out := n
	switch n := n.(type) {
	case *logical.WindowTable:
		if n.Timed && !n.Decides {
			c := *n
			c.Decides = true
			out = logical.NewWindowTable(c)
		}
	case *logical.Filter, *logical.Project, *logical.Unnest, *logical.RowsFrom, *logical.Union:
		in := slices.Clone(n.Inputs())
		for i := range in {
			in[i] = s.decideBelow(in[i])
		}
		out = withInputs(n, in)
	case *logical.Join:
		sides := []logical.Node{n.Left, n.Right}
		if read := s.edges.readSide(n); read >= 0 {
			sides[read] = s.decideBelow(sides[read])
			out = withInputs(n, sides)
		}
	}
	s.below[n] = out
	return out
}

// tableLateness is that of the windows that n, which was decided, filters and projects.
func tableLateness(n logical.Node) int64 {
	for {
		if t, ok := n.(*logical.WindowTable); ok {
			return t.Lateness
		}
		n = n.Inputs()[0]
	}
}

// sameColumns reports whether a and b are the same columns, in any order.
func sameColumns(a, b []int) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
