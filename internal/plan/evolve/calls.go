package evolve

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/sdk/schema"
)

// keys compares the keys of groups.
func (j *judgement) keys() {
	was, is := j.was, j.is
	changed := was.Keys != is.Keys
	for _, b := range j.branches {
		changed = changed || !slices.Equal(keysOf(b[0], was.Keys), keysOf(b[1], is.Keys))
	}
	if changed && len(j.branches) > 0 && was.Window == is.Window {
		j.reset("it groups by %s, and grouped by %s", j.list(keysOf(j.branches[0][1], is.Keys)), j.list(keysOf(j.branches[0][0], was.Keys)))
		return
	}
	keys := min(was.Keys, is.Keys)
	if was.Form != is.Form && is.Window != "" { // the last two say which windows a row is in, in slices otherwise than where each window is one
		keys -= windowKeys
	}
	for k := range keys {
		before, after := was.Inputs[0].Types[k], is.Inputs[0].Types[k]
		switch after.follows(before) {
		case wider:
			j.transform(costWider, "key %d was %s, is %s", k+1, before, after)
		case narrower:
			j.reset("key %d was %s, is %s, in which not every value of it has a place", k+1, before, after)
		case same:
		}
	}
}

func keysOf(b Branch, n int) []string { return b.Columns[:min(n, len(b.Columns))] }

func (j *judgement) list(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = j.refs.show(t)
	}
	return orNone(strings.Join(out, ", "))
}

// text is a call over the columns of a branch.
func (c *Call) text(columns []string) string {
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = columns[a]
	}
	name, _, _ := strings.Cut(c.Function, "(")
	text := strings.Join(args, ", ")
	switch {
	case strings.HasPrefix(c.Function, name+"(*)"):
		text = "*"
	case c.Distinct:
		text = "DISTINCT " + text
	}
	for i, k := range c.Order {
		text += [...]string{" ORDER BY ", ", "}[min(i, 1)] + columns[k.Column]
		text += map[bool]string{true: " DESC"}[k.Desc] + map[bool]string{true: " NULLS FIRST"}[k.NullsFirst]
	}
	text = name + "(" + text + ")"
	if c.Filter >= 0 {
		text += " FILTER " + columns[c.Filter]
	}
	return text
}

// alike reports whether two calls compute the same in all branches that the steps have in common.
func (j *judgement) alike(was, is *Call) bool {
	return !slices.ContainsFunc(j.branches, func(b [2]Branch) bool { return was.text(b[0].Columns) != is.text(b[1].Columns) })
}

// aggregates finds for each call the one that it goes on from.
func (j *judgement) aggregates() {
	was, is := j.was, j.is
	j.how.calls = make([]int, len(is.Calls))
	taken := make([]bool, len(was.Calls))
	for i := range is.Calls {
		j.how.calls[i] = -1
		order := make([]int, 0, len(was.Calls)) // the same place first
		if i < len(was.Calls) {
			order = append(order, i)
		}
		for k := range was.Calls {
			order = append(order, k)
		}
		for _, k := range order {
			if !taken[k] && j.alike(&was.Calls[k], &is.Calls[i]) {
				j.how.calls[i], taken[k] = k, true
				break
			}
		}
	}
	if len(j.branches) == 0 {
		return
	}
	columns := j.branches[0]
	changed := false
	for i := range is.Calls {
		c := &is.Calls[i]
		k := j.how.calls[i]
		if k >= 0 {
			changed = changed || k != i
			j.argTypes(&was.Calls[k], c)
			continue
		}
		changed = true
		text := j.refs.show(c.text(columns[1].Columns))
		if is.Window != "" {
			j.promise(costCall, text+" is new", ": NULL in windows that are open, exact in those that begin after them")
			continue
		}
		j.how.Partial = true
		j.promise(costCall, text+" is new", ": it counts from now on")
	}
	for k := range was.Calls {
		if !taken[k] {
			changed = true
			j.transform(costCall, "%s is dropped", j.refs.show(was.Calls[k].text(columns[0].Columns)))
		}
	}
	switch {
	case !changed:
	case is.Kind == "distinct":
		j.reset("the values of DISTINCT are looked up for other calls")
	case was.part("DISTINCT apart") != "" || is.part("DISTINCT apart") != "":
		j.reset("its values of DISTINCT are looked up by tasks of their own, for other calls")
	case j.how.Verdict == Kept:
		j.transform(0, "its aggregates are in another order")
	}
}

// promise is transform with what holds only as long as the state goes on.
func (j *judgement) promise(cost int, what, holds string) {
	if j.how.promised == nil {
		j.how.promised = map[int]string{}
	}
	j.how.promised[len(j.how.Reasons)] = spans(what)
	j.transform(cost, "%s%s", what, holds)
}

// argTypes compares the types of the arguments of a call.
func (j *judgement) argTypes(was, is *Call) {
	for a := range is.Args {
		before, after := j.was.Inputs[0].Types[was.Args[a]], j.is.Inputs[0].Types[is.Args[a]]
		how := after.follows(before)
		switch {
		case how == same:
		case how == wider && sameState(is.Function, schema.Kind(before.Kind)):
			j.transform(costWider, "%s: its argument was %s, is %s", is.Name, before, after)
		default:
			j.reset("%s: its argument was %s, is %s, for which other values are kept", is.Name, before, after)
		}
	}
}

// sameState reports whether a function keeps the same of the values of a type and of those of a wider one: docs/format/aggregate.md.
func sameState(function string, kind schema.Kind) bool {
	name, _, _ := strings.Cut(function, "(")
	switch name {
	case "count", "sum", "avg", "min", "max", "bit_and", "bit_or", "bit_xor", "approx_count_distinct":
		return true
	case "array_agg":
		return kind.IsInteger() || kind == schema.Numeric
	case "variance", "var_pop", "var_samp", "stddev", "stddev_pop", "stddev_samp":
		return true
	}
	return strings.HasPrefix(name, "regr_") || strings.HasPrefix(name, "covar_") || name == "corr"
}

// String shows a change in one line.
func (c *Change) String() string {
	text := fmt.Sprintf("%s: %s", c.Name, c.Verdict)
	if len(c.Reasons) > 0 {
		text += " (" + strings.Join(c.Reasons, "; ") + ")"
	}
	return text
}
