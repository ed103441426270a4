package physical

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/internal/plan/logical"
)

// newTimeJoin makes the operator of a join by times or windows.
func newTimeJoin(s *Step, n *logical.Join) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	config := timeConfig(n)
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
		if n.Strategy == logical.WindowJoin {
			end := n.Keys[n.Window[1]]
			return timejoin.NewWindow(&timejoin.WindowConfig{Config: c, LeftEnd: end.Left, RightEnd: end.Right, Lag: max(n.Lags[0], n.Lags[1]), Width: n.Width})
		}
		if t := n.Temporal; t != nil {
			return timejoin.NewTemporal(&timejoin.TemporalConfig{
				Config: c, Processing: t.Processing, LeftTime: t.Left, RightTime: t.Right, LeftLag: n.Lags[0], RightLag: n.Lags[1],
				Upsert: t.Upsert,
			})
		}
		return timejoin.NewInterval(&timejoin.IntervalConfig{
			Config: c, LeftTime: n.Bounds.Left, RightTime: n.Bounds.Right, Lower: n.Bounds.Lower, Upper: n.Bounds.Upper, LeftLag: n.Lags[0], RightLag: n.Lags[1],
		})
	}
	if len(config.Keys) == 0 {
		return together(2)
	}
	return meeting{exchanges: []Exchange{
		{Kind: Hash, Keys: config.HashColumns(timejoin.LeftInput)}, {Kind: Hash, Keys: config.HashColumns(timejoin.RightInput)},
	}}
}

func timeConfig(n *logical.Join) timejoin.Config {
	c := timejoin.Config{Name: n.Name, Kind: timeKind(n.Kind), Left: types(n.Left.Schema()), Right: types(n.Right.Schema()), Need: n.Need}
	for _, k := range n.Keys {
		c.Keys = append(c.Keys, timejoin.Key{Left: k.Left, Right: k.Right, NotDistinct: k.NullSafe})
	}
	if n.Condition != nil {
		for _, path := range bind.Paths(n.Condition) {
			if !slices.Contains(c.Reads, path[0]) {
				c.Reads = append(c.Reads, path[0])
			}
		}
	}
	return c
}

func timeKind(k logical.JoinKind) timejoin.Kind {
	return map[logical.JoinKind]timejoin.Kind{
		logical.Inner: timejoin.Inner, logical.Left: timejoin.Left, logical.Right: timejoin.Right, logical.Full: timejoin.Full, logical.Semi: timejoin.Semi,
		logical.Anti: timejoin.Anti,
	}[k]
}
