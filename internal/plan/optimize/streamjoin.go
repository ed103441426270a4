package optimize

import (
	"math"
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// join decides how a join is carried out: by windows or times where both sides have them, else as it was chosen where all is read to its end, else with
// each change.
func (s *streams) join(n *logical.Join) logical.Node {
	c := rejoin(n, n.Left, n.Right, n.Keys, n.Condition)
	left, right := s.edges.Of(n.Left), s.edges.Of(n.Right)
	if n.AsOf != nil {
		return s.temporal(c)
	}
	if !s.changes(n.Left, n.Right) && n.Kind != logical.Mark && n.Kind != logical.Single {
		if s.windowJoin(c) {
			return s.joinWindows(c)
		}
		if s.intervalJoin(c) {
			return c
		}
	}
	kept, read := right, left
	if n.BuildLeft {
		kept, read = left, right
	}
	c.Endless = !left.Bounded || !right.Bounded
	switch {
	case s.changes(n.Left, n.Right), !kept.Bounded && !read.Bounded:
	case left.Bounded && right.Bounded && len(kept.Times) > 0 && len(read.Times) == 0 && s.windowed() && s.goesThrough(c):
		return c
	case left.Bounded && right.Bounded && s.plan.Emit != logical.EmitChanges:
		return c
	case kept.Bounded && disjoint(n) && (read.Bounded || !waits(n.Kind, n.BuildLeft)):
		return c
	case read.Bounded && disjoint(n) && !waits(n.Kind, !n.BuildLeft) && flipped(c):
		return c
	}
	c.Strategy, c.Order = logical.ChangingJoin, nil
	c.TTLs = [2]int64{s.ttl(n.Left), s.ttl(n.Right)}
	c.Appends = [2]bool{!s.changes(n.Left), !s.changes(n.Right)}
	c.Unique = [2]bool{left.Key != nil && covered(c, left.Key, true), right.Key != nil && covered(c, right.Key, false)}
	return c
}

// windowed reports whether the plan assigns windows, for which rows may be late.
func (s *streams) windowed() bool {
	return slices.ContainsFunc(order(s.plan), func(n logical.Node) bool {
		_, ok := n.(*logical.WindowTable)
		return ok
	})
}

// goesThrough makes the side of c that is kept, which has times, the one whose rows go through, as they would if it did not end: then the same rows are late,
// whichever side is larger.
func (s *streams) goesThrough(c *logical.Join) bool {
	return (s.plan.Emit != logical.EmitChanges || disjoint(c) && !waits(c.Kind, !c.BuildLeft)) && flipped(c)
}

// waits reports whether rows of the side that is kept come out when the other one has come to its end: those that have met no other, or some.
func waits(kind logical.JoinKind, left bool) bool {
	switch kind {
	case logical.Inner:
		return false
	case logical.Right:
		return !left
	case logical.Full:
		return true
	default:
		return left
	}
}

// flipped makes the other side the one that is kept.
func flipped(c *logical.Join) bool {
	if c.Strategy == logical.MergeJoin {
		return false
	}
	c.BuildLeft = !c.BuildLeft
	if c.Strategy == logical.BroadcastJoin && (len(c.Keys) > 0 || !canBroadcast(c)) { // the other side is the larger one
		c.Strategy = logical.HashJoin
		if len(c.Keys) == 0 {
			c.Strategy = logical.NestedLoop
		}
	}
	return true
}

// disjoint reports whether the sides of a join have no source in common, so that one can be read before the other, and the rows of the one that is read
// do not wait for its end.
func disjoint(n *logical.Join) bool {
	if n.Strategy == logical.MergeJoin {
		return false
	}
	sources := map[*logical.Source]bool{}
	scans(n.Left, func(scan *logical.Scan) { sources[scan.Source] = true })
	found := false
	scans(n.Right, func(scan *logical.Scan) { found = found || sources[scan.Source] })
	return !found
}

func scans(n logical.Node, f func(*logical.Scan)) {
	visit(n, map[logical.Node]bool{}, func(n logical.Node) {
		if scan, ok := n.(*logical.Scan); ok {
			f(scan)
		}
	})
}

// temporal decides for a join with a table as of a time: one that is read to its end is as it is for every row.
func (s *streams) temporal(c *logical.Join) logical.Node {
	left, right := s.edges.Of(c.Left), s.edges.Of(c.Right)
	processing := isNow(c.Left, c.AsOf)
	if right.Bounded && processing && !s.changes(c.Left) {
		c.BuildLeft, c.Right, c.Endless = false, s.fold(c.Step, c.Right), !left.Bounded
		if c.Strategy == logical.BroadcastJoin || c.Strategy == logical.HashJoin || c.Strategy == logical.NestedLoop {
			return c
		}
		c.Strategy = logical.HashJoin
		return c
	}
	if s.changes(c.Left) {
		s.refuse("Join the table without the clause, which sees all changes, or use a stream whose rows stay.",
			"%s: FOR SYSTEM_TIME AS OF is not supported for rows that change", c)
	}
	t := &logical.Temporal{Left: -1, Right: -1, Processing: processing, Key: right.Key}
	for _, k := range c.Keys {
		if !slices.Contains(t.Key, k.Right) {
			t.Key = nil
		}
	}
	if len(t.Key) == 0 || len(c.Keys) != len(t.Key) {
		s.refuse("Declare its PRIMARY KEY, and compare all its columns in ON.", "%s: FOR SYSTEM_TIME AS OF needs the primary key of the table on the right", c)
	}
	if !processing {
		at, ok := bareColumn(c.AsOf)
		lag, timed := left.Times[at]
		if !ok || !timed {
			s.refuse("Declare WATERMARK FOR it, or write FOR SYSTEM_TIME AS OF PROCTIME().",
				"%s: the time of FOR SYSTEM_TIME AS OF must be a column with a watermark", c)
			return c
		}
		t.Left, c.Lags[0] = at, lag
		versions := s.versionTimes(c.Right)
		if t.Right, ok = versionTime(versions); !ok {
			s.refuse("Declare WATERMARK FOR its time, or write FOR SYSTEM_TIME AS OF PROCTIME().",
				"%s: the table of FOR SYSTEM_TIME AS OF a time needs a watermark", c)
			return c
		}
		c.Lags[1] = versions[t.Right]
		if c.Right, t.Upsert, ok = everyVersion(c.Right); !ok {
			s.refuse("Join the table itself, and filter the rows of the join.", "%s: the table of FOR SYSTEM_TIME AS OF a time must not be filtered", c)
		}
		versionsInTime := s.inTime(logical.Step{Name: c.Name + ".versions", OnError: c.OnError}, c.Right, t.Right)
		versionsInTime.Changing = !t.Upsert && s.changes(c.Right)
		c.Right = versionsInTime
		c.Left = s.inTime(c.Step, c.Left, at)
	}
	c.Temporal, c.Strategy = t, logical.TemporalJoin
	c.TTLs = [2]int64{0, s.ttl(c.Right)}
	return c
}

// everyVersion is n with all versions of its rows, of which changes would leave the last of several that come together. upsert says that they replace each
// other; ok is false if n leaves some out.
func everyVersion(n logical.Node) (versions logical.Node, upsert, ok bool) {
	switch n := n.(type) {
	case *logical.Normalize:
		return n.Input, true, true
	case *logical.Project:
		in, upsert, ok := everyVersion(n.Input)
		return withInputs(n, []logical.Node{in}), upsert, ok
	case *logical.Filter:
		return n, false, false
	}
	return n, false, true
}

// versionTimes are the columns with a watermark of the rows that come to be, whatever is taken back.
func (s *streams) versionTimes(n logical.Node) map[int]int64 {
	if at, ok := n.(*logical.Normalize); ok {
		return s.edges.Of(at.Input).Times
	}
	var in logical.Node
	switch n := n.(type) {
	case *logical.Filter:
		in = n.Input
	case *logical.Project:
		in = n.Input
	default:
		return s.edges.Of(n).Times
	}
	below := s.versionTimes(in)
	out := map[int]int64{}
	for i := range n.Schema().Fields {
		if c, ok := passes(n, i); ok {
			if lag, ok := below[c]; ok {
				out[i] = lag
			}
		}
	}
	return out
}

// versionTime is the first of times.
func versionTime(times map[int]int64) (int, bool) {
	p := Properties{Times: times}
	at := p.Watermark()
	return at, at >= 0
}

func bareColumn(e *bind.Expr) (int, bool) {
	if e.Op == bind.Column && len(e.Path) == 1 {
		return e.Path[0], true
	}
	return 0, false
}

// isNow reports whether e, over the columns of n, is the time at which a row is processed.
func isNow(n logical.Node, e *bind.Expr) bool {
	for {
		if e.Op == bind.Call {
			return e.Function.Name == "proctime"
		}
		p, ok := n.(*logical.Project)
		if !ok || e.Op != bind.Column || len(e.Path) != 1 {
			return false
		}
		n, e = p.Input, p.Items[e.Path[0]].Expr
	}
}

// isProcessingTime reports whether a column of n is the time at which a row is processed.
func isProcessingTime(n logical.Node, column int) bool {
	return isNow(n, &bind.Expr{Op: bind.Column, Path: []int{column}})
}

// windowJoin reports whether the windows of both sides are among the keys of c, and notes where.
func (s *streams) windowJoin(c *logical.Join) bool {
	left, right := s.edges.Of(c.Left), s.edges.Of(c.Right)
	at := func(l, r int) int {
		return slices.IndexFunc(c.Keys, func(k logical.KeyPair) bool { return k.Left == l && k.Right == r && !k.Unknown })
	}
	for _, l := range left.windows() {
		for _, r := range right.windows() {
			leftLag, leftTimed := left.Times[l.End]
			rightLag, rightTimed := right.Times[r.End]
			start, end := at(l.Start, r.Start), at(l.End, r.End)
			if !leftTimed || !rightTimed || start < 0 || end < 0 {
				continue
			}
			c.Width = l.Step
			if r.Step != c.Width {
				c.Width = 0
			}
			c.Window, c.Lags = [2]int{start, end}, [2]int64{leftLag, rightLag}
			c.Strategy, c.Order = logical.WindowJoin, nil
			return true
		}
	}
	return false
}

// joinWindows takes late rows out where a side has its windows from an assignment.
func (s *streams) joinWindows(c *logical.Join) logical.Node {
	sides := []logical.Node{c.Left, c.Right}
	for i, side := range sides {
		if table := tableOf(side, s.edges.Of(side).Window); table != nil && table.Timed {
			sides[i] = s.decide(side, table, table.Lateness)
		} else if table == nil {
			sides[i] = s.decideBelow(side)
		}
	}
	return rejoin(c, sides[0], sides[1], c.Keys, c.Condition)
}

// intervalJoin reports whether the condition of c bounds the times of its sides by each other, and notes how.
func (s *streams) intervalJoin(c *logical.Join) bool {
	left, right := s.edges.Of(c.Left), s.edges.Of(c.Right)
	nl := c.Left.Schema().Len()
	var found *logical.TimeBounds
	var conjuncts []*bind.Expr
	if c.Condition != nil {
		conjuncts = bind.Conjuncts(c.Condition)
	}
	for l, lag := range left.Times {
		for r, other := range right.Times {
			b := &logical.TimeBounds{Left: l, Right: r}
			for _, k := range c.Keys {
				if k.Left == l && k.Right == r && !k.Unknown && !k.NullSafe {
					b.HasLower, b.HasUpper = true, true
				}
			}
			for _, e := range conjuncts {
				bound(b, e, nl)
			}
			if b.HasLower && b.HasUpper && (found == nil || b.Left < found.Left || b.Left == found.Left && b.Right < found.Right) {
				found, c.Lags = b, [2]int64{lag, other}
			}
		}
	}
	if found == nil || found.Lower > found.Upper {
		return false
	}
	c.Bounds, c.Strategy, c.Order = found, logical.IntervalJoin, nil
	c.Left, c.Right = s.inTime(c.Step, c.Left, found.Left), s.inTime(c.Step, c.Right, found.Right)
	return true
}

// bound narrows b by a comparison of its two times, if e is one.
func bound(b *logical.TimeBounds, e *bind.Expr, nl int) {
	if e.Op != bind.Compare || e.Cmp == bind.NotEqual {
		return
	}
	x, dx, okx := linear(e.Args[0])
	y, dy, oky := linear(e.Args[1])
	cmp := e.Cmp
	if !okx || !oky {
		return
	}
	if x == nl+b.Right && y == b.Left {
		x, dx, y, dy, cmp = y, dy, x, dx, cmp.Flip()
	}
	if x != b.Left || y != nl+b.Right {
		return
	}
	apart := dy - dx // left + dx cmp right + dy
	lower, upper := cmp == bind.Greater || cmp == bind.GreaterEqual || cmp == bind.Equal, cmp == bind.Less || cmp == bind.LessEqual || cmp == bind.Equal
	if cmp == bind.Greater {
		apart++
	}
	if cmp == bind.Less {
		apart--
	}
	if lower && (!b.HasLower || apart > b.Lower) {
		b.Lower, b.HasLower = apart, true
	}
	if upper && (!b.HasUpper || apart < b.Upper) {
		b.Upper, b.HasUpper = apart, true
	}
}

// farthest is how far times may be apart in a bound, in µs: far from where sums overflow.
const farthest = math.MaxInt64 / 8

// linear takes e apart into a column and how many µs are added to it.
func linear(e *bind.Expr) (column int, micros int64, ok bool) {
	if at, ok := bareColumn(e); ok {
		return at, 0, true
	}
	if e.Op != bind.Call || len(e.Args) != 2 || e.Function.Name != "+" && e.Function.Name != "-" {
		return 0, 0, false
	}
	x, by := e.Args[0], e.Args[1]
	if e.Function.Name == "+" && by.Type.Kind != schema.Interval {
		x, by = by, x
	}
	if by.Type.Kind != schema.Interval || !by.IsConst() || by.IsNullConst() {
		return 0, 0, false
	}
	column, micros, ok = linear(x)
	v := by.Value.Intervals()[0]
	const day = 24 * 60 * 60 * 1_000_000
	if !ok || v.Months != 0 || v.Micros > farthest || v.Micros < -farthest || v.Days > 1_000_000 || v.Days < -1_000_000 {
		return 0, 0, false
	}
	added := int64(v.Days)*day + v.Micros
	if e.Function.Name == "-" {
		added = -added
	}
	if sum := micros + added; sum < farthest && sum > -farthest {
		return column, sum, true
	}
	return 0, 0, false
}
