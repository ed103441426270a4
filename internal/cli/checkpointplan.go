package cli

import (
	"fmt"
	"io"

	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/state/checkpoint"
)

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
