package optimize

import (
	"math"
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Estimate is what is expected of a node's rows.
type Estimate struct {
	// Rows is how many there are.
	Rows float64
	// Most is about how many there would be if every condition let all rows through, and every row had a group of its own: at least Rows.
	Most float64
	// Distinct is, for each column, the number of different values: at least 1, at most Rows if that is more.
	Distinct []float64
	// Fresh is, for each column, the share of the rows of a batch whose value no row before them in it has.
	Fresh []float64
	// Width is the mean size of a row in bytes.
	Width float64
	// Cost is the CPU time in ns that the node and everything below it take, each node counted once for everyone who reads it.
	Cost float64
}

// GuessedRows is how many rows a source is taken to have of which nothing is known.
const GuessedRows = 100_000

// The guesses where there are no statistics.
const (
	guessedRows     = GuessedRows
	guessedDistinct = 0.1 // of the rows
	guessedText     = 24  // bytes
	guessedParts    = 500 // of times
	rangeShare      = 1.0 / 3
	likeShare       = 0.1
	otherShare      = 1.0 / 3
)

// CPU ns a row, from the benchmarks of decoder, evaluator, exchange and operators on a machine of two cores.
const (
	scanCost     = 90
	filterCost   = 3
	itemCost     = 2
	exchangeCost = 12
	buildCost    = 60
	probeCost    = 40
	pairCost     = 2
	groupCost    = 30
	callCost     = 6
	sortCost     = 15 // and for each doubling
	overCost     = 30
	emitCost     = 8
)

// Estimates computes estimates of nodes, each once.
type Estimates struct {
	done map[logical.Node]*Estimate
}

// NewEstimates returns an empty collection.
func NewEstimates() *Estimates { return &Estimates{done: map[logical.Node]*Estimate{}} }

// Of returns what is expected of n.
func (s *Estimates) Of(n logical.Node) *Estimate {
	if e, ok := s.done[n]; ok {
		return e
	}
	e := s.compute(n)
	for i := range e.Distinct {
		e.Distinct[i] = max(1, min(e.Distinct[i], max(1, e.Rows)))
	}
	for len(e.Fresh) < len(e.Distinct) {
		e.Fresh = append(e.Fresh, 1)
	}
	for i, d := range e.Distinct {
		e.Fresh[i] = min(e.Fresh[i], d/batch.MaxRows)
	}
	e.Most = max(e.Rows, s.most(n))
	e.Width = width(n.Schema())
	for _, in := range n.Inputs() {
		e.Cost += s.Of(in).Cost
	}
	s.done[n] = e
	return e
}

// width is the mean size of rows of s in bytes.
func width(s *schema.Schema) float64 {
	total := 0.0
	for _, f := range s.Fields {
		switch w := f.Type.Kind.Width(); {
		case f.Type.Kind.IsVariable():
			total += guessedText
		case w == 0:
			total++
		default:
			total += float64(w)
		}
	}
	return total
}

func (s *Estimates) compute(n logical.Node) *Estimate {
	switch n := n.(type) {
	case *logical.Scan:
		return s.scan(n)
	case *logical.Filter:
		return s.filter(n)
	case *logical.Project:
		return s.project(n)
	case *logical.Union:
		e := &Estimate{Distinct: make([]float64, n.Schema().Len())}
		for _, in := range n.In {
			below := s.Of(in)
			e.Rows += below.Rows
			for i, d := range below.Distinct {
				e.Distinct[i] += d
			}
		}
		return e
	case *logical.Join:
		return s.join(n)
	case *logical.Aggregate:
		return s.aggregate(n)
	case *logical.Sort:
		return s.sort(n)
	case *logical.Limit:
		in := s.Of(n.Input)
		return &Estimate{Rows: limited(in.Rows, n.Limit, n.Offset), Distinct: slices.Clone(in.Distinct)}
	case *logical.SetOp:
		left, right := s.Of(n.Left), s.Of(n.Right)
		e := &Estimate{Rows: left.Rows / 2, Distinct: slices.Clone(left.Distinct), Cost: (left.Rows + right.Rows) * (groupCost + exchangeCost)}
		if n.Kind == logical.Intersect {
			e.Rows = min(left.Rows, right.Rows) / 2
		}
		return e
	case *logical.Over:
		in := s.Of(n.Input)
		e := &Estimate{Rows: in.Rows, Distinct: slices.Clone(in.Distinct), Cost: sorted(in.Rows) + in.Rows*(exchangeCost+overCost*float64(len(n.Calls)))}
		for range n.Calls {
			e.Distinct = append(e.Distinct, in.Rows)
		}
		return e
	}
	return s.other(n)
}

// other is for steps that make rows of rows one way or another: ten of one where arrays are unfolded.
func (s *Estimates) other(n logical.Node) *Estimate {
	e := &Estimate{Rows: s.Of(n.Inputs()[0]).Rows}
	switch n := n.(type) {
	case *logical.RowsFrom, *logical.Unnest:
		e.Rows *= 10
	case *logical.Port:
		e.Rows /= float64(len(n.Split.Branches))
	}
	below := s.Of(n.Inputs()[0])
	for i := range n.Schema().Fields {
		d := e.Rows
		if i < len(below.Distinct) {
			d = below.Distinct[i]
		}
		e.Distinct = append(e.Distinct, d)
	}
	e.Fresh = slices.Clone(below.Fresh[:min(len(below.Fresh), len(e.Distinct))])
	e.Cost = e.Rows * emitCost
	return e
}

// most is how many rows n would give if no guess about its conditions held.
func (s *Estimates) most(n logical.Node) float64 {
	sum, largest := 0.0, 0.0
	for _, in := range n.Inputs() {
		most := s.Of(in).Most
		sum, largest = sum+most, max(largest, most)
	}
	switch n := n.(type) {
	case *logical.Join:
		if n.Kind.KeepsLeftOnly() {
			return s.Of(n.Left).Most
		}
		return largest
	case *logical.Aggregate:
		if len(n.Keys) == 0 {
			return 0
		}
	case *logical.Limit:
		return limited(sum, n.Limit, n.Offset)
	case *logical.Sort:
		if n.Partition == nil {
			return limited(sum, n.Limit, n.Offset)
		}
	}
	return sum
}

func (s *Estimates) scan(n *logical.Scan) *Estimate {
	e := &Estimate{Rows: guessedRows, Distinct: make([]float64, n.Source.Schema.Len())}
	known := n.Source.Statistics
	if known != nil {
		e.Rows = known.Rows
	}
	for i := range e.Distinct {
		e.Distinct[i] = e.Rows * guessedDistinct
		if known != nil && known.Columns != nil && known.Columns[i].Distinct > 0 {
			e.Distinct[i] = known.Columns[i].Distinct
		}
		fresh := 1.0
		if known != nil && known.Columns != nil && known.Columns[i].Fresh > 0 {
			fresh = known.Columns[i].Fresh
		}
		e.Fresh = append(e.Fresh, fresh)
	}
	if key := n.Source.Key; len(key) == 1 {
		e.Distinct[key[0]] = e.Rows
	}
	e.Cost = e.Rows * scanCost
	return e
}

func (s *Estimates) filter(n *logical.Filter) *Estimate {
	in := s.Of(n.Input)
	e := &Estimate{Distinct: slices.Clone(in.Distinct), Fresh: slices.Clone(in.Fresh), Cost: in.Rows * filterCost}
	e.Rows = in.Rows * selectivity(n.Predicate, in)
	for _, c := range bind.Conjuncts(n.Predicate) {
		if column, ok := equality(c); ok {
			e.Distinct[column] = 1
		}
	}
	return e
}

// selectivity is the share of rows for which a condition is true.
func selectivity(e *bind.Expr, in *Estimate) float64 {
	switch e.Op {
	case bind.Const:
		if e.IsNullConst() || !e.Value.Bits().Get(0) {
			return 0
		}
		return 1
	case bind.And:
		share := 1.0
		for _, a := range e.Args {
			share *= selectivity(a, in)
		}
		return share
	case bind.Or:
		none := 1.0
		for _, a := range e.Args {
			none *= 1 - selectivity(a, in)
		}
		return 1 - none
	case bind.Not:
		return 1 - selectivity(e.Args[0], in)
	case bind.IsNull:
		if e.Negated {
			return 0.95
		}
		return 0.05
	case bind.IsBool:
		if e.Truth != e.Negated {
			return selectivity(e.Args[0], in)
		}
		return 1 - selectivity(e.Args[0], in)
	case bind.In:
		return min(1, float64(len(e.Args)-1)/distinctOf(e.Args[0], in))
	case bind.Like:
		return likeShare
	case bind.Compare:
		return comparison(e, in)
	}
	return otherShare
}

func comparison(e *bind.Expr, in *Estimate) float64 {
	equal := 1 / max(distinctOf(e.Args[0], in), distinctOf(e.Args[1], in))
	switch e.Cmp {
	case bind.Equal:
		return equal
	case bind.NotEqual:
		return 1 - equal
	default:
		return rangeShare
	}
}

// distinctOf is how many different values e has.
func distinctOf(e *bind.Expr, in *Estimate) float64 {
	switch {
	case e.Op == bind.Column && len(e.Path) == 1:
		return max(1, in.Distinct[e.Path[0]])
	case e.Op == bind.Const:
		return 1
	case e.Type.Kind == schema.Bool:
		return 2
	}
	all := 1.0
	for _, path := range bind.Paths(e) {
		all *= max(1, in.Distinct[path[0]])
	}
	if truncates(e) {
		all = min(all, guessedParts)
	}
	return min(all, max(1, in.Rows))
}

// truncates reports whether e takes a part of a time, of which there are few at one time.
func truncates(e *bind.Expr) bool {
	if e.Op == bind.Cast {
		return e.Type.Kind == schema.Date
	}
	if e.Op != bind.Call {
		return false
	}
	switch e.Function.Name {
	case "to_char":
		return e.Args[0].Type.Kind == schema.Timestamp || e.Args[0].Type.Kind == schema.TimestampTZ
	case "date_trunc", "date_part", "extract", "date_bin":
		return true
	}
	return false
}

// freshOf is the share of the rows of a batch in which e has a value that no row before them has.
func freshOf(e *bind.Expr, in *Estimate) float64 {
	if e.Op == bind.Column && len(e.Path) == 1 {
		return in.Fresh[e.Path[0]]
	}
	return 1
}

func (s *Estimates) project(n *logical.Project) *Estimate {
	in := s.Of(n.Input)
	e := &Estimate{Rows: in.Rows}
	for _, item := range n.Items {
		e.Distinct = append(e.Distinct, distinctOf(item.Expr, in))
		e.Fresh = append(e.Fresh, freshOf(item.Expr, in))
		if item.Expr.Op != bind.Column {
			e.Cost += in.Rows * itemCost
		}
	}
	return e
}

func (s *Estimates) join(n *logical.Join) *Estimate {
	left, right := s.Of(n.Left), s.Of(n.Right)
	pairs := pairsOf(n.Keys, left, right)
	if n.Condition != nil {
		both := &Estimate{Rows: pairs, Distinct: slices.Concat(left.Distinct, right.Distinct)}
		pairs *= selectivity(n.Condition, both)
	}
	e := &Estimate{Rows: pairs}
	switch n.Kind {
	case logical.Left, logical.Single:
		e.Rows = max(pairs, left.Rows)
	case logical.Right:
		e.Rows = max(pairs, right.Rows)
	case logical.Full:
		e.Rows = max(pairs, left.Rows, right.Rows)
	case logical.Semi:
		e.Rows = matched(n, left, right, pairs)
	case logical.Anti:
		e.Rows = max(1, left.Rows-matched(n, left, right, pairs))
	case logical.Mark:
		e.Rows = left.Rows
	}
	e.Distinct, e.Fresh = slices.Clone(left.Distinct), slices.Clone(left.Fresh)
	if !n.Kind.KeepsLeftOnly() {
		e.Fresh = append(e.Fresh, right.Fresh...)
		for _, k := range n.Keys { // a row of one side comes as often as it meets one of the other
			both := len(left.Fresh) + k.Right
			e.Fresh[k.Left] = min(e.Fresh[k.Left], e.Fresh[both])
			e.Fresh[both] = e.Fresh[k.Left]
		}
	}
	switch {
	case n.Kind == logical.Mark:
		e.Distinct = append(e.Distinct, 2)
	case !n.Kind.KeepsLeftOnly():
		e.Distinct = append(e.Distinct, right.Distinct...)
	}
	e.Cost = joinCost(n, left, right, pairs)
	return e
}

// pairsOf is how many pairs of rows have equal keys.
func pairsOf(keys []logical.KeyPair, left, right *Estimate) float64 {
	pairs := left.Rows * right.Rows
	for _, k := range keys {
		pairs /= max(1, left.Distinct[k.Left], right.Distinct[k.Right])
	}
	return pairs
}

// matched is how many rows of the left are in a pair.
func matched(n *logical.Join, left, right *Estimate, pairs float64) float64 {
	share := 1.0
	for _, k := range n.Keys {
		share = min(share, right.Distinct[k.Right]/max(1, left.Distinct[k.Left]))
	}
	if n.Condition != nil {
		share *= 0.5
	}
	return min(left.Rows*share, max(pairs, 1))
}

// joinCost is the CPU time of the join itself.
func joinCost(n *logical.Join, left, right *Estimate, pairs float64) float64 {
	build, probe := right, left
	if n.BuildLeft {
		build, probe = left, right
	}
	if len(n.Keys) == 0 {
		return (left.Rows+right.Rows)*exchangeCost + left.Rows*right.Rows*pairCost
	}
	return build.Rows*(buildCost+exchangeCost) + probe.Rows*(probeCost+exchangeCost) + pairs*emitCost
}

func (s *Estimates) aggregate(n *logical.Aggregate) *Estimate {
	in := s.Of(n.Input)
	e := &Estimate{Cost: in.Rows * (exchangeCost + groupCost + callCost*float64(len(n.Calls)))}
	sets := n.Sets
	if sets == nil {
		sets = [][]int{span(0, len(n.Keys))}
	}
	for _, set := range sets {
		groups := 1.0
		for _, k := range set {
			groups *= max(1, in.Distinct[n.Keys[k]])
		}
		e.Rows += max(1, min(groups, in.Rows))
	}
	for _, k := range n.Keys {
		e.Distinct = append(e.Distinct, in.Distinct[k])
	}
	for len(e.Distinct) < n.Schema().Len() {
		e.Distinct = append(e.Distinct, e.Rows)
	}
	e.Cost += e.Rows * emitCost
	return e
}

func (s *Estimates) sort(n *logical.Sort) *Estimate {
	in := s.Of(n.Input)
	e := &Estimate{Rows: limited(in.Rows, n.Limit, n.Offset), Distinct: slices.Clone(in.Distinct), Cost: sorted(in.Rows) + in.Rows*exchangeCost}
	if n.Partition != nil {
		groups := 1.0
		for _, c := range n.Partition {
			groups *= max(1, in.Distinct[c])
		}
		e.Rows = min(in.Rows, groups*limited(in.Rows, n.Limit, n.Offset))
	} else if n.Limit != logical.NoLimit {
		e.Cost = in.Rows * (exchangeCost + sortCost)
	}
	if n.Rank != logical.NoRank {
		e.Distinct = append(e.Distinct, limited(in.Rows, n.Limit, n.Offset))
	}
	return e
}

// sorted is the CPU time of sorting rows.
func sorted(rows float64) float64 { return rows * sortCost * math.Log2(max(2, rows)) }

// limited is how many of rows a limit lets through.
func limited(rows float64, limit, offset int64) float64 {
	rows = max(0, rows-float64(offset))
	if limit == logical.NoLimit {
		return rows
	}
	return min(rows, float64(limit))
}
