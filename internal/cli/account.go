package cli

import (
	"fmt"
	"time"

	"wire.example/wire/internal/flow"
)

// account prints what a run did.
func (a *app) account(r flow.Report, elapsed time.Duration, f *runFlags) {
	if f.quiet || f.summary == "none" {
		return
	}
	for _, s := range r.Sources {
		fmt.Fprintf(a.err, "source %s: %d records, %d rows, %d filtered, %d rejected, %d bytes\n", s.Name, s.Records, s.Rows, s.Filtered, s.Rejected, s.Bytes)
	}
	for _, s := range r.Steps {
		fmt.Fprintf(a.err, "%s: in %d, forwarded %d, filtered %d, rejected %d\n", s.Detail, s.In, s.Forwarded, s.Filtered, s.Rejected)
	}
	for _, s := range r.Sinks {
		fmt.Fprintf(a.err, "sink %s: in %d, rows %d, rejected %d, %d bytes %v\n", s.Name, s.In, s.Rows, s.Rejected, s.Bytes, s.Summary)
	}
	fmt.Fprintf(a.err, "elapsed %v balanced %v\n", elapsed, r.Balanced())
}
