package evolve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"wire.example/wire/internal/foundation/fault"
)

// Accepted is what the user has accepted of an edit.
type Accepted struct {
	// Reset are the names of steps and sources whose state may be lost; "all" stands for any.
	Reset []string
	// Partial lets aggregates that are new count from now on, Mixed lets state go on that has rows which another condition let through.
	Partial, Mixed bool
}

// Loses reports whether state would be lost, or mean another thing than it says.
func (e *Evolution) Loses() bool { return len(e.objections(Accepted{})) > 0 }

// Unchanged reports whether nothing differs that has a name.
func (e *Evolution) Unchanged() bool {
	for _, list := range [][]*Change{e.Sources, e.Steps, e.Sinks} {
		if slices.ContainsFunc(list, func(c *Change) bool { return c.Verdict != Kept || len(c.Reasons) > 0 }) {
			return false
		}
	}
	return true
}

func (a *Accepted) reset(c *Change) bool {
	return slices.Contains(a.Reset, "all") || slices.Contains(a.Reset, c.Name) || c.Was != "" && slices.Contains(a.Reset, c.Was)
}

// known refuses what the user lets go of that there is not.
func (a *Accepted) known(is func(name string) bool) error {
	for _, name := range a.Reset {
		if name != "all" && !is(name) {
			return fmt.Errorf("--allow-reset %s: there is no step or source of that name", name)
		}
	}
	return nil
}

// Begins returns why a pipeline that has nothing to go on from does not begin, nil if it does: it must have what the user lets go of.
func (a *Accepted) Begins(d *Description) error {
	return a.known(func(name string) bool {
		return d.step(name) != nil || slices.ContainsFunc(d.Sources, func(s *Source) bool { return s.Name == name })
	})
}

// objections are the changes that must be accepted and are not.
func (e *Evolution) objections(a Accepted) []string {
	var out []string
	say := func(what string, c *Change, way string) {
		out = append(out, fmt.Sprintf("%s %s: %s; accept that with %s", what, c.Name, strings.Join(c.Reasons, "; "), way))
	}
	for _, c := range e.Sinks {
		if c.Refused != "" {
			out = append(out, fmt.Sprintf("sink %s: %s", c.Name, c.Refused))
		}
	}
	for _, c := range e.Sources {
		if c.Verdict == Reset && !a.reset(c) {
			say("source", c, "--allow-reset "+c.Name)
		}
	}
	for _, c := range e.Steps {
		switch {
		case c.Lossless:
		case a.reset(c) && (c.Verdict == Reset || c.Mixed || c.Partial):
		case c.Verdict == Reset:
			say("step", c, "--allow-reset "+c.Name+", which loses its state")
		case c.Mixed && !a.Mixed:
			say("step", c, "--accept-mixed, or lose its state with --allow-reset "+c.Name)
		case c.Partial && !a.Partial:
			say("step", c, "--accept-partial, or lose its state with --allow-reset "+c.Name)
		}
	}
	return out
}

// Refuse returns why the edit is not carried out, nil if it is: what would lose state must have been accepted.
func (e *Evolution) Refuse(a Accepted) error {
	if err := a.known(e.names); err != nil {
		return err
	}
	objections := e.objections(a)
	if len(objections) == 0 || fault.Weak("edit/refused") {
		return nil
	}
	return errors.New("the pipeline has changed so that state would be lost:\n  " + strings.Join(objections, "\n  ") +
		"\nBring it back as it was, or begin anew with --fresh")
}

func (e *Evolution) names(name string) bool {
	is := func(c *Change) bool { return c.Name == name || c.Was == name }
	return slices.ContainsFunc(e.Steps, is) || slices.ContainsFunc(e.Sources, is)
}

// Accept makes resets of what the user lets go of although it could be kept, and of what is behind that.
func (e *Evolution) Accept(a Accepted) {
	begins := map[string]bool{}
	for _, c := range e.Steps { // each after what leads to it
		if c.step == nil {
			continue
		}
		lets := (c.Mixed && !a.Mixed || c.Partial && !a.Partial) && a.reset(c)
		for _, before := range c.step.After {
			if begins[before] && c.Verdict != Added && c.Verdict != Reset {
				lets = true
				c.Reasons = append(c.Reasons, "its input "+before+" begins anew")
			}
		}
		if lets {
			c.begin()
		}
		begins[c.Name] = c.Verdict == Reset
	}
}

// Refused reports whether a run that accepts nothing carries nothing of the edit out.
func (e *Evolution) Refused() bool { return e.Loses() || e.Finished && !e.Unchanged() }

// Table shows what becomes of all parts.
func (e *Evolution) Table() string { return e.table("") }

// Prospect is Table of an edit that is refused: it shows what would become of them, or would have, of a pipeline that is finished, whose state may be gone.
func (e *Evolution) Prospect() string {
	if e.Finished {
		return e.table("would have been ")
	}
	return e.table("would be ")
}

func (e *Evolution) table(would string) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, list := range []struct {
		what    string
		changes []*Change
	}{{"source", e.Sources}, {"step", e.Steps}, {"sink", e.Sinks}} {
		for _, c := range list.changes {
			kind := c.Kind
			if list.what != "step" {
				kind = list.what
			}
			_, _ = fmt.Fprintf(w, "%s%s\t%s\t%s\t%s\n", would, c.Verdict, kind, c.Name, strings.Join(c.Reasons, "; "))
		}
	}
	_ = w.Flush() // a buffer takes everything
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// Summary counts what becomes of the steps, in one line.
func (e *Evolution) Summary() string {
	counts := map[Verdict]int{}
	for _, c := range e.Steps {
		counts[c.Verdict]++
	}
	var parts []string
	for _, v := range []Verdict{Kept, Transformed, Reset, Added, Removed} {
		if counts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[v], v))
		}
	}
	if len(parts) == 0 {
		return "no step has state"
	}
	return "steps with state: " + strings.Join(parts, ", ")
}

// JSON is the evolution for programs.
func (e *Evolution) JSON() ([]byte, error) {
	return json.MarshalIndent(struct {
		Loses   bool `json:"loses_state"`
		Refused bool `json:"refused"`
		*Evolution
	}{e.Loses(), e.Refused(), e}, "", "  ")
}
