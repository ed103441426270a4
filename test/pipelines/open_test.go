package pipelines_test

import (
	"os"
	"path"
	"strings"
	"testing"
)

// openList is a list of cases that do not pass yet: lines PATTERN: reason, of which the first that matches a case's name counts. What is listed has to fail, so that a line
// goes as soon as it can.
type openList struct {
	lines  []*openLine
	judged int
}

type openLine struct {
	pattern, reason string
	failed          int
	passed          []string
}

func readOpen(t *testing.T, file string) *openList {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	l := &openList{}
	for _, line := range lines(string(text)) {
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		pattern, reason, ok := strings.Cut(line, ": ")
		if _, err := path.Match(pattern, ""); !ok || err != nil {
			t.Fatalf("%s: %q is not PATTERN: reason", file, line)
		}
		l.lines = append(l.lines, &openLine{pattern: pattern, reason: reason})
	}
	return l
}

// judge fails the test of a case that has something wrong, unless the case is listed.
func (l *openList) judge(t *testing.T, name string, wrong []string) {
	t.Helper()
	l.judged++
	for _, line := range l.lines {
		if ok, _ := path.Match(line.pattern, name); ok { // the pattern was checked
			if len(wrong) > 0 {
				line.failed++
				t.Logf("open: %s: %s", line.reason, strings.Join(wrong, "\n"))
			} else {
				line.passed = append(line.passed, name)
			}
			return
		}
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

func (l *openList) count() (n int) {
	for _, line := range l.lines {
		n += line.failed
	}
	return n
}

// used fails for lines that have nothing to excuse any more, unless fewer than all cases were judged.
func (l *openList) used(t *testing.T, cases int) {
	t.Helper()
	if l.judged < cases {
		return
	}
	for _, line := range l.lines {
		if line.failed == 0 {
			t.Errorf("open list: nothing of %q fails: take the line off", line.pattern)
		}
		for _, name := range line.passed {
			t.Logf("open list: %s: %s: this passes: %s", line.pattern, line.reason, name)
		}
	}
}
