package keyed

import (
	"errors"
	"fmt"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/sqlstate"
)

// outOfMemory makes a refused reservation the error that the user sees: SQLSTATE 53200, naming the operator and how to mend it.
func outOfMemory(operator string, err error) error {
	var full *limit.ExceededError
	if !errors.As(err, &full) {
		return err
	}
	return sqlstate.Errorf(sqlstate.OutOfMemory, "out of memory in %s: memory budget %s exceeded: %d bytes requested, %d of %d in use",
		operator, full.Budget, full.Requested, full.Used, full.Limit).
		WithHint("Raise the memory limit, or reduce the rows that this operator must keep at once.")
}

// CorruptError says where stored state is not what was written.
type CorruptError struct {
	What   string // what was read: "table counts", for instance
	Offset int    // in bytes, from the beginning of the data
	Reason string
}

// Error names what was read, the offset and the reason.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("state of %s is damaged at byte %d: %s", e.What, e.Offset, e.Reason)
}
