package physical

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// How often steps are told what processing time it is, in µs: usually; at the most, if what they wait for takes less; at the least, if it takes long.
const usualTick, soonestTick, latestTick = 100_000, 1_000, 1_000_000

// ticksOfLife is how many ticks come while what expires is kept, where latestTick allows: rows live at most as much longer than they must.
const ticksOfLife = 10

// tickOf is how often the step of n, which keeps state, is told what processing time it is; 0 if it has no use for it.
func tickOf(n logical.Node) int64 {
	switch n := n.(type) {
	case *logical.Aggregate:
		return least(lifeTick(n.TTL), emitTick(n))
	case *logical.Join:
		return least(lifeTick(n.TTLs[0]), lifeTick(n.TTLs[1]))
	case *logical.Sort:
		return lifeTick(n.TTL)
	case *logical.Over:
		return lifeTick(n.TTL)
	case *logical.SetOp:
		return lifeTick(n.TTL)
	case *logical.Normalize:
		return lifeTick(n.TTL)
	case *logical.Sessions:
		if n.Processing {
			return usualTick
		}
	}
	return 0
}

// lifeTick is the tick of what expires after ttl µs.
func lifeTick(ttl int64) int64 {
	if ttl == 0 {
		return 0
	}
	return min(max(ttl/ticksOfLife, soonestTick), latestTick)
}

// emitTick is the tick of windows that end by processing time, or answer every so often.
func emitTick(n *logical.Aggregate) int64 {
	if n.Window == nil {
		return 0
	}
	var tick int64
	if n.Emit.Every > 0 {
		tick = max(min(usualTick, n.Emit.Every), soonestTick)
	}
	switch t := n.Window.Table; {
	case t != nil && t.Processing:
		tick = least(tick, windowTick(t))
	case n.Window.Processing:
		tick = least(tick, usualTick)
	}
	return tick
}

// windowTick is the tick of windows by processing time.
func windowTick(n *logical.WindowTable) int64 {
	tick := int64(usualTick)
	for _, span := range []int64{n.Size, n.Every, n.Gap} {
		if span > 0 {
			tick = min(tick, span)
		}
	}
	return max(tick, soonestTick)
}

// clockTick is the tick of a step that computes exprs.
func clockTick(exprs ...*bind.Expr) int64 {
	tick := int64(0)
	for _, e := range exprs {
		bind.Walk(e, func(e *bind.Expr) bool {
			if e.Function != nil && e.Function.Clock {
				tick = usualTick
			}
			return tick == 0
		})
	}
	return tick
}

// least is the shorter of two ticks, of which 0 is none.
func least(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
