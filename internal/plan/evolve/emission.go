package evolve

import (
	"slices"
	"strconv"
	"strings"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/plan/physical"
)

// turns reports whether state of the one form becomes one of the other where answers are given at other times.
func (j *judgement) turns() bool {
	if _, ok := physical.Reshapes(j.was.Form, j.is.Form, j.is.Keys-windowKeys); ok && j.was.Changes != j.is.Changes && j.addUp() {
		j.how.reshape = true
		return true
	}
	_, ok := replays(j.was.Form, j.is.Form)
	return ok
}

// addUp reports whether what both steps keep of windows are sums of their slices: that of one form is made of the other's. Where each window is kept by itself windows must not overlap, and calls may keep more than sums.
func (j *judgement) addUp() bool {
	const windows = "windows"
	if (j.was.Form == windows || j.is.Form == windows) && overlaps(j.is.Window) {
		return false
	}
	return !slices.ContainsFunc(slices.Concat(j.was.Calls, j.is.Calls), func(c Call) bool {
		f := lookup(c.Function)
		return f == nil || !f.Mergeable || f.Class != aggregate.Plain || c.Distinct || len(c.Order) > 0 && f.Order != aggregate.AnyOrder
	})
}

// overlaps reports whether a row may be in several windows of a shape.
func overlaps(window string) bool {
	var every, size int64
	for words := strings.Fields(window); len(words) > 1; words = words[1:] {
		switch words[0] {
		case "size":
			size, _ = strconv.ParseInt(words[1], 10, 64)
		case "every":
			every, _ = strconv.ParseInt(words[1], 10, 64)
		}
	}
	return every > 0 && every < size
}

// replays says of two forms of steps that keep rows whether the rows of the first are all that the second would have, and what becomes of the answers.
func replays(was, is string) (what string, ok bool) {
	const (
		soFar = "answers are handed on as they change: those so far at once"
		again = "answers were handed on as they changed: the sink keeps those, and gets all of them once more at the end"
	)
	what, ok = map[[2]string]string{
		{"rows to be sorted", "first row"}:                   soFar,
		{"rows to be sorted", "first rows"}:                  soFar,
		{"first row", "rows to be sorted"}:                   again,
		{"first rows", "rows to be sorted"}:                  again,
		{"rows to be sorted", timedForm}:                     "rows are handed on in the order of time, and were to come at the end",
		{timedForm, "rows to be sorted"}:                     "rows were handed on in the order of time: those that wait come at the end",
		{"window functions", "window functions that change"}: soFar,
		{"window functions that change", "window functions"}: again,
		{"window functions", overTimeForm}:                   "rows are handed on in the order of time, and were to come at the end",
	}[[2]string{was, is}]
	return what, ok
}

// emission compares when answers are handed on.
func (j *judgement) emission() {
	was, is := j.was.Changes, j.is.Changes
	if what, ok := replays(j.was.Form, j.is.Form); ok {
		j.replay(what)
		return
	}
	switch {
	case was == is:
	case slices.ContainsFunc(j.is.Calls, ordersRows):
		j.reset("answers are handed on %s, and its rows are kept in another way for that", map[bool]string{true: "as they change", false: "at the end"}[is])
	case was && j.is.Form == "groups" && len(j.is.Calls) == 0:
		j.reset("rows were handed on when they came, and would be handed on again at the end")
	case was && j.is.Form == "groups":
		j.how.again, j.how.turned = true, true
		j.transform(costSetting, "answers were handed on as they changed: the sink keeps those, and gets all of them once more at the end")
	case was && (j.how.reshape || j.is.Form == j.was.Form && (j.is.Form == "sessions" || j.is.Form == "windows")):
		j.how.again = true
		j.transform(costSetting, "answers were handed on as they changed: the sink keeps those of windows that are open, and gets them once more when they close")
	case !was && (j.how.reshape && j.is.Form != "windows" || j.is.Form == "sessions" && j.was.Form == j.is.Form):
		j.transform(costSetting, "answers are handed on as they change: those so far at once")
	case was:
		j.reset("answers were handed on as they changed, and would be handed on again at the end")
	case j.is.Form == "groups" || j.is.Form == "windows":
		j.how.announce, j.how.turned = true, j.is.Form == "groups"
		j.transform(costSetting, "answers are handed on as they change: those so far at once")
	default:
		j.reset("answers are handed on as they change, and were at the end")
	}
}

// ordersRows reports whether a call keeps rows in an order.
func ordersRows(c Call) bool {
	f := lookup(c.Function)
	return f != nil && (f.Order == aggregate.SortedOrder || f.Order == aggregate.ShownOrder && (c.Distinct || len(c.Order) > 0))
}

// replay has the rows that the step has kept given to the one of now.
func (j *judgement) replay(what string) {
	if j.how.widened || j.is.Retracts {
		j.reset("its state is kept as %s, and was kept as %s", j.is.Form, j.was.Form)
		return
	}
	// Of rows in the order of time others have some for good.
	j.how.replay, j.how.turned, j.how.again = true, j.was.Form != timedForm, j.was.Changes
	j.transform(costSetting, "%s", what)
}

// settleTurned looks at a step whose inputs give their answers at other times. Where all that it has come from such, it begins anew without a loss: those that answered at the end have given nothing yet, and those that will
// give everything once more.
func (e *Evolution) settleTurned(c *Change, done map[string]*Change) {
	all := !c.fewer && len(c.step.After) > 0 && !slices.ContainsFunc(c.step.Inputs, func(in Input) bool {
		return slices.ContainsFunc(in.Branches, func(b Branch) bool { return !strings.HasPrefix(b.Base, "{step ") })
	})
	var turned, again string
	for _, name := range c.step.After {
		before := done[name]
		if before == nil || !before.Lossless && (!before.turned || before.Verdict == Reset) {
			all = false
			continue
		}
		turned = name
		if before.again || before.Lossless {
			again = name
		}
	}
	switch {
	case all:
		*c = Change{Name: c.Name, Was: c.Was, Kind: c.Kind, Verdict: Reset, Lossless: true, step: c.step, wasStep: c.wasStep, calls: c.calls}
		c.Reasons = []string{"its input " + turned + " gives all its answers from now on: it begins anew, and loses nothing"}
	case again != "" && c.Verdict != Reset:
		c.begin()
		c.Reasons = append(c.Reasons, "its input "+again+" gives its answers once more")
	}
}
