package checkpoint

import (
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// TestAbandonedLineages: who begins anew knows whose state was given up; who goes on learns it as long as manifests tell.
func TestAbandonedLineages(t *testing.T) {
	options := Options{FS: vfs.NewMem(), Dir: "/state", Pipeline: "p"}
	var before []string
	for i, fresh := range []bool{false, false, true, true} {
		options.Fresh = fresh
		o, err := Open(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Sorted(slices.Values(o.Abandoned()))
		if want := slices.Sorted(slices.Values(before)); fresh && !slices.Equal(got, want) || !fresh && got != nil {
			t.Errorf("start %d: %v, want %v", i, got, want)
		}
		if !slices.Contains(before, o.Lineage()) {
			before = append(before, o.Lineage())
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
