package window

import "wire.example/wire/internal/expr/builtin"

// Function is one signature of a window function. Functions of one name with different parameters are overloads.
type Function struct {
	// Function is the signature, as that of any function. It has no Eval.
	builtin.Function
}
