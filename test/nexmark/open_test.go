package nexmark_test

import (
	"os"
	"strings"
	"testing"
)

// openList is testdata/open.txt: what does not pass yet, a line a pattern of four words and a reason:
//
//	QUERY FORM EMIT PIECES: reason
//
// where each word may be *, and PIECES is whole or pieces. What is listed has to fail, so that a line goes as soon as it can.
type openList struct {
	lines []openLine
}

type openLine struct {
	words  []string
	reason string
	failed int
	passed []string
}

func readOpen(t *testing.T) *openList {
	t.Helper()
	text, err := os.ReadFile("testdata/open.txt")
	if err != nil {
		t.Fatal(err)
	}
	l := &openList{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		pattern, reason, ok := strings.Cut(line, ": ")
		words := strings.Fields(pattern)
		if !ok || len(words) != 4 {
			t.Fatalf("testdata/open.txt: %q is not QUERY FORM EMIT PIECES: reason", line)
		}
		l.lines = append(l.lines, openLine{words: words, reason: reason})
	}
	return l
}

// judge reports what is wrong with an answer, unless it is listed.
func (l *openList) judge(t *testing.T, s setting, name string, w way, wrong error) {
	t.Helper()
	pieces := "pieces"
	if w.manner == whole || w.manner == kept {
		pieces = "whole"
	}
	for i := range l.lines {
		if line := &l.lines[i]; line.matches(name, string(s.form), w.emit, pieces) {
			if wrong != nil {
				line.failed++
			} else {
				line.passed = append(line.passed, name+" "+string(s.form)+" "+w.emit+" "+pieces)
			}
			return
		}
	}
	if wrong != nil {
		t.Errorf("%s: %v", w, wrong)
	}
}

func (l *openLine) matches(words ...string) bool {
	for i, w := range words {
		if l.words[i] != "*" && l.words[i] != w {
			return false
		}
	}
	return true
}

// used fails for lines that have nothing to excuse any more.
func (l *openList) used(t *testing.T) {
	t.Helper()
	for _, line := range l.lines {
		if len(line.passed) > 0 {
			t.Logf("open.txt: %s: %s: %d ways fail, and these pass: %s", strings.Join(line.words, " "), line.reason, line.failed, strings.Join(line.passed, "; "))
		}
		if line.failed == 0 {
			t.Errorf("testdata/open.txt: nothing of %q fails: take the line off", strings.Join(line.words, " "))
		}
	}
}
