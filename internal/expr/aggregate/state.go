package aggregate

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Spec is what a State or a Scan is made for.
type Spec struct {
	// Args are the types of the arguments as Resolve cast them.
	Args []schema.Type
	// Direct are the arguments before WITHIN GROUP that are constants, each a column of one row that is lent for good, for groups without rows; nil, or
	// with nil elements, where a value comes with the rows.
	Direct []*batch.Column
	// Sort says how each argument of WITHIN GROUP is sorted.
	Sort []Sort
	// Retracts says that rows will be taken back; without it Retract must not be called.
	Retracts bool
	// Record is where a State puts what it keeps of a slot if that is little, so that it lies together with what others keep; nil if it has to do so by itself. All
	// States that share one must be told of each Grow and be closed together.
	Record *memory.Record
	// Pool lends memory for columns; Budget counts what grows with the groups.
	Pool   *batch.Pool
	Budget *limit.Budget
}

// Sort is the direction of a key.
type Sort struct {
	Desc, NullsFirst bool
}

// Rows are rows of argument columns, each of which belongs to a slot. Everything is lent for the call.
type Rows struct {
	// Slots are the slots of the N rows; nil: all rows belong to Slot.
	Slots []uint32
	Slot  uint32
	// Rows are the numbers of the rows in Args, in any order; nil: 0 to N-1.
	Rows []uint16
	N    int
	Args []*batch.Column
}

// Row returns the number in Args of the i-th row.
func (r *Rows) Row(i int) int {
	if r.Rows == nil {
		return i
	}
	return int(r.Rows[i])
}

// slot returns the slot of the i-th row.
func (r *Rows) slot(i int) uint32 {
	if r.Slots == nil {
		return r.Slot
	}
	return r.Slots[i]
}

// State holds what one call of an aggregate keeps of the rows of many groups, each in a slot: a small number that whoever owns the groups chooses.
// Slots are reused; memory that belongs to a slot never moves another one's. A State belongs to one goroutine and has no clock, no lock and no I/O.
// Errors are refusals of the budget (*limit.ExceededError), after which the State can only be closed, or damaged bytes in Restore and Merge. What a
// row does wrong, or a sum that is too large, is the error of its slot's Result.
type State interface {
	// Grow makes slots 0 to n-1 exist; new ones are empty. It never shrinks.
	Grow(n int) error
	// Add adds rows to their slots.
	Add(in *Rows) error
	// Merge adds, to the slots of in, partial answers that another State of the same Function and Spec gave; in.Args are the columns of Partial.
	Merge(in *Rows) error
	// PartialTypes are the types of Partial's columns.
	PartialTypes() []schema.Type
	// Partial makes out the partial answers of slots.
	Partial(slots []uint32, out []*batch.Column)
	// Result makes out the answers of slots, one a row. A row whose answer fails is NULL and in errs.
	Result(slots []uint32, out *batch.Column, errs *builtin.Errors)
	// Append appends a slot's content, for a snapshot. The layout is part of stored formats; docs/format/aggregate.md has it.
	Append(slot uint32, dst []byte) []byte
	// Restore makes an empty slot what Append wrote at the beginning of src, and returns what follows.
	Restore(slot uint32, src []byte) (rest []byte, err error)
	// Free makes a slot empty.
	Free(slot uint32)
	// Bytes is the memory that the State has reserved.
	Bytes() int64
	// Close gives everything back to the budget. The State must not be used again.
	Close()
}

// Retracter is the State of a function whose Retraction is ByRetract.
type Retracter interface {
	// Retract takes back rows that were added: then they never were there. Spec.Retracts must have announced it.
	Retract(in *Rows) error
}

// Scan makes the answer of a function with SortedOrder for one group after the other. Memory does not grow with the group.
type Scan interface {
	// Begin begins a group of n rows. If the function is Strict, rows in which an argument of WITHIN GROUP is NULL are not among them.
	Begin(n int64)
	// Add takes the next rows of the group, in their order; Slots and Slot do not count.
	Add(in *Rows)
	// Result stores the group's answer as row of out. Rows are stored in ascending order.
	Result(out *batch.Column, row int) *sqlstate.Error
	// Close gives the memory back to the pool. The Scan must not be used again.
	Close()
}

// Picker is a Scan that needs to see few rows of a group, if it can say which.
type Picker interface {
	// Pick begins a group of n rows, of which there is at least one; in has the first. It returns the numbers of the rows that the answer is made of, ascending, counted from 0
	// in their order, lent until the next call. AddPicked takes just those, instead of Add.
	Pick(n int64, in *Rows) []int64
	AddPicked(in *Rows)
}

// NewState returns the state of a call. f must not have SortedOrder.
func (f *Function) NewState(spec *Spec) State { return f.state(spec) }

// PartialTypes are the types of the columns of partial answers over arguments of types args. f must not have SortedOrder.
func (f *Function) PartialTypes(args []schema.Type) []schema.Type {
	s := f.NewState(&Spec{Args: args, Pool: &batch.Pool{}, Budget: limit.New("types", 0)})
	defer s.Close()
	return s.PartialTypes()
}

// NewScan returns the scan of a call. f must have SortedOrder.
func (f *Function) NewScan(spec *Spec) Scan { return f.scan(spec) }

// fail makes row of out NULL and notes why.
func fail(out *batch.Column, row int, errs *builtin.Errors, err *sqlstate.Error) {
	out.SetNull(row)
	errs.Add(row, err)
}
