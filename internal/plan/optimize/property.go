package optimize

import (
	"maps"
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// Properties are what is known of the rows that a node gives to those that read it.
type Properties struct {
	// Bounded says that they end.
	Bounded bool
	Changes logical.Changes
	// Key are columns, ascending, whose values no two rows at one time have in common; nil if none are known. No column at all means one row at most.
	Key []int
	// Times are the columns that have a watermark, each with how far, in µs, its values may be behind it: no row that comes later has a smaller value,
	// but for rows of a source that are late.
	Times map[int]int64
	// Window are columns that are the start and the end of windows which an operator below has closed or assigned; nil if there are none.
	Window *WindowColumns
	// Also are other columns with the same windows, of the other side of a window join.
	Also []*WindowColumns
	// Computed are paths of columns and fields; the first of them that is not NULL has the watermark. Nil if there are none.
	Computed [][]int
	// TTL is how long, in µs of processing time, what is made of the rows is kept where nothing else bounds it; 0 means for ever.
	TTL int64
}

// WindowColumns are columns with the start and the end of windows.
type WindowColumns struct {
	Start, End int
	// Size is how far at most the end is from the start, and Step how far ends are apart at least, in µs; 0 if that is not known.
	Size, Step int64
	// Processing says that they are of processing time.
	Processing bool
}

// Watermark is the first column that has a watermark, or -1.
func (p *Properties) Watermark() int {
	first := -1
	for c := range p.Times {
		if first < 0 || c < first {
			first = c
		}
	}
	return first
}

// windows are Window and Also.
func (p *Properties) windows() []*WindowColumns {
	if p.Window == nil {
		return nil
	}
	return append([]*WindowColumns{p.Window}, p.Also...)
}

// moveWindows gives p the windows of below at other places.
func (p *Properties) moveWindows(below *Properties, at func(int) int) {
	for _, w := range below.windows() {
		moved := &WindowColumns{at(w.Start), at(w.End), w.Size, w.Step, w.Processing}
		switch {
		case moved.Start < 0 || moved.End < 0:
		case p.Window == nil:
			p.Window = moved
		default:
			p.Also = append(p.Also, moved)
		}
	}
}

// moved returns the times at other places: at returns that of a column, or a negative number.
func (p *Properties) moved(at func(int) int) map[int]int64 {
	out := map[int]int64{}
	for c, lag := range p.Times {
		if i := at(c); i >= 0 {
			out[i] = lag
		}
	}
	return out
}

// only are the times of one column.
func (p *Properties) only(column int) map[int]int64 {
	out := map[int]int64{}
	if lag, ok := p.Times[column]; ok {
		out[column] = lag
	}
	return out
}

// Edges computes properties of nodes, each once.
type Edges struct {
	done map[logical.Node]*Properties
}

// NewEdges returns an empty collection.
func NewEdges() *Edges { return &Edges{done: map[logical.Node]*Properties{}} }

// Of returns the properties of the edge behind n.
func (s *Edges) Of(n logical.Node) *Properties {
	if p, ok := s.done[n]; ok {
		return p
	}
	p := s.compute(n)
	s.done[n] = p
	return p
}

func (s *Edges) compute(n logical.Node) *Properties {
	switch n := n.(type) {
	case *logical.Scan:
		return scanned(n)
	case *logical.Project:
		return s.projected(n)
	case *logical.Union:
		return s.united(n)
	case *logical.Join:
		return s.joined(n)
	case *logical.Aggregate:
		return s.grouped(n)
	case *logical.Sort:
		return s.sorted(n)
	case *logical.Limit:
		p := *s.Of(n.Input)
		if n.Limit == 0 || n.Limit == 1 {
			p.Key = []int{}
		}
		return &p
	case *logical.SetOp:
		left, right := s.Of(n.Left), s.Of(n.Right)
		p := &Properties{Bounded: left.Bounded && right.Bounded, TTL: shorter(left.TTL, right.TTL)}
		if n.Changing {
			p.Changes = logical.Changelog
		}
		if !n.All {
			p.Key = span(0, n.Schema().Len())
		}
		return p
	case *logical.Over:
		return s.over(n)
	case *logical.WindowTable:
		return s.windowed(n)
	case *logical.RowsFrom:
		p := *s.Of(n.Input)
		p.Key = nil
		return &p
	}
	return s.computeFlow(n)
}

// computeFlow is compute for steps that hand rows on one by one, and those that keep them.
func (s *Edges) computeFlow(n logical.Node) *Properties {
	switch n := n.(type) {
	case *logical.Unnest:
		p := *s.Of(n.Input)
		p.Key = nil
		p.Times = p.moved(func(c int) int {
			if c == n.Column {
				return -1
			}
			return c
		})
		return &p
	case *logical.Sessions: // they begin any time ago
		p := *s.Of(n.Input)
		p.Times = map[int]int64{}
		if n.Timed {
			p.Times[n.End] = n.Lag
		}
		return &p
	case *logical.Normalize:
		p := *s.Of(n.Input)
		p.Changes, p.Key, p.Times = logical.Changelog, slices.Sorted(slices.Values(n.Key)), nil
		if n.Upserts {
			p.Changes = logical.Upsert
		}
		return &p
	case *logical.Fold:
		p := *s.Of(n.Input)
		p.Changes, p.Times = logical.AppendOnly, nil
		return &p
	case *logical.LateRows:
		below := s.Of(n.Of.Input)
		return &Properties{Bounded: below.Bounded, Changes: below.Changes, TTL: below.TTL}
	}
	return s.Of(n.Inputs()[0]) // filters, splits and ports
}

// shorter is the shorter of two times to live, 0 being for ever.
func shorter(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func scanned(n *logical.Scan) *Properties {
	p := &Properties{Bounded: n.Source.Type.Bounded(n.Source.Config), Changes: n.Source.Changes, Key: n.Source.Key, TTL: n.Source.TTL}
	if n.Source.EventTime >= 0 {
		p.Times = map[int]int64{n.Source.EventTime: 0}
	} else {
		p.Computed = n.Source.Times
	}
	if n.AtMostOneRow() {
		p.Key = []int{}
	}
	return p
}

func (s *Edges) united(n *logical.Union) *Properties {
	first := s.Of(n.In[0])
	p := &Properties{Bounded: true, Times: first.Times, Window: first.Window}
	for _, in := range n.In {
		below := s.Of(in)
		p.Bounded = p.Bounded && below.Bounded
		p.Changes = max(p.Changes, below.Changes)
		p.TTL = shorter(p.TTL, below.TTL)
		both := map[int]int64{}
		for c, lag := range p.Times {
			if other, ok := below.Times[c]; ok {
				both[c] = max(lag, other)
			}
		}
		p.Times = both
		if p.Window != nil && (below.Window == nil || *below.Window != *p.Window) {
			p.Window = nil
		}
	}
	if p.Changes == logical.Upsert { // equal keys of different inputs are different rows
		p.Changes = logical.Changelog
	}
	return p
}

// windowed has the columns of a window: rows whose time has not passed are in windows that have not ended.
func (s *Edges) windowed(n *logical.WindowTable) *Properties {
	p := *s.Of(n.Input)
	p.Key = nil
	p.Times = p.moved(func(c int) int { return c })
	at := n.Input.Schema().Len()
	p.Also = nil
	p.Window = &WindowColumns{Start: at, End: at + 1, Size: n.Size, Step: n.Every, Processing: n.Processing}
	if n.Shape == logical.Tumble {
		p.Window.Step = n.Size
	}
	lag, ok := p.Times[n.Time]
	if !ok {
		return &p
	}
	if n.Decides { // a row counts until its last window has ended, and the lateness is over
		lag = max(lag, n.Lateness)
		p.Times[n.Time] = lag + n.Size
	}
	p.Times[at+1] = lag
	if n.Shape != logical.Session {
		p.Times[at] = lag + n.Size
	}
	return &p
}

// projected keeps what the items pass on.
func (s *Edges) projected(n *logical.Project) *Properties {
	below := s.Of(n.Input)
	at := func(column int) int {
		return slices.IndexFunc(n.Items, func(item logical.Item) bool {
			return item.Expr.Op == bind.Column && len(item.Expr.Path) == 1 && item.Expr.Path[0] == column
		})
	}
	p := &Properties{Bounded: below.Bounded, Changes: below.Changes, Times: below.moved(at), TTL: below.TTL}
	p.moveWindows(below, at)
	for i, item := range n.Items {
		if below.computes(item.Expr) {
			p.Times[i] = 0
		}
	}
	if below.Key != nil {
		p.Key = []int{}
		for _, c := range below.Key {
			i := at(c)
			if i < 0 {
				p.Key = nil
				break
			}
			p.Key = append(p.Key, i)
		}
		slices.Sort(p.Key)
	}
	if p.Key == nil && p.Changes == logical.Upsert {
		p.Changes = logical.Changelog
	}
	return p
}

// computes reports whether e is the time that has the watermark: COALESCE of the columns, or the first of them, which is the time wherever it is not NULL.
func (p *Properties) computes(e *bind.Expr) bool {
	if p.Computed == nil {
		return false
	}
	if e.Op == bind.Column {
		return slices.Equal(e.Path, p.Computed[0])
	}
	return e.Op == bind.Coalesce && slices.EqualFunc(e.Args, p.Computed, func(a *bind.Expr, path []int) bool {
		return a.Op == bind.Column && slices.Equal(a.Path, path)
	})
}

// joined has the keys of both sides together; those of one side where each of its rows meets one row at most.
func (s *Edges) joined(n *logical.Join) *Properties {
	left, right := s.Of(n.Left), s.Of(n.Right)
	p := &Properties{Bounded: left.Bounded && right.Bounded, TTL: shorter(left.TTL, right.TTL)}
	nl := n.Left.Schema().Len()
	s.joinedTimes(n, p)
	switch {
	case n.Kind.KeepsLeftOnly() || n.Kind == logical.Single:
		p.Key = left.Key
	case left.Key == nil || right.Key == nil:
	case !n.Kind.LeftNullable() && covered(n, right.Key, false):
		p.Key = left.Key
	case !n.Kind.RightNullable() && covered(n, left.Key, true):
		p.Key = moveAll(right.Key, nl)
	default:
		p.Key = append(slices.Clone(left.Key), moveAll(right.Key, nl)...)
	}
	return p
}

// joinedTimes are the changes of a join's rows and their times, which follow from how it is carried out.
func (s *Edges) joinedTimes(n *logical.Join, p *Properties) {
	left, right := s.Of(n.Left), s.Of(n.Right)
	nl := n.Left.Schema().Len()
	same := func(c int) int { return c }
	behind := func(c int) int {
		if n.Kind.KeepsLeftOnly() {
			return -1
		}
		return nl + c
	}
	switch n.Strategy {
	case logical.ChangingJoin:
		appends := left.Changes == logical.AppendOnly && right.Changes == logical.AppendOnly
		if !appends || n.Kind != logical.Inner && n.Kind != logical.Semi {
			p.Changes = logical.Changelog
		}
		switch s.readSide(n) {
		case 0:
			p.moveWindows(left, same)
		case 1:
			p.moveWindows(right, behind)
		}
	case logical.IntervalJoin:
		// A row waits for its partner, and comes out with it: by as much as their times may be apart.
		p.Times = map[int]int64{n.Bounds.Left: max(0, n.Lags[0], n.Lags[1]-n.Bounds.Lower)}
		if !n.Kind.KeepsLeftOnly() {
			p.Times[nl+n.Bounds.Right] = max(0, n.Lags[1], n.Lags[0]+n.Bounds.Upper)
		}
	case logical.WindowJoin:
		// The rows of a window come out when both sides have closed it.
		p.Times = map[int]int64{}
		if !n.Kind.LeftNullable() {
			p.Times = left.windowTimes(same, n.Lags[1]-n.Lags[0])
			p.moveWindows(left, same)
		}
		if !n.Kind.RightNullable() {
			maps.Copy(p.Times, right.windowTimes(behind, n.Lags[0]-n.Lags[1]))
			p.moveWindows(right, behind)
		}
	case logical.TemporalJoin:
		p.Times = left.Times
		p.moveWindows(left, same)
		if t := n.Temporal; !t.Processing { // a row waits for the versions of its time
			p.Times = map[int]int64{}
			for c, lag := range left.Times {
				p.Times[c] = max(lag, n.Lags[1])
			}
		}
	default: // one side is kept, and has come to its end
		switch {
		case left.Bounded && right.Bounded && len(left.Times) > 0 && len(right.Times) > 0:
			// Which side is kept depends on how large they are, which the answer must not do; of endless ones both would be.
		case !disjoint(n): // rows wait until the other side has ended
		case n.BuildLeft && !n.Kind.RightNullable():
			p.Times = right.moved(behind)
			p.moveWindows(right, behind)
		case !n.BuildLeft && !n.Kind.LeftNullable():
			p.Times = left.Times
			p.moveWindows(left, same)
		}
	}
}

// readSide is the side of a join whose rows go on at once, with their times, if the other one is read to its end first; -1 if there is none. A changing join of
// inputs that end takes rows from both as they come, but which of them are late does not depend on when answers are handed on.
func (s *Edges) readSide(n *logical.Join) int {
	if n.Strategy == logical.ChangingJoin {
		left, right := s.Of(n.Left), s.Of(n.Right)
		timed := [2]bool{s.hasTimes(n.Left), s.hasTimes(n.Right)}
		switch {
		case !left.Bounded || !right.Bounded || timed[0] == timed[1] || !disjoint(n):
		case timed[0] && !n.Kind.LeftNullable():
			return 0
		case timed[1] && !n.Kind.RightNullable() && !n.Kind.KeepsLeftOnly():
			return 1
		}
		return -1
	}
	switch {
	case n.Strategy > logical.ChangingJoin || len(s.Of(n).Times) == 0:
		return -1
	case n.BuildLeft:
		return 1
	}
	return 0
}

// hasTimes reports whether rows of n have times that a watermark is of, or had them if answers were handed on once.
func (s *Edges) hasTimes(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Filter, *logical.Project, *logical.Unnest, *logical.RowsFrom, *logical.WindowTable:
		return s.hasTimes(n.Inputs()[0])
	case *logical.Join:
		if n.Strategy == logical.ChangingJoin {
			return s.readSide(n) >= 0
		}
	}
	return len(s.Of(n).Times) > 0
}

// windowTimes are the times of the window's columns at other places, of rows that are held for more µs after the end of the window is passed.
func (p *Properties) windowTimes(at func(int) int, more int64) map[int]int64 {
	out := p.moved(func(c int) int {
		for _, w := range p.windows() {
			if c == w.Start || c == w.End {
				return at(c)
			}
		}
		return -1
	})
	for c := range out {
		out[c] += max(0, more)
	}
	return out
}

// covered reports whether the keys of a join name all of a side's key: then a row of the other side meets one row at most.
func covered(n *logical.Join, key []int, left bool) bool {
	for _, c := range key {
		if !slices.ContainsFunc(n.Keys, func(k logical.KeyPair) bool { return left && k.Left == c || !left && k.Right == c }) {
			return false
		}
	}
	return true
}

func (s *Edges) grouped(n *logical.Aggregate) *Properties {
	below := s.Of(n.Input)
	p := &Properties{Bounded: below.Bounded, Key: span(0, len(n.Keys)), TTL: below.TTL}
	if n.Sets != nil {
		p.Key = append(p.Key, len(n.Keys))
	}
	if n.Changing && (len(n.Calls) > 0 || n.Retracts || len(n.Keys) == 0) { // what is only distinct does not change any more
		p.Changes = logical.Changelog
	}
	if w := n.Window; w != nil {
		p.Window = &WindowColumns{Start: w.Start, End: w.End}
		if below.Window != nil {
			p.Window.Size, p.Window.Step, p.Window.Processing = below.Window.Size, below.Window.Step, below.Window.Processing
		}
		if w.Timed {
			lag := w.Lag + n.Emit.Lateness
			p.Times = map[int]int64{w.End: lag}
			if p.Window.Size > 0 {
				p.Times[w.Start] = lag + p.Window.Size
			}
		}
	}
	return p
}

func (s *Edges) sorted(n *logical.Sort) *Properties {
	p := *s.Of(n.Input)
	if n.Limit == logical.NoLimit && n.Offset == 0 {
		if p.Window, p.Also = nil, nil; n.Timed {
			p.Times = p.only(n.Keys[0].Column)
		} else {
			p.Times = nil
		}
		return &p
	}
	first := len(n.Keys) == 0 && n.Limit == 1 && n.Offset == 0 && !n.Retracts // which stays so
	if n.Changing && !first {
		p.Changes = logical.Changelog
	}
	p.Times, p.Window, p.Also = nil, nil, nil
	switch {
	case (n.Limit == 0 || n.Limit == 1) && !n.WithTies && n.Rank != logical.RankWithGaps && n.Rank != logical.DenseRank:
		p.Key = slices.Clone(n.Partition)
		if p.Key == nil {
			p.Key = []int{}
		}
		slices.Sort(p.Key)
	case p.Key == nil && n.Rank == logical.RowNumber:
		p.Key = append(slices.Clone(n.Partition), n.Input.Schema().Len())
		slices.Sort(p.Key)
	}
	return &p
}

func (s *Edges) over(n *logical.Over) *Properties {
	p := *s.Of(n.Input)
	if n.Changing {
		p.Changes = logical.Changelog
	}
	if p.Window, p.Also = nil, nil; n.Timed && !slices.ContainsFunc(n.Calls, follows) {
		p.Times = p.only(n.Order[0].Column)
	} else {
		p.Times = nil
	}
	return &p
}

// columnNames are the names of columns of s.
func columnNames(s *schema.Schema, columns []int) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = s.Fields[c].Name
	}
	return names
}
