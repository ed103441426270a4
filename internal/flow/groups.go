package flow

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"wire.example/wire/internal/operator/op"
)

// StorePart is the part of a checkpoint's files that a Keeper's store has.
const StorePart = "store"

// GroupRange says in which part of a checkpoint's files a step has the entries of the key groups From to To, both included.
type GroupRange struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	Part string `json:"part"`
}

// String is the range without its part.
func (r GroupRange) String() string { return fmt.Sprintf("%d-%d", r.From, r.To) }

// groups names those of the range in a message.
func (r GroupRange) groups() string {
	if r.From == r.To {
		return fmt.Sprintf("key group %d", r.From)
	}
	return "key groups " + r.String()
}

// lastGroup is the highest key group.
const lastGroup = op.KeyGroups - 1

// wholeStore are the ranges of a step that has all key groups in the store of one process.
func wholeStore() []GroupRange { return []GroupRange{{From: 0, To: lastGroup, Part: StorePart}} }

// Ranges are the ranges of the step's key groups. A manifest that says nothing of them is of a release that had all of them in the store.
func (r StateRecord) Ranges() []GroupRange {
	if r.Groups == nil {
		return wholeStore()
	}
	return r.Groups
}

// GroupsError says what is wrong with the ranges of key groups that a manifest has for the state of a step.
type GroupsError struct {
	Step string
	// Range is the one at fault; of key groups that are in none, these.
	Range  GroupRange
	Reason string
	// Foreign says that the manifest may be right: it has files of the part, which this release does not read.
	Foreign bool
}

func (e *GroupsError) Error() string {
	return fmt.Sprintf("state of step %q: %s", e.Step, e.Reason)
}

// CheckGroups checks that the ranges of every step have each key group exactly once, in the store: entries of a group that is in none would be forgotten, and those of one that is in two are of one of them, nobody knows
// which. hasFiles reports whether the checkpoint has files of a part; nil: nobody knows. The error is a *GroupsError.
func (m *Manifest) CheckGroups(hasFiles func(part string) bool) error {
	for _, name := range slices.Sorted(maps.Keys(m.States)) {
		if e := checkRanges(m.States[name].Ranges(), hasFiles); e != nil {
			e.Step = name
			return e
		}
	}
	return nil
}

// checkRanges is CheckGroups of one step's ranges, in any order; nil: nothing is wrong.
func checkRanges(ranges []GroupRange, hasFiles func(part string) bool) *GroupsError {
	for _, r := range ranges {
		if r.From < 0 || r.To > lastGroup || r.From > r.To {
			return &GroupsError{Range: r, Reason: fmt.Sprintf("from %d to %d is no range of key groups, which are 0-%d", r.From, r.To, lastGroup)}
		}
		if e := r.checkPart(hasFiles); e != nil {
			return e
		}
	}
	sorted := slices.SortedFunc(slices.Values(ranges), func(a, b GroupRange) int { return cmp.Or(a.From-b.From, a.To-b.To) })
	next, last := 0, GroupRange{} // the first group that no range had so far, and the range before it
	for _, r := range append(sorted, GroupRange{From: op.KeyGroups}) {
		if r.From > next {
			missing := GroupRange{From: next, To: r.From - 1}
			return &GroupsError{Range: missing, Reason: "no range has " + missing.groups()}
		}
		if r.From < next {
			twice := GroupRange{From: r.From, To: min(r.To, last.To)}
			return &GroupsError{Range: r, Reason: fmt.Sprintf("the ranges %s and %s both have %s", last, r, twice.groups())}
		}
		next, last = r.To+1, r
	}
	return nil
}

// checkPart checks that this release reads the part of the range.
func (r GroupRange) checkPart(hasFiles func(part string) bool) *GroupsError {
	switch {
	case r.Part == StorePart: // without files it has no entries
		return nil
	case hasFiles != nil && !hasFiles(r.Part):
		return &GroupsError{Range: r, Reason: fmt.Sprintf("the range %s is in part %q of the files, of which there are none", r, r.Part)}
	default:
		return &GroupsError{Range: r, Foreign: true, Reason: fmt.Sprintf("the range %s is in part %q of the files, and this release of Wire reads part %q alone", r, r.Part, StorePart)}
	}
}
