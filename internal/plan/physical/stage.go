package physical

import "wire.example/wire/internal/operator/op"

// MaxTasks is the largest number of tasks of a stage: a key group is not divided.
const MaxTasks = op.KeyGroups

// Stage is a chain of steps that runs in tasks of its own, apart from the sources. Task t of n has the key groups that batch.Spread(n) gives it.
type Stage struct {
	// Name is for people; state goes by the names of steps.
	Name string
	// Tasks is the parallelism, 1 to MaxTasks. It does not change the answer, and may differ from that of the run that left a checkpoint.
	Tasks int
	// Head is the step that the exchanges lead to. With several inputs its operator is an op.Multi.
	Head *Step
	// Inputs is the number of inputs of Head, at least 1. At least one exchange leads to each.
	Inputs int
}

// Input is one of the inputs of a stage, numbered from 0.
type Input struct {
	Stage  *Stage
	Number int
}

// ExchangeKind says which tasks of a stage a row goes to.
type ExchangeKind uint8

// The kinds of exchange.
const (
	// Single: the stage has one task, which gets every row. The rows of each producer keep their order.
	Single ExchangeKind = iota
	// Hash: the task that has the key group of the row's keys. Rows that are equal in them go to one task, NULLs to each other.
	Hash
	// Broadcast: every task gets every row. What an operator keeps of them is not by key group: see op.Shared.
	Broadcast
)

// String returns the kind's name.
func (k ExchangeKind) String() string { return [...]string{"single", "hash", "broadcast"}[k] }

// Exchange deals the rows of an edge to the tasks of a stage.
type Exchange struct {
	Kind ExchangeKind
	// Keys are the columns of a Hash, as ordinals of the edge's rows, in the order in which the operator behind has them. Sides that are to meet
	// have keys of the same types.
	Keys []int
	// Dated says that Batch.Before goes with the rows; else it ends here.
	Dated bool
	// To is where the rows go.
	To Input
}
