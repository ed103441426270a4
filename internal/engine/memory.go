package engine

import "wire.example/wire/internal/state/pebblestore"

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

// Divide divides the memory of a pipeline that keeps state: total bytes, 0 if it is not known how many; asked says that the user chose the number.
func Divide(total int64, asked bool) Memory {
	if total == 0 {
		return Memory{Store: defaultStoreMemory}
	}
	store := min(max(total/storeShare, pebblestore.MinMemory), total/2)
	if !asked {
		store = min(store, defaultStoreMemory)
	}
	return Memory{Rows: total - store, Store: store}
}
