package physical

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/logical"
)

// newJoin makes the operator of n.
func newJoin(s *Step, n *logical.Join) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	switch n.Strategy {
	case logical.IntervalJoin, logical.WindowJoin, logical.TemporalJoin:
		return newTimeJoin(s, n)
	}
	config := joinConfig(n)
	s.New = func(b Build) (op.Operator, error) {
		c := config
		c.Pool, c.Budget, c.Tasks = b.Pool, b.Budget, b.Tasks
		if n.Condition != nil {
			program, err := eval.Compile(b.Pool, n.Condition)
			if err != nil {
				return nil, err
			}
			c.Residual = program
		}
		switch n.Strategy {
		case logical.MergeJoin:
			return join.NewMerge(&c)
		case logical.ChangingJoin:
			return join.NewChanging(&c)
		}
		return join.NewHash(&c)
	}
	return joinMeeting(&config, n.Strategy)
}

func joinConfig(n *logical.Join) join.Config {
	c := join.Config{
		Name: n.Name, Kind: joinKind(n.Kind), Build: join.RightInput, Left: types(n.Left.Schema()), Right: types(n.Right.Schema()), Need: n.Need, Endless: n.Endless,
		Broadcast: n.Strategy == logical.BroadcastJoin, Dated: n.Dated,
	}
	if n.BuildLeft {
		c.Build = join.LeftInput
	}
	for i := range c.Inputs {
		c.Inputs[i] = join.Input{AppendOnly: n.Appends[i], Unique: n.Unique[i], TTL: n.TTLs[i]}
	}
	for _, k := range n.Keys {
		key := join.Key{Left: k.Left, Right: k.Right}
		switch {
		case k.NullSafe:
			key.Match = join.NotDistinct
		case k.Unknown:
			key.Match = join.In
		}
		c.Keys = append(c.Keys, key)
	}
	for _, k := range n.Order {
		c.Order = append(c.Order, join.Direction{Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	if n.Condition != nil {
		for _, path := range bind.Paths(n.Condition) {
			if !slices.Contains(c.Reads, path[0]) {
				c.Reads = append(c.Reads, path[0])
			}
		}
	}
	if c.Broadcast {
		c.Deal = dealt(n, 1-c.Build)
	}
	return c
}

func joinKind(k logical.JoinKind) join.Kind {
	return [...]join.Kind{
		logical.Inner: join.Inner, logical.Left: join.Left, logical.Right: join.Right, logical.Full: join.Full, logical.Semi: join.Semi,
		logical.Anti: join.Anti, logical.Mark: join.Mark, logical.Single: join.Single,
	}[k]
}

// mostDealt is how many columns at most are hashed to deal rows that may go to any task.
const mostDealt = 3

// dealt are the columns of the side that is not broadcast by which its rows are dealt: the join's keys, else the first columns that are read of it.
func dealt(n *logical.Join, probe int) []int {
	var columns []int
	for _, k := range n.Keys {
		columns = append(columns, [...]int{k.Left, k.Right}[probe])
	}
	if len(columns) > 0 {
		return columns
	}
	width, first := n.Inputs()[probe].Schema().Len(), 0
	if probe == 1 {
		first = n.Left.Schema().Len()
	}
	read := make([]bool, width)
	if probe == 0 || !n.Kind.KeepsLeftOnly() {
		for i := range read {
			read[i] = first+i >= len(n.Need) || n.Need[first+i]
		}
	}
	if n.Condition != nil {
		for _, path := range bind.Paths(n.Condition) {
			if c := path[0] - first; c >= 0 && c < width {
				read[c] = true
			}
		}
	}
	for i := range read {
		if read[i] && len(columns) < mostDealt {
			columns = append(columns, i)
		}
	}
	return columns
}

// joinMeeting says how the sides of a join meet.
func joinMeeting(c *join.Config, strategy logical.Strategy) meeting {
	switch {
	case strategy == logical.BroadcastJoin && len(c.Deal) > 0:
		m := meeting{exchanges: make([]Exchange, 2)}
		m.exchanges[c.Build] = Exchange{Kind: Broadcast}
		m.exchanges[1-c.Build] = Exchange{Kind: Hash, Keys: c.Deal}
		return m
	case (strategy == logical.HashJoin || strategy == logical.ChangingJoin) && len(c.HashColumns(join.LeftInput)) > 0:
		return meeting{exchanges: []Exchange{
			{Kind: Hash, Keys: c.HashColumns(join.LeftInput)}, {Kind: Hash, Keys: c.HashColumns(join.RightInput)},
		}}
	}
	return together(2)
}
