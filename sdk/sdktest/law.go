package sdktest

import (
	"testing"

	"go.uber.org/goleak"
)

// law is one thing that a suite checks. It is a function of testing.TB, so that the suite's own tests can watch it fail.
type law[S any] struct {
	name  string
	check func(t testing.TB, subject S)
}

// runLaws runs every law as a subtest that may leave no goroutine behind, but for those that skip names.
func runLaws[S any](t *testing.T, laws []law[S], subject S, skip map[string]string) {
	t.Helper()
	known := map[string]bool{}
	for _, l := range laws {
		known[l.name] = true
		t.Run(l.name, func(t *testing.T) {
			if reason := skip[l.name]; reason != "" {
				t.Skip(reason)
			}
			before := goleak.IgnoreCurrent()
			l.check(t, subject)
			goleak.VerifyNone(t, before)
		})
	}
	for name := range skip {
		if !known[name] {
			t.Errorf("there is no law %q to skip", name)
		}
	}
}
