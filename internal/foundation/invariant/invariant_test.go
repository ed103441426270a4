package invariant_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/invariant"
)

// panicOf returns what f panics with, or nil.
func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func TestCheckFollowsEnabled(t *testing.T) {
	if v := panicOf(func() { invariant.Check(true, "never %d", 1) }); v != nil {
		t.Errorf("a true condition panicked: %v", v)
	}
	var want any
	if invariant.Enabled {
		want = "invariant violated: row 7 of 3"
	}
	if v := panicOf(func() { invariant.Check(false, "row %d of %d", 7, 3) }); v != want {
		t.Errorf("got %v, want %v (enabled=%v)", v, want, invariant.Enabled)
	}
}

func TestCheckDoesNotAllocate(t *testing.T) {
	row, rows := 1_000_000, 2_000_000
	if n := testing.AllocsPerRun(100, func() { invariant.Check(row < rows, "row") }); n != 0 {
		t.Errorf("a check that holds allocates %v times", n)
	}
	if invariant.Enabled {
		t.Skip("checks with arguments are free only in release builds; this build has them active")
	}
	if n := testing.AllocsPerRun(100, func() { invariant.Check(row > rows, "row %d of %d", row, rows) }); n != 0 {
		t.Errorf("an inactive check allocates %v times", n)
	}
}

// Both builds are tried on a real program: the test binary itself can be only one of them.
func TestTagDecides(t *testing.T) {
	for _, test := range []struct {
		tags string
		want string // in the output; empty means a clean exit
	}{
		{"", ""},
		{"invariants", "invariant violated: position 5 went back"},
	} {
		bin := filepath.Join(t.TempDir(), "program")
		if out, err := exec.Command("go", "build", "-tags", test.tags, "-o", bin, "./testdata/program").CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
		out, err := exec.Command(bin).CombinedOutput()
		if (err == nil) != (test.want == "") || !strings.Contains(string(out), test.want) {
			t.Errorf("tags %q: err=%v output %q, want %q", test.tags, err, out, test.want)
		}
	}
}

// placed recovers from a panic and returns its place.
func placed(f func()) (place string) {
	defer func() {
		if recover() != nil {
			place = invariant.Place()
		}
	}()
	f()
	return "none"
}

func TestPlace(t *testing.T) {
	var none []int
	for name, f := range map[string]func(){
		"own":     func() { panic("here") },
		"runtime": func() { t.Log(none[len(none)]) },
	} {
		if got := placed(f); !strings.HasPrefix(got, "invariant/invariant_test.go:") {
			t.Errorf("%s: a panic at %q", name, got)
		}
	}
	if got := placed(func() {}); got != "none" {
		t.Errorf("without a panic: %q", got)
	}
}
