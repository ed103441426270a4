package evolve

import (
	"cmp"
	"maps"
	"slices"

	"wire.example/wire/sdk/schema"
)

// Verdict is what becomes of a part of a pipeline.
type Verdict string

// The verdicts.
const (
	// Kept: it goes on as it was.
	Kept Verdict = "kept"
	// Transformed: it goes on, and what is stored of it is rewritten when it is read.
	Transformed Verdict = "transformed"
	// Reset: it begins anew, and what is stored of it is lost.
	Reset Verdict = "reset"
	// Added: it is new.
	Added Verdict = "added"
	// Removed: it is not there any more, and whatever it fed neither.
	Removed Verdict = "removed"
)

// Change is what becomes of one part.
type Change struct {
	// Name is what the part is called now, or was if it is removed. Was is what it was called, if that was something else.
	Name string `json:"name"`
	Was  string `json:"was,omitempty"`
	// Kind says what a step does.
	Kind    string   `json:"kind,omitempty"`
	Verdict Verdict  `json:"verdict"`
	Reasons []string `json:"reasons,omitempty"`
	// Partial says that the change must be accepted by --accept-partial, Mixed by --accept-mixed.
	Partial bool `json:"needs_accept_partial,omitempty"`
	Mixed   bool `json:"needs_accept_mixed,omitempty"`
	// Refused says why the change is not carried out, whatever is accepted; "" if nothing speaks against it.
	Refused string `json:"refused,omitempty"`
	// Lossless says of a step that is reset that nothing is lost by that: all that it had comes once more.
	Lossless bool `json:"loses_nothing,omitempty"`
	// MoreComes says that a step gets rows of more sources or steps than before.
	MoreComes bool `json:"more_comes,omitempty"`

	source, wasSource *Source
	step, wasStep     *Step
	sink, wasSink     *Sink
	// calls are, for each call, the one that it goes on from, or -1.
	calls []int
	// widened: entries are rewritten with wider columns, one by one.
	widened bool
	// picks are, for inputs of whose rows fewer columns are kept, what is left of them.
	picks []Pick
	// held is what becomes of the times of rows that wait.
	held Held
	// announce: nobody has been told of groups that are there.
	announce bool
	// replay: the rows that the step has kept are given to the one of now. again: others have been told of what is there, and will be told of it once more. turned: all answers are given from now on, whatever was given before.
	replay, again, turned bool
	// promised are what is left of reasons, by their numbers, where the state does not go on.
	promised map[int]string
	// reshape: state of windows gets another form. fewer: the state has rows that come no more.
	reshape, fewer bool
}

// Pick is which columns are left of rows that had more.
type Pick struct {
	// Was are the types of the columns that there were, Is of those that are left.
	Was, Is []Type
	// From says of each that is left which one it was.
	From []int
}

// Of says of each of the columns is of a part which one it was of was, where they are the rows of the input. Behind these steps keep numbers of their own, as when a row came, which stay.
func (p *Pick) Of(was, is []Type) (from []int, ok bool) {
	before, after := len(p.Was), len(p.Is)
	if len(was) < before || len(was)-before != len(is)-after || !sameTypes(was[:before], p.Was) || !sameTypes(is[:after], p.Is) {
		return nil, false
	}
	from = slices.Clone(p.From)
	for i := range was[before:] {
		if own := (Type{Kind: uint8(schema.Int64)}); was[before+i].String() != own.String() || is[after+i].String() != own.String() {
			return nil, false
		}
		from = append(from, before+i)
	}
	return from, true
}

// differs reports whether there may be parts of which two picks say different things.
func (p *Pick) differs(other *Pick) bool {
	one, ok := other.Of(p.Was, p.Is)
	if !ok {
		two, ok := p.Of(other.Was, other.Is)
		return ok && !slices.Equal(two, other.From)
	}
	return !slices.Equal(one, p.From)
}

// begin makes a step that was to go on one that begins anew.
func (c *Change) begin() {
	c.Verdict, c.Partial, c.Mixed = Reset, false, false
	c.retract()
}

// retract takes back what was said of state that goes on.
func (c *Change) retract() {
	for i, what := range c.promised {
		c.Reasons[i] = what
	}
	c.promised = nil
}

// Picks are what is left of the rows of inputs of which fewer columns are kept.
func (c *Change) Picks() []Pick { return c.picks }

// Held is what becomes of the times of the rows that a join holds until the other side has ended, which stand behind their columns.
type Held int8

// What may become of them: they stay, or are not there, are added, or are left out.
const (
	AsDated Held = iota
	NowDated
	NoMoreDated
)

// Held is what becomes of the times of rows that wait.
func (c *Change) Held() Held { return c.held }

// Turned reports whether a step gives its answers at other times than before, so that it cannot go on in the middle of giving them.
func (c *Change) Turned() bool { return c.turned || c.replay }

// Evolution is what becomes of a pipeline's parts when it is edited.
type Evolution struct {
	Sources []*Change `json:"sources"`
	Steps   []*Change `json:"steps"`
	Sinks   []*Change `json:"sinks"`
	// Finished is set by whoever compares: the old plan has read all its input, so that nothing goes on from it.
	Finished bool `json:"finished,omitempty"`

	refs *references
	// was are the old names of sources and steps that go on, by their names, and calls those of calls.
	sources, steps map[string]string
	calls          map[string][]int
}

// Compare says what becomes of the parts of the plan old when the plan now goes on from its state.
func Compare(old, now *Description) *Evolution {
	e := &Evolution{refs: newReferences(), sources: map[string]string{}, steps: map[string]string{}, calls: map[string][]int{}}
	e.compareSinks(old, now)
	e.compareSources(old, now)
	e.compareSteps(old, now)
	e.compareComputed()
	e.refuseMoved(old)
	return e
}

// compareComputed notes which sinks get rows that are computed otherwise. Where sources or steps have other names that cannot be told: then the names are reason enough.
func (e *Evolution) compareComputed() {
	if e.renames() {
		return
	}
	for _, c := range e.Sinks {
		if was, is := c.wasSink, c.sink; was != nil && is != nil && was.Computed != "" && was.Computed != is.Computed {
			c.Reasons = append(c.Reasons, "its rows are computed otherwise")
		}
	}
}

// renames reports whether sources or steps have other names.
func (e *Evolution) renames() bool {
	return slices.ContainsFunc(slices.Concat(e.Sources, e.Steps), func(c *Change) bool { return c.Was != "" })
}

// refuseMoved refuses a sink that keeps its name and its rows, and gets the path of another one: it would go on in that one's file.
func (e *Evolution) refuseMoved(old *Description) {
	for _, c := range e.Sinks {
		if c.Was == "" || c.wasSink == nil || c.sink.DeadLetters || c.sink.Meaning[pathOption] == "" {
			continue
		}
		wasElsewhere := slices.ContainsFunc(old.Sinks, func(s *Sink) bool { return s.Name == c.Name })
		if wasElsewhere && !e.sameRows(c) {
			c.Refused = "it would go on in what sink " + c.Was + " wrote to the same path, which would then have rows of both; give it a path that no sink had"
		}
	}
}

// sameRows reports whether a sink gets the rows of the one that it goes on from: by how they are computed, or, where names in that are others, by the steps with state that they come from.
func (e *Evolution) sameRows(c *Change) bool {
	if !e.renames() {
		return c.wasSink.Computed == c.sink.Computed
	}
	same := false
	for _, s := range e.Steps {
		if s.step == nil || s.wasStep == nil || !slices.Contains(s.step.Sinks, c.Name) {
			continue
		}
		if !slices.Contains(s.wasStep.Sinks, c.Was) {
			return false
		}
		same = true
	}
	return same
}

// assign pairs parts of two plans: in each pass those that suits says fit each other, equal names first.
func assign[T any](old, now []*T, name func(*T) string, passes ...func(was, is *T) bool) map[*T]*T {
	pairs, taken := map[*T]*T{}, map[*T]bool{}
	for _, suits := range passes {
		for _, sameName := range []bool{true, false} {
			for _, is := range now {
				if pairs[is] != nil {
					continue
				}
				for _, was := range old {
					if !taken[was] && (!sameName || name(was) == name(is)) && suits(was, is) {
						pairs[is], taken[was] = was, true
						break
					}
				}
			}
		}
	}
	return pairs
}

func (e *Evolution) compareSinks(old, now *Description) {
	pairs := assign(old.Sinks, now.Sinks, func(s *Sink) string { return s.Name }, func(was, is *Sink) bool {
		return was.Connector == is.Connector && was.DeadLetters == is.DeadLetters && maps.Equal(was.Meaning, is.Meaning)
	})
	kept := map[*Sink]bool{}
	for _, was := range pairs {
		kept[was] = true
	}
	for _, is := range now.Sinks {
		c := &Change{Name: is.Name, Verdict: Added, sink: is, Kind: is.Connector}
		if was := pairs[is]; was != nil {
			c.Verdict, c.wasSink = Kept, was
			c.renamed(was.Name)
			c.Reasons = append(c.Reasons, sinkReasons(was, is)...)
		} else if at := slices.IndexFunc(old.Sinks, func(s *Sink) bool { return s.Name == is.Name }); at >= 0 {
			c.Reasons = append(c.Reasons, whatChanged(old.Sinks[at].Connector, is.Connector, old.Sinks[at].Meaning, is.Meaning)+": it begins there with the rows from now on")
		}
		if was := samePlace(old.Sinks, is); c.Verdict == Added && was != nil && !kept[was] {
			c.Refused = "sink " + was.Name + " wrote to the same path in another way, and may have rows there that are not published yet; give it another path"
		}
		e.Sinks = append(e.Sinks, c)
	}
	for _, was := range old.Sinks {
		if !kept[was] {
			e.Sinks = append(e.Sinks, &Change{Name: was.Name, Kind: was.Connector, Verdict: Removed, wasSink: was})
		}
	}
}

// samePlace is the sink of old that wrote where is writes, nil if there is none, however the two paths are written: a run follows no links, either.
func samePlace(old []*Sink, is *Sink) *Sink {
	at := slices.IndexFunc(old, func(s *Sink) bool {
		same := is.Meaning[pathOption] != "" && s.Meaning[pathOption] == is.Meaning[pathOption]
		return s.Connector == is.Connector && (same || s.Place != "" && slices.Contains(is.places, s.Place))
	})
	if at < 0 {
		return nil
	}
	return old[at]
}

func sinkReasons(was, is *Sink) []string {
	var out []string
	for _, name := range differing(was.Tuning, is.Tuning) {
		out = append(out, "option "+name+" is another")
	}
	if was.Format != is.Format {
		out = append(out, "format was "+was.Format+", is "+is.Format)
	}
	if was.Changes != is.Changes {
		out = append(out, "rows were "+was.Changes+", are "+is.Changes)
	}
	names := func(s *Sink) (all []string) {
		for _, c := range s.Columns {
			all = append(all, c.Name)
		}
		return all
	}
	before, after := names(was), names(is)
	for _, n := range after {
		if !slices.Contains(before, n) {
			out = append(out, "column "+n+" is new")
		}
	}
	for _, n := range before {
		if !slices.Contains(after, n) {
			out = append(out, "column "+n+" is gone")
		}
	}
	if is.Connector == "file" && is.Format == "csv" && (was.Format != is.Format || !slices.Equal(before, after)) {
		out = append(out, "a file that was begun keeps the first line that it has")
	}
	return out
}

// differing are the names whose values differ.
func differing(was, is map[string]string) []string {
	all := map[string]bool{}
	for _, m := range []map[string]string{was, is} {
		for name := range m {
			if was[name] != is[name] {
				all[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// whatChanged says what of a source or sink is another.
func whatChanged(wasConnector, isConnector string, was, is map[string]string) string {
	if wasConnector != isConnector {
		return "the connector was " + wasConnector + ", is " + isConnector
	}
	names := differing(was, is)
	if len(names) == 0 {
		return "it is another"
	}
	text := "option " + names[0]
	for _, n := range names[1:] {
		text += ", " + n
	}
	return text + " is another"
}

// renamed notes another name.
func (c *Change) renamed(was string) {
	if was != c.Name {
		c.Was = was
		c.Reasons = append(c.Reasons, "was called "+was)
	}
}

// sameSource reports whether two sources read the same.
func sameSource(was, is *Source) bool {
	return was.Connector == is.Connector && was.Format == is.Format && was.Changes == is.Changes && maps.Equal(was.Meaning, is.Meaning)
}

func (e *Evolution) compareSources(old, now *Description) {
	pairs := assign(old.Sources, now.Sources, func(s *Source) string { return s.Name }, sameSource, func(was, is *Source) bool { return was.Name == is.Name })
	kept := map[*Source]bool{}
	for _, is := range now.Sources {
		c := &Change{Name: is.Name, Kind: is.Connector, Verdict: Added, source: is}
		if was := pairs[is]; was != nil {
			kept[was] = true
			c.wasSource = was
			c.renamed(was.Name)
			if sameSource(was, is) {
				c.Verdict = Kept
				e.sources[is.Name] = was.Name
				c.Reasons = append(c.Reasons, sourceReasons(was, is)...)
			} else {
				c.Verdict = Reset
				what := whatChanged(was.Connector, is.Connector, was.Meaning, is.Meaning)
				if was.Format != is.Format {
					what = "the format was " + was.Format + ", is " + is.Format
				}
				c.Reasons = append(c.Reasons, what+": it is read from its beginning, and where the other one was read up to is forgotten")
			}
		} else {
			c.Reasons = append(c.Reasons, "read from its beginning")
		}
		e.Sources = append(e.Sources, c)
	}
	for _, was := range old.Sources {
		if !kept[was] {
			e.Sources = append(e.Sources, &Change{Name: was.Name, Kind: was.Connector, Verdict: Removed, wasSource: was})
		}
	}
}

func sourceReasons(was, is *Source) []string {
	var out []string
	for _, name := range differing(was.Tuning, is.Tuning) {
		out = append(out, "option "+name+" is another")
	}
	if was.Time != is.Time {
		out = append(out, "event time was "+cmp.Or(was.Time, "none")+", is "+cmp.Or(is.Time, "none"))
	}
	for _, p := range []struct {
		what    string
		was, is int64
	}{{"watermark delay", was.Delay, is.Delay}, {"idle time-out", was.Idle, is.Idle}, {"bound of alignment", was.Drift, is.Drift}} {
		if p.was != p.is {
			out = append(out, p.what+" was "+span(p.was)+", is "+span(p.is))
		}
	}
	for _, c := range is.Columns {
		at := slices.IndexFunc(was.Columns, func(o Column) bool { return o.Name == c.Name })
		switch {
		case at < 0:
			out = append(out, "column "+c.Name+" is new")
		case c.Type.String() != was.Columns[at].Type.String():
			out = append(out, "column "+c.Name+" was "+was.Columns[at].Type.String()+", is "+c.Type.String())
		}
	}
	return out
}

// Source returns the description of the source that now goes on from, nil if it goes on from none.
func (e *Evolution) Source(now string) *Source {
	for _, c := range e.Sources {
		if c.Name == now && c.Verdict == Kept {
			return c.wasSource
		}
	}
	return nil
}
