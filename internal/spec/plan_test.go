package spec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/internal/plan/optimize"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/spec"
)

// TestPlans compares, for each testdata/plan/*.yaml, the logical plan as it was bound, as it was optimized, and the physical plan, with the
// .txt beside it. To rewrite them: WIRE_REWRITE=1.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := spec.Compile(filepath.Base(path), string(text), expand, catalog())
			if err != nil {
				t.Fatal(err)
			}
			got := "bound\n" + plan.String()
			if err := optimize.Optimize(plan); err != nil {
				t.Fatal(err)
			}
			got += "\noptimized\n" + plan.String() + "\nphysical\n" + physical.New(plan, 2).String()
			golden := strings.TrimSuffix(path, ".yaml") + ".txt"
			if os.Getenv("WIRE_REWRITE") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
