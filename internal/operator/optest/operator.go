package optest

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Operator says how the operator under test is made and driven.
type Operator struct {
	// New makes an instance, whose memory comes from pool and is reserved in budget.
	New func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error)
	// Inputs are the inputs by number; none means one that is not exchanged.
	Inputs []Input
	// Ports is the number of outputs; 0 means 1.
	Ports int
	// Ordered says that the order of the emitted rows matters: it must be the same whatever the cuts and interleavings. Otherwise rows are
	// compared as a bag.
	Ordered bool
	// Alone keeps all key groups in one instance: for an operator whose rows are not exchanged.
	Alone bool
}

// Input is an input of an operator.
type Input struct {
	// Keys are the columns that the rows are exchanged by. Without columns all rows belong to one key group.
	Keys []int
	// Follows are inputs that must end before this one begins; none means that rows come in any interleaving.
	Follows []int
}

func (o *Operator) inputs() []Input {
	if len(o.Inputs) == 0 {
		return []Input{{}}
	}
	return o.Inputs
}

func (o *Operator) ports() int { return max(o.Ports, 1) }

// Result is what a run gave.
type Result struct {
	// Rows are the emitted rows of each port as text, in the order in which they came.
	Rows [][]string
	// Rejects are the rejected rows: the row as text, and the error.
	Rejects []string
	Counts  op.Counts
	// Peak is the most memory that was reserved, in bytes.
	Peak int64
}
