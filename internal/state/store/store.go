package store

import (
	"context"
	"errors"
	"fmt"
)

// ErrClosed is returned by every call to a store or reader after Close.
var ErrClosed = errors.New("the state store is closed")

// Store keeps entries in the order of their keys. Apply, Checkpoint and Close belong to one goroutine at a time; readers run beside them.
type Store interface {
	// Apply makes changes durable enough for a checkpoint, and visible at once: a reader sees all of them or none. All drops of all changes come
	// first; of several puts and deletes of one key the last counts, in the order of the changes and of the calls. The changes are only read, and may be reset afterwards. After an error nothing was
	// applied, or the store says so by failing from then on; a background failure, of a full disk for instance, is returned here too.
	Apply(ctx context.Context, changes []*Changes) error
	// Reader returns a reader for one goroutine. Close it before the store.
	Reader() Reader
	// Checkpoint makes dir, which must not exist and lies on the file system of the store, with all that was applied: hard links of files that never
	// change, and copies of small ones that do. Content, names and dir itself are fsynced before it returns. A failed one may leave a part of dir.
	Checkpoint(ctx context.Context, dir string) ([]File, error)
	// Stats may be called from any goroutine.
	Stats() Stats
	// Close ends what runs in the background. The store's directory stays; it is worth nothing, a store is opened from a checkpoint.
	Close() error
}

// File is one of those that a checkpoint consists of.
type File struct {
	// Name is the same in every checkpoint for the same content, and no other content ever has it, in this store or another: by it a file is known
	// to be kept already. A store that is opened from the file knows it under this name still. Of a Small one only within its checkpoint.
	Name string
	// Path is where it lies, in the directory of the checkpoint; the last element may differ from Name.
	Path string
	// Size is in bytes.
	Size int64
	// Small says that the file is new in each checkpoint and small, and that its Name may come again with other content.
	Small bool
	// Counts are how many entries it has of each space; nil: nobody has counted them.
	Counts []Count
	// Sum is the XXH3 checksum of what was written, where Summed says that it is known: it is taken on the way, not read back.
	Sum    uint64
	Summed bool
}

// Count is how many entries a file has of a space: those that put a value, and those that remove a key from older files. Drops are not counted.
type Count struct {
	Space         Space
	Puts, Deletes int64
}

// Reader reads what had been applied when each call began. It belongs to one goroutine. Bytes given to f are lent for the call; an error of f ends
// the call and is returned as it is. f must not use the same reader.
type Reader interface {
	// Scan gives the entries of a space with hashes from..to, both inclusive, ordered by shard, slice, hash and key.
	Scan(s Space, from, to uint64, f func(slice int64, hash uint64, key, value []byte) error) error
	// ScanSlice gives the entries of one slice with hashes from..to, both inclusive, ordered by hash and key.
	ScanSlice(s Space, slice int64, from, to uint64, f func(hash uint64, key, value []byte) error) error
	// Lookup gives all entries of a slice with one of the hashes, which are sorted ascending and may repeat, ordered by hash and key; each
	// entry once.
	Lookup(s Space, slice int64, hashes []uint64, f func(hash uint64, key, value []byte) error) error
	// Close releases what the reader holds.
	Close() error
}

// Sparing is a Reader that is told what its callers know without asking it, for Stats.
type Sparing interface {
	Reader
	// Spared counts keys that were asked for, and those of them that the caller knew not to be here.
	Spared(asked, spared int64)
}

// Stats counts what a store did since it was opened, and what it holds now. Sizes are in bytes.
type Stats struct {
	Disk  int64 // of the store's own directory now
	Files int   // with entries, now

	Applied   int64 // keys and values of the changes applied, as Changes.Bytes counts
	Flushed   int64 // written by Apply, compressed
	Compacted int64 // written by compactions in the background

	Checkpoints int64 // that succeeded

	Memory       int64 // caches, tables in memory and what else is counted
	CacheBytes   int64 // of Memory: blocks of files
	MemtableSize int64 // of Memory: entries that are in no file yet

	Asked        int64 // keys that callers were asked for while something was here alone
	Spared       int64 // of Asked: those that they knew not to be here
	Lookups      int64 // hashes that Lookup was asked for
	Found        int64 // entries that Lookup gave
	FilterHits   int64 // reads of a file that its filter spared
	FilterMisses int64 // reads of a file that its filter did not spare
	CacheHits    int64 // blocks found in the cache
	CacheMiss    int64 // blocks read from a file
}

// CorruptError says which file of a store is not what was written.
type CorruptError struct {
	File   string // its path
	Offset int64  // in bytes; -1 when it is not known
	Reason string
	Err    error // what the library below said; may be nil
}

// Error names file, offset and reason.
func (e *CorruptError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("state file %s is damaged: %s", e.File, e.Reason)
	}
	return fmt.Sprintf("state file %s is damaged at byte %d: %s", e.File, e.Offset, e.Reason)
}

// Unwrap returns the cause, or nil.
func (e *CorruptError) Unwrap() error { return e.Err }
