package difffuzz

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wire.example/wire/test/slt"
)

// Fuzzer asks both engines.
type Fuzzer struct {
	Wire slt.Engine
	// Witnesses are PostgreSQL, first as it is and then under other plans and orders of rows.
	Witnesses []slt.Engine
}

// Difference is a query that Wire answers otherwise than PostgreSQL.
type Difference struct {
	Universe *Universe
	Tables   []Table
	Query    Query
	Want     slt.Answer
	Got      slt.Answer
	Way      way
	// Asked counts queries up to this one in its universe, Before those of universes before, from 1.
	Asked, Before int
}

// Report counts what became of queries.
type Report struct {
	Cases, NonEmpty, Failing, Undecided, EqualValues int
	Uses                                             map[string]int // cases of each production
	Errors                                           map[string]int // PostgreSQL's, without names and numbers
	Found                                            []Difference
}

// way is how Wire is asked.
type way struct {
	single      bool // tables of a batch a row
	parallelism int
}

// The SQLSTATEs of a statement that took PostgreSQL too long, and of one that it fails at itself ("failed to build any 4-way joins").
const (
	queryCanceled = "57014"
	internalError = "XX000"
)

func ways() []way { return []way{{false, 1}, {false, 2}, {true, 4}} }

// Check asks the queries of a universe.
func (f *Fuzzer) Check(ctx context.Context, u *Universe, r *Report) error {
	if r.Uses == nil {
		r.Uses, r.Errors = map[string]int{}, map[string]int{}
	}
	before := r.Cases
	roots := make([]*Node, len(u.Queries))
	for i := range u.Queries {
		roots[i] = u.Queries[i].Root
	}
	want, err := ask(ctx, f.Witnesses[0], u.Tables, way{}, roots)
	if err != nil {
		return err
	}
	for i := range u.Queries {
		r.Cases++
		for _, use := range u.Queries[i].Uses {
			r.Uses[use]++
		}
		switch {
		case want[i].State != "":
			r.Failing++
			r.Errors[want[i].State+" "+kernel(want[i].Message)]++
		case len(want[i].Rows) > 0:
			r.NonEmpty++
		}
	}
	var open []Difference
	seen := map[int]bool{}
	for _, w := range ways() {
		got, err := ask(ctx, f.Wire, u.Tables, w, roots)
		if err != nil {
			return err
		}
		for i := range got {
			switch q := u.Queries[i]; {
			case seen[i]:
			case want[i].State == queryCanceled || want[i].State == internalError || want[i].State == slt.NoAnswer:
				seen[i] = true
				r.Undecided++
			case differs(&want[i], &got[i], q.Ordered, false) == "":
			case differs(&want[i], &got[i], q.Ordered, true) == "":
				seen[i] = true
				r.EqualValues++
			default:
				seen[i] = true
				open = append(open, Difference{Universe: u, Tables: u.Tables, Query: q, Want: want[i], Got: got[i], Way: w, Asked: i + 1, Before: before})
			}
		}
	}
	open, err = f.prove(ctx, u, open, r)
	r.Found = append(r.Found, open...)
	return err
}

// prove leaves out what PostgreSQL does not always answer in one way.
func (f *Fuzzer) prove(ctx context.Context, u *Universe, open []Difference, r *Report) ([]Difference, error) {
	for _, e := range f.Witnesses[1:] {
		if len(open) == 0 {
			break
		}
		var roots []*Node
		for _, d := range open {
			roots = append(roots, d.Query.Root)
		}
		again, err := ask(ctx, e, u.Tables, way{}, roots)
		if err != nil {
			return nil, err
		}
		kept := open[:0]
		for i, d := range open {
			if differs(&d.Want, &again[i], d.Query.Ordered, false) == "" {
				kept = append(kept, d)
			} else {
				r.Undecided++
			}
		}
		open = kept
	}
	return open, nil
}

// ask runs queries over tables.
func ask(ctx context.Context, e slt.Engine, tables []Table, w way, queries []*Node) ([]slt.Answer, error) {
	statements := Setup(tables, w.single)
	if w.parallelism > 0 {
		statements = append(statements, fmt.Sprintf("SET parallelism = %d", w.parallelism))
	}
	setup := len(statements)
	for _, q := range queries {
		statements = append(statements, q.String())
	}
	answers, err := e.Run(ctx, statements)
	if err != nil {
		return nil, err
	}
	for i, a := range answers[:setup] {
		if a.State != "" {
			return nil, fmt.Errorf("%s: %s: %s %s", e.Name(), statements[i], a.State, a.Message)
		}
	}
	return answers[setup:], nil
}

// differs says how two answers differ; empty: they do not. Loosely, equal values may look different.
func differs(want, got *slt.Answer, ordered, loosely bool) string {
	switch {
	case got.State == slt.NoAnswer:
		return "crash"
	case want.State == slt.NoAnswer || want.State == queryCanceled:
		return "PostgreSQL takes too long"
	case want.State != got.State && got.State != "":
		return "state " + want.State + " " + got.State + " " + kernel(got.Message)
	case want.State != got.State:
		return "state " + want.State
	case want.State != "":
		return ""
	case len(want.Columns) != len(got.Columns):
		return "columns"
	case len(want.Rows) != len(got.Rows):
		return "rows"
	}
	a, b := texts(want, ordered, loosely), texts(got, ordered, loosely)
	for i := range a {
		if !same(a[i], b[i]) {
			return "rows"
		}
	}
	return ""
}

// kernel is what a message says apart from names and places.
func kernel(message string) string {
	message = regexp.MustCompile(`(?s)\nLINE.*|\nSQLSTATE.*|\nHINT.*|\nDETAIL.*`).ReplaceAllString(message, "")
	return regexp.MustCompile(`"[^"]*"|[0-9]+`).ReplaceAllString(message, "?")
}

func texts(a *slt.Answer, ordered, loosely bool) [][]string {
	var rows [][]string
	for _, row := range a.Rows {
		var line []string
		for _, v := range row {
			switch {
			case v.Null:
				line = append(line, "\x00")
			case loosely:
				line = append(line, canonical(v.Text))
			default:
				line = append(line, v.Text)
			}
		}
		rows = append(rows, line)
	}
	if !ordered {
		slices.SortFunc(rows, slices.Compare)
	}
	return rows
}

// canonical drops zeros behind the point, and the sign of zero.
func canonical(text string) string {
	if text == "-0" {
		return "0"
	}
	if regexp.MustCompile(`^-?[0-9]+\.[0-9]*0$`).MatchString(text) {
		return strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// tolerance is how much sums of floats may differ, of their size.
const tolerance = 1e-12

func same(a, b []string) bool {
	return slices.EqualFunc(a, b, func(x, y string) bool {
		if x == y {
			return true
		}
		if !strings.ContainsAny(x, ".e") || !strings.ContainsAny(y, ".e") || len(x) < 12 || len(y) < 12 {
			return false
		}
		v, err1 := strconv.ParseFloat(x, 64)
		w, err2 := strconv.ParseFloat(y, 64)
		return err1 == nil && err2 == nil && strings.Contains(x, "e") == strings.Contains(y, "e") && len(x) < 22 && abs(v-w) <= tolerance*max(abs(v), abs(w))
	})
}

func abs(x float64) float64 { return max(x, -x) }

// String is a script of the difference.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# seed %d, case %d, parallelism %d, %s\n", d.Universe.Seed, d.Asked, d.Way.parallelism, map[bool]string{false: "one batch", true: "a batch a row"}[d.Way.single])
	for _, s := range Setup(d.Tables, false) {
		b.WriteString("statement ok\n" + s + "\n\n")
	}
	fmt.Fprintf(&b, "query %s\n%s\n\n", map[bool]string{false: "rowsort", true: "nosort"}[d.Query.Ordered], d.Query.Root)
	fmt.Fprintf(&b, "# PostgreSQL: %s\n# Wire: %s\n", shown(&d.Want), shown(&d.Got))
	return b.String()
}

func shown(a *slt.Answer) string {
	if a.State != "" {
		return strings.ReplaceAll(a.State+" "+a.Message[:min(len(a.Message), 3000)], "\n", "\n#    ")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows", len(a.Rows))
	for i, row := range texts(a, true, false) {
		if i == 12 {
			b.WriteString("\n#    ...")
			break
		}
		b.WriteString("\n#    " + strings.ReplaceAll(strings.Join(row, " | "), "\x00", "NULL"))
	}
	return b.String()
}
