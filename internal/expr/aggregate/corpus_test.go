package aggregate_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/sdk/sqlstate"
)

var update = flag.Bool("update", false, "ask PostgreSQL for the answers and write them")

// minCalls keeps the corpus from shrinking unnoticed.
const minCalls = 600

// entry is a call of a file, or a line of comment.
type entry struct {
	line    int
	comment string
	call    string
	answers []string          // PostgreSQL's, one a group
	wire    map[string]string // Wire's where it differs, by group
	tag     string            // the section of docs/differences.md that says why
}

var wireLine = regexp.MustCompile(`^Wire \(([a-z0-9-]+)\), ([a-z0-9]+): (.*)$`)

func readCorpus(t *testing.T, path string) []*entry {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var entries []*entry
	for i, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		answer, indented := strings.CutPrefix(line, "\t")
		switch {
		case line == "" || line[0] == '#':
			entries = append(entries, &entry{line: i + 1, comment: line})
		case !indented:
			entries = append(entries, &entry{line: i + 1, call: line, wire: map[string]string{}})
		default:
			e := entries[len(entries)-1]
			if m := wireLine.FindStringSubmatch(answer); m != nil {
				e.tag = m[1]
				e.wire[m[2]] = m[3]
				continue
			}
			names, answer, _ := strings.Cut(answer, ": ")
			for range strings.Split(names, " ") {
				e.answers = append(e.answers, answer)
			}
		}
	}
	return entries
}

// writeCorpus writes groups with the same answer in one line. The groups of a line need not be neighbours, so that readCorpus's order has to be
// that of the file: answers are sorted by their first group when they are read back by number.
func writeCorpus(t *testing.T, path string, entries []*entry) {
	t.Helper()
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.comment + e.call + "\n")
		for i := 0; i < len(e.answers); {
			names := []string{groupNames()[i]}
			j := i + 1
			for ; j < len(e.answers) && e.answers[j] == e.answers[i]; j++ {
				names = append(names, groupNames()[j])
			}
			fmt.Fprintf(&b, "\t%s: %s\n", strings.Join(names, " "), e.answers[i])
			i = j
		}
		for _, name := range groupNames() {
			if w, ok := e.wire[name]; ok {
				fmt.Fprintf(&b, "\tWire (%s), %s: %s\n", e.tag, name, w)
			}
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCorpus compares what the aggregates answer over each group of testdata/table.tsv, in all the ways in which rows can reach a state, with what
// PostgreSQL answered.
func TestCorpus(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	count := 0
	for _, path := range paths {
		entries := readCorpus(t, path)
		if *update {
			ask(t, entries)
			writeCorpus(t, path, entries)
		}
		for _, e := range entries {
			if e.call == "" {
				continue
			}
			count++
			for _, way := range ways {
				check(t, path, e, way)
			}
		}
	}
	if count < minCalls {
		t.Errorf("the corpus has %d calls, fewer than %d", count, minCalls)
	}
}

func check(t *testing.T, path string, e *entry, w way) {
	t.Helper()
	if len(e.answers) != len(groupNames()) {
		t.Errorf("%s:%d: %s\n\thas %d answers, not %d: run with -update", path, e.line, e.call, len(e.answers), len(groupNames()))
		return
	}
	got := answers(t, e.call, w)
	if got == nil {
		return // there is no such way for this function
	}
	for i, name := range groupNames() {
		want, differs := e.wire[name]
		if !differs {
			want = e.answers[i]
		} else if same(got[i], e.answers[i]) {
			t.Errorf("%s:%d: %s: %s\n\tno longer differs from PostgreSQL: take the line \"Wire (%s), %s\" away", path, e.line, e.call, w.name, e.tag, name)
		}
		if !same(got[i], want) {
			t.Errorf("%s:%d: %s: group %s, %s\n\tgot  %s\n\twant %s", path, e.line, e.call, name, w.name, got[i], want)
		}
	}
}

// same compares answers; of an error only the SQLSTATE counts, since its words are PostgreSQL's affair, and floats may differ in their last digits,
// since PostgreSQL rounds after every step.
func same(a, b string) bool {
	if strings.HasPrefix(a, "ERROR ") && strings.HasPrefix(b, "ERROR ") {
		return a[:11] == b[:11]
	}
	if a == b {
		return true
	}
	for typ, most := range map[string]float64{"real ": 1e-6, "double precision ": 1e-12, "double precision[] ": 1e-12} {
		x, ok1 := strings.CutPrefix(a, typ)
		y, ok2 := strings.CutPrefix(b, typ)
		if ok1 && ok2 {
			return slices.EqualFunc(strings.Split(strings.Trim(x, "{}"), ","), strings.Split(strings.Trim(y, "{}"), ","), func(x, y string) bool {
				return near(x, y, most)
			})
		}
	}
	return false
}

func near(a, b string, most float64) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return a == b || errors.Join(err1, err2) == nil && math.Abs(x-y) <= most*math.Max(math.Abs(x), math.Abs(y))
}

func failure(err error) string { return fmt.Sprintf("ERROR %s %s", sqlstate.Of(err), err) }
