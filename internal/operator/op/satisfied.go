package op

// Satisfied is an operator that can have enough: a limit that is reached. Once Done answers true it stays so, and no further input changes what
// the operator emits: the driver may end its input at once, and the input of whatever feeds only satisfied operators. OnEnd follows as ever. Input
// that comes nevertheless is counted as filtered.
type Satisfied interface {
	Done() bool
}
