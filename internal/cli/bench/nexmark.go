package bench

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

//go:embed queries/*.sql
var queries embed.FS //nolint:gochecknoglobals // embedded files

// NexmarkQueries is how many queries there are: q0 to q22.
const NexmarkQueries = 23

// NexmarkQuery is the text of a query, with its semicolon.
func NexmarkQuery(name string) (string, error) {
	text, err := queries.ReadFile("queries/" + name + ".sql")
	return string(text), err
}

// NexmarkResult is one run of Nexmark's queries, with what is needed to understand it later.
type NexmarkResult struct {
	Version string        `json:"version"`
	Commit  string        `json:"commit"`
	Go      string        `json:"go"`
	CPU     string        `json:"cpu"`
	Cores   int           `json:"cores"`
	Events  int64         `json:"events"`
	Short   int64         `json:"short"`
	Runs    int           `json:"runs"`
	Bytes   int64         `json:"bytes_an_event"`
	Rival   string        `json:"rival"`
	Queries []NexmarkCost `json:"queries"`
}

// NexmarkCost is what one query costs from one source into blackhole.
type NexmarkCost struct {
	Query string `json:"query"`
	// From is file, JSON lines in the combined form, or generator.
	From string `json:"from"`
	// NanosPerEvent is CPU time at parallelism 1, the median; Least and Most bound the runs.
	NanosPerEvent float64 `json:"ns_an_event"`
	Least         float64 `json:"ns_an_event_least"`
	Most          float64 `json:"ns_an_event_most"`
	Reach         float64 `json:"ns_an_event_to_reach,omitempty"`
	// EventsPerSecond is by the clock, at parallelism 1, of the long run.
	EventsPerSecond float64 `json:"events_a_second"`
	PeakBytes       int64   `json:"peak_resident_bytes"`
	// GCShare is the part of NanosPerEvent that collecting garbage took, 0 to 1, and Allocations are objects an event, both by the slope as well.
	GCShare     float64 `json:"gc_share"`
	Allocations float64 `json:"allocations_an_event"`
	// Checksum is that of the rows that all changes leave.
	Checksum string `json:"checksum"`
	// RivalNanos and RivalEvents are the rival's, 0 where they were not measured.
	RivalNanos  float64 `json:"rival_ns_an_event,omitempty"`
	RivalEvents float64 `json:"rival_events_a_second,omitempty"`
	// Failed says what went wrong; empty: nothing.
	Failed string `json:"failed,omitempty"`
}

// rivalName says whose figures the table shows beside Wire's, and how they were measured.
const rivalName = "Apache Flink 2.3.0, warm, with object reuse, parallelism 1, streaming SQL, the same events as JSON into blackhole: " +
	"CPU by slope from 2 to 8 million events; events/s of jobs of 2 million events without reuse; 2 vCPU AMD EPYC"

// reference is what a query is to reach, in ns of CPU an event from the file, and what the rival takes; 0: there is none.
type reference struct {
	reach, rivalNanos, rivalEvents float64
}

// references are by the number of the query.
func references() map[int]reference {
	return map[int]reference{
		0: {180, 2970, 311e3}, 1: {200, 0, 256e3}, 2: {130, 0, 391e3}, 3: {120, 0, 314e3}, 4: {700, 0, 147e3}, 5: {250, 3940, 266e3}, 7: {250, 0, 83e3},
		8: {120, 2760, 277e3}, 9: {700, 0, 113e3}, 11: {250, 0, 154e3}, 12: {0, 0, 213e3}, 15: {700, 0, 182e3}, 16: {700, 0, 149e3}, 17: {700, 3800, 242e3},
		18: {700, 0, 217e3}, 19: {700, 0, 152e3}, 20: {700, 0, 161e3}, 21: {0, 0, 225e3}, 22: {0, 0, 332e3},
	}
}

// The sources that queries are measured from.
const (
	fromFile      = "file"
	fromGenerator = "generator"
)

// Nexmark measures all queries of Nexmark from both sources into blackhole, the updating ones with every change emitted. A query that fails is a row of the
// result, not an error.
func Nexmark(ctx context.Context, s Settings) (*NexmarkResult, error) {
	b, clean, err := open(s)
	if err != nil {
		return nil, err
	}
	defer clean()
	bytes, err := b.inputs()
	if err != nil {
		return nil, err
	}
	side := []byte("key,value\n")
	for key := range 10_000 {
		side = fmt.Appendf(side, "%d,value of %[1]d\n", key)
	}
	if err := os.WriteFile(filepath.Join(b.Dir, "side_input.csv"), side, 0o600); err != nil {
		return nil, err
	}
	r := &NexmarkResult{
		Version: s.Version, Commit: s.Commit, Go: runtime.Version(), CPU: processor(), Cores: runtime.GOMAXPROCS(0), Events: s.Events,
		Short: s.Short, Runs: s.Runs, Bytes: bytes / s.Events, Rival: rivalName,
	}
	for i := range NexmarkQueries {
		for _, from := range []string{fromFile, fromGenerator} {
			name := fmt.Sprintf("q%d", i)
			if !b.wants(name + " " + from) {
				continue
			}
			cost := b.query(ctx, name, from)
			if err := ctx.Err(); err != nil {
				return r, err
			}
			ref := references()[i]
			cost.RivalNanos, cost.RivalEvents = ref.rivalNanos, ref.rivalEvents
			if from == fromFile {
				cost.Reach = ref.reach
			}
			r.Queries = append(r.Queries, cost)
		}
	}
	return r, nil
}

// query measures one query from one source.
func (b *bench) query(ctx context.Context, name, from string) NexmarkCost {
	b.say("%s from the %s", name, from)
	out := NexmarkCost{Query: name, From: from}
	long, err1 := b.script(name, from, b.long, b.Events)
	short, err2 := b.script(name, from, b.short, b.Short)
	if err := errors.Join(err1, err2); err != nil {
		out.Failed = err.Error()
		return out
	}
	run := func(path string) (usage, error) {
		var text bytes.Buffer
		u, err := b.processTo(ctx, &text, "run", "--ephemeral", "--summary", "json", "--parallelism", "1", path)
		if err != nil {
			return u, err
		}
		sum, err := checksum(text.Bytes())
		if err != nil {
			return u, err
		}
		if u.gc, u.objects, err = garbage(text.Bytes()); err != nil {
			return u, err
		}
		if path == long {
			if out.Checksum != "" && out.Checksum != sum {
				return u, fmt.Errorf("the answers of two runs differ: checksums %s and %s", out.Checksum, sum)
			}
			out.Checksum = sum
		}
		return u, err
	}
	cost, err := b.slope(name, "", func() (usage, error) { return run(long) }, func() (usage, error) { return run(short) })
	if err != nil {
		out.Failed = err.Error()
		return out
	}
	out.NanosPerEvent, out.Least, out.Most, out.EventsPerSecond, out.PeakBytes = cost.NanosPerEvent, cost.Least, cost.Most, cost.EventsPerSecond, cost.PeakBytes
	out.GCShare, out.Allocations = cost.GCShare, cost.Allocations
	return out
}

// checksum reads that of the only sink from the summary.
func checksum(summary []byte) (string, error) {
	m := regexp.MustCompile(`"checksum":\s*"([0-9a-f]+)"`).FindSubmatch(summary)
	if m == nil {
		return "", fmt.Errorf("the summary has no checksum: %s", summary)
	}
	return string(m[1]), nil
}

// garbage reads from the summary how many seconds of CPU time collecting garbage took, and how many objects were put on the heap.
func garbage(summary []byte) (seconds, objects float64, err error) {
	var s struct {
		Seconds *float64 `json:"gc_seconds"`
		Objects *float64 `json:"allocations"`
	}
	if err := json.Unmarshal(summary, &s); err != nil || s.Seconds == nil || s.Objects == nil {
		return 0, 0, errors.Join(err, fmt.Errorf("the summary does not say what was allocated: %s", summary))
	}
	return *s.Seconds, *s.Objects, nil
}

// script writes the pipeline of a query and returns its path.
func (b *bench) script(name, from, input string, events int64) (string, error) {
	query, err := NexmarkQuery(name)
	if err != nil {
		return "", err
	}
	tables := fileTables(input)
	if from == fromGenerator {
		tables = generatorTables(events)
	}
	text := "SET emit = 'changes';\n" + tables +
		"CREATE TABLE side_input (key BIGINT PRIMARY KEY, value VARCHAR) WITH (connector = 'file', path = '" + filepath.Join(b.Dir, "side_input.csv") + "', format = 'csv');\n" +
		"CREATE SINK out WITH (connector = 'blackhole');\nINSERT INTO out\n" + query
	path := filepath.Join(b.Dir, fmt.Sprintf("%s-%s-%d.sql", name, from, events))
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// nexmarkTables are the tables with their columns, in the order of their event types.
func nexmarkTables() [][2]string {
	return [][2]string{
		{"person", "id BIGINT, name VARCHAR, email_address VARCHAR, credit_card VARCHAR, city VARCHAR, state VARCHAR, date_time TIMESTAMP, extra VARCHAR"},
		{
			"auction", "id BIGINT, item_name VARCHAR, description VARCHAR, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP, expires TIMESTAMP, " +
				"seller BIGINT, category BIGINT, extra VARCHAR",
		},
		{"bid", "auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, date_time TIMESTAMP, extra VARCHAR"},
	}
}

const nexmarkWatermark = "WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds'"

// fileTables are views over one combined source.
func fileTables(path string) string {
	var b strings.Builder
	b.WriteString("CREATE SOURCE event (event_type INT")
	for _, t := range nexmarkTables() {
		fmt.Fprintf(&b, ", %s ROW(%s)", t[0], t[1])
	}
	b.WriteString(", date_time TIMESTAMP GENERATED ALWAYS AS (COALESCE((bid).date_time, (auction).date_time, (person).date_time)) STORED, " + nexmarkWatermark + ")\n" +
		"WITH (connector = 'file', path = '" + path + "', format = 'json');\n")
	for kind, t := range nexmarkTables() {
		var list []string
		for column := range strings.SplitSeq(t[1], ", ") {
			name, _, _ := strings.Cut(column, " ")
			if name == "date_time" {
				list = append(list, name)
			} else {
				list = append(list, "("+t[0]+")."+name+" AS "+name)
			}
		}
		fmt.Fprintf(&b, "CREATE VIEW %s AS SELECT %s FROM event WHERE event_type = %d;\n", t[0], strings.Join(list, ", "), kind)
	}
	return b.String()
}

// generatorTables are sources of the generator, with the events of the files.
func generatorTables(events int64) string {
	var b strings.Builder
	for _, t := range nexmarkTables() {
		fmt.Fprintf(&b, "CREATE SOURCE %s (%s, %s) WITH (connector = 'generate', kind = 'nexmark', table = '%[1]s', rows = %[4]d, seed = 0, group_size = 40);\n",
			t[0], t[1], nexmarkWatermark, events)
	}
	return b.String()
}

// WriteJSON writes the result for a machine.
func (r *NexmarkResult) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteTable writes the result for a person.
func (r *NexmarkResult) WriteTable(out io.Writer) error {
	fmt.Fprintf(out, "wire %s (commit %s, %s) on %s, %d cores; %d events of %d bytes, slope from %d, median of %d; parallelism 1, into blackhole, emit = 'changes'\n"+
		"beside it: %s\n\n", r.Version, r.Commit, r.Go, r.CPU, r.Cores, r.Events, r.Bytes, r.Short, r.Runs, r.Rival)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "query\tfrom\tCPU ns/event\tleast\tmost\tto reach\tFlink's ns\tratio\tevents/s\tFlink's events/s\tpeak MB\tGC %\tobjects/event\t")
	number := func(v float64) string {
		if v == 0 {
			return ""
		}
		return fmt.Sprintf("%.0f", v)
	}
	for _, c := range r.Queries {
		if c.Failed != "" {
			fmt.Fprintf(w, "%s\t%s\tfailed\t\n", c.Query, c.From)
			continue
		}
		ratio := ""
		if c.RivalNanos > 0 && c.NanosPerEvent > 0 {
			ratio = fmt.Sprintf("%.1f", c.RivalNanos/c.NanosPerEvent)
		}
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%.0f\t%.0f\t%s\t%s\t%s\t%.0f\t%s\t%.0f\t%.1f\t%.3f\t\n", c.Query, c.From, c.NanosPerEvent, c.Least, c.Most, number(c.Reach),
			number(c.RivalNanos), ratio, c.EventsPerSecond, number(c.RivalEvents), float64(c.PeakBytes)/(1<<20), 100*c.GCShare, c.Allocations)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, c := range r.Queries {
		if c.Failed != "" {
			fmt.Fprintf(out, "%s from the %s failed: %s\n", c.Query, c.From, c.Failed)
		}
	}
	for _, name := range r.disagree() {
		fmt.Fprintf(out, "%s: the answers from the file and from the generator differ\n", name)
	}
	return nil
}

// disagree are the queries whose answers differ between the sources, which have the same events.
func (r *NexmarkResult) disagree() (names []string) {
	sums := map[string]string{}
	for _, c := range r.Queries {
		if other, ok := sums[c.Query]; ok && c.Checksum != "" && other != c.Checksum {
			names = append(names, c.Query)
		} else if c.Checksum != "" {
			sums[c.Query] = c.Checksum
		}
	}
	slices.Sort(names)
	return names
}
