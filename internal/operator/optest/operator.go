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
	// Watermarks, if not nil, lets event time pass: for each input, the highest watermark that may be told before each of its rows, ascending or not.
	// Any watermarks below, in any places, must leave the answer as it is. See Before and Bound. All inputs are told of math.MaxInt64 at their end, anyway.
	Watermarks func(inputs []*batch.Batch) [][]int64
	// Times is the same for processing time, which all inputs share. See AnyTime.
	Times func(inputs []*batch.Batch) [][]int64
	// Changes says that what is emitted is a changelog, on every port: rows are folded before they are compared. Nothing may be taken back that is not there,
	// and halves of an update must be neighbours.
	Changes bool
	// Spill says that rows leave memory before EntriesFixture writes what is stored.
	Spill bool
	// Leave says that all that may does leave memory before EntriesFixture writes what is stored, and that the rows come once more then.
	Leave bool
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

// durable reports whether the operator's state can be stored entry by entry.
func (o *Operator) durable() bool {
	budget := limit.New("test", 0)
	defer budget.Close()
	operator, err := o.New(&batch.Pool{}, budget)
	_, ok := operator.(op.Durable)
	return ok && err == nil
}

func (o *Operator) ports() int { return max(o.Ports, 1) }

// Result is what a run gave.
type Result struct {
	// Rows are the emitted rows of each port as text, in the order in which they came; of a changelog, those that are left at the end, sorted.
	Rows [][]string
	// Emitted are the emitted rows of each port, with their kinds if they have any, in the order in which they came.
	Emitted [][]string
	// Rejects are the rejected rows: the row as text, and the error.
	Rejects []string
	Counts  op.Counts
	// Peak is the most memory that was reserved, in bytes.
	Peak int64
}
