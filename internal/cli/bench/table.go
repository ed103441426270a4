package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTable writes the result for a person.
func (r *Result) WriteTable(out io.Writer) error {
	fmt.Fprintf(out, "wire %s (commit %s, %s) on %s, %d cores; %d events of %d bytes, slope from %d, median of %d\n\n",
		r.Version, r.Commit, r.Go, r.CPU, r.Cores, r.Events, r.Bytes, r.Short, r.Runs)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(r.Cases) > 0 {
		fmt.Fprintln(w, "case\tCPU ns/event\tleast\tmost\tto reach\tevents/s\tpeak MB\t\t")
	}
	for _, c := range r.Cases {
		reach := ""
		if c.Reach > 0 {
			reach = fmt.Sprintf("%.0f", c.Reach)
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.0f\t%s\t%.0f\t%.0f\t\t %s\n",
			c.Name, c.NanosPerEvent, c.Least, c.Most, reach, c.EventsPerSecond, float64(c.PeakBytes)/(1<<20), c.Doc)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Other) > 0 {
		fmt.Fprintln(w, "\nmeasured\tvalue\tto reach\twhat")
	}
	for _, o := range r.Other {
		fmt.Fprintf(w, "%s\t%.4g %s\t%s\t%s\n", o.Name, o.Value, o.Unit, o.Reach, o.Doc)
	}
	return w.Flush()
}
