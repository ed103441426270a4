package flow

import (
	"context"
	"errors"
	"fmt"

	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// ErrSuperseded marks the end of a run whose pipeline another run has taken over: it may publish and commit nothing any more.
var ErrSuperseded = errors.New("another run has taken this pipeline over")

// Keeper keeps what a pipeline needs to go on: the state of its operators in a store, and a manifest for each epoch. Apply and Publish are called one
// after the other, an epoch at a time; Confirm beside them, of an epoch before.
type Keeper interface {
	// Scratch reads the state that the run begins with, too: for that it is asked only where there is a step with state.
	Scratch
	// Apply puts what changed in an epoch into the store, and sets aside what the store has then, for Publish. After an error it is called again.
	Apply(ctx context.Context, epoch int64, changes []*store.Changes) error
	// Publish makes what was set aside for m's epoch, with m, the checkpoint to go on from. That is the commit point of m's epoch: after an error, which wraps
	// ErrSuperseded if another run owns the pipeline, nothing was published.
	Publish(ctx context.Context, m *Manifest) error
	// Confirm is told that all sinks have committed the epoch of m, and of those before: older checkpoints may go.
	Confirm(ctx context.Context, m *Manifest) error
}

// StateRecord says where the state of a step is kept.
type StateRecord struct {
	// Number is the operator's in the keys of the store; it is never given to another step.
	Number uint16 `json:"number"`
	// Layout is layoutEntries or layoutGroups.
	Layout string `json:"layout"`
	// Parts is how many tables layoutEntries has.
	Parts int `json:"parts,omitempty"`
	// Version is that of layoutEntries, as op.EntriesVersion has it; 0 stands for 1.
	Version int `json:"version,omitempty"`
	// Groups say in which part of the checkpoint's files the entries of which key groups are; nil: all are in StorePart, see Ranges.
	Groups []GroupRange `json:"groups,omitempty"`
	// Highest are, of each part that numbers its entries and may stay unread, the highest number that one had at the epoch, 0 of the others; absent: nobody knows.
	Highest []uint64 `json:"highest,omitempty"`
	// Slices are, of each part whose entries are of several slices and may stay unread, what its tasks say there was at the epoch (keyed.Outlined), null of the others; absent: nobody knows.
	Slices [][][]byte `json:"slices,omitempty"`
	// Tables say of each part what its entries are, for people that look at them.
	Tables []TableRecord `json:"tables,omitempty"`
	// Picks say which columns are left of rows that are rewritten with fewer.
	Picks []evolve.Pick `json:"-"`
	// Held is what becomes of the times of rows that wait, which are rewritten.
	Held evolve.Held `json:"-"`
}

// TableRecord says what the entries of a part are, as keyed.Shape does.
type TableRecord struct {
	// Known says that the part knows it.
	Known   bool          `json:"known,omitempty"`
	Rows    bool          `json:"rows,omitempty"`
	Slice   keyed.SliceOf `json:"slice,omitempty"`
	Columns []evolve.Type `json:"columns,omitempty"`
}

// recordOf says what the entries of a part are.
func recordOf(part keyed.Kept) TableRecord {
	shaped, ok := part.(keyed.Shaped)
	if !ok {
		return TableRecord{}
	}
	shape := shaped.Shape()
	r := TableRecord{Known: true, Rows: shape.Rows, Slice: shape.Slice}
	for _, t := range shape.Columns {
		r.Columns = append(r.Columns, evolve.TypeOf(t))
	}
	return r
}

// Shape is what was recorded. The error names a type that there is not.
func (r TableRecord) Shape() (keyed.Shape, error) {
	shape := keyed.Shape{Rows: r.Rows, Slice: r.Slice}
	for _, c := range r.Columns {
		t, err := c.Schema()
		if err != nil {
			return shape, err
		}
		shape.Columns = append(shape.Columns, t)
	}
	return shape, nil
}

// How the state of a step is stored.
const (
	layoutEntries = "entries" // by the parts of an op.Durable
	layoutGroups  = "groups"  // whole key groups, as Snapshot returns them
)

// The tables of an operator that are no parts of it.
const (
	// TableRest has what op.Durable's Rest returns, by key group: in pieces, numbered from 0 by their keys, 4 bytes, big endian.
	TableRest   = 253
	tableShared = 254 // op.Shared's state
	tableGroups = 255 // op.Stateful's state, by key group
)

// TableName names a table of an operator for people.
func TableName(table uint8) string {
	switch table {
	case TableRest:
		return "rest"
	case tableShared:
		return "shared"
	case tableGroups:
		return "key groups"
	default:
		return fmt.Sprintf("table %d", table)
	}
}

// pieceBytes is how large the pieces of a stored key group are at most.
const pieceBytes = 1 << 20

// drainBytes is about how much a task writes of its sealed state before it looks after its rows again: a fraction of a millisecond.
const drainBytes = 64 << 10
