package display

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/flow/summary"
)

// Status is how a run ended.
type Status string

// The ways to end. The numbers of a run with an error need not add up, since rows were under way.
const (
	Finished Status = "finished"
	Stopped  Status = "stopped"
	Failed   Status = "failed"
)

// Account is an ended run.
type Account struct {
	Pipeline string
	Status   Status
	Report   flow.Report
	Elapsed  time.Duration
	// Err is what a failed run failed of, or that a run was stopped at once, with rows under way.
	Err error
	// Cut says that a run without an error ended while rows were under way, since the reader of its output had gone: numbers need not add up.
	Cut bool
	// CPU is the processor time that the run took, user and system.
	CPU time.Duration
	// PeakBytes is the most memory that was resident.
	PeakBytes int64
	// GC is the part of CPU that collecting garbage took, and Allocations is how many objects were put on Go's heap.
	GC          time.Duration
	Allocations int64
}

// Records returns how many records the sources read together.
func (a *Account) Records() int64 {
	var n int64
	for _, s := range a.Report.Sources {
		n += s.Records
	}
	return n
}

// perSecond returns n a second of the run, 0 if it took no time.
func (a *Account) perSecond(n int64) float64 {
	if a.Elapsed <= 0 {
		return 0
	}
	return float64(n) / a.Elapsed.Seconds()
}

// nanosPerRecord returns the processor time that a record took, 0 if there was none.
func (a *Account) nanosPerRecord() float64 {
	if n := a.Records(); n > 0 {
		return float64(a.CPU.Nanoseconds()) / float64(n)
	}
	return 0
}

// Text returns the account for people: a table of sources, one of steps and one of sinks, in which columns that are zero throughout are left
// out, what sinks have to say, the cost, and whether everything adds up. It ends with a line feed.
func (a *Account) Text() string {
	var b strings.Builder
	if len(a.Report.Sources) > 0 {
		sourceTable(a.Report.Sources).write(&b)
		b.WriteByte('\n')
	}
	if len(a.Report.Steps) > 0 {
		stepTable(a.Report.Steps).write(&b)
		b.WriteByte('\n')
	}
	if len(a.Report.Sinks) > 0 {
		sinkTable(a.Report.Sinks).write(&b)
		b.WriteByte('\n')
	}
	a.writeIdle(&b)
	a.writeCheckpoints(&b)
	a.writeSummaries(&b)
	a.writeCost(&b)
	a.writeBalance(&b)
	return b.String()
}

func sourceTable(s []flow.SourceReport) *table {
	n := len(s)
	names := make([]string, n)
	for i := range s {
		names[i] = s[i].Name
	}
	return newTable("source", names, []column{
		counts("records", false, n, func(i int) int64 { return s[i].Records }),
		counts("rows", false, n, func(i int) int64 { return s[i].Rows }),
		counts("filtered", true, n, func(i int) int64 { return s[i].Filtered }),
		counts("rejected", true, n, func(i int) int64 { return s[i].Rejected }),
		counts("idle", true, n, func(i int) int64 { return s[i].Idle }),
		sizes("bytes", n, func(i int) int64 { return s[i].Bytes }),
	})
}

// detailWidth bounds what a table says about a step.
const detailWidth = 60

func stepTable(s []flow.StepReport) *table {
	n := len(s)
	names := make([]string, n)
	for i := range s {
		names[i] = s[i].Name
	}
	columns := []column{
		counts("in", false, n, func(i int) int64 { return s[i].In }),
		counts("out", false, n, func(i int) int64 { return s[i].Emitted }),
	}
	if forwards(s) {
		columns = append(columns, counts("forwarded", false, n, func(i int) int64 { return s[i].Forwarded }))
	}
	t := newTable("step", names, append(columns,
		counts("absorbed", true, n, func(i int) int64 { return s[i].Absorbed }),
		counts("filtered", true, n, func(i int) int64 { return s[i].Filtered }),
		counts("late", true, n, func(i int) int64 { return s[i].Late }),
		counts("late windows", true, n, func(i int) int64 { return s[i].LateWindows }),
		counts("rejected", true, n, func(i int) int64 { return s[i].Rejected }),
		counts("held", true, n, func(i int) int64 { return s[i].Held }),
	))
	t.text = true
	t.header = append(t.header, "")
	for i := range t.rows {
		t.rows[i] = append(t.rows[i], fit(plain(s[i].Detail), detailWidth))
	}
	return t
}

// forwards reports whether rows that left are others than those forwarded: where one row became several, or none at once. Elsewhere the
// column would repeat what left.
func forwards(steps []flow.StepReport) bool {
	return slices.ContainsFunc(steps, func(s flow.StepReport) bool { return s.Forwarded != 0 && s.Forwarded != s.Emitted })
}

func sinkTable(s []flow.SinkReport) *table {
	n := len(s)
	names := make([]string, n)
	for i := range s {
		names[i] = s[i].Name
	}
	return newTable("sink", names, []column{
		counts("in", false, n, func(i int) int64 { return s[i].In }),
		counts("rows", false, n, func(i int) int64 { return s[i].Rows }),
		counts("rejected", true, n, func(i int) int64 { return s[i].Rejected }),
		sizes("bytes", n, func(i int) int64 { return s[i].Bytes }),
		counts("epochs", true, n, func(i int) int64 { return s[i].Epochs }),
	})
}

// writeCheckpoints says how many attempts at checkpoints failed.
func (a *Account) writeCheckpoints(b *strings.Builder) {
	if c := a.Report.Checkpoints; c.Failed > 0 {
		fmt.Fprintf(b, "checkpoints: %s taken; %s failed, %d of them since the checkpoint took too long\n\n", grouped(c.Published), counted(c.Failed, "attempt"), c.GivenUp)
	}
}

// writeIdle says which sources had splits that were not waited for, since that makes what is late a matter of when rows came.
func (a *Account) writeIdle(b *strings.Builder) {
	said := false
	for _, s := range a.Report.Sources {
		if s.Idle > 0 {
			said = true
			fmt.Fprintf(b, "%s: splits were declared idle %s; from the first time on, which rows are late depends on when they came\n", plain(s.Name), counted(s.Idle, "time"))
		}
	}
	if said {
		b.WriteByte('\n')
	}
}

func (a *Account) writeSummaries(b *strings.Builder) {
	said := false
	for _, s := range a.Report.Sinks {
		if len(s.Summary) == 0 {
			continue
		}
		said = true
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(s.Summary)) {
			parts = append(parts, plain(key)+" "+plain(s.Summary[key]))
		}
		fmt.Fprintf(b, "%s: %s\n", plain(s.Name), strings.Join(parts, ", "))
	}
	if said {
		b.WriteByte('\n')
	}
}

func (a *Account) writeCost(b *strings.Builder) {
	n := a.Records()
	fmt.Fprintf(b, "%s: %s records in %s, %s a second\n", a.Status, grouped(n), seconds(a.Elapsed), grouped(int64(a.perSecond(n)+0.5)))
	fmt.Fprintf(b, "CPU %s, %s ns a record; peak memory %s\n", seconds(a.CPU), grouped(int64(a.nanosPerRecord()+0.5)), size(float64(a.PeakBytes)))
}

func (a *Account) writeBalance(b *strings.Builder) {
	switch {
	case a.Err != nil:
		how := "failed"
		if a.Status == Stopped {
			how = "was stopped at once,"
		}
		fmt.Fprintf(b, "account not checked: the run %s while rows were under way\n", how)
		return
	case a.Cut:
		b.WriteString("account not checked: the reader of the output had gone while rows were under way\n")
		return
	}
	wrong := summary.Imbalances(a.Report)
	if len(wrong) == 0 {
		b.WriteString("account balanced\n")
		return
	}
	b.WriteString("ACCOUNT NOT BALANCED: rows were lost or counted twice, which is a defect of Wire; please report it\n")
	for _, line := range wrong {
		b.WriteString("  " + plain(line) + "\n")
	}
}
