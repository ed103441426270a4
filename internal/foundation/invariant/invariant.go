package invariant

import "fmt"

// Check panics with msg, formatted with args, when assertions are active and cond is false. Without them it is free, except that Go still
// evaluates arguments that call functions: guard such a check by "if invariant.Enabled".
func Check(cond bool, msg string, args ...any) {
	if Enabled && !cond {
		fail(msg, args)
	}
}

// fail stays out of line, so that Check is small enough to be inlined.
//
//go:noinline
func fail(msg string, args []any) {
	panic("invariant violated: " + fmt.Sprintf(msg, args...))
}
