package evolve

import (
	"fmt"
	"slices"
)

// The kinds of steps that number rows.
const (
	overKind  = "window functions"
	firstKind = "first rows"
	// rankPart is the property of first rows that come with their numbers.
	rankPart = "rank"
)

// whyGone says why no step goes on from the state of was, which a sink still needs.
func (e *Evolution) whyGone(was *Step, sink string) string {
	is := e.instead(was, sink)
	switch {
	case is == nil && e.anew(was, sink):
		return fmt.Sprintf("one of its name over other rows takes its place in sink %s", sink)
	case is == nil:
		return fmt.Sprintf("nothing computes it for sink %s any more", sink)
	case was.Kind == overKind && is.Kind == firstKind && is.part(rankPart) != "" && e.samePlaces(was, is):
		return "the row number is selected: at the end it comes of window functions over all rows, and as answers change of the first rows alone, whose state is another; " +
			"a query that does not select the number keeps its state"
	case was.Kind == firstKind && is.Kind == overKind && was.part(rankPart) != "" && e.samePlaces(was, is):
		return "the row number is selected: as answers change it came of the first rows alone, and at the end it comes of window functions over all rows, which were not kept; " +
			"a query that does not select the number keeps its state"
	default:
		return fmt.Sprintf("%s (%s) takes its place in sink %s, and keeps other state", is.Name, is.Kind, sink)
	}
}

// anew reports whether a step that is new has the name and the kind of was, and feeds the sink.
func (e *Evolution) anew(was *Step, sink string) bool {
	return slices.ContainsFunc(e.Steps, func(c *Change) bool {
		return c.Verdict == Added && c.Name == was.Name && c.Kind == was.Kind && slices.Contains(c.step.Sinks, sink)
	})
}

// instead is the step that begins anew at the place of was: over rows of the same sources and steps, for the same sink, but of another kind; one of the same name above all. Nil: there is none.
func (e *Evolution) instead(was *Step, sink string) *Step {
	var found *Step
	for _, c := range e.Steps {
		if c.Verdict == Added && c.Kind != was.Kind && slices.Contains(c.step.Sinks, sink) && e.sameInputs(was, c.step) && (found == nil || c.Name == was.Name) {
			found = c.step
		}
	}
	return found
}

// sameInputs reports whether each input of a new step has rows of where that of an old one had them from.
func (e *Evolution) sameInputs(was, is *Step) bool {
	if len(was.Inputs) != len(is.Inputs) {
		return false
	}
	for i := range is.Inputs {
		if !slices.ContainsFunc(is.Inputs[i].Branches, func(b Branch) bool {
			from := root(e.past(b.Base))
			return slices.ContainsFunc(was.Inputs[i].Branches, func(b Branch) bool { return root(b.Base) == from })
		}) {
			return false
		}
	}
	return true
}

// samePlaces reports whether two steps number rows of the same partitions in the same order.
func (e *Evolution) samePlaces(was, is *Step) bool {
	return was.part("partition") == e.past(is.part("partition")) && was.part("order") == e.past(is.part("order"))
}
