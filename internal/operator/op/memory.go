package op

import (
	"errors"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/sqlstate"
)

// OutOfMemory makes a refused reservation the error that the user sees: SQLSTATE 53200, naming the operator and how to mend it. Other errors stay.
func OutOfMemory(operator string, err error) error {
	var full *limit.ExceededError
	if !errors.As(err, &full) {
		return err
	}
	return sqlstate.Errorf(sqlstate.OutOfMemory, "out of memory in %s: memory budget %s exceeded: %d bytes requested, %d of %d in use",
		operator, full.Budget, full.Requested, full.Used, full.Limit).
		WithHint("Raise the memory limit, or reduce the rows that this operator must keep at once.")
}

// Adviser is an operator that keeps all of something in memory. Advice says what else can be asked for where that does not suffice, "" if nothing.
type Adviser interface{ Advice() string }

// Advise gives an error of too little memory the advice of the operator that it comes from. Other errors stay.
func Advise(o Operator, err error) error {
	adviser, ok := o.(Adviser)
	var bad *sqlstate.Error
	if err == nil || !ok || !errors.As(err, &bad) || bad.Code != sqlstate.OutOfMemory {
		return err
	}
	if advice := adviser.Advice(); advice != "" {
		return bad.WithHint(advice + " Or raise the memory limit.")
	}
	return err
}
