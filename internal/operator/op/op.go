package op

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// KeyGroups is the number of key groups: the unit in which keyed state is snapshotted, restored and moved.
const KeyGroups = 256

// KeyGroup is the top 8 bits of a row's partition hash.
type KeyGroup uint8

// GroupOf returns the key group of a partition hash.
func GroupOf(hash uint64) KeyGroup { return KeyGroup(hash >> 56) }

// Operator takes batches and emits batches.
type Operator interface {
	// Apply processes in, which is lent for the call, and emits into out what it lent until the next call of Apply or Reset of out. It answers
	// more when it stopped before the end of in; the driver then calls again with the same batch. An error is the operator's own
	// failure and ends the pipeline; a bad row is reported with out.Reject.
	Apply(in *batch.Batch, out *Output) (more bool, err error)
}

// Multi is an operator that tells its inputs, numbered from 0, apart: a join, for instance. The driver calls ApplyInput instead of Apply, and
// OnInputEnd when one input is over. OnEnd follows when all are. Rows of different inputs come in any interleaving; the rows of one input keep
// their order. An operator accepts from every input at any time: what it cannot use yet it keeps in its state. A barrier may come
// after OnInputEnd: after Restore the driver calls OnInputEnd again for each input that had ended, before anything else, and so what an operator
// emitted for an end must be gone from its state.
type Multi interface {
	Operator
	ApplyInput(input int, in *batch.Batch, out *Output) (more bool, err error)
	OnInputEnd(input int, out *Output) (more bool, err error)
}

// Needer is an operator with keyed state that says what it will touch: before Apply or ApplyInput all that the rows of in need, for every call
// until the operator is through with in; for an event (a watermark, a timer, an end of input), where in is nil, what the next call alone
// needs. Input is the number of the input, 0 where there is one, and -1 for an event of the whole operator.
type Needer interface {
	Needs(input int, in *batch.Batch, needs *Needs)
}

// Tabled is an operator whose state is in tables. The driver asks for Needs and calls Load only while a table is not Resident, and so an
// operator must not rely on the call.
type Tabled interface {
	Tables() []Table
}

// Table is a part of an operator's state that may be partly outside memory. Load makes the entries of hashes, hashes of keys, resident and
// all those of groups, a bit for each key group, until the next Load; it is called between Needs and Apply.
type Table interface {
	Resident() bool
	Load(hashes []uint64, groups [KeyGroups / 64]uint64) error
}

// Counting is a Table that can tell, before a Load, about how many different ones of hashes it would have to bring from outside memory.
type Counting interface {
	Table
	Absent(hashes []uint64) int
}

// RangedTable is a Table of which all entries with hashes from..to, both included, can be made resident.
type RangedTable interface {
	Table
	LoadRange(from, to uint64) error
}

// Closer is an operator that goes through all of its state at the end of an input. Closes reports whether the next call of OnInputEnd for an input, or of OnEnd, for which input is -1, does so. If some
// state is away then, the driver has all of it leave memory for good before, and Needs declares a Range of hashes before each call.
type Closer interface {
	Closes(input int) bool
}

// Needs collects what an operator will touch, for each of its tables, by their place among Tables. Owned by the driver, reused.
type Needs struct {
	tables []tableNeeds
}

type tableNeeds struct {
	hashes []uint64
	groups [KeyGroups / 64]uint64
	// ranged: from..to is needed, too.
	ranged   bool
	from, to uint64
}

// Keys declares the entries of keys with these hashes, which are copied.
func (n *Needs) Keys(table int, hashes []uint64) {
	t := n.table(table)
	t.hashes = append(t.hashes, hashes...)
}

// Groups declares the entries of the key groups from first to last, both included.
func (n *Needs) Groups(table int, first, last KeyGroup) {
	t := n.table(table)
	for g := int(first); g <= int(last); g++ {
		t.groups[g>>6] |= 1 << (g & 63)
	}
}

// Range declares the entries with hashes from..to, both included, of a RangedTable: one range a call.
func (n *Needs) Range(table int, from, to uint64) {
	t := n.table(table)
	t.ranged, t.from, t.to = true, from, to
}

// All declares all entries of a table.
func (n *Needs) All(table int) { n.Groups(table, 0, KeyGroups-1) }

func (n *Needs) table(i int) *tableNeeds {
	for len(n.tables) <= i {
		n.tables = append(n.tables, tableNeeds{})
	}
	return &n.tables[i]
}

// Load makes what was declared resident in tables, and forgets it.
func (n *Needs) Load(tables []Table) error {
	for i, t := range tables {
		needs := n.table(i)
		err := t.Load(needs.hashes, needs.groups)
		if err == nil && needs.ranged {
			err = t.(RangedTable).LoadRange(needs.from, needs.to)
		}
		if err != nil {
			return err
		}
		*needs = tableNeeds{hashes: needs.hashes[:0]}
	}
	return nil
}

// Absent is about how many keys of those that were declared would have to come from outside memory to one of tables, of the one to which most would; it forgets what was declared. All do that are declared for a table which cannot tell.
func (n *Needs) Absent(tables []Table) int {
	most := 0
	for i, t := range tables {
		needs := n.table(i)
		absent := len(needs.hashes)
		if counting, ok := t.(Counting); ok {
			absent = counting.Absent(needs.hashes)
		}
		most = max(most, absent)
		*needs = tableNeeds{hashes: needs.hashes[:0]}
	}
	return most
}

// WatermarkHandler acts when event time is known to have reached micros (µs since 1970-01-01): it may emit, and answers more like Apply.
type WatermarkHandler interface {
	OnWatermark(micros int64, out *Output) (more bool, err error)
}

// TimerHandler acts on a timer it set. Processing time is the coordinator's, carried by barriers, so that all lanes agree.
type TimerHandler interface {
	OnTimer(key []byte, micros int64, out *Output) (more bool, err error)
}

// BarrierHandler hears of a barrier before its snapshot is taken: what is held back for batching's sake must be emitted now.
type BarrierHandler interface {
	OnBarrier(epoch int64, out *Output) (more bool, err error)
}

// Ender hears that its input is over.
type Ender interface {
	OnEnd(out *Output) (more bool, err error)
}

// Stateful is an operator whose state outlives a batch. Snapshot returns the state of one key group, nil if it has none; the bytes start
// with a version. Restore is called before any input, once for each group that had state, possibly at another parallelism than the one
// that made the snapshot; it must refuse a version it does not know.
type Stateful interface {
	Snapshot(group KeyGroup) ([]byte, error)
	Restore(group KeyGroup, data []byte) error
}

// NoRow is the Row of a Reject that no row of the input is to blame for.
const NoRow = -1

// Reject is a row of the input that the operator could not process; Row is physical. Or it is, with NoRow, a row that the operator could not make.
type Reject struct {
	Row int
	Err *sqlstate.Error
}

// Counts is the account of one operator in rows: In = Forwarded + Absorbed + Filtered + Late + Rejected + Held; Emitted is apart.
type Counts struct {
	In, Forwarded, Absorbed, Filtered, Late, Rejected, Held, Emitted int64
	// LateWindows counts, apart, a row once for each window that it is late for. Late has only rows that are late for all of theirs.
	LateWindows int64
}

// Balanced reports whether the account adds up.
func (c Counts) Balanced() bool {
	return c.In == c.Forwarded+c.Absorbed+c.Filtered+c.Late+c.Rejected+c.Held
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.In += o.In
	c.Forwarded += o.Forwarded
	c.Absorbed += o.Absorbed
	c.Filtered += o.Filtered
	c.Late += o.Late
	c.Rejected += o.Rejected
	c.Held += o.Held
	c.Emitted += o.Emitted
	c.LateWindows += o.LateWindows
}

// Output is what one call of an operator emits: at most one batch a port, the rows it rejects, and its account. The driver owns it and resets
// it between calls.
type Output struct {
	Ports   []*batch.Batch
	Rejects []Reject
	Counts  Counts
}

// NewOutput returns an output with ports ports.
func NewOutput(ports int) *Output { return &Output{Ports: make([]*batch.Batch, ports)} }

// Emit sets the batch of a port, and counts its rows as emitted.
func (o *Output) Emit(port int, b *batch.Batch) {
	o.Ports[port] = b
	o.Counts.Emitted += int64(b.Rows())
}

// Reject reports a bad row, and counts it.
func (o *Output) Reject(row int, err *sqlstate.Error) {
	o.Rejects = append(o.Rejects, Reject{Row: row, Err: err})
	o.Counts.Rejected++
}

// RejectOf reports a bad row of in, as Reject does. One that is taken back was reported when it came, and is only counted as filtered.
func (o *Output) RejectOf(in *batch.Batch, row int, err *sqlstate.Error) {
	if len(in.Kinds) > 0 && !Adds(in.Kinds[row]) {
		o.Counts.Filtered++
		return
	}
	o.Reject(row, err)
}

// Reset forgets the batches, rejects and counts of the last call.
func (o *Output) Reset() {
	clear(o.Ports)
	o.Rejects = o.Rejects[:0]
	o.Counts = Counts{}
}
