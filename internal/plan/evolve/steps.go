package evolve

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/schema"
)

func span(micros int64) string { return (time.Duration(micros) * time.Microsecond).String() }

// spans writes the spans of time in a text as span does: descriptions have them in µs.
func spans(text string) string {
	words := strings.Split(text, " ")
	shown := words[:0]
	for i, word := range words {
		end, unit := strings.CutPrefix(word, "µs")
		if n := len(shown); unit && i > 0 {
			if micros, err := strconv.ParseInt(words[i-1], 10, 64); err == nil {
				shown[n-1] = span(micros) + end
				continue
			}
		}
		shown = append(shown, word)
	}
	return strings.Join(shown, " ")
}

// pair is a step with one of the old plan that it might go on from.
type pair struct {
	is, was *Step
	how     *Change
	cost    int
}

// What it costs to go on from a step. Beyond costlyReset the two have nothing in common.
const (
	costRenamed  = 1
	costSetting  = 2
	costCall     = 10
	costWider    = 10
	costMixed    = 200
	costReset    = 10_000
	costlyReset  = 100_000
	costOtherOne = 1 // the names differ
)

// compareSteps goes through the steps of the plan from the sources on, since what a step reads is known when the steps before it are.
func (e *Evolution) compareSteps(old, now *Description) {
	taken := map[*Step]bool{}
	done := map[string]*Change{}
	left := slices.Clone(now.Steps)
	for len(left) > 0 {
		ready := slices.DeleteFunc(slices.Clone(left), func(s *Step) bool {
			return slices.ContainsFunc(s.After, func(name string) bool { return done[name] == nil && now.step(name) != nil && name != s.Name })
		})
		if len(ready) == 0 {
			ready = left // no plan has a cycle; a description that was made up may
		}
		for _, c := range e.layer(old.Steps, ready, taken, done) {
			done[c.Name] = c
		}
		left = slices.DeleteFunc(left, func(s *Step) bool { return done[s.Name] != nil })
	}
	for _, s := range now.Steps { // in the plan's order
		if c := done[s.Name]; c != nil {
			e.Steps = append(e.Steps, c)
		}
	}
	e.rest(old, taken)
}

// layer finds what the steps of now that are ready go on from.
func (e *Evolution) layer(old, ready []*Step, taken map[*Step]bool, done map[string]*Change) []*Change {
	var pairs []pair
	for _, is := range ready {
		for _, was := range old {
			if taken[was] || was.Kind != is.Kind {
				continue
			}
			if how, cost := e.judge(was, is); cost < costlyReset {
				pairs = append(pairs, pair{is, was, how, cost})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return a.cost - b.cost })
	found := map[*Step]*Change{}
	for _, p := range pairs {
		if found[p.is] == nil && !taken[p.was] {
			found[p.is], taken[p.was] = p.how, true
		}
	}
	var out []*Change
	for _, is := range ready {
		c := found[is]
		if c == nil {
			c = &Change{Name: is.Name, Kind: is.Kind, Verdict: Added, step: is, Reasons: []string{"begins with the rows from now on"}}
		}
		e.settle(c, done)
		out = append(out, c)
	}
	return out
}

// settle notes what a step goes on from, unless what leads to it begins anew.
func (e *Evolution) settle(c *Change, done map[string]*Change) {
	for _, name := range c.step.After {
		if before := done[name]; before != nil && before.Verdict == Reset && c.wasStep != nil {
			c.begin()
			c.Reasons = append(c.Reasons, "its input "+name+" begins anew")
		}
	}
	if c.wasStep == nil {
		return
	}
	e.settleTurned(c, done)
	e.steps[c.Name] = c.wasStep.Name
	e.calls[c.Name] = c.calls
}

// rest says what becomes of old steps that no step goes on from.
func (e *Evolution) rest(old *Description, taken map[*Step]bool) {
	for _, was := range old.Steps {
		if taken[was] {
			continue
		}
		c := &Change{Name: was.Name, Kind: was.Kind, Verdict: Removed, wasStep: was}
		for _, sink := range e.Sinks {
			if sink.wasSink != nil && sink.Verdict == Kept && slices.Contains(was.Sinks, sink.wasSink.Name) {
				c.Verdict = Reset
				c.Reasons = append(c.Reasons, e.whyGone(was, sink.Name))
				break
			}
		}
		if c.Verdict == Removed {
			c.Reasons = append(c.Reasons, "what it fed is gone, too")
		}
		e.Steps = append(e.Steps, c)
	}
}

// past is a text of the new plan with the names that the old one had.
func (e *Evolution) past(text string) string {
	return e.refs.rewrite(text, func(r reference) string {
		switch r.kind {
		case "source":
			if was, ok := e.sources[r.name]; ok {
				return sourceRef(was)
			}
			return sourceRef("new " + r.name)
		case "step":
			if was, ok := e.steps[r.name]; ok {
				return stepRef(was)
			}
			return stepRef("new " + r.name)
		default:
			was, ok := e.steps[r.name]
			if calls := e.calls[r.name]; ok && r.call < len(calls) && calls[r.call] >= 0 {
				return callRef(was, calls[r.call])
			}
			return callRef("new "+r.name, r.call)
		}
	})
}

func (e *Evolution) pastAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = e.past(t)
	}
	return out
}

func (e *Evolution) pastBranch(b Branch) Branch {
	out := Branch{Base: e.past(b.Base), Where: e.pastAll(b.Where), Columns: e.pastAll(b.Columns)}
	slices.Sort(out.Where)
	return out
}

// judgement collects what differs between two steps.
type judgement struct {
	*Evolution
	was, is *Step
	how     *Change
	cost    int
	// branches are pairs of branches of the first input, old and new; new ones in names of the old plan.
	branches [][2]Branch
}

func (j *judgement) reset(format string, args ...any) {
	j.how.Verdict = Reset
	j.cost += costReset
	j.how.Reasons = append(j.how.Reasons, spans(fmt.Sprintf(format, args...)))
}

func (j *judgement) note(cost int, format string, args ...any) {
	j.cost += cost
	j.how.Reasons = append(j.how.Reasons, spans(fmt.Sprintf(format, args...)))
}

func (j *judgement) transform(cost int, format string, args ...any) {
	if j.how.Verdict == Kept {
		j.how.Verdict = Transformed
	}
	j.note(cost, format, args...)
}

func (j *judgement) mixed(format string, args ...any) {
	j.how.Mixed = true
	j.note(costMixed, format, args...)
}

// judge says what becomes of the state of was if is goes on from it, and how far the two are apart.
func (e *Evolution) judge(was, is *Step) (*Change, int) {
	j := &judgement{Evolution: e, was: was, is: is, how: &Change{Name: is.Name, Kind: is.Kind, Verdict: Kept, step: is, wasStep: was}}
	if was.Name != is.Name {
		j.cost += costOtherOne
		j.how.Was = was.Name
		j.how.Reasons = append(j.how.Reasons, "was called "+was.Name)
	}
	if len(was.Inputs) != len(is.Inputs) {
		return j.how, costlyReset
	}
	grouped := is.Kind == "aggregate" || is.Kind == "distinct"
	common := false
	for i := range is.Inputs {
		common = j.input(i, grouped) || common
	}
	if !common {
		return j.how, costlyReset
	}
	if grouped {
		j.keys()
		j.aggregates()
	}
	j.properties()
	if j.how.Verdict == Reset {
		j.how.retract()
	}
	return j.how, j.cost
}

// input compares what flows into the steps, and reports whether there is anything in common.
func (j *judgement) input(i int, grouped bool) bool {
	now := make([]Branch, 0, len(j.is.Inputs[i].Branches))
	for _, b := range j.is.Inputs[i].Branches {
		now = append(now, j.pastBranch(b))
	}
	was := j.was.Inputs[i].Branches
	pairs := pairBranches(was, now)
	common := false
	for k, to := range pairs {
		if to < 0 {
			j.how.fewer = true
			j.mixed("its state has rows of %s, which come no more", j.refs.show(was[k].Base))
			continue
		}
		common = true
		j.branches = append(j.branches, [2]Branch{was[k], now[to]})
		if was[k].Base != now[to].Base && j.was.Window == j.is.Window {
			j.reset("its rows were %s, are %s", j.refs.show(was[k].Base), j.refs.show(now[to].Base))
		}
		if !slices.Equal(was[k].Where, now[to].Where) {
			j.mixed("the filter before it was %s, is %s: its state would mix rows of both", j.conditions(was[k].Where), j.conditions(now[to].Where))
		}
		if !grouped && j.is.Form != limitForm {
			j.columns(i, was[k].Columns, now[to].Columns)
		}
	}
	for k, b := range now {
		if !slices.Contains(pairs, k) {
			j.how.MoreComes = true
			j.note(costSetting, "rows of %s come, too", j.refs.show(b.Base))
		}
	}
	if !grouped {
		j.types(i)
	}
	return common
}

func (j *judgement) conditions(where []string) string {
	if len(where) == 0 {
		return "none"
	}
	out := make([]string, len(where))
	for i, w := range where {
		out[i] = j.refs.show(w)
	}
	return strings.Join(out, " AND ")
}

// pairBranches finds the new branch for each old one, -1 if there is none.
func pairBranches(was, now []Branch) []int {
	pairs := make([]int, len(was))
	for i := range pairs {
		pairs[i] = -1
	}
	for _, suits := range []func(a, b Branch) bool{
		func(a, b Branch) bool {
			return a.Base == b.Base && slices.Equal(a.Where, b.Where) && slices.Equal(a.Columns, b.Columns)
		},
		func(a, b Branch) bool { return a.Base == b.Base && slices.Equal(a.Where, b.Where) },
		func(a, b Branch) bool { return a.Base == b.Base },
		func(a, b Branch) bool { return root(a.Base) == root(b.Base) },
	} {
		for i := range was {
			for k := range now {
				if pairs[i] < 0 && !slices.Contains(pairs, k) && suits(was[i], now[k]) {
					pairs[i] = k
				}
			}
		}
	}
	return pairs
}

// root is the source or step that a branch comes from, without what was done to its rows since.
func root(base string) string {
	end := strings.Index(base, `"}`)
	if end < 0 {
		return base
	}
	return base[:end+2]
}

// columns compares the columns of a branch of which all count.
func (j *judgement) columns(input int, was, is []string) {
	before, after := j.was.Inputs[input], j.is.Inputs[input]
	if len(was) != len(is) {
		if !j.pick(input, was, is) {
			j.reset("it keeps rows of %d columns, and kept rows of %d", len(is), len(was))
		}
		return
	}
	for c := range was {
		used, kept := after.uses(c), before.uses(c)
		switch {
		case used && !kept:
			j.reset("%s is read now, and was not kept", j.refs.show(is[c]))
			return
		case used && was[c] != is[c]:
			j.reset("column %d of its rows was %s, is %s", c+1, j.refs.show(was[c]), j.refs.show(is[c]))
			return
		}
	}
}

// pick notes which columns are left of an input's rows, and answers false where the rows cannot be rewritten as ones of those.
func (j *judgement) pick(input int, was, is []string) bool {
	before, after := j.was.Inputs[input], j.is.Inputs[input]
	if len(is) > len(was) || len(after.Branches) != 1 || len(before.Branches) != 1 || j.was.Form != j.is.Form || !j.picks() {
		return false
	}
	p := Pick{Was: before.Types, Is: after.Types}
	for c := range is {
		from := slices.Index(was, is[c])
		if from < 0 || slices.Contains(p.From, from) || after.uses(c) && !before.uses(from) || !after.Types[c].widens(before.Types[from]) {
			return false
		}
		p.From = append(p.From, from)
	}
	for i := range j.how.picks {
		if p.differs(&j.how.picks[i]) {
			return false // nobody can tell whose rows are whose
		}
	}
	stay := j.tiesStay(was, is)
	if !stay && (j.is.part("rank") != "" || j.is.part("ties") != "" || !strings.HasSuffix(j.is.part("limit"), " after 0")) {
		return false // what was handed on of the rows that are kept follows from their places
	}
	j.how.picks, j.how.widened = append(j.how.picks, p), true
	var gone []string
	for c := range was {
		if !slices.Contains(p.From, c) {
			gone = append(gone, j.refs.show(was[c]))
		}
	}
	j.transform(costWider, "%s is not kept any more", strings.Join(gone, ", "))
	if !stay {
		j.mixed("it decided which of the rows that are equal in the order are the first, where others do now")
	}
	return true
}

// picks reports whether rows of the step's form can be rewritten as ones of fewer columns: where nothing else hangs on all of a row, and none is found by all of its columns, as one that is taken back is.
func (j *judgement) picks() bool {
	switch j.is.Form {
	case "interval join", "window join", "hash join, build left", "hash join, build right", "rows to be sorted", "window functions":
		return true
	case "changing join":
		return strings.HasPrefix(j.is.part("sides"), appendOnly)
	case firstRow, firstRows:
		return !j.is.Retracts && !j.was.Retracts
	default:
		return false
	}
}

// tiesStay reports whether rows that are equal in the order stay in the order that they were in: of first rows their other columns decide, from the first one on, and what was handed on follows from that.
func (j *judgement) tiesStay(was, is []string) bool {
	order := j.is.part("order")
	switch {
	case j.is.Form == firstRow && (j.is.part("first") != "" || j.is.part("last") != ""), j.is.Form == firstRows && order == "":
		return true // the one that came first, or last
	case j.is.Form != firstRow && j.is.Form != firstRows:
		return true
	}
	keys := append(listed(j.was.part("order"), was), listed(j.was.part("partition"), was)...)
	before, after := others(was, keys), others(is, keys)
	return len(after) <= len(before) && slices.Equal(before[:len(after)], after)
}

// listed are the columns of a list of some, which may have words behind them; nil where it was shortened.
func listed(list string, columns []string) (found []string) {
	for list != "" {
		var longest string
		for _, c := range columns {
			if rest, ok := strings.CutPrefix(list, c); ok && len(c) > len(longest) && (rest == "" || rest[0] == ',' || rest[0] == ' ') {
				longest = c
			}
		}
		if longest == "" {
			return nil
		}
		found = append(found, longest)
		list = list[len(longest):]
		for _, words := range []string{" DESC", " NULLS FIRST", ", "} {
			list = strings.TrimPrefix(list, words)
		}
	}
	return found
}

// others are the columns that are not among keys, each once.
func others(columns, keys []string) (out []string) {
	for _, c := range columns {
		if !slices.Contains(keys, c) && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// appendOnly begins what is said of the sides of a join neither of which is a changelog.
const appendOnly = "[true true]"

func sameTypes(a, b []Type) bool {
	return slices.EqualFunc(a, b, func(a, b Type) bool { return a.String() == b.String() })
}

func (in *Input) uses(c int) bool { return len(in.Used) == 0 || in.Used[c] }

// types compares the types of the rows that a step keeps.
func (j *judgement) types(input int) {
	was, is := j.was.Inputs[input].Types, j.is.Inputs[input].Types
	if len(was) != len(is) { // see columns
		return
	}
	for c := range was {
		switch how := is[c].follows(was[c]); {
		case how == same:
		case j.is.Form == limitForm: // it counts rows, whatever they are
		case how == wider && slices.Contains(widening(), j.is.Form) && is[c].widens(was[c]) && j.answersStay(c):
			j.how.widened = true
			j.transform(costWider, "column %d of its rows was %s, is %s", c+1, was[c], is[c])
		default:
			j.reset("column %d of its rows was %s, is %s", c+1, was[c], is[c])
			return
		}
	}
}

// widening are the forms of state whose entries are rewritten where columns get wider types: rows and keys, of which all else follows.
func widening() []string {
	return []string{
		"hash join, build left", "hash join, build right", "changing join", "interval join", "window join", "temporal join",
		"first row", "first rows", "set operation", "last rows", "fold", "held rows", "rows to be sorted", timedForm,
		"window functions", "window functions that change", overTimeForm,
	}
}

const (
	limitForm = "limit"
	firstRow  = "first row"
	firstRows = "first rows"
	// timedForm: rows are handed on when none can come before them.
	timedForm = "rows in the order of time"
	// overTimeForm: beside rows there are the answers so far.
	overTimeForm = "window functions in the order of time"
)

// answersStay reports whether what is kept of answers so far is laid out alike where a column of the rows has a wider type.
func (j *judgement) answersStay(column int) bool {
	was := j.was.Inputs[0].Types
	return j.is.Form != overTimeForm || len(j.was.Calls) > 0 && !slices.ContainsFunc(j.was.Calls, func(c Call) bool {
		return slices.Contains(c.Args, column) && c.Function != "" && !sameState(c.Function, schema.Kind(was[column].Kind))
	})
}

// properties compares what else there is.
func (j *judgement) properties() {
	was, is := j.was, j.is
	switch {
	case was.Window != is.Window:
		j.reset("its windows were %s, are %s", orNone(was.Window), orNone(is.Window))
	case was.Form != is.Form && physical.GoesOn(was.Form, is.Form):
		j.note(costSetting, "answers came out of %s, and come out of %s", was.Form, is.Form)
	case was.Form != is.Form && j.turns():
	case was.Form != is.Form:
		j.reset("its state is kept as %s, and was kept as %s", is.Form, was.Form)
	}
	for _, name := range partNames(was.Parts, is.Parts) {
		before, after := was.part(name), j.past(is.part(name))
		if before != after {
			j.reset("its %s was %s, is %s", name, orNone(j.refs.show(before)), orNone(j.refs.show(after)))
		}
	}
	if was.Retracts != is.Retracts {
		j.reset("rows are taken back %s", map[bool]string{true: "now, and were not", false: "no more"}[is.Retracts])
	}
	j.emission()
	if was.Held != "" && is.Held != "" && was.Held != is.Held && j.how.Verdict != Reset {
		j.how.widened, j.how.held = true, map[bool]Held{true: NowDated, false: NoMoreDated}[is.Held == heldDated]
		j.transform(costSetting, "what the split of rows that wait had reached is %s", map[bool]string{true: "kept now", false: "not kept any more"}[is.Held == heldDated])
	}
	if was.Expires != is.Expires {
		if is.Form == "groups" && is.Kind == "aggregate" {
			j.transform(costSetting, "what is not touched is %s", map[bool]string{true: "forgotten now", false: "kept for good now"}[is.Expires])
		} else {
			j.reset("rows %s", map[bool]string{true: "expire now, and when they came was not kept", false: "do not expire any more"}[is.Expires])
		}
	}
	for _, name := range partNames(was.Settings, is.Settings) {
		before, after := value(was.Settings, name), value(is.Settings, name)
		if before != after {
			j.note(costSetting, "%s was %s, is %s", name, orNone(before), orNone(after))
		}
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func value(parts []Part, name string) string {
	for _, p := range parts {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func partNames(lists ...[]Part) []string {
	var names []string
	for _, list := range lists {
		for _, p := range list {
			if !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}
