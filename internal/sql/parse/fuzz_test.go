package parse_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	sqlparse "wire.example/wire/internal/sql/parse"
)

// addCorpus seeds a fuzzer with every statement of testdata.
func addCorpus(f *testing.F) {
	for _, line := range readGrammar(f) {
		if line.answer != "" {
			f.Add(line.statement)
		}
	}
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		for _, block := range blocks(f, file) {
			if input, _, found := strings.Cut(block, "\n----"); found {
				f.Add(input)
			}
		}
	}
}

// Whatever the text, there is an answer: a tree with spans inside the text, or an error that can be shown.
func FuzzScript(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := sqlparse.Script(text)
		for _, s := range list {
			checkSpans(t, s, text)
		}
		if err != nil {
			checkError(t, err, text)
		}
		spans, rest, _ := sqlparse.Split(text)
		if err == nil {
			pieces := len(spans)
			if strings.Trim(text[rest:], " \t\r\n\f;") != "" {
				pieces++
			}
			if pieces != len(list) {
				t.Fatalf("%q: %d statements, split into %d", text, len(list), pieces)
			}
		}
		for i, s := range list {
			if i >= len(spans) {
				break
			}
			piece, err := sqlparse.Statement(text[spans[i].Start:spans[i].End])
			if err != nil || !ast.Equal(piece, s) {
				t.Fatalf("%q: %v", text[spans[i].Start:spans[i].End], err)
			}
		}
	})
}

// What parses prints as text that parses to the same.
func FuzzPrint(f *testing.F) {
	addCorpus(f)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sqlparse.Statement(text)
		if err != nil {
			var e *parse.Error
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		checkRoundTrip(t, s)
	})
}
