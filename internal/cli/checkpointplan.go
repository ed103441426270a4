package cli

import (
	"fmt"
	"io"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/state/checkpoint"
)

// writePlaces writes where the state of steps is: which key groups, and in which part of the files. It writes nothing where no step has state, and what is wrong where that cannot be read, as writePlan does.
func writePlaces(w io.Writer, m *checkpoint.Manifest) {
	places, err := engine.Places(m)
	switch {
	case err != nil:
		fmt.Fprintf(w, "\nstate cannot be read: %v\n", err)
		return
	case len(places) == 0:
		return
	}
	fmt.Fprintln(w, "\nSTEP\tOPERATOR\tKEY GROUPS\tPART")
	for _, p := range places {
		fmt.Fprintf(w, "%s\t%d\t%d-%d\t%s\n", p.Step, p.Number, p.From, p.To, p.Part)
	}
}

// writePlan writes the parts of a checkpoint's plan, as wire plan names them: sources and sinks with their connectors, steps that have state. It writes nothing where there is no plan, and what is wrong with one that
// cannot be read: that is no reason to show nothing of the checkpoint.
func writePlan(w io.Writer, m *checkpoint.Manifest) {
	if len(m.Plan) == 0 {
		return
	}
	d, err := evolve.Decode(m.Plan)
	if err != nil {
		fmt.Fprintf(w, "\nplan cannot be read: %v\n", err)
		return
	}
	fmt.Fprintf(w, "\nplan for a parallelism of %d\nKIND\tNAME\tCONNECTOR\n", d.PlannedFor)
	for _, s := range d.Sources {
		fmt.Fprintf(w, "source\t%s\t%s\n", s.Name, s.Connector)
	}
	for _, s := range d.Steps {
		fmt.Fprintf(w, "%s\t%s\t\n", s.Kind, s.Name)
	}
	for _, s := range d.Sinks {
		fmt.Fprintf(w, "sink\t%s\t%s\n", s.Name, s.Connector)
	}
}
