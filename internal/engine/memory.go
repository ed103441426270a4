package engine

import (
	"fmt"

	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/state/pebblestore"
)

// LeastMemory is the least memory, in bytes, that a pipeline whose state does not fit into it is known to answer with, at a parallelism of up to two and with keys of some hundred bytes.
const LeastMemory = 32 << 20

// Memory is how the memory of a pipeline is divided, in bytes.
type Memory struct {
	// Rows is for rows and for state in memory; 0: nobody knows how much there is.
	Rows int64
	// Store is for the store: its caches, and what it merges files with.
	Store int64
}

const (
	// storeShare is the part of the memory that the store gets, but not less than it works with where there is as much for rows.
	storeShare = 4
	// defaultStoreMemory is what the store gets at most where nobody said how much memory there is to be.
	defaultStoreMemory = 64 << 20
)

// What no budget counts: garbage that the collector has not come to yet, what it needs to know of memory, blocks of files, pieces of output. It is besideLeast bytes and one part in besideShare
// of the memory; where that would leave little to work with, half of what there is beyond workable.
const (
	besideLeast = 8 << 20
	besideShare = 8
	workable    = 32 << 20
)

// Room is how much of the total bytes that a user granted a pipeline are for what budgets count: rows, state, and the store.
func Room(total int64) int64 {
	return total - min(besideLeast+total/besideShare, max(total-workable, 0)/2)
}

// Divide divides the memory of a pipeline that keeps state: total bytes, 0 if it is not known how many; asked says that the user chose the number, and that the process is to keep to it.
func Divide(total int64, asked bool) Memory {
	switch {
	case total == 0:
		return Memory{Store: defaultStoreMemory}
	case asked:
		room := Room(total)
		store := storeOf(room)
		return Memory{Rows: room - store, Store: store}
	}
	store := min(storeOf(total), defaultStoreMemory)
	return Memory{Rows: total - store, Store: store}
}

// storeOf is the store's part of the memory of rows and store.
func storeOf(room int64) int64 { return min(max(room/storeShare, pebblestore.MinMemory), room/2) }

// warnOfLittle notes that a plan is granted so little memory that it may fail once its state does not fit.
func warnOfLittle(l *logical.Plan) {
	if l.Memory > 0 && l.Memory < LeastMemory {
		l.Warnings = append(l.Warnings, fmt.Sprintf("a memory of %d bytes is little: below 32 MiB (33554432 bytes) a query whose state does not fit may end with SQLSTATE 53200", l.Memory))
	}
}
