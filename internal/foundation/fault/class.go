package fault

// Class says who can do something about an error.
type Class uint8

const (
	// Unclassified is the class of an error that nobody marked. Treat it as fatal: a retry of the unknown may repeat harm.
	Unclassified Class = iota
	// RetryableClass errors may pass by themselves: a time-out, a 503, a peer that restarts.
	RetryableClass
	// ExpectedClass errors are the user's to mend: a wrong option, a file that is not there. They are shown without a stack.
	ExpectedClass
	// FatalClass errors end the pipeline; repeating the call would not help or would do harm.
	FatalClass
)

// String is the class in one lower-case word, as logs and metrics name it.
func (c Class) String() string {
	switch c {
	case RetryableClass:
		return "retryable"
	case ExpectedClass:
		return "expected"
	case FatalClass:
		return "fatal"
	default:
		return "unclassified"
	}
}

// Retryable marks err as worth another try. It returns nil for nil. The mark changes neither the message nor what errors.Is finds.
func Retryable(err error) error { return mark(err, RetryableClass) }

// Expected marks err as the user's to mend. It returns nil for nil.
func Expected(err error) error { return mark(err, ExpectedClass) }

// Fatal marks err as the end of the pipeline. It returns nil for nil.
func Fatal(err error) error { return mark(err, FatalClass) }

// IsRetryable reports whether ClassOf(err) is RetryableClass.
func IsRetryable(err error) bool { return ClassOf(err) == RetryableClass }

// IsExpected reports whether ClassOf(err) is ExpectedClass.
func IsExpected(err error) bool { return ClassOf(err) == ExpectedClass }

// IsFatal reports whether ClassOf(err) is FatalClass.
func IsFatal(err error) bool { return ClassOf(err) == FatalClass }

// ClassOf returns the class of the outermost mark on err's chain: whoever wraps last knows most. Of several joined errors the class that
// forbids most counts, fatal before expected before unclassified before retryable, since a retry mends only what is retryable throughout.
func ClassOf(err error) Class {
	for err != nil {
		if m, ok := err.(*marked); ok { //nolint:errorlint // walks the chain itself, to see joined errors too
			return m.class
		}
		switch x := err.(type) { //nolint:errorlint // as above
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		case interface{ Unwrap() []error }:
			return strictest(x.Unwrap())
		default:
			return Unclassified
		}
	}
	return Unclassified
}

// strictest is the class of several errors that happened together.
func strictest(errs []error) Class {
	if len(errs) == 0 {
		return Unclassified
	}
	result := RetryableClass
	for _, err := range errs {
		if c := ClassOf(err); severity(c) > severity(result) {
			result = c
		}
	}
	return result
}

// severity orders classes by how much they forbid.
func severity(c Class) int {
	switch c {
	case RetryableClass:
		return 0
	case ExpectedClass:
		return 2
	case FatalClass:
		return 3
	default:
		return 1
	}
}

func mark(err error, c Class) error {
	if err == nil {
		return nil
	}
	return &marked{err: err, class: c}
}

// marked is an error with a class; immutable.
type marked struct {
	err   error
	class Class
}

func (m *marked) Error() string { return m.err.Error() }

func (m *marked) Unwrap() error { return m.err }
