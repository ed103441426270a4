package optimize

import (
	"cmp"
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/batch"
)

// broadcastRows is the size up to which a build side is given to every task rather than dealt by key.
const broadcastRows = 1_000

// mostBroadcast is how many rows a build side may have at most that is given to every task: each keeps all of them in memory, and so none is given that is small only if a guess about
// its conditions holds.
const mostBroadcast = 10 * broadcastRows

// mostMerged is how many bytes the rows of an input may have at most that is merged with another: all of one may come before the first of the other, and wait in memory. Where that is more, a
// hash join keeps one side alone, and that leaves memory.
const mostMerged = 8 << 20

// rowBytes is what a row takes beside its columns.
const rowBytes = 16

// ChooseJoins decides how each join is carried out: which side is kept, and how the sides meet.
func ChooseJoins(p *logical.Plan) {
	estimates := NewEstimates()
	nodes := order(p)
	for i := len(nodes) - 1; i >= 0; i-- {
		if j, ok := nodes[i].(*logical.Join); ok {
			chooseJoin(j, estimates)
		}
	}
}

func chooseJoin(j *logical.Join, estimates *Estimates) {
	left, right := estimates.Of(j.Left), estimates.Of(j.Right)
	j.BuildLeft = left.Rows*(left.Width+rowBytes) < right.Rows*(right.Width+rowBytes)
	hashed := false // a key by which rows can be dealt
	for _, k := range j.Keys {
		hashed = hashed || !k.Unknown
	}
	build := right
	if j.BuildLeft {
		build = left
	}
	broadcast := canBroadcast(j) && build.Most <= mostBroadcast
	merged, inOrder := mergeable(j)
	switch {
	case inOrder && canMerge(j) && max(left.Most*(left.Width+rowBytes), right.Most*(right.Width+rowBytes)) <= mostMerged:
		j.Strategy, j.Keys, j.Order = logical.MergeJoin, merged, ordering(j.Left)[:len(merged)]
	case hashed && (build.Rows > broadcastRows || !broadcast):
		j.Strategy = logical.HashJoin
	case broadcast:
		j.Strategy = logical.BroadcastJoin
	default:
		j.Strategy = logical.NestedLoop
	}
}

// canMerge reports whether a join of inputs that are in order needs no more than the rows of one key at a time.
func canMerge(j *logical.Join) bool { return j.Kind != logical.Mark && !j.Guarded && j.AsOf == nil }

// canBroadcast reports whether every task may have the whole build side: not where its rows come out according to whether they have a match, for
// no task knows that alone.
func canBroadcast(j *logical.Join) bool {
	switch j.Kind {
	case logical.Inner:
		return true
	case logical.Full:
		return false
	case logical.Right:
		return j.BuildLeft
	default: // the left's rows do
		return !j.BuildLeft
	}
}

// combinedGroups is how many groups are combined before rows are dealt to tasks: so few that most rows of a block meet another one of their group.
const combinedGroups = 1_000

// combinedShare is the share of the rows of a batch that begin a group in it up to which rows are combined, however many groups there are in all. Then no
// group that has most of the rows keeps one task busy while others wait.
const combinedShare = 0.25

// splitTasks is from how many tasks on values of DISTINCT are looked up by tasks of their own: the work is half as much again, and with two cores one of them
// keeps up with a single group while the other decodes.
const splitTasks = 4

// groupsAtOnce is how many windows rows of a batch are in.
const groupsAtOnce = 2

// freshGroups is the share of the rows of a batch that begin a group in it.
func freshGroups(a *logical.Aggregate, in *Estimate) float64 {
	if a.Sets != nil {
		return 1
	}
	groups := 1.0
	for i, k := range a.Keys {
		switch w := a.Window; {
		case w != nil && i == w.End:
		case w != nil && i == w.Start:
			groups *= groupsAtOnce
		default:
			groups *= max(1, in.Fresh[k]*batch.MaxRows)
		}
	}
	return min(1, groups/batch.MaxRows)
}

// compares reports whether a call cannot take rows back but by comparing them with the others of its group.
func compares(c logical.AggregateCall) bool { return c.Function.Retraction != aggregate.ByRetract }

// splittable reports whether the values of calls with DISTINCT can be looked up by tasks of their own.
func splittable(a *logical.Aggregate) bool {
	if a.Retracts || a.TTL > 0 || a.Sets != nil || len(a.Keys) == 0 || a.Window != nil {
		return false
	}
	found := false
	for _, c := range a.Calls {
		if !c.Function.Mergeable || c.Function.Order != aggregate.AnyOrder {
			return false
		}
		found = found || c.Distinct && !c.Function.IgnoresRepeats
	}
	return found
}

// CombineGroups makes aggregations of few groups two-phase. Not those that forget groups of which rows are taken back: a lane does not know what is forgotten.
func CombineGroups(p *logical.Plan) {
	estimates, lanes := NewEstimates(), cmp.Or(p.PlannedFor, p.Parallelism)
	for _, n := range order(p) {
		if a, ok := n.(*logical.Aggregate); ok {
			e := estimates.Of(a)
			in := estimates.Of(a.Input)
			few := e.Rows <= combinedGroups && in.Rows > 4*e.Rows || lanes != 1 && freshGroups(a, in) <= combinedShare
			if w := a.Window; w != nil && w.Table != nil {
				few = (few || len(a.Keys) == 2) && w.Table.Shape != logical.Session // at one time there are few windows
			}
			a.Split = few && (lanes == 0 || lanes >= splitTasks) && splittable(a)
			a.Combine = a.Split || few && !slices.ContainsFunc(a.Calls, whole) && (!a.Retracts || a.Window == nil && a.TTL == 0 && !slices.ContainsFunc(a.Calls, compares))
		}
	}
}

// whole reports whether a call needs all rows of its group in one place.
func whole(c logical.AggregateCall) bool {
	return !c.Function.Mergeable || c.Distinct && !c.Function.IgnoresRepeats || len(c.OrderBy) > 0 && c.Function.Order != aggregate.AnyOrder
}
