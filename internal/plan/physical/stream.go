package physical

import (
	"math"

	"wire.example/wire/internal/operator/dedupe"
	"wire.example/wire/internal/operator/fold"
	"wire.example/wire/internal/operator/late"
	"wire.example/wire/internal/operator/normalize"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/sort"
	"wire.example/wire/internal/operator/topn"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/plan/logical"
)

// newFold makes the operator that keeps what a changelog comes to.
func newFold(s *Step, n *logical.Fold) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	columns := make([]int, n.Schema().Len())
	for i := range columns {
		columns[i] = i
	}
	config := fold.Config{Name: n.Name, Types: types(n.Schema()), Partition: columns}
	s.New = func(b Build) (op.Operator, error) { return fold.New(b.Pool, b.Budget, config), nil }
	return byKeys(columns)
}

// newNormalize makes the operator that keeps the last row of each key.
func newNormalize(s *Step, n *logical.Normalize) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	config := normalize.Config{Name: n.Name, Types: types(n.Schema()), Key: n.Key, Changelog: n.Changelog, Upserts: n.Upserts, TTL: n.TTL}
	s.New = func(b Build) (op.Operator, error) { return normalize.New(b.Pool, b.Budget, config), nil }
	return byKeys(n.Key)
}

// isDedupe reports whether a changing sort keeps one row of each partition, and is given no row that is taken back.
func isDedupe(n *logical.Sort) bool {
	return n.Limit == 1 && n.Offset == 0 && !n.WithTies && n.Rank == logical.NoRank && !n.Retracts
}

// newDedupe makes the operator that keeps one row of each partition.
func newDedupe(s *Step, n *logical.Sort) meeting {
	config := dedupe.Config{Name: n.Name, Types: types(n.Schema()), Partition: n.Partition, Order: sortKeys(n.Keys), TTL: n.TTL}
	switch {
	case n.First:
		config.Ties = dedupe.FirstArrived
	case n.Last:
		config.Ties = dedupe.LastArrived
	}
	s.New = func(b Build) (op.Operator, error) { return dedupe.New(b.Pool, b.Budget, config), nil }
	return byKeys(n.Partition)
}

// newTopN makes the operator that keeps the first rows of each partition.
func newTopN(s *Step, n *logical.Sort) meeting {
	config := topConfig(n)
	s.New = func(b Build) (op.Operator, error) { return topn.New(b.Pool, b.Budget, config), nil }
	return byKeys(n.Partition)
}

func topConfig(n *logical.Sort) topn.Config {
	function := map[logical.Rank]topn.Function{logical.RankWithGaps: topn.Rank, logical.DenseRank: topn.DenseRank}[n.Rank]
	return topn.Config{
		Name: n.Name, Types: types(n.Input.Schema()), Partition: n.Partition, Order: sortKeys(n.Keys), Arrival: len(n.Keys) == 0, Function: function,
		Limit: n.Limit, Offset: n.Offset, WithTies: n.WithTies, RankColumn: n.Rank != logical.NoRank, Changes: n.Retracts, TTL: n.TTL,
	}
}

// mostCombined is up to how many first rows are found in each lane before they meet in one task.
const mostCombined = 4096

// combinesTop reports whether the first rows of n are first rows of what each lane has, too.
func combinesTop(n *logical.Sort) bool {
	return n.Changing && !isDedupe(n) && !n.Retracts && n.Partition == nil && len(n.Keys) > 0 && n.Limit >= 0 && n.Limit <= mostCombined && n.Offset <= mostCombined
}

// combineTop leads the rows of n's input through operators that leave those out that are not among the first, one in each lane or task that they come from.
func (b *builder) combineTop(n *logical.Sort, edge Edge) {
	config := topConfig(n)
	b.before(n.Input, edge, func() *Step {
		return &Step{
			Name: n.Name + ".combine", Detail: "rows that may be among the first", OnError: n.OnError, Schema: n.Input.Schema(),
			New: func(b Build) (op.Operator, error) { return topn.NewCombiner(b.Pool, b.Budget, config), nil },
		}
	})
}

// newTimedSort makes the operator that puts endless rows in the order of time.
func newTimedSort(s *Step, n *logical.Sort) meeting {
	config := sort.TimedConfig{Name: n.Name, Types: types(n.Schema()), Keys: sortKeys(n.Keys), Lag: n.Lag}
	s.New = func(b Build) (op.Operator, error) { return sort.NewTimed(b.Pool, b.Budget, config), nil }
	return together(1)
}

// newSessions makes the operator that keeps rows until their session is over.
func newSessions(s *Step, n *logical.Sessions) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	config := window.HeldConfig{
		Name: n.Name, Types: types(n.Schema()), Keys: n.Keys, Start: n.Start, End: n.End, Lag: n.Lag, Retracts: n.Retracts, ProcessingTime: n.Processing,
	}
	if !n.Timed && !n.Processing {
		config.Lag = math.MaxInt64
	}
	s.New = func(b Build) (op.Operator, error) { return window.NewHeld(b.Pool, b.Budget, config) }
	return byKeys(n.Keys)
}

// newLate makes the operator that takes late rows out.
func newLate(s *Step, n *logical.Late) {
	s.Name, s.OnError = n.Name, n.OnError
	config := late.Config{Name: n.Name, Types: types(n.Schema()), Time: n.Time, Lateness: n.Lateness, Changes: n.Changing}
	s.New = func(Build) (op.Operator, error) { return late.New(&config) }
}

// newWindowTable makes the operator that assigns windows, and tells late rows apart.
func newWindowTable(s *Step, n *logical.WindowTable) {
	s.Name, s.OnError = n.Name, n.OnError
	s.Ports = make([][]Edge, window.LatePort+1)
	config := window.AssignConfig{
		Name: n.Name, Types: types(n.Input.Schema()), Shape: shapeOf(n), Time: n.Time, Decides: n.Decides, Lateness: n.Lateness, Slices: n.Sliced,
	}
	if n.Processing {
		s.Tick = windowTick(n)
		config.TimeType, config.Time = config.Types[n.Time], window.ProcessingTime
	}
	s.New = func(b Build) (op.Operator, error) {
		c := config
		c.Late = len(s.Ports[window.LatePort]) > 0
		return window.NewAssign(b.Pool, c)
	}
}

func shapeOf(n *logical.WindowTable) window.Shape {
	kind := map[logical.WindowShape]window.Kind{
		logical.Tumble: window.Tumble, logical.Hop: window.Hop, logical.Cumulate: window.Cumulate, logical.Session: window.Session,
	}[n.Shape]
	return window.Shape{Kind: kind, Size: n.Size, Every: n.Every, Gap: n.Gap, Offset: n.Offset}
}
