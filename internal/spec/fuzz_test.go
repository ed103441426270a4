package spec_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/plan/optimize"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/spec"
)

// FuzzCompile: no text makes the compiler or the planner panic; what is wrong is a list of mistakes, each of which can be shown.
func FuzzCompile(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.yaml", "testdata/plan/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(err, len(files))
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	for _, text := range []string{"name: &a", "name: !!str", "sources: *x", "? a\n: b", "sources: {a: &b}", "- a", "name: |\n  x", "a: <<", "<<: {a: b}", "name: [&a, *a]"} {
		f.Add(text)
	}
	c := catalog()
	f.Fuzz(func(t *testing.T, text string) {
		plan, err := spec.Compile("f.yaml", text, expand, c)
		var mistakes *spec.Mistakes
		if err != nil {
			if !errors.As(err, &mistakes) || len(mistakes.List) == 0 || !strings.HasPrefix(err.Error(), "f.yaml") {
				t.Fatalf("%v", err)
			}
			return
		}
		_ = plan.String()
		if err := optimize.Optimize(plan); err != nil {
			t.Fatal(err)
		}
		if got := physical.New(plan, 2); len(got.Sources) == 0 || len(got.Sinks) == 0 {
			t.Fatalf("a plan without sources or sinks: %s", got)
		}
	})
}
