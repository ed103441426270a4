package join

import (
	"fmt"

	"wire.example/wire/sdk/sqlstate"
)

// errSecondRow is what a scalar subquery with several rows is answered.
func errSecondRow() *sqlstate.Error {
	return sqlstate.New(sqlstate.CardinalityViolation, "more than one row returned by a subquery used as an expression")
}

// errChanges is for an input that takes rows back.
func errChanges(name string) error {
	return fmt.Errorf("%s: an input carries updates and deletions, which this join does not process", name)
}

// errOneInput is for a driver that does not tell the inputs apart.
func errOneInput(name string) error {
	return fmt.Errorf("%s has two inputs: rows come by ApplyInput", name)
}

// errEnded is for rows of an input that was said to be over.
func errEnded(name string, input int) error {
	return fmt.Errorf("%s: rows of the %s input after its end", name, inputName(input))
}

// errTakenBack is for an input that was said to be only appended to.
func errTakenBack(name string, input int) error {
	return fmt.Errorf("%s: rows of the %s input, which is said to be only appended to, are taken back", name, inputName(input))
}
