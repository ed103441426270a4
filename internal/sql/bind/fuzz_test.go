package bind_test

import (
	"path/filepath"
	"testing"

	"wire.example/wire/internal/sql/parse"
)

// FuzzStatements binds any statements: they have a plan, or mistakes that can be shown, whatever they are.
func FuzzStatements(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		for _, b := range readScript(f, path) {
			if b.text != "" {
				f.Add(b.text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parse.Script(text); err != nil {
			t.Skip()
		}
		w := newWorld()
		prepare(t, w)
		if got := w.run(text); got == "" {
			t.Error("no answer")
		}
	})
}
