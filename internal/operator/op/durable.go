package op

import (
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Durable is an operator whose state is stored entry by entry, only what changed since the last checkpoint. The driver calls Keep of each of its parts before anything else;
// puts in what is stored, part by part and then the rest, and calls Restored; of an Overflower first the rest, then the keyed.Spillers, then the other parts; and at each barrier, after OnBarrier, seals all parts and asks for the rest.
//
// What a checkpoint has of an operator that was no Durable yet is given to Restore as ever, after Keep: what it puts in counts as changed.
type Durable interface {
	Stateful
	// Kept are the parts, each always at the same place: its number is stored. At most MaxKept.
	Kept() []keyed.Kept
	// Rest returns what belongs to a key group and to no part, nil if there is nothing: it is stored as a whole, and should be small. The bytes begin with a version.
	Rest(group KeyGroup) ([]byte, error)
	// RestoreRest puts it in again.
	RestoreRest(group KeyGroup, data []byte) error
	// Restored is called when all that is stored was put in, whatever there was: it makes what follows from it.
	Restored() error
}

// Versioned is a Durable whose entries are not laid out in the first version. A reader refuses versions that it does not know by name: it must be raised with each change of what parts
// there are or how their entries are written (docs/format/entries.md).
type Versioned interface {
	Durable
	// EntriesVersion is that of the layout of the parts' entries.
	EntriesVersion() int
}

// Leaver is a Durable of which parts may leave memory. Where nothing is kept its changes are noted from the time on when memory is tight: Kept and Keep are called then, and Adopt of the
// parts that may leave, each a keyed.Late.
type Leaver interface {
	Durable
	// Leaves reports whether any part may leave. It is asked before Kept.
	Leaves() bool
}

// Overflower is a Durable whose rows leave memory for parts that are keyed.Spillers. Where nothing is kept, those alone are kept and attached.
type Overflower interface {
	Durable
	// Overflows reports whether any do. It is asked before Kept.
	Overflows() bool
}

// EntriesVersion returns the version of the layout of an operator's entries: 1 unless it says otherwise.
func EntriesVersion(d Durable) int {
	if v, ok := d.(Versioned); ok {
		return v.EntriesVersion()
	}
	return 1
}

// Older is a Versioned that reads entries of earlier versions as they are.
type Older interface {
	Versioned
	// OldestEntries is the earliest of these versions.
	OldestEntries() int
}

// ReadsEntries reports whether an operator reads entries of a version.
func ReadsEntries(d Durable, version int) bool {
	known := EntriesVersion(d)
	if o, ok := d.(Older); ok {
		return o.OldestEntries() <= version && version <= known
	}
	return version == known
}

// MaxKept is how many parts an operator may have.
const MaxKept = 200

// Bringer is a Durable with keys that may bring far more into memory than a row takes when they are read back.
type Bringer interface {
	// Brings returns about how many bytes a key brings, 0 while that is not known.
	Brings() int64
}

// Separable is an operator of which rows of different keys may come in another order than they do: those of each key keep theirs.
type Separable interface {
	// Separate returns the hashes of the keys of the rows of in, an input's, which are no changes; nil: these must keep their order. Lent until the next call.
	Separate(input int, in *batch.Batch) []uint64
}

// Settler is a Durable that reads parts of its state back from the store in large pieces. Before each call of an event the driver asks whether it Settles: then all that may leave memory must
// be in the store before that call, as it is.
type Settler interface {
	Settles() bool
}
