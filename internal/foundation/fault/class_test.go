package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"wire.example/wire/internal/foundation/fault"
)

func TestClassOf(t *testing.T) {
	r, e, f := fault.Retryable(io.EOF), fault.Expected(io.EOF), fault.Fatal(io.EOF)
	for _, test := range []struct {
		name string
		err  error
		want fault.Class
	}{
		{"nil", nil, fault.Unclassified},
		{"bare", io.EOF, fault.Unclassified},
		{"retryable", r, fault.RetryableClass},
		{"expected", e, fault.ExpectedClass},
		{"fatal", f, fault.FatalClass},
		{"wrapped", fmt.Errorf("open: %w", r), fault.RetryableClass},
		{"outermost wins", fault.Fatal(fmt.Errorf("gave up: %w", r)), fault.FatalClass},
		{"join of retryables", errors.Join(r, fmt.Errorf("x: %w", r)), fault.RetryableClass},
		{"join with unmarked", errors.Join(r, io.EOF), fault.Unclassified},
		{"join with expected", errors.Join(io.EOF, e, r), fault.ExpectedClass},
		{"join with fatal", errors.Join(e, f, r), fault.FatalClass},
		{"several wrapped", fmt.Errorf("%w, then %w", r, f), fault.FatalClass},
		{"marked join", fault.Retryable(errors.Join(f, io.EOF)), fault.RetryableClass},
		{"empty join", noErrors{}, fault.Unclassified},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := fault.ClassOf(test.err); got != test.want {
				t.Errorf("ClassOf = %v, want %v", got, test.want)
			}
			is := [3]bool{fault.IsRetryable(test.err), fault.IsExpected(test.err), fault.IsFatal(test.err)}
			want := [3]bool{test.want == fault.RetryableClass, test.want == fault.ExpectedClass, test.want == fault.FatalClass}
			if is != want {
				t.Errorf("IsRetryable, IsExpected, IsFatal = %v, want %v", is, want)
			}
		})
	}
}

// noErrors is a joined error of nothing, which errors.Join never makes but others may.
type noErrors struct{}

func (noErrors) Error() string   { return "none" }
func (noErrors) Unwrap() []error { return nil }

func TestMarkKeepsMessageAndIdentity(t *testing.T) {
	for _, mark := range []func(error) error{fault.Retryable, fault.Expected, fault.Fatal} {
		if mark(nil) != nil {
			t.Error("a mark on nil is not nil")
		}
		if err := mark(io.ErrUnexpectedEOF); err.Error() != "unexpected EOF" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("mark changed the error: %v", err)
		}
	}
}

func TestClassString(t *testing.T) {
	for c, want := range map[fault.Class]string{
		fault.Unclassified: "unclassified", fault.RetryableClass: "retryable", fault.ExpectedClass: "expected", fault.FatalClass: "fatal",
	} {
		if got := c.String(); got != want {
			t.Errorf("Class(%d) = %q, want %q", c, got, want)
		}
	}
}
